//! Named subscriptions.

use baton_domain::access::Action;
use baton_domain::act::Subscribe;
use baton_domain::entry::EntryKind;
use baton_domain::ids::SubscriptionId;
use serde::{Deserialize, Serialize};

use super::settings::random_id;
use super::{Idempotent, Step, direct};
use crate::refusal::Refusal;
use crate::rows::SubscriptionRow;
use crate::scene::{Question, Scene};
use crate::world::{Needs, Put as _};

/// Subscriptions one setting may have.
const SUBSCRIPTIONS_MAX: usize = 100;

/// A subscription that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscribed {
    /// Its id.
    pub id: SubscriptionId,
}

impl Step for Subscribe {
    type Outcome = Subscribed;
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        EntryKind::Subscribed
    }

    fn needs(&self, _needs: &mut Needs) {}

    fn needs_of(&self, caller: &baton_domain::act::Caller, needs: &mut Needs) {
        needs.subscribers.insert(caller.acting.clone());
    }

    fn request(&self) -> Option<Idempotent<'_>> {
        let content = format!("{} {:?} {:?}", self.name, self.point, self.academic_year);
        Some(Idempotent {
            id: &self.request,
            method: "subscribe",
            content: content.into_bytes(),
        })
    }

    fn remember(outcome: &Subscribed) -> String {
        serde_json::to_string(outcome).unwrap_or_default()
    }

    fn recall(remembered: &str) -> Option<Subscribed> {
        serde_json::from_str(remembered).ok()
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<Subscribed, Refusal> {
        scene.require(Action::Subscribe, Question::GENERAL)?;
        let acting = scene
            .caller
            .map(|caller| caller.acting.clone())
            .ok_or(Refusal::Denied)?;
        let own: Vec<_> = scene
            .world
            .subscriptions
            .iter()
            .filter(|s| s.setting_id == acting)
            .collect();
        let same = own.iter().find(|s| s.name == self.name);
        let row = SubscriptionRow {
            id: match same {
                Some(same) => same.id.clone(),
                None if own.len() >= SUBSCRIPTIONS_MAX => {
                    return Err(Refusal::Failed("TOO_MANY_SUBSCRIPTIONS"));
                }
                None => random_id(SubscriptionId::from_bytes)?,
            },
            setting_id: acting,
            name: self.name.clone(),
            point: self.point.map_or(0, |point| i64::from(point.number())),
            academic_year: self
                .academic_year
                .map_or(0, |year| i64::from(year.first_year())),
        };
        let changed = same.is_none_or(|same| **same != row);
        scene.detail("subscription", row.id.as_str());
        scene.detail("changed", changed);
        let subscribed = Subscribed { id: row.id.clone() };
        if changed {
            scene.world.put(row);
        }
        Ok(subscribed)
    }
}
direct!(Subscribe);
