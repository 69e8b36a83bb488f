//! What a credential may do for the setting it was issued to.

use serde::{Deserialize, Serialize};

use super::vocabulary::vocabulary;

vocabulary! {
    /// One role. A credential carries a set of them, stored by their places here: a new role
    /// goes to the end.
    Role {
        /// Head, or manager or owner of an early years setting: plans, signs off, publishes,
        /// withdraws.
        Publisher = "publisher",
        /// Key person or class teacher: writes the kinds assigned to them.
        Contributor = "contributor",
        /// Transition lead or head of year at the receiving setting.
        ReceiverLead = "receiver_lead",
        /// SEN coordinator.
        Senco = "senco",
        /// Designated safeguarding lead, or a trained deputy.
        Dsl = "dsl",
        /// Data manager, or the MIS acting as one.
        DataManager = "data_manager",
        /// Registers a council's settings and issues their credentials.
        CouncilAdministrator = "council_administrator",
        /// Council SEND caseworker: author of EHC plan sections.
        SendCaseworker = "send_caseworker",
        /// Data protection officer or auditor: reads the ledger, never content.
        Auditor = "auditor",
        /// Runs the service, reads no content.
        Operator = "operator",
        /// The system itself, when the clock alone releases something.
        Sweeper = "sweeper",
        /// Subject teacher: the support strategies of those who arrive, nothing else.
        SubjectTeacher = "subject_teacher",
        /// Careers adviser: who it is, and where they want to go.
        CareersAdviser = "careers_adviser",
        /// School nurse or health visitor, in a health service of their own.
        HealthProfessional = "health_professional",
        /// Worker of an adult service: what the young person released.
        AdultServiceWorker = "adult_service_worker",
        /// Council admissions: offers and destinations.
        AdmissionsOfficer = "admissions_officer",
        /// Council transition officer: who has no destination, who is late.
        TransitionOfficer = "transition_officer",
        /// Council early years adviser: how far the moves are; content where it is a recipient.
        EarlyYearsAdviser = "early_years_adviser",
        /// Virtual school: the looked-after children it is a recipient for.
        VirtualSchoolOfficer = "virtual_school_officer",
        /// The learner, or someone with parental responsibility, for the own record.
        Person = "person",
    }
}

/// A set of roles, kept as bits: the role at index *n* is bit *n*.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(into = "Vec<Role>", from = "Vec<Role>")]
pub struct RoleSet(u32);

impl RoleSet {
    /// No role: such a caller may do nothing.
    pub const EMPTY: Self = Self(0);
    /// Every role.
    pub const ALL: Self = Self((1 << Role::ALL.len()) - 1);

    /// The set of just this one.
    pub const fn only(role: Role) -> Self {
        Self(1 << role.index())
    }

    /// The set with this one added.
    #[must_use]
    pub const fn with(self, role: Role) -> Self {
        Self(self.0 | 1 << role.index())
    }

    /// Whether the role is in the set.
    pub const fn contains(self, role: Role) -> bool {
        self.0 & (1 << role.index()) != 0
    }

    /// Whether there is no role in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The bits: as the packed tuple and an access row hold them.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// The set of these bits; `None` if a bit stands for no role.
    pub const fn from_bits(bits: u32) -> Option<Self> {
        if bits & !Self::ALL.0 == 0 {
            Some(Self(bits))
        } else {
            None
        }
    }

    /// The roles, in order.
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL
            .iter()
            .copied()
            .filter(move |role| self.contains(*role))
    }
}

impl FromIterator<Role> for RoleSet {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        roles.into_iter().fold(Self::EMPTY, Self::with)
    }
}

impl From<Role> for RoleSet {
    fn from(role: Role) -> Self {
        Self::only(role)
    }
}

impl From<Vec<Role>> for RoleSet {
    fn from(roles: Vec<Role>) -> Self {
        roles.into_iter().collect()
    }
}

impl From<RoleSet> for Vec<Role> {
    fn from(roles: RoleSet) -> Self {
        roles.iter().collect()
    }
}
