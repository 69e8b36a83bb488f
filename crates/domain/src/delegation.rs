//! What a setting lets a vendor's client do in its place: scopes and roles from closed lists, kinds,
//! and from when until when.
//!
//! A delegation adds nothing to what its roles may do: the policies are asked as ever, and what lies
//! outside is told to them as such. Class R, giving further delegations and what a named person
//! answers for are in no scope.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::access::{Action, Role, RoleSet};
use crate::section::{Class, KindSet, SectionKind};

/// Most days from the first to the last: 13 months.
pub const DAYS_MAX: i32 = 396;
/// Most delegations of a setting that are in force or to come.
pub const AT_ONCE_MAX: usize = 8;
/// Most vendors a setting ever had.
pub const EVER_MAX: usize = 64;

/// What kind of work is handed over. Numbers are the contract's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Plans moves of the setting and records that a learner enrolled. Where a learner goes that has
    /// a destination is the setting's own to say.
    Plan = 1,
    /// Publishes the setting's contributions and takes them back.
    Publish = 2,
    /// Reads what the setting may read, keeps its subscriptions and answers what came.
    Read = 3,
    /// Sees how far moves are.
    Status = 4,
}

impl Scope {
    /// All of them, in the order of the numbers.
    pub const ALL: [Self; 4] = [Self::Plan, Self::Publish, Self::Read, Self::Status];

    /// The number in the contract: 1 to 4.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The word in entries and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Publish => "publish",
            Self::Read => "read",
            Self::Status => "status",
        }
    }

    /// The scope an action is in; none: no delegation carries it.
    const fn of(action: Action) -> Option<Self> {
        match action {
            Action::Plan | Action::RecordEnrolled => Some(Self::Plan),
            Action::Publish | Action::Withdraw => Some(Self::Publish),
            Action::Read
            | Action::Receive
            | Action::Subscribe
            | Action::Acknowledge
            | Action::Reject => Some(Self::Read),
            Action::Status => Some(Self::Status),
            _ => None,
        }
    }
}

/// A set of scopes, kept as bits: scope *n* is bit *n*.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ScopeSet(u8);

impl ScopeSet {
    /// The bits, for a column or an entry.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// The scopes of these bits; bits of no scope are those of a newer version and open nothing.
    pub fn from_bits(bits: i64) -> Self {
        let known = Scope::ALL.into_iter();
        known
            .filter(|scope| bits & (1 << scope.number()) != 0)
            .collect()
    }

    /// Whether the scope is in the set.
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & (1 << scope.number()) != 0
    }

    /// Whether there is none in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The scopes, in the order of the numbers.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL
            .into_iter()
            .filter(move |scope| self.contains(*scope))
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        let bits = scopes.into_iter().map(|scope| 1 << scope.number());
        Self(bits.fold(0, |all, bit: u8| all | bit))
    }
}

/// What is handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mandate {
    /// Roles the vendor has in the setting.
    pub roles: RoleSet,
    /// What it may do in them.
    pub scopes: ScopeSet,
    /// Section kinds it may read and publish.
    pub kinds: KindSet,
}

impl Mandate {
    /// Roles a vendor can have. What a SENCO and a safeguarding lead see is for people, what a council
    /// and those who run the service do is too; a contributor is somebody whose kinds are assigned.
    pub const ROLES: [Role; 3] = [Role::Publisher, Role::ReceiverLead, Role::DataManager];

    /// Whether a vendor can have these roles, in a delegation or by its credential.
    pub fn allows(roles: RoleSet) -> bool {
        !roles.is_empty() && roles.iter().all(|role| Self::ROLES.contains(&role))
    }

    /// Every kind that can be handed over: all but those of class R.
    pub fn all_kinds() -> KindSet {
        SectionKind::ALL
            .into_iter()
            .filter(|kind| Self::can_have(*kind))
            .collect()
    }

    /// Whether a kind can be handed over.
    pub fn can_have(kind: SectionKind) -> bool {
        kind.class() != Class::R
    }

    /// Whether it covers an action, and the section kind it is asked for.
    pub fn covers(&self, action: Action, kind: Option<SectionKind>) -> bool {
        let has = |kind| Self::can_have(kind) && self.kinds.contains(kind);
        Scope::of(action).is_some_and(|scope| self.scopes.contains(scope)) && kind.is_none_or(has)
    }
}

/// The days it is given for, both of them included (Europe/London).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// The first.
    pub first: Date,
    /// The last.
    pub last: Date,
}

impl Term {
    /// Whether it is one of its days.
    pub fn has(self, today: Date) -> bool {
        self.first <= today && today <= self.last
    }

    /// Whether its last day is over.
    pub fn is_over(self, today: Date) -> bool {
        today > self.last
    }

    /// Whether it is in order and not longer than 13 months.
    pub fn is_fit(self) -> bool {
        let days = self.last.since(self.first).map(|span| span.get_days());
        days.is_ok_and(|days| (0..DAYS_MAX).contains(&days))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const WHOLE: fn() -> Mandate = || Mandate {
        roles: Mandate::ROLES.into_iter().collect(),
        scopes: Scope::ALL.into_iter().collect(),
        kinds: KindSet::ALL,
    };

    #[test]
    fn every_scope_has_its_actions_and_no_delegation_carries_the_others() {
        let carried = Action::ALL.iter().filter(|action| {
            let kind = Some(SectionKind::Identity);
            WHOLE().covers(**action, kind)
        });
        let names: Vec<_> = carried.map(|action| action.name()).collect();
        assert_eq!(
            names,
            [
                "plan",
                "publish",
                "withdraw",
                "read",
                "receive",
                "acknowledge",
                "reject",
                "subscribe",
                "status",
                "record_enrolled"
            ]
        );
        for scope in Scope::ALL {
            let one = Mandate {
                scopes: [scope].into_iter().collect(),
                ..WHOLE()
            };
            assert!(Action::ALL.iter().any(|action| one.covers(*action, None)));
            for action in Action::ALL {
                let in_it = Scope::of(*action) == Some(scope);
                assert_eq!(one.covers(*action, None), in_it, "{action}");
            }
        }
    }

    #[test]
    fn class_r_is_in_no_delegation_whatever_its_bits_say() {
        for kind in SectionKind::ALL {
            let covered = WHOLE().covers(Action::Read, Some(kind));
            assert_eq!(covered, kind.class() != Class::R, "{kind}");
        }
        assert!(!Mandate::all_kinds().contains(SectionKind::ChildProtectionNote));
    }

    #[test]
    fn no_vendor_is_a_lead_a_council_or_an_operator() {
        for role in Role::ALL {
            let can = Mandate::allows(RoleSet::only(*role));
            assert_eq!(can, Mandate::ROLES.contains(role), "{role}");
        }
        assert!(!Mandate::allows(RoleSet::EMPTY));
        assert!(!Mandate::allows(
            RoleSet::only(Role::Publisher).with(Role::Dsl)
        ));
    }

    #[test]
    fn a_term_has_both_its_days_and_at_most_thirteen_months() {
        let term = |first, last| Term { first, last };
        let one = term(date(2026, 3, 10), date(2026, 3, 12));
        let days = [9, 10, 12, 13].map(|day| one.has(date(2026, 3, day)));
        assert_eq!(days, [false, true, true, false]);
        assert!(!one.is_over(one.last) && one.is_over(date(2026, 3, 13)));
        let first = date(2026, 3, 10);
        assert!(term(first, first).is_fit());
        assert!(term(first, date(2027, 4, 9)).is_fit(), "396 days");
        assert!(!term(first, date(2027, 4, 10)).is_fit());
        assert!(!term(first, date(2026, 3, 9)).is_fit());
    }
}
