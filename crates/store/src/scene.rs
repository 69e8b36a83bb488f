//! Where one act is decided: the batch's facts, the caller, the moment, and the only way to ask
//! the policies. What is asked here stands in the entry.

use std::collections::BTreeMap;
use std::sync::Arc;

use baton_domain::access::{
    Action, AgeStage, Assurance, Decider, Delegation, Facts, Relation, RoleSet, RouteGroup,
    SharingDecision, Tuple,
};
use baton_domain::act::Caller;
use baton_domain::delegation::{Mandate, Scope};
use baton_domain::entry::{Answer, Decision, EntryKind};
use baton_domain::group::Groups;
use baton_domain::ids::{Alias, ContentId, SettingId};
use baton_domain::log::canonical::Json;
use baton_domain::opening::Window;
use baton_domain::section::{KindSet, SectionKind};
use jiff::civil::Date;

use crate::clock::{Clock, london_date};
use crate::keys::{Keys, NamedEpoch};
use crate::log_keys::LogKeys;
use crate::own_record::OwnRecord;
use crate::refusal::Refusal;
use crate::rows::{
    AboutRow, CredentialRow, FeedRow, RequestRow, TransitionRow, apart, credential_state,
};
use crate::view::kinds;
use crate::world::{Put, World};

/// Bytes of decisions and lines a showing entry may have before its turn ends. The item that goes
/// beyond may add two questions and some ten answers, under 3 KiB; with what every entry has
/// besides, the whole stays under 16 KiB.
const SHOWN_BYTES_MAX: usize = 12 * 1024;
/// Number of the first item of an entry that is kept apart: past all that one has room for.
const FIRST_APART: i64 = 1 << 20;

/// The stage of one act.
pub(crate) struct Scene<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) keys: &'a Keys,
    decider: &'a Decider,
    pub(crate) caller: Option<&'a Caller>,
    /// The position this act's entry will have.
    pub(crate) position: i64,
    /// The ledger's term.
    pub(crate) term: i64,
    /// Ledger time of the act, microseconds UTC.
    pub(crate) time_us: i64,
    /// The civil date in London at that time.
    pub(crate) today: Date,
    /// The key epoch in force when this act is decided: an act before it in the batch may have
    /// opened it.
    pub(crate) epoch_in_force: i64,
    /// The key epoch this act puts into force.
    pub(crate) epoch: Option<NamedEpoch>,
    /// The keys that sign checkpoints from this act on.
    pub(crate) log_keys: LogKeys,
    /// The policies that decide from the next entry on, where this act changes them.
    pub(crate) policies: Option<Arc<Decider>>,
    pub(crate) roles: RoleSet,
    /// Kinds a contributor fills.
    pub(crate) assigned: KindSet,
    /// Of which learners of its setting; of others it is told nothing.
    pub(crate) groups: Groups,
    /// Whose record it is, where a learner or a family asks; of all others they are told nothing.
    pub(crate) own: Option<OwnRecord>,
    assurance: Assurance,
    /// Whose credential it is, where that is not the acting setting's.
    vendor: Option<SettingId>,
    /// What that one was let do.
    mandate: Option<Mandate>,
    pub(crate) draft: Draft,
}

/// What the entry will say besides who, when and how it ended.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) kind: Option<EntryKind>,
    pub(crate) decisions: Vec<Decision>,
    pub(crate) detail: BTreeMap<String, Json>,
    /// What a showing entry names, a line an item.
    pub(crate) shown: Vec<Json>,
    /// Bytes of the decisions and lines so far.
    bytes: usize,
    /// How much was put before each setting.
    announced: BTreeMap<(SettingId, bool), i64>,
    /// Nothing is to be entered: an empty turn, or a replay.
    pub(crate) silent: bool,
    /// Content that was sealed for this act and is not wanted after all.
    pub(crate) unwanted: Vec<ContentId>,
}

/// The setting and the moment an act is decided at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) term: i64,
    pub(crate) position: i64,
    pub(crate) time_us: i64,
    pub(crate) today: Date,
    /// The key epoch in force.
    pub(crate) epoch: i64,
}

impl Moment {
    /// The moment of a look without the lock: of no position and no epoch.
    pub(crate) fn now(clock: &Clock) -> Self {
        let time_us = clock.now_us();
        Self {
            term: 0,
            position: 0,
            time_us,
            today: london_date(time_us),
            epoch: 0,
        }
    }
}

/// What a question is about, besides action and caller.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question {
    pub(crate) relation: Relation,
    pub(crate) window: Window,
    pub(crate) age: AgeStage,
    pub(crate) note_released: bool,
    pub(crate) route: RouteGroup,
    /// Nothing of the learner may be erased.
    pub(crate) legal_hold: bool,
    /// What was decided about sharing this with who asks.
    pub(crate) sharing: SharingDecision,
    /// Who contributed and who asks have both signed, or the head sends all the same. Of one
    /// contribution: whoever does not look at it finds no agreement.
    pub(crate) agreed: bool,
}

impl Question {
    /// About the service as such, and no move.
    pub(crate) const GENERAL: Self = Self {
        relation: Relation::None,
        window: Window::NotOpen,
        age: AgeStage::Under16,
        note_released: false,
        route: RouteGroup::Coordinated,
        legal_hold: false,
        sharing: SharingDecision::Undecided,
        agreed: false,
    };
}

impl<'a> Scene<'a> {
    pub(crate) fn new(
        world: &'a mut World,
        (keys, decider): (&'a Keys, &'a Decider),
        caller: Option<&'a Caller>,
        moment: Moment,
    ) -> Self {
        Self {
            world,
            keys,
            decider,
            caller,
            position: moment.position,
            term: moment.term,
            time_us: moment.time_us,
            today: moment.today,
            epoch_in_force: moment.epoch,
            epoch: None,
            log_keys: LogKeys::default(),
            policies: None,
            roles: RoleSet::EMPTY,
            assigned: KindSet::EMPTY,
            groups: Groups::EVERYBODY,
            own: None,
            assurance: Assurance::Key,
            vendor: None,
            mandate: None,
            draft: Draft::default(),
        }
    }

    /// Finds the caller's roles in its setting. A credential that is gone, expired or revoked may do
    /// nothing; one of another setting than the acting one, what that was let do.
    pub(crate) fn admit(&mut self) -> Result<(), Refusal> {
        let Some(caller) = self.caller else {
            return Ok(());
        };
        let row = self.world.credentials.get(caller.credential.as_str());
        let row = row.filter(|row| live(row, self.time_us));
        let row = row.ok_or(Refusal::Denied)?;
        // Nobody acts for a setting that was handed over.
        if self.world.caretaker_of(caller.acting.as_str()).is_some() {
            return Err(Refusal::Denied);
        }
        let (part, of) = (part(row).ok_or(Refusal::Denied)?, row.setting_id.clone());
        if of == caller.acting {
            self.act_as(part);
            return Ok(());
        }
        self.admit_vendor(&caller.acting, of, &part)
    }

    /// A credential of another setting: by what the acting one lets it do now, in the roles that it
    /// has and was given.
    fn admit_vendor(
        &mut self,
        acting: &SettingId,
        of: SettingId,
        has: &Part,
    ) -> Result<(), Refusal> {
        let given = self.world.delegation(acting, &of).cloned();
        let given = given.ok_or(Refusal::Denied)?;
        let still = given.is_in_force(self.today) && self.world.is_vendor(&of);
        // Named in the entry, whether or not it may do anything now.
        self.vendor = Some(of);
        let mandate = given.mandate();
        let roles: RoleSet = has
            .roles
            .iter()
            .filter(|role| mandate.roles.contains(*role))
            .collect();
        if !still || !Mandate::allows(roles) {
            return Err(Refusal::Denied);
        }
        self.act_as(Part::of(roles, has.assurance));
        self.mandate = Some(mandate);
        Ok(())
    }

    /// The vendor whose credential asks for the acting setting.
    pub(crate) fn vendor(&self) -> Option<&SettingId> {
        self.vendor.as_ref()
    }

    /// What it was let do, as a request's row keeps it.
    pub(crate) fn mandate_bits(&self) -> i64 {
        self.mandate.map_or(0, |it| {
            i64::from(it.scopes.bits()) | i64::from(it.kinds.bits()) << 8
        })
    }

    /// Whether the caller is the setting itself, or a vendor that may do this.
    fn delegation(&self, action: Action, kind: Option<SectionKind>) -> Delegation {
        match &self.mandate {
            None => Delegation::Direct,
            Some(mandate) if mandate.covers(action, kind) => Delegation::Vendor,
            Some(_) => Delegation::VendorWithoutThis,
        }
    }

    /// Whether the caller may do at least what whoever first made this request could.
    pub(crate) fn has_rights_of(&self, request: &RequestRow) -> bool {
        let (roles, kinds) = (self.roles.bits(), self.assigned.bits());
        let covers = |has: u32, wanted: i64| wanted & !i64::from(has) == 0;
        let groups = Groups::from_text(&request.learner_groups);
        // What people of the setting asked is no vendor's to repeat.
        let theirs = self.vendor.is_none()
            || self.vendor == request.vendor_id && request.mandate & !self.mandate_bits() == 0;
        // What a person with a certificate asked is not repeated by whoever copied a key.
        let sure =
            [self.assurance_number(), number_of(Assurance::Key)].contains(&request.assurance);
        theirs
            && sure
            && covers(roles, request.roles)
            && covers(kinds, request.kinds)
            && groups.is_some_and(|groups| self.groups.cover(&groups))
    }

    /// How sure we are of who asks, as a request's row keeps it.
    pub(crate) fn assurance_number(&self) -> i64 {
        number_of(self.assurance)
    }

    /// Takes the part of a credential.
    pub(crate) fn act_as(&mut self, part: Part) {
        (self.roles, self.assigned) = (part.roles, part.kinds);
        (self.groups, self.assurance) = (part.groups, part.assurance);
        self.own = part.own;
    }

    /// Whether the caller works on this learner, as far as the sending setting is concerned.
    pub(crate) fn works_on(&self, row: &TransitionRow) -> bool {
        self.groups.include(row.learner_group.as_deref())
    }

    /// Hash of the policies that decide this act.
    pub(crate) fn policy_set(&self) -> &str {
        self.decider.policies().hash()
    }

    /// Asks the policies. The question and its answer go into the entry either way.
    pub(crate) fn ask(
        &mut self,
        action: Action,
        about: Question,
        kind: Option<SectionKind>,
    ) -> bool {
        let tuple = self.tuple(action, about, kind);
        let verdict = self.decider.decide(&tuple);
        self.note(tuple, kind, verdict.allowed, &verdict.policies);
        verdict.allowed
    }

    /// What the policies would answer, for what is told of something beside what was asked.
    pub(crate) fn would(&self, action: Action, about: Question, kind: Option<SectionKind>) -> bool {
        let tuple = self.tuple(action, about, kind);
        self.decider.decide(&tuple).allowed
    }

    /// Whether what is told by a kind counts it. A vendor that was not handed reading, and is asked how far
    /// moves are, counts by its roles.
    pub(crate) fn would_count(&self, about: Question, kind: SectionKind) -> bool {
        let facts = self.facts(Action::Read, about, Some(kind));
        let blind = self
            .mandate
            .is_some_and(|it| !it.scopes.contains(Scope::Read));
        let delegation = match facts.delegation {
            Delegation::VendorWithoutThis if blind && Mandate::can_have(kind) => Delegation::Vendor,
            as_it_is => as_it_is,
        };
        let tuple = Tuple::new(Facts {
            delegation,
            ..facts
        });
        self.decider.decide(&tuple).allowed
    }

    fn tuple(&self, action: Action, about: Question, kind: Option<SectionKind>) -> Tuple {
        Tuple::new(self.facts(action, about, kind))
    }

    fn facts(&self, action: Action, about: Question, kind: Option<SectionKind>) -> Facts {
        Facts {
            action,
            roles: self.roles,
            relation: about.relation,
            kind,
            filled_by_caller: about.relation == Relation::Source
                && kind.is_some_and(|kind| self.assigned.contains(kind)),
            window: about.window,
            agreement_in_force: about.agreed,
            sharing: about.sharing,
            age: about.age,
            delegation: self.delegation(action, kind),
            assurance: self.assurance,
            legal_hold: about.legal_hold,
            note_released: about.note_released,
            route: about.route,
        }
    }

    /// Asks, and refuses when the answer is no.
    pub(crate) fn require(&mut self, action: Action, about: Question) -> Result<(), Refusal> {
        if self.ask(action, about, None) {
            Ok(())
        } else {
            Err(Refusal::Denied)
        }
    }

    /// The same about one section kind.
    pub(crate) fn require_kind(
        &mut self,
        action: Action,
        about: Question,
        kind: SectionKind,
    ) -> Result<(), Refusal> {
        if self.ask(action, about, Some(kind)) {
            Ok(())
        } else {
            Err(Refusal::Denied)
        }
    }

    /// Kinds with the same question share its line in the entry, those with the same answer too.
    fn note(
        &mut self,
        tuple: Tuple,
        kind: Option<SectionKind>,
        allowed: bool,
        policies: &[String],
    ) {
        let question = |tuple: &Tuple| Facts {
            kind: None,
            ..*tuple.facts()
        };
        let asked = question(&tuple);
        let draft = &mut self.draft;
        let known = draft
            .decisions
            .iter()
            .position(|known| question(&known.tuple) == asked);
        let at = known.unwrap_or_else(|| {
            let decision = Decision {
                tuple,
                answers: Vec::new(),
            };
            draft.bytes += decision.bytes();
            draft.decisions.push(decision);
            draft.decisions.len() - 1
        });
        let answers = &mut draft.decisions[at].answers;
        let same = |known: &Answer| known.allowed == allowed && known.policies == policies;
        let at = answers.iter().position(same).unwrap_or_else(|| {
            let (kinds, policies) = (KindSet::EMPTY, policies.to_vec());
            let answer = Answer {
                kinds,
                allowed,
                policies,
            };
            draft.bytes += answer.bytes_max();
            answers.push(answer);
            answers.len() - 1
        });
        if let Some(kind) = kind {
            answers[at].kinds.insert(kind);
        }
    }

    /// Adds a word to the entry.
    pub(crate) fn detail(&mut self, name: &str, value: impl Into<Json>) {
        self.draft.detail.insert(name.to_owned(), value.into());
    }

    /// Adds a line for something that is shown.
    pub(crate) fn show(&mut self, line: Json) {
        self.draft.bytes += line.to_bytes().len() + 1;
        self.draft.shown.push(line);
    }

    /// Whether the entry has room for one more thing that is shown.
    pub(crate) fn has_room(&self) -> bool {
        self.draft.bytes < SHOWN_BYTES_MAX
    }

    /// Puts the lines into the entry.
    pub(crate) fn name_shown(&mut self, name: &str) {
        let lines = std::mem::take(&mut self.draft.shown);
        self.detail(name, Json::Arr(lines));
    }

    /// Makes the entry findable by the learner's alias.
    pub(crate) fn about(&mut self, alias: &Alias) {
        self.world.put(AboutRow {
            alias: alias.clone(),
            position: self.position,
            apart: 0,
        });
    }

    /// Puts something into a setting's feed at this act's position. What is kept apart is counted by
    /// itself, behind all else: the numbers of others must not tell of it.
    pub(crate) fn announce(&mut self, row: FeedRow) {
        let is_apart = row.apart != apart::NOT;
        let announced = (row.addressee.clone(), is_apart);
        let next = self.draft.announced.entry(announced).or_default();
        let first = if is_apart { FIRST_APART } else { 0 };
        let item = first + *next;
        *next += 1;
        self.world.put(FeedRow { item, ..row });
    }
}

/// Whether a credential is in force at a time.
pub(crate) fn live(row: &CredentialRow, time_us: i64) -> bool {
    row.state == credential_state::LIVE && row.is_in_its_days(time_us)
}

/// What a credential gives.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) roles: RoleSet,
    /// Kinds its contributor fills, and of which learners.
    kinds: KindSet,
    groups: Groups,
    /// Whose record, where it is for no more.
    own: Option<OwnRecord>,
    /// How sure we are of it.
    pub(crate) assurance: Assurance,
}

impl Part {
    /// Roles none of which is a contributor's.
    pub(crate) const fn of(roles: RoleSet, assurance: Assurance) -> Self {
        Self {
            roles,
            kinds: KindSet::EMPTY,
            groups: Groups::EVERYBODY,
            own: None,
            assurance,
        }
    }
}

/// What a credential gives; none if its groups or whose record it is for cannot be read, which must not
/// give everybody's.
pub(crate) fn part(row: &CredentialRow) -> Option<Part> {
    Some(Part {
        roles: roles(row),
        kinds: kinds(row.kinds),
        groups: Groups::from_text(&row.learner_groups)?,
        own: row.own_record(roles(row))?,
        assurance: assurance(row),
    })
}

/// Bits that name no role are those of a newer version: a role this one does not know gives
/// nothing.
pub(crate) fn roles(row: &CredentialRow) -> RoleSet {
    u32::try_from(row.roles)
        .ok()
        .and_then(RoleSet::from_bits)
        .unwrap_or(RoleSet::EMPTY)
}

/// An assurance as rows keep it.
pub(crate) fn number_of(assurance: Assurance) -> i64 {
    i64::try_from(assurance.index()).unwrap_or_default()
}

fn assurance(row: &CredentialRow) -> Assurance {
    usize::try_from(row.assurance)
        .ok()
        .and_then(|index| Assurance::ALL.get(index).copied())
        .unwrap_or(Assurance::Key)
}
