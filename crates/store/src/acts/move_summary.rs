//! A move as its progress is shown; never content.

use baton_domain::access::{Action, Relation};
use baton_domain::ids::{LearnerIdentifier, ProfileId, SettingId, TransitionId};
use baton_domain::opening::Window;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::agreements::WithoutAgreement;
use super::recipients::RecipientSummary;
use crate::learner;
use crate::rows::{ProfileRow, TransitionRow, fact, profile_state, receipt_state};
use crate::scene::{Question, Scene};
use crate::view::writes;

/// How far a move has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Progress {
    /// Loaded; nothing published.
    Planned,
    /// A version stands.
    Published,
    /// The destination pulled it.
    Delivered,
    /// The destination fetched content.
    Opened,
    /// The destination took it over.
    Accepted,
    /// The destination sent it back.
    Rejected,
    /// Every contribution was withdrawn.
    Withdrawn,
    /// What was known of it is erased.
    Erased,
}

/// A move as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveSummary {
    /// Its id.
    pub id: TransitionId,
    /// Route code.
    pub route: String,
    /// The sending setting.
    pub from: SettingId,
    /// The receiving setting.
    pub to: Option<SettingId>,
    /// The year the learner leaves in.
    pub academic_year: i64,
    /// How far it has come.
    pub progress: Progress,
    /// Contributions that stand.
    pub published: u32,
    /// Whether the destination may see content.
    pub window: Window,
    /// Identifiers of the learner, to source and council only.
    pub learner: Vec<LearnerIdentifier>,
    /// Date of the offer.
    pub offer_date: Option<String>,
    /// Whether the place was accepted.
    pub accepted: Option<bool>,
    /// The last day its content is kept, as things stand; none once it is erased.
    pub kept_until: Option<Date>,
    /// Whether processing is restricted; to those of the source who may restrict it.
    pub restricted: bool,
    /// Whether a legal hold keeps it; to those of the source who may set one.
    pub held: bool,
    /// Settings that receive beside the destination, to the sending side and the council only.
    pub recipients: Vec<RecipientSummary>,
    /// Receivers that health and child protection alone reach for want of an agreement, or that are sent
    /// to all the same; to the sending side only.
    pub without_agreement: Vec<WithoutAgreement>,
    /// The council that keeps the EHC plan, to those and to its caseworkers.
    pub plan_council: Option<SettingId>,
    /// Class, form or key group at the sender; to the sending side only.
    pub group: Option<String>,
    /// What the sender published; to the learner and the family only.
    pub profiles: Vec<ProfileId>,
}

/// How many of these contributions stand.
pub(super) fn standing(of: &[&ProfileRow]) -> u32 {
    let standing = of
        .iter()
        .filter(|one| one.state == profile_state::PUBLISHED);
    u32::try_from(standing.count()).unwrap_or(u32::MAX)
}

impl Scene<'_> {
    /// The summary for the acting setting, as it may see it.
    pub(crate) fn summary(&self, row: &TransitionRow, question: Question) -> MoveSummary {
        let relation = question.relation;
        let own = relation.sends();
        let (inside, erased) = (
            own || matches!(relation, Relation::Council | Relation::CouncilCaseworker),
            row.facts & fact::ERASED != 0,
        );
        let learner = self
            .world
            .learners
            .get(row.learner_id.as_str())
            .filter(|_| inside);
        let record = learner.and_then(|l| learner::open(self.world, self.keys, l).ok());
        let profiles = self.contributions_for(row, question);
        let summary = MoveSummary {
            id: row.id.clone(),
            route: row.route.clone(),
            from: row.from_id.clone(),
            to: row.to_id.clone(),
            academic_year: row.academic_year,
            progress: self.progress_of(row, &profiles),
            published: standing(&profiles),
            window: self.window(row, None),
            learner: record.map_or(Vec::new(), |record| record.identifiers),
            offer_date: row.offer_date.clone(),
            accepted: match row.accepted {
                1 => Some(true),
                2 => Some(false),
                _ => None,
            },
            kept_until: self.kept_until(row).filter(|_| inside && !erased),
            restricted: false,
            held: false,
            recipients: Vec::new(),
            without_agreement: Vec::new(),
            plan_council: row.plan_council_id.clone().filter(|_| inside),
            group: row.learner_group.clone().filter(|_| own),
            profiles: Vec::new(),
        };
        if inside || relation == Relation::NamedDestination {
            summary
        } else if relation.is_own() {
            self.summary_for_own(row, relation, summary)
        } else {
            self.own_part(row, summary)
        }
    }

    /// The summary after an act: who loads offers for a council learns no progress by that, nor a vendor
    /// that plans for a school and does nothing else.
    pub(super) fn summary_after(&mut self, row: &TransitionRow, about: Question) -> MoveSummary {
        let mut summary = self.summary_with(row, about);
        let status = if about.relation == Relation::Council {
            self.ask(Action::Status, about, None)
        } else {
            self.vendor().is_none() || self.would(Action::Status, about, None)
        };
        if !status {
            (summary.progress, summary.published) = (Progress::Planned, 0);
            (summary.window, summary.kept_until) = (Window::NotOpen, None);
        }
        summary
    }

    /// Contributions a move is counted by to who asks: to who writes, its own; to a receiver, those it sees
    /// something of; to the council, all. What is kept apart counts for nobody.
    fn contributions_for(&self, row: &TransitionRow, question: Question) -> Vec<&ProfileRow> {
        let Some(acting) = self.caller.map(|caller| &caller.acting) else {
            return Vec::new();
        };
        if question.relation.receives() {
            return self.received(row, question, acting);
        }
        let all = self.world.profiles_of(&row.id).filter(|p| !p.is_apart());
        let council = question.relation == Relation::Council;
        all.filter(|p| council || writes(question.relation, acting, row, p))
            .collect()
    }

    /// How far the move has come as such, at the destination.
    pub(super) fn progress(&self, row: &TransitionRow) -> Progress {
        let profiles = self.world.profiles_of(&row.id);
        let profiles: Vec<_> = profiles.filter(|p| !p.is_apart()).collect();
        self.progress_of(row, &profiles)
    }

    /// As far as these contributions have come at the destination.
    pub(crate) fn progress_of(&self, row: &TransitionRow, profiles: &[&ProfileRow]) -> Progress {
        match &row.to_id {
            _ if row.facts & fact::ERASED != 0 => Progress::Erased,
            to => self.progress_at(row, profiles, to.as_ref()),
        }
    }

    /// As far as these contributions have come at a setting: as far as the last of them, and what was sent
    /// back stands over that. One of which nothing is for it any more holds up none of which something is.
    pub(super) fn progress_at(
        &self,
        row: &TransitionRow,
        profiles: &[&ProfileRow],
        to: Option<&SettingId>,
    ) -> Progress {
        if profiles.is_empty() {
            return Progress::Planned;
        }
        let standing = profiles
            .iter()
            .filter(|p| p.state == profile_state::PUBLISHED);
        let standing: Vec<&ProfileRow> = standing.copied().collect();
        if standing.is_empty() {
            return Progress::Withdrawn;
        }
        let Some(to) = to else {
            return Progress::Published;
        };
        let for_it = |profile: &&ProfileRow| {
            row.to_id.as_ref() != Some(to) || self.has_something_for(to, (row, profile))
        };
        let (reached, lost): (Vec<_>, Vec<_>) = standing.into_iter().partition(for_it);
        let said = |all: &[&ProfileRow]| -> Vec<Option<i64>> {
            all.iter().map(|one| self.receipt(one, to)).collect()
        };
        let mut receipts = said(&reached);
        if reached.is_empty() {
            receipts = said(&lost);
        }
        if receipts.contains(&Some(receipt_state::REJECTED)) {
            return Progress::Rejected;
        }
        match receipts.into_iter().min().flatten() {
            Some(receipt_state::DELIVERED) => Progress::Delivered,
            Some(receipt_state::OPENED) => Progress::Opened,
            Some(receipt_state::ACKNOWLEDGED) => Progress::Accepted,
            _ => Progress::Published,
        }
    }

    /// What a setting said of the version that stands. A receipt of an older one says nothing about it.
    fn receipt(&self, profile: &ProfileRow, of: &SettingId) -> Option<i64> {
        let receipt = self.world.receipts.get(&format!("{}/{of}", profile.id))?;
        (receipt.version == profile.version).then_some(receipt.state)
    }
}
