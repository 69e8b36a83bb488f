//! Profiles cross: published by the sending settings, pulled and acknowledged by the receiving
//! ones.

use std::time::Duration;

use anyhow::Context as _;
use baton_client::{Event, Subscription};
use baton_domain::route::Point;
use baton_wire::v1;
use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::cast::{Cast, PARTS};
use super::cohort::Child;
use super::tally::Tally;
use crate::output::Output;

/// Acknowledgements of one receiver under way at once.
const ACKNOWLEDGED_AT_ONCE: usize = 32;
/// Rounds in which nothing came to anybody before what is missing is held to be lost: with the
/// waits of eight receivers a quarter of a minute.
const ROUNDS_WITHOUT_MAX: u32 = 10;
/// How long a receiver waits in a round after one in which something was missing.
const WAIT: Duration = Duration::from_millis(200);

/// What a receiver got.
pub(super) struct Arrivals {
    /// Key of the setting.
    pub(super) key: &'static str,
    pub(super) subscription: Subscription,
    /// Profiles in the order they came, each with its point.
    pub(super) profiles: Vec<(Point, v1::Profile)>,
}

pub(super) async fn publish(
    cast: &Cast,
    children: &[Child],
    tally: &mut Tally,
    output: Output,
) -> anyhow::Result<()> {
    let bar = output.bar(children.len() as u64, "publishing");
    for part in PARTS.iter().filter(|part| part.sends.is_some()) {
        let own: Vec<&Child> = children
            .iter()
            .filter(|child| child.from.key == part.key)
            .collect();
        let requests = own
            .iter()
            .map(|child| child.submission())
            .collect::<anyhow::Result<Vec<_>>>()?;
        let sender = &cast.person(&format!("{}/sender", part.key)).client;
        let before = bar.position();
        let answers = sender
            .publish_all(requests, |p| bar.set_position(before + p.done as u64))
            .await;
        for (child, answer) in own.iter().zip(answers) {
            answer.with_context(|| format!("{} publishes", part.key))?;
            tally.at(child.point).published += 1;
        }
    }
    bar.finish_and_clear();
    release_adults(cast).await
}

/// Young people leaving for adult life release their profiles themselves: nothing opens without.
async fn release_adults(cast: &Cast) -> anyhow::Result<()> {
    for part in PARTS
        .iter()
        .filter(|part| part.sends == Some(Point::Post16ToAdult))
    {
        let sender = &cast.person(&format!("{}/sender", part.key)).client;
        let mut page_token = String::new();
        loop {
            let request = v1::ListTransitionsRequest {
                page_token,
                point: v1::Point::Post16ToAdult.into(),
                ..Default::default()
            };
            let page = sender.list_transitions(request).await?;
            stream::iter(page.transitions)
                .map(|row| {
                    let request = v1::RecordFactRequest {
                        name: row.name,
                        fact: v1::TransitionFact::PersonReleased.into(),
                        ..Default::default()
                    };
                    sender.record_fact(request)
                })
                .buffer_unordered(ACKNOWLEDGED_AT_ONCE)
                .try_for_each(|_| async { Ok(()) })
                .await
                .context("recording a release")?;
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
    }
    Ok(())
}

pub(super) async fn receive(
    cast: &Cast,
    tally: &mut Tally,
    output: Output,
) -> anyhow::Result<Vec<Arrivals>> {
    let bar = output.bar(tally.published() as u64, "receiving");
    let mut all = Vec::new();
    for part in PARTS.iter().filter(|part| part.receives.is_some()) {
        let client = &cast.person(&format!("{}/lead", part.key)).client;
        let request = v1::CreateSubscriptionRequest {
            subscription: Some(v1::Subscription {
                subscription_id: "demo".to_owned(),
                ..Default::default()
            }),
            ..Default::default()
        };
        let subscription = Subscription::create(client, request)
            .await?
            .inline_content(true);
        all.push(Arrivals {
            key: part.key,
            subscription,
            profiles: Vec::new(),
        });
    }
    // What opened late is released by the service itself, so the last few may take a moment.
    let (mut rounds_without, mut wait) = (0, Duration::ZERO);
    while tally.delivered() < tally.published() && rounds_without < ROUNDS_WITHOUT_MAX {
        let before = tally.delivered();
        for arrivals in &mut all {
            arrivals.pull(wait, tally).await?;
            bar.set_position(tally.delivered() as u64);
        }
        wait = WAIT;
        rounds_without = if tally.delivered() == before {
            rounds_without + 1
        } else {
            0
        };
    }
    bar.finish_and_clear();
    for arrivals in &all {
        arrivals.acknowledge(0, tally).await?;
    }
    Ok(all)
}

impl Arrivals {
    /// Pulls until nothing more is there, and waits so long for the first; how many profiles came.
    pub(super) async fn pull(
        &mut self,
        mut wait: Duration,
        tally: &mut Tally,
    ) -> anyhow::Result<usize> {
        let before = self.profiles.len();
        loop {
            let events = self.subscription.pull(wait).await?;
            wait = Duration::ZERO;
            let mut came = false;
            for event in events {
                if let Event::Turn(turn) = event {
                    came = true;
                    for item in turn.items {
                        self.take(item, tally)?;
                    }
                }
            }
            if !came {
                return Ok(self.profiles.len() - before);
            }
        }
    }

    fn take(&mut self, item: v1::Item, tally: &mut Tally) -> anyhow::Result<()> {
        if item.kind() != v1::ItemKind::Profile {
            return Ok(());
        }
        let point = Point::from_number(u32::try_from(item.point)?)
            .context("an item of a point nobody here knows")?;
        if let Some(profile) = item.profile {
            tally.at(point).delivered += 1;
            self.profiles.push((point, profile));
        }
        Ok(())
    }

    /// Acknowledges everything from the `first` one that came.
    pub(super) async fn acknowledge(&self, first: usize, tally: &mut Tally) -> anyhow::Result<()> {
        let mut done = stream::iter(self.profiles.iter().skip(first))
            .map(async |(point, profile)| {
                let name = &profile.name;
                let done = self.subscription.acknowledge(name, profile.version).await;
                done.map(|_| *point)
            })
            .buffer_unordered(ACKNOWLEDGED_AT_ONCE);
        while let Some(point) = done.try_next().await.context("acknowledging")? {
            tally.at(point).acknowledged += 1;
        }
        Ok(())
    }
}
