//! Profiles cross: published by the sending settings, pulled and acknowledged by the receiving
//! ones.

use std::time::Duration;

use anyhow::Context as _;
use baton_client::{Event, Subscription};
use baton_domain::route::Point;
use baton_wire::v1;
use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::Tally;
use super::cast::{Cast, PARTS};
use super::cohort::Child;
use crate::output::Output;

/// Acknowledgements of one receiver under way at once.
const ACKNOWLEDGED_AT_ONCE: usize = 32;

/// What a receiver got.
pub(super) struct Arrivals {
    /// Key of the setting.
    pub(super) key: &'static str,
    pub(super) subscription: Subscription,
    /// Profiles in the order they came.
    pub(super) profiles: Vec<v1::Profile>,
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
        for answer in answers {
            answer.with_context(|| format!("{} publishes", part.key))?;
            tally.published += 1;
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
    let bar = output.bar(tally.published as u64, "receiving");
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
    let mut rounds_without = 0;
    while tally.delivered < tally.published && rounds_without < 3 {
        let before = tally.delivered;
        for arrivals in &mut all {
            tally.delivered += arrivals.pull().await?;
            bar.set_position(tally.delivered as u64);
        }
        rounds_without = if tally.delivered == before {
            rounds_without + 1
        } else {
            0
        };
    }
    bar.finish_and_clear();
    for arrivals in &all {
        tally.acknowledged += arrivals.acknowledge().await?;
    }
    Ok(all)
}

impl Arrivals {
    /// Pulls until nothing more is there; how many profiles came.
    pub(super) async fn pull(&mut self) -> anyhow::Result<usize> {
        let before = self.profiles.len();
        loop {
            let events = self.subscription.pull(Duration::from_millis(200)).await?;
            let mut came = false;
            for event in events {
                if let Event::Turn(turn) = event {
                    came = true;
                    let profile = |item: v1::Item| {
                        let shown = item.kind == i32::from(v1::ItemKind::Profile);
                        item.profile.filter(|_| shown)
                    };
                    self.profiles
                        .extend(turn.items.into_iter().filter_map(profile));
                }
            }
            if !came {
                return Ok(self.profiles.len() - before);
            }
        }
    }

    async fn acknowledge(&self) -> anyhow::Result<usize> {
        stream::iter(&self.profiles)
            .map(|profile| {
                self.subscription
                    .acknowledge(&profile.name, profile.version)
            })
            .buffer_unordered(ACKNOWLEDGED_AT_ONCE)
            .try_fold(0, |count, _| async move { Ok(count + 1) })
            .await
            .context("acknowledging")
    }
}
