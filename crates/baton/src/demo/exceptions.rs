//! What a season has besides: a destination changes, a profile is taken back, and those who may
//! not see are refused.

use std::time::Duration;

use anyhow::Context as _;
use baton_client::{Client, ClientError};
use baton_wire::v1;

use super::cast::{Cast, code};
use super::crossing::Arrivals;
use super::tally::Tally;
use crate::output::{Broken, Output};

const FIRST: &str = "secondary-1";
const SECOND: &str = "secondary-2";
/// What is redirected is there at once, but on a busy machine.
const WAIT_MAX: Duration = Duration::from_secs(15);
/// Children whose destination changes.
const REDIRECTED: usize = 1;

/// Plays them; how many profiles were delivered once more, to another receiver.
pub(super) async fn play(
    cast: &Cast,
    arrivals: &mut [Arrivals],
    tally: &mut Tally,
    output: Output,
) -> anyhow::Result<usize> {
    let at = |key| arrivals.iter().position(|a: &Arrivals| a.key == key);
    let (first, second) = at(FIRST)
        .zip(at(SECOND))
        .context("both secondaries play in every demo")?;
    let moved = arrived(&arrivals[first], 0)?;
    redirect(cast, &moved).await?;
    refused(
        get(&cast.person("secondary-1/lead").client, &moved).await,
        tally,
    )
    .context("the former receiver reads on")?;
    let before = arrivals[second].profiles.len();
    let came = arrivals[second].pull(WAIT_MAX, tally).await?;
    if came != REDIRECTED {
        let say = format!("the new destination was handed {came} profiles instead of one");
        return Err(Broken(say).into());
    }
    arrivals[second].acknowledge(before, tally).await?;
    output.say(
        "One child's destination changed after an appeal: the old school was closed at once, the \
         new one was handed the same profile.",
    );

    let back = arrived(&arrivals[second], 0)?;
    withdraw(cast, &back).await?;
    refused(
        get(&cast.person("secondary-2/lead").client, &back).await,
        tally,
    )
    .context("a withdrawn profile is still shown")?;
    output.say("One profile was taken back by its sender: its receiver can no longer open it.");

    let other = arrived(&arrivals[second], 1)?;
    let stranger = &cast.person("stranger/lead").client;
    refused(get(stranger, &renamed(&other, stranger)).await, tally)
        .context("a stranger reads a profile")?;
    let data = &cast.person("secondary-2/data").client;
    refused(get_kind(data, &other, v1::SectionKind::Send).await, tally)
        .context("a data manager reads the SEND section")?;
    output.say(&format!(
        "A stranger, a wrong role, a former receiver and a late reader were refused, all with the \
         same answer: {} refusals, each an entry.",
        tally.refused
    ));
    Ok(REDIRECTED)
}

/// One of the profiles a receiver was handed.
fn arrived(arrivals: &Arrivals, index: usize) -> Result<v1::Profile, Broken> {
    let (_, profile) = arrivals
        .profiles
        .get(index)
        .ok_or_else(|| Broken(format!("{} was handed too few profiles", arrivals.key)))?;
    Ok(profile.clone())
}

/// The same profile under the name another setting would use for it.
fn renamed(profile: &v1::Profile, by: &Client) -> v1::Profile {
    let id = profile.name.rsplit('/').next().unwrap_or_default();
    let name = format!("{}/profiles/{id}", by.parent().unwrap_or_default());
    v1::Profile {
        name,
        ..Default::default()
    }
}

async fn get(client: &Client, profile: &v1::Profile) -> Result<v1::Profile, ClientError> {
    let request = v1::GetProfileRequest {
        name: profile.name.clone(),
        ..Default::default()
    };
    client.get_profile(request).await
}

async fn get_kind(
    client: &Client,
    profile: &v1::Profile,
    kind: v1::SectionKind,
) -> Result<v1::Profile, ClientError> {
    let request = v1::GetProfileRequest {
        name: profile.name.clone(),
        kinds: vec![kind.into()],
        ..Default::default()
    };
    client.get_profile(request).await
}

fn refused(answer: Result<v1::Profile, ClientError>, tally: &mut Tally) -> anyhow::Result<()> {
    match answer {
        Err(ClientError::Denied) => {
            tally.refused += 1;
            Ok(())
        }
        Err(other) => Err(other.into()),
        Ok(_) => Err(Broken("it was shown".to_owned()).into()),
    }
}

/// The council redirects the move of an arrived profile to the second secondary.
async fn redirect(cast: &Cast, profile: &v1::Profile) -> anyhow::Result<()> {
    let officer = cast.person("council/officer");
    let id = profile.transition.rsplit('/').next().unwrap_or_default();
    let request = v1::RedirectTransitionRequest {
        name: format!("{}/transitions/{id}", officer.setting),
        to: Some(code("gias", "199904")),
        offer_date: "2026-07-10".to_owned(),
        acceptance: v1::AcceptanceState::Accepted.into(),
        ..Default::default()
    };
    officer
        .client
        .redirect_transition(request)
        .await
        .context("redirecting")
        .map(drop)
}

/// The contributor takes its profile back.
async fn withdraw(cast: &Cast, profile: &v1::Profile) -> anyhow::Result<()> {
    let key = cast
        .names
        .iter()
        .find_map(|(key, name)| (*name == profile.contributor).then_some(*key))
        .context("the contributor is one of the cast")?;
    let sender = &cast.person(&format!("{key}/sender")).client;
    let name = renamed(profile, sender).name;
    let request = v1::WithdrawProfileRequest {
        name,
        ..Default::default()
    };
    sender
        .withdraw_profile(request)
        .await
        .context("withdrawing")
        .map(drop)
}
