//! How a setting stands to a move, and what of a contribution it may see at this moment.

use baton_domain::access::{Action, AgeStage, Relation, Role, RouteGroup, SharingDecision};
use baton_domain::calendar::AcademicYear;
use baton_domain::ids::{LearnerId, SettingId};
use baton_domain::opening::{OpeningFacts, OpeningRule, Window, window};
use baton_domain::recipient::{self as beside, Days, RecipientRelation};
use baton_domain::route::Route;
use baton_domain::section::{KindSet, SectionKind};
use baton_domain::sharing::Ages;
use jiff::civil::Date;

use crate::acts::is_final;
use crate::learner;
use crate::rows::{ProfileRow, RecipientRow, TransitionRow, fact, profile_state};
use crate::scene::{Question, Scene};

/// Relations a recipient row can state.
pub(crate) mod recipient {
    /// None any more.
    pub(crate) const NONE: i64 = 0;
    /// Was the destination.
    pub(crate) const FORMER: i64 = 1;
    /// Gets a named subset of kinds.
    pub(crate) const FURTHER: i64 = 2;
    /// May still be named in the EHC plan.
    pub(crate) const PROVISIONAL: i64 = 3;
    /// Dual registration.
    pub(crate) const DUAL: i64 = 4;
}

/// Roles that are the council's, whatever else it is to a move.
const OFFICERS: [Role; 3] = [
    Role::CouncilAdministrator,
    Role::AdmissionsOfficer,
    Role::TransitionOfficer,
];

/// Roles that look after what a closed setting left; to others their setting is what it is besides.
const CARERS: [Role; 4] = [Role::Publisher, Role::Dsl, Role::Senco, Role::DataManager];

impl Scene<'_> {
    /// What the policies are told about the acting setting and a move.
    pub(crate) fn question(&self, setting: &SettingId, row: &TransitionRow) -> Question {
        let recipient = self
            .world
            .recipients_of(&row.id)
            .find(|r| r.setting_id == *setting);
        let relation = self.relation(setting, row, recipient);
        Question {
            relation,
            window: self.window(row, recipient),
            // Opening the learner's record costs more than all other facts: only for those whose
            // rights hang on it.
            age: match relation {
                Relation::Source
                | Relation::Caretaker
                | Relation::Council
                | Relation::SelfPerson => self.ages(row).stage(),
                Relation::Family => self.age_toward_family(row),
                _ => AgeStage::Under16,
            },
            note_released: self.note_is_released(setting, row, relation),
            route: Route::find(&row.route).map_or(RouteGroup::Coordinated, group),
            legal_hold: self.is_marked(&row.learner_id, fact::HELD),
            // Of a section kind it is found when that is asked for.
            sharing: match relation {
                Relation::Council => self.sharing(row, setting, None),
                Relation::Family => self.finding_of_family(row),
                _ => SharingDecision::Undecided,
            },
            // The same of a contribution.
            agreed: false,
        }
    }

    /// What the policies are told where a receiver asks for a kind of a contribution.
    pub(crate) fn asked_by_receiver(
        &self,
        question: Question,
        (setting, kind): (&SettingId, SectionKind),
        (row, profile): (&TransitionRow, &ProfileRow),
    ) -> Question {
        Question {
            sharing: self.sharing(row, setting, Some(kind)),
            agreed: self.agreed(row, profile, setting),
            ..question
        }
    }

    /// Whether a mark that is of a learner stands: on any of its moves it counts for all of them,
    /// those too that were planned after it was set.
    pub(crate) fn is_marked(&self, learner: &LearnerId, mark: i64) -> bool {
        let mut moves = self.world.moves_of(learner);
        moves.any(|row| row.facts & mark != 0)
    }

    /// Whether processing is restricted and it is neither the sending side nor the council that
    /// asks: a former receiver has no window that could be closed.
    pub(crate) fn is_hidden(&self, row: &TransitionRow, question: Question) -> bool {
        let inside = question.relation.sends() || question.relation == Relation::Council;
        !inside && self.is_marked(&row.learner_id, fact::RESTRICTED)
    }

    /// What has to hold for the destination's window, and what is recorded of that.
    pub(crate) fn opening(&self, row: &TransitionRow) -> Option<(OpeningRule, OpeningFacts)> {
        let (route, year) = (Route::find(&row.route)?, year(row).ok()?);
        let date = |text: &Option<String>| text.as_deref().and_then(|t| t.parse::<Date>().ok());
        let has = |bit| row.facts & bit != 0;
        let elsewhere = self.world.moves_of(&row.learner_id).any(|other| {
            other.id != row.id
                && other.academic_year == row.academic_year
                && other.facts & fact::ENROLLED != 0
        });
        let facts = OpeningFacts {
            offer_date: date(&row.offer_date),
            offer_accepted: match row.accepted {
                1 => Some(true),
                2 => Some(false),
                _ => None,
            },
            acceptance_recorded_by_council: has(fact::ACCEPTANCE_RECORDED),
            final_plan_names_setting: is_final(row),
            provisional: false,
            enrolled_elsewhere: elsewhere,
            start_date_agreed_by_sender: date(&row.start_date),
            start_date_agreed_by_receiver: date(&row.start_date),
            person_released: has(fact::PERSON_RELEASED),
            best_interests: has(fact::BEST_INTERESTS),
            closed: has(fact::ERASED) || self.is_marked(&row.learner_id, fact::RESTRICTED),
            ..OpeningFacts::of_year(year)
        };
        Some((route.rule, facts))
    }

    /// The window of the destination, or of a setting that is named beside it.
    pub(crate) fn window(&self, row: &TransitionRow, recipient: Option<&RecipientRow>) -> Window {
        let Some((rule, facts)) = self.opening(row) else {
            return Window::NotOpen;
        };
        match recipient.and_then(|named| Some((named.named()?, named.days()))) {
            Some((relation, days)) => beside::window(relation, days, (rule, &facts), self.today),
            None => window(rule, &facts, self.today),
        }
    }

    /// Kinds of a contribution the acting setting may see now. Every kind is asked for, so the
    /// entry tells why each was shown or not; of kinds that are not there nobody is told.
    pub(crate) fn visible(
        &mut self,
        setting: &SettingId,
        transition: &TransitionRow,
        profile: &ProfileRow,
        wanted: KindSet,
    ) -> KindSet {
        let offered = kinds(profile.kinds).iter();
        let offered = offered.filter(|kind| wanted.is_empty() || wanted.contains(*kind));
        let seen = self.visible_of(setting, transition, profile, offered.collect());
        let recipient = self.world.recipient(&transition.id, setting);
        let relation = self.relation(setting, transition, recipient);
        if writes(relation, setting, transition, profile) {
            seen
        } else {
            self.left_for(setting, (transition, profile), seen)
        }
    }

    /// Which of these kinds the acting setting may see now of a contribution.
    pub(crate) fn visible_of(
        &mut self,
        setting: &SettingId,
        transition: &TransitionRow,
        profile: &ProfileRow,
        offered: KindSet,
    ) -> KindSet {
        let mut seen = KindSet::EMPTY;
        if profile.state != profile_state::PUBLISHED {
            return seen;
        }
        let recipient = self.world.recipients_of(&transition.id);
        let subset = recipient
            .filter(|r| r.setting_id == *setting && r.relation == recipient::FURTHER)
            .map(|r| kinds(r.kinds))
            .next();
        let mut question = self.question(setting, transition);
        let answers = question.relation.sends() || question.relation.is_own();
        if answers && !writes(question.relation, setting, transition, profile) {
            // Another setting's contribution to the same move is none of the source's; whoever wrote it
            // answers the family for it.
            question.relation = Relation::None;
        }
        // Who wrote it sees it all the same; a family wrote nothing.
        let wrote = writes(question.relation, setting, transition, profile);
        if self.is_hidden(transition, question) && (question.relation.is_own() || !wrote) {
            return seen;
        }
        let receives = question.relation.receives();
        for kind in offered.iter() {
            let in_subset = subset.is_none_or(|subset| subset.contains(kind));
            let asked = if receives {
                Some(self.asked_by_receiver(question, (setting, kind), (transition, profile)))
            } else if question.relation.is_own() {
                self.asked_for_own(question, transition, kind)
            } else {
                Some(question)
            };
            let reads = |asked| self.ask(Action::Read, asked, Some(kind));
            if asked.filter(|_| in_subset).is_some_and(reads) {
                seen.insert(kind);
            }
        }
        if receives {
            self.remember_short(transition, profile, setting);
        }
        seen
    }

    /// How a setting stands to a move. At both ends of it, as a successor that looks after what the
    /// sender left, it is the receiver, and the opening rule decides: nobody is both. A council that
    /// looks after something is the council to its officers, who see no content, and the caretaker
    /// to everybody else in it; one that is named a recipient is that to its virtual school, and one
    /// that keeps the EHC plan is that to its caseworkers.
    fn relation(
        &self,
        setting: &SettingId,
        row: &TransitionRow,
        recipient: Option<&RecipientRow>,
    ) -> Relation {
        if let Some(own) = &self.own {
            return own.relation(setting, row);
        }
        let carer = CARERS.iter().any(|role| self.roles.contains(*role));
        let cares = carer && self.world.caretaker_of(row.from_id.as_str()) == Some(setting);
        let officer = OFFICERS.iter().any(|role| self.roles.contains(*role));
        let council = row.council_id.as_ref() == Some(setting);
        let keeps_plan = row.plan_council_id.as_ref() == Some(setting)
            && self.roles.contains(Role::SendCaseworker);
        if row.from_id == *setting {
            // To a contributor of other groups the learner is a stranger's: it is in no list, and
            // whether it is there at all is not told.
            if self.works_on(row) {
                Relation::Source
            } else {
                Relation::None
            }
        } else if row.to_id.as_ref() == Some(setting) {
            Relation::NamedDestination
        } else if council && officer {
            Relation::Council
        } else if keeps_plan {
            Relation::CouncilCaseworker
        } else if cares {
            Relation::Caretaker
        } else {
            match recipient.map(|r| r.relation) {
                Some(recipient::FORMER) => Relation::Former,
                Some(recipient::FURTHER) => Relation::FurtherRecipient,
                Some(recipient::PROVISIONAL) => Relation::Provisional,
                Some(recipient::DUAL) => Relation::Dual,
                _ if council => Relation::Council,
                _ => Relation::None,
            }
        }
    }

    /// Where the learner stands on the two lines of the law. Unknown counts as under 16.
    pub(crate) fn ages(&self, row: &TransitionRow) -> Ages {
        let born = self.born(row);
        born.map_or_else(Ages::default, |born| Ages::on(self.today, born))
    }

    /// When the learner was born, if that is known.
    pub(crate) fn born(&self, row: &TransitionRow) -> Option<Date> {
        let learner = self.world.learners.get(row.learner_id.as_str())?;
        learner::open(self.world, self.keys, learner).ok()?.born
    }
}

impl RecipientRow {
    /// How it is named beside the destination; none if it is no recipient now.
    pub(crate) const fn named(&self) -> Option<RecipientRelation> {
        named(self.relation)
    }

    /// From when until when. A day that cannot be read is none that has come.
    pub(crate) fn days(&self) -> Days {
        let day = |text: &Option<String>, unread: Date| {
            let text = text.as_deref()?;
            Some(text.parse::<Date>().unwrap_or(unread))
        };
        Days {
            first: day(&self.first_day, Date::MAX),
            last: day(&self.last_day, Date::MIN),
        }
    }

    /// What is left of it once it is named for nothing any more.
    pub(crate) fn ended(&self, relation: i64) -> Self {
        Self {
            transition_id: self.transition_id.clone(),
            setting_id: self.setting_id.clone(),
            relation,
            kinds: 0,
            first_day: None,
            last_day: None,
            purpose: 0,
            note_released: 0,
            apart: self.apart,
        }
    }
}

/// Whether a contribution is that of the sending side: the setting's own, or that of the one it
/// looks after.
pub(crate) fn writes(
    relation: Relation,
    setting: &SettingId,
    row: &TransitionRow,
    profile: &ProfileRow,
) -> bool {
    match relation {
        Relation::Source
        | Relation::CouncilCaseworker
        | Relation::SelfPerson
        | Relation::Family => profile.setting_id == *setting,
        Relation::Caretaker => profile.setting_id == row.from_id,
        _ => false,
    }
}

/// The relation a number in a row stands for, of those that receive now.
pub(crate) const fn named(relation: i64) -> Option<RecipientRelation> {
    match relation {
        recipient::FURTHER => Some(RecipientRelation::Further),
        recipient::PROVISIONAL => Some(RecipientRelation::Provisional),
        recipient::DUAL => Some(RecipientRelation::Dual),
        _ => None,
    }
}

/// Groups of routes the policies tell apart.
pub(crate) fn group(route: &Route) -> RouteGroup {
    RouteGroup::from(route.rule)
}

/// The academic year of a move.
pub(crate) fn year(row: &TransitionRow) -> Result<AcademicYear, ()> {
    i32::try_from(row.academic_year)
        .ok()
        .and_then(|year| AcademicYear::from_first_year(year).ok())
        .ok_or(())
}

/// Bits of a column as kinds; bits of no kind are those of a newer version and show nothing.
pub(crate) fn kinds(bits: i64) -> KindSet {
    SectionKind::ALL
        .into_iter()
        .filter(|kind| bits & (1 << kind.number()) != 0)
        .collect()
}
