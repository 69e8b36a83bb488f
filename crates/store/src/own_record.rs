//! The learner, or who has parental responsibility, with the own record: whose it is, what the policies
//! are told of them, and what of a move they are shown.

use baton_domain::access::{Action, AgeStage, Relation, Role, RoleSet, SharingDecision};
use baton_domain::family::{self, LeftOut};
use baton_domain::ids::{LearnerId, SettingId};
use baton_domain::opening::{OpeningRule, Window, family_told_on};
use baton_domain::route::{Point, Route};
use baton_domain::section::SectionKind;
use baton_domain::sharing::{Ages, Giver, Toward, sharing};

use crate::acts::MoveSummary;
use crate::rows::{CredentialRow, ProfileRow, TransitionRow, fact, profile_state};
use crate::scene::{Question, Scene};
use crate::view::{kinds, writes};

/// Whose record a credential is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OwnRecord {
    pub(crate) learner: LearnerId,
    pub(crate) who: Giver,
    pub(crate) left_out: LeftOut,
}

impl CredentialRow {
    /// Whose record it is for. None inside for one of a setting's people; none at all for a row that is
    /// neither, which gives nothing.
    pub(crate) fn own_record(&self, roles: RoleSet) -> Option<Option<OwnRecord>> {
        let person = roles == RoleSet::only(Role::Person);
        let Some(learner) = &self.learner_id else {
            return (!roles.contains(Role::Person) && self.person == 0).then_some(None);
        };
        let own = OwnRecord {
            learner: learner.clone(),
            who: Giver::from_number(self.person)?,
            left_out: LeftOut::from_text(&self.left_out)?,
        };
        person.then_some(Some(own))
    }
}

impl OwnRecord {
    /// To every other learner, and to what other settings sent, they are strangers.
    pub(crate) fn relation(&self, setting: &SettingId, row: &TransitionRow) -> Relation {
        if row.learner_id == self.learner && row.from_id == *setting {
            family::relation(self.who)
        } else {
            Relation::None
        }
    }
}

impl Scene<'_> {
    /// What was decided about showing a kind of a move to who has parental responsibility, or the move as
    /// such. What is refused in one move of a learner is in all others, those planned later too, unless
    /// something else is said in one; leave is for its own move.
    fn sharing_with_family(
        &self,
        row: &TransitionRow,
        kind: Option<SectionKind>,
    ) -> SharingDecision {
        let said = |row: &TransitionRow| {
            let said = self.world.sharing.get(row.id.as_str());
            let about = said.into_iter().flat_map(|row| row.decisions.of_classes());
            sharing(about.map(|one| (one, false)), Toward::Family, kind)
        };
        let mut others = self.world.moves_of(&row.learner_id);
        match said(row) {
            SharingDecision::Undecided
                if others.any(|other| said(other) == SharingDecision::Refused) =>
            {
                SharingDecision::Refused
            }
            here => here,
        }
    }

    /// What of that the policies are told where a parent asks for the move: who was let see one kind of
    /// it finds it.
    pub(crate) fn finding_of_family(&self, row: &TransitionRow) -> SharingDecision {
        let allowed = |kind: SectionKind| {
            self.sharing_with_family(row, Some(kind)) == SharingDecision::Allowed
        };
        if SectionKind::ALL.into_iter().any(allowed) {
            SharingDecision::Allowed
        } else {
            self.sharing_with_family(row, None)
        }
    }

    /// The age the policies are told where a parent asks. Where the birth is not known, a learner is a
    /// child if every one who moves so is: an identity that was erased opens nothing.
    pub(crate) fn age_toward_family(&self, row: &TransitionRow) -> AgeStage {
        let children = Route::find(&row.route).is_some_and(|route| {
            route.point == Point::EarlyYearsToPrimary
                || matches!(route.rule, OpeningRule::Coordinated(_))
        });
        match self.born(row) {
            Some(born) => Ages::on(self.today, born).stage(),
            None if children => AgeStage::Under16,
            None => AgeStage::PostCompulsory,
        }
    }

    /// What the policies are told where one of them asks for a kind; none for one that is left out.
    pub(crate) fn asked_for_own(
        &self,
        question: Question,
        row: &TransitionRow,
        kind: SectionKind,
    ) -> Option<Question> {
        let own = self.own.as_ref()?;
        let sharing = match question.relation {
            Relation::Family => self.sharing_with_family(row, Some(kind)),
            _ => question.sharing,
        };
        let left_out = own.left_out.kinds().contains(kind);
        (!left_out).then_some(Question {
            sharing,
            ..question
        })
    }

    /// Whether any of a contribution is theirs to see, while it stands.
    fn is_shown_to_own(&self, row: &TransitionRow, profile: &ProfileRow) -> bool {
        let Some(acting) = self.caller.map(|caller| &caller.acting) else {
            return false;
        };
        let question = self.question(acting, row);
        let reads = |kind: SectionKind| {
            let asked = self.asked_for_own(question, row, kind);
            asked.is_some_and(|asked| self.would(Action::Read, asked, Some(kind)))
        };
        let there = kinds(profile.kinds).union(self.kinds_of_documents(&profile.id));
        writes(question.relation, acting, row, profile) && there.iter().any(reads)
    }

    /// Whether they are told where the learner goes. It is the young person's to tell.
    fn destination_is_told(&self, row: &TransitionRow, relation: Relation) -> bool {
        let due = self
            .opening(row)
            .and_then(|(rule, facts)| family_told_on(rule, &facts));
        let theirs = relation != Relation::Family
            || match self.sharing_with_family(row, None) {
                SharingDecision::Allowed => true,
                SharingDecision::Undecided => {
                    self.age_toward_family(row) != AgeStage::PostCompulsory
                }
                SharingDecision::Refused => false,
            };
        theirs && due.is_some_and(|due| due <= self.today)
    }

    /// A move as they are shown it: by what they may see of what the sender published. Who else wrote
    /// answers for that, and of what is withheld nothing tells.
    pub(crate) fn summary_for_own(
        &self,
        row: &TransitionRow,
        relation: Relation,
        summary: MoveSummary,
    ) -> MoveSummary {
        let theirs = self.world.profiles_of(&row.id);
        let theirs = theirs.filter(|one| !one.is_apart() && self.is_shown_to_own(row, one));
        let theirs: Vec<&ProfileRow> = theirs.collect();
        let progress = self.progress_of(row, &theirs);
        let published = |profile: &&ProfileRow| profile.state == profile_state::PUBLISHED;
        let profiles = theirs.into_iter().filter(published);
        let profiles: Vec<_> = profiles.map(|profile| profile.id.clone()).collect();
        let summary = MoveSummary {
            progress,
            published: u32::try_from(profiles.len()).unwrap_or(u32::MAX),
            kept_until: self
                .kept_until(row)
                .filter(|_| row.facts & fact::ERASED == 0),
            profiles,
            ..summary
        };
        if self.destination_is_told(row, relation) {
            return summary;
        }
        MoveSummary {
            to: None,
            offer_date: None,
            accepted: None,
            window: Window::NotOpen,
            ..summary
        }
    }
}
