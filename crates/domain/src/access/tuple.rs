//! The finite question every decision is an answer to.
//!
//! A rule that could look at anything could not be enumerated, so it could not
//! be reviewed. Here it can look at a [`Tuple`] and at nothing else: a few words
//! from closed lists. The tuple is at once the input of the policy engine, the
//! key of the memo and what the entry records.

use super::action::{Action, Dimensions};
use super::role::RoleSet;
use super::vocabulary::{AgeStage, Assurance, Delegation, Relation, RouteGroup, SharingDecision};
use crate::opening::Window;
use crate::section::SectionKind;

/// Everything a rule might be told, as the facts query found it.
///
/// [`Facts::about`] starts from the least favourable value of each, so that a
/// fact somebody forgot to look up closes and never opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, each a yes or no of its own"
)]
pub struct Facts {
    /// What is asked.
    pub action: Action,
    /// The roles the credential gives in the acting setting.
    pub roles: RoleSet,
    /// How the acting setting stands to what is asked about.
    pub relation: Relation,
    /// The section kind asked for, where the action has one.
    pub kind: Option<SectionKind>,
    /// Whether the kind is assigned to this contributor.
    pub filled_by_caller: bool,
    /// Where the opening rule stands for this receiver.
    pub window: Window,
    /// Whether a sharing agreement between the two settings is in force.
    pub agreement_in_force: bool,
    /// What learner or family decided about sharing this with this recipient.
    pub sharing: SharingDecision,
    /// The learner's age stage.
    pub age: AgeStage,
    /// The setting itself or a vendor.
    pub delegation: Delegation,
    /// How sure we are who is calling.
    pub assurance: Assurance,
    /// Whether a legal hold keeps the content.
    pub legal_hold: bool,
    /// Whether a DSL of the acting setting released the child protection note.
    pub note_released: bool,
    /// The group of the transition's route.
    pub route: RouteGroup,
}

impl Facts {
    /// The question with every other fact at its least favourable value.
    pub const fn about(action: Action, roles: RoleSet) -> Self {
        Self {
            action,
            roles,
            relation: Relation::None,
            kind: None,
            filled_by_caller: false,
            window: Window::NotOpen,
            agreement_in_force: false,
            sharing: SharingDecision::Refused,
            age: AgeStage::Under16,
            delegation: Delegation::VendorWithoutThis,
            assurance: Assurance::Key,
            legal_hold: true,
            note_released: false,
            route: RouteGroup::Coordinated,
        }
    }

    /// The same question with only these dimensions known.
    pub(super) fn keeping(&self, used: Dimensions) -> Self {
        let mut kept = Self::about(self.action, self.roles);
        if used.contains(Dimensions::RELATION) {
            kept.relation = self.relation;
        }
        if used.contains(Dimensions::KIND) {
            kept.kind = self.kind;
        }
        if used.contains(Dimensions::FILLED) {
            kept.filled_by_caller = self.filled_by_caller;
        }
        if used.contains(Dimensions::WINDOW) {
            kept.window = self.window;
        }
        if used.contains(Dimensions::AGREEMENT) {
            kept.agreement_in_force = self.agreement_in_force;
        }
        if used.contains(Dimensions::SHARING) {
            kept.sharing = self.sharing;
        }
        if used.contains(Dimensions::AGE) {
            kept.age = self.age;
        }
        if used.contains(Dimensions::CHANNEL) {
            (kept.delegation, kept.assurance) = channel(self.delegation, self.assurance);
        }
        if used.contains(Dimensions::LEGAL_HOLD) {
            kept.legal_hold = self.legal_hold;
        }
        if used.contains(Dimensions::NOTE_RELEASED) {
            kept.note_released = self.note_released;
        }
        if used.contains(Dimensions::ROUTE) {
            kept.route = self.route;
        }
        kept
    }

    /// See [`Tuple::key`].
    pub(super) const fn key(&self) -> u64 {
        let kind = match self.kind {
            Some(kind) => kind.number() as usize,
            None => 0,
        };
        let words = [
            (self.action.index(), 6),
            (self.relation.index(), 4),
            (kind, 5),
            (self.window as usize, 2),
            (self.sharing.index(), 2),
            (self.age.index(), 2),
            (self.delegation.index(), 2),
            (self.assurance.index(), 2),
            (self.route.index(), 3),
            (self.filled_by_caller as usize, 1),
            (self.agreement_in_force as usize, 1),
            (self.legal_hold as usize, 1),
            (self.note_released as usize, 1),
        ];
        let mut key = self.roles.bits() as u64;
        let mut at = 0;
        while at < words.len() {
            let (word, bits) = words[at];
            debug_assert!(word < 1 << bits, "a word outgrew its bits in the key");
            key = key << bits | word as u64;
            at += 1;
        }
        key
    }
}

/// [`Facts`] with every dimension the answer may not depend on set to its least
/// favourable value. Two questions with the same answer by construction are
/// therefore one tuple, and the whole space can be walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuple(Facts);

impl Tuple {
    /// The question these facts amount to.
    ///
    /// A kind with an action that has none is dropped; an action of a kind asked
    /// without one is nobody's question and stays `None`, which no policy permits.
    /// A person is never a vendor: that pair is read as the vendor's key.
    pub fn new(facts: Facts) -> Self {
        let used = facts.action.dimensions();
        let about = facts.keeping(used);
        Self(facts.keeping(used.narrowed(about.relation, about.kind)))
    }

    /// The facts left after normalising.
    pub const fn facts(&self) -> &Facts {
        &self.0
    }

    /// The dimensions that tell this tuple apart from others of its action.
    pub const fn dimensions(&self) -> Dimensions {
        self.0
            .action
            .dimensions()
            .narrowed(self.0.relation, self.0.kind)
    }

    /// The same question asked with other roles.
    #[must_use]
    pub const fn with_roles(mut self, roles: RoleSet) -> Self {
        self.0.roles = roles;
        self
    }

    /// The tuple in 52 bits: the memo's key. Lives in memory only; entries hold the
    /// spelt-out form, which survives a reordering of the lists.
    pub const fn key(&self) -> u64 {
        self.0.key()
    }
}

impl std::hash::Hash for Tuple {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

/// The pairs that occur: a person with a second factor acts for the own setting
/// only, and what lies outside a vendor's delegation is refused whoever asks.
const fn channel(delegation: Delegation, assurance: Assurance) -> (Delegation, Assurance) {
    match (delegation, assurance) {
        (Delegation::VendorWithoutThis, _)
        | (Delegation::Vendor, Assurance::PersonSecondFactor) => (delegation, Assurance::Key),
        pair => pair,
    }
}
