//! Who is told of recipients: the sending side and the council, each as far as it may know. A
//! recipient sees its own part of a move and nothing that tells of others.

use baton_domain::access::{Action, Relation, Role, SharingDecision};
use baton_domain::ids::SettingId;
use baton_domain::opening::Window;
use baton_domain::recipient::{RecipientPurpose, RecipientRelation};
use baton_domain::section::{Class, KindSet};
use serde::{Deserialize, Serialize};

use crate::acts::move_summary::{MoveSummary, standing};
use crate::rows::{RecipientRow, TransitionRow, fact};
use crate::scene::{Question, Scene};
use crate::view::{kinds, named};

/// A recipient as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecipientSummary {
    /// The setting.
    pub setting: SettingId,
    /// 2 further, 3 provisional, 4 dual, as rows number it.
    relation: i64,
    /// What a further recipient gets, as far as the asker may know.
    kinds: i64,
    /// First and last day it was named for, `CCYY-MM-DD`.
    pub first_day: Option<String>,
    /// See `first_day`.
    pub last_day: Option<String>,
    purpose: i64,
    /// Where it stands in time.
    pub window: Window,
}

impl RecipientSummary {
    /// How it stands to the move.
    pub const fn relation(&self) -> Option<RecipientRelation> {
        named(self.relation)
    }

    /// What a further recipient gets, as far as the asker may know.
    pub fn kinds(&self) -> KindSet {
        kinds(self.kinds)
    }

    /// Why; none where the asker may not know.
    pub fn purpose(&self) -> Option<RecipientPurpose> {
        RecipientPurpose::from_number(self.purpose)
    }
}

/// The restricted kinds of a set.
fn restricted(of: KindSet) -> KindSet {
    of.iter()
        .filter(|kind| kind.class() == Class::R)
        .collect::<KindSet>()
}

impl Scene<'_> {
    /// Whether who asks may know that this is a recipient: of one that gets restricted kinds alone
    /// only a safeguarding lead does.
    pub(in crate::acts) fn is_known(&self, named: &RecipientRow, question: Question) -> bool {
        let gets = kinds(named.kinds);
        let hides = restricted(gets);
        named.named().is_some()
            && (named.named() != Some(RecipientRelation::Further)
                || hides != gets
                || (!hides.is_empty() && self.leads(question)))
    }

    /// Whether a safeguarding lead of the sending side asks, or of who looks after what it left.
    pub(in crate::acts) fn leads(&self, question: Question) -> bool {
        question.relation.sends() && self.roles.contains(Role::Dsl)
    }

    /// A summary with the recipients, where they are for who asks.
    pub(crate) fn summary_with(&mut self, row: &TransitionRow, question: Question) -> MoveSummary {
        let mut summary = self.summary(row, question);
        // Whoever may set such a mark is told of it.
        let told = |action| question.relation.sends() && self.would(action, question, None);
        summary.held = self.is_marked(&row.learner_id, fact::HELD) && told(Action::Hold);
        summary.restricted =
            self.is_marked(&row.learner_id, fact::RESTRICTED) && told(Action::Restrict);
        summary.recipients = self.recipients_shown(row, question);
        let shown = summary.recipients.iter().map(|one| &one.setting);
        summary.without_agreement = self.receivers_without(row, question, shown);
        summary
    }

    pub(crate) fn recipients_shown(
        &mut self,
        row: &TransitionRow,
        question: Question,
    ) -> Vec<RecipientSummary> {
        let named = self.world.recipients_of(&row.id);
        let named: Vec<RecipientRow> = named.filter(|one| one.named().is_some()).cloned().collect();
        let inside = question.relation.sends() || question.relation == Relation::Council;
        // A council that was told to be given no more learns of no recipient.
        let instructed =
            question.relation == Relation::Council && question.sharing == SharingDecision::Refused;
        if named.is_empty() || !inside || instructed {
            return Vec::new();
        }
        let ends = self.ask(Action::EndRecipient, question, None);
        let officer = question.relation == Relation::Council;
        if !(ends || officer && self.ask(Action::Status, question, None)) {
            return Vec::new();
        }
        let mut shown = Vec::new();
        for one in named {
            if !self.is_known(&one, question) {
                continue;
            }
            let mut gets = KindSet::EMPTY;
            if !officer {
                for kind in kinds(one.kinds).iter() {
                    if kind.class() != Class::R || self.leads(question) {
                        gets.insert(kind);
                    }
                }
            }
            let safeguarding = i64::from(RecipientPurpose::Safeguarding.number());
            // Why a further recipient gets something is of the content; where a child is placed is
            // not.
            let tells = match one.named() {
                Some(RecipientRelation::Further) => {
                    !officer && (one.purpose != safeguarding || !restricted(gets).is_empty())
                }
                _ => true,
            };
            shown.push(RecipientSummary {
                window: self.window(row, Some(&one)),
                relation: one.relation,
                kinds: i64::from(gets.bits()),
                purpose: if tells { one.purpose } else { 0 },
                setting: one.setting_id,
                first_day: one.first_day,
                last_day: one.last_day,
            });
        }
        shown
    }

    /// A move as a recipient beside the destination, or a former one, sees it: its own part.
    pub(crate) fn own_part(&self, row: &TransitionRow, summary: MoveSummary) -> MoveSummary {
        let named = self.caller.and_then(|caller| {
            let named = self.world.recipient(&row.id, &caller.acting);
            named.map(|named| (&caller.acting, named))
        });
        let Some((setting, named)) = named else {
            return summary;
        };
        let question = self.question(setting, row);
        let own = self.received(row, question, setting);
        let is_now = named.named().is_some();
        MoveSummary {
            to: None,
            progress: self.progress_at(row, &own, Some(setting)),
            published: standing(&own),
            window: if is_now {
                self.window(row, Some(named))
            } else {
                Window::Closed
            },
            offer_date: None,
            accepted: None,
            // Which route it took since is none of who was one once.
            route: if is_now { summary.route } else { String::new() },
            ..summary
        }
    }
}
