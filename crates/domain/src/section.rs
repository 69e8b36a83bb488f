//! The kinds of section a profile is made of, and sets of them.
//!
//! The numbers are fixed for good: each is the field number of the section in
//! the contract and the bit position of the kind in every stored set. A kind is
//! only ever added. What stands in a section is the contract's business
//! (`proto/baton/v1`); here stand its name, its class and whether a setting may
//! publish it.

mod set;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use set::KindSet;

/// How much harm the content of a section can do in the wrong hands, least
/// first, so that `a <= b` reads "a is no more sensitive than b".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Class {
    /// Low: arrangements and dates.
    L,
    /// Medium: what a class teacher would be told.
    M,
    /// High: special category data (UK GDPR Art 9) and anything like it.
    H,
    /// Restricted: safeguarding and family matters. Needs the role of designated
    /// safeguarding lead.
    R,
}

/// One kind of section.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "&'static str", try_from = "String")]
#[repr(u8)]
pub enum SectionKind {
    /// Names, date of birth, typed identifiers.
    Identity = 1,
    /// Who to ring, who has parental responsibility.
    ContactsAndResponsibility = 2,
    /// The sending setting, key person, other settings, usual hours.
    SettingContext = 3,
    /// Early years areas, characteristics of effective learning, 2-year check.
    LearningAndDevelopment = 4,
    /// Results, predicted and actual; references and statements.
    Attainment = 5,
    /// All attendance, early years too.
    Attendance = 6,
    /// Ethnicity, former names, free meals, looked after, young carer and the like.
    Characteristics = 7,
    /// SEN provision, ranked needs, plans.
    Send = 8,
    /// The education, health and care plan, by its statutory sections.
    EhcPlan = 9,
    /// Pastoral notes, behaviour, suspensions.
    PastoralAndBehaviour = 10,
    /// Other children to be kept with or apart from, and why.
    Relationships = 11,
    /// Conditions, medication, allergies.
    Health = 12,
    /// Social care, court orders, Court of Protection.
    FamilyAndAgencies = 13,
    /// What the learner says.
    LearnerVoice = 14,
    /// What the family says.
    FamilyVoice = 15,
    /// What works: the one-page profile.
    SupportStrategies = 16,
    /// Extra visits, travel training, dates.
    EnhancedTransition = 17,
    /// Exam access arrangements and their evidence.
    AccessArrangements = 18,
    /// Intended destination, NCCIS activity, risk of becoming NEET.
    DestinationAndCareers = 19,
    /// The four Preparing for Adulthood outcomes and the named worker.
    PreparationForAdulthood = 20,
    /// A view derived from the recorded sharing and capacity decisions. Nobody
    /// publishes it.
    CapacityAndSharing = 21,
    /// Held free for the individual support plan of the 2026 reform.
    IndividualSupportPlan = 22,
    /// Answers to a receiver's own questions.
    LocalQuestions = 23,
    /// "A file exists", "none held" or "sent by other means"; never the file.
    ChildProtectionNote = 24,
}

struct Row(SectionKind, &'static str, Class);

/// One row a kind, in the order of the numbers, so that a number indexes it.
const ROWS: [Row; 24] = {
    use Class::{H, L, M, R};
    use SectionKind as K;
    [
        Row(K::Identity, "identity", M),
        Row(
            K::ContactsAndResponsibility,
            "contacts_and_responsibility",
            H,
        ),
        Row(K::SettingContext, "setting_context", L),
        Row(K::LearningAndDevelopment, "learning_and_development", M),
        Row(K::Attainment, "attainment", M),
        Row(K::Attendance, "attendance", M),
        Row(K::Characteristics, "characteristics", H),
        Row(K::Send, "send", H),
        Row(K::EhcPlan, "ehc_plan", H),
        Row(K::PastoralAndBehaviour, "pastoral_and_behaviour", H),
        Row(K::Relationships, "relationships", H),
        Row(K::Health, "health", H),
        Row(K::FamilyAndAgencies, "family_and_agencies", R),
        Row(K::LearnerVoice, "learner_voice", M),
        Row(K::FamilyVoice, "family_voice", M),
        Row(K::SupportStrategies, "support_strategies", M),
        Row(K::EnhancedTransition, "enhanced_transition", L),
        Row(K::AccessArrangements, "access_arrangements", H),
        Row(K::DestinationAndCareers, "destination_and_careers", H),
        Row(K::PreparationForAdulthood, "preparation_for_adulthood", H),
        Row(K::CapacityAndSharing, "capacity_and_sharing", H),
        Row(K::IndividualSupportPlan, "individual_support_plan", H),
        Row(K::LocalQuestions, "local_questions", M),
        Row(K::ChildProtectionNote, "child_protection_note", R),
    ]
};

impl SectionKind {
    /// Every kind, in the order of the numbers.
    pub const ALL: [Self; 24] = {
        let mut all = [Self::Identity; 24];
        let mut at = 0;
        while at < all.len() {
            all[at] = ROWS[at].0;
            assert!(
                all[at] as usize == at + 1,
                "a row stands out of its number's order"
            );
            at += 1;
        }
        all
    };

    /// The number in the contract and the bit in a [`KindSet`]: 1 to 24.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The kind of that number, if there is one.
    pub fn from_number(number: u32) -> Option<Self> {
        let at = usize::try_from(number).ok()?.checked_sub(1)?;
        Self::ALL.get(at).copied()
    }

    const fn row(self) -> &'static Row {
        &ROWS[self as usize - 1]
    }

    /// The name in contract, policies and entries.
    pub const fn name(self) -> &'static str {
        self.row().1
    }

    /// The kind of that exact name, if there is one.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The class of the section. A field inside may be less sensitive, never more.
    pub const fn class(self) -> Class {
        self.row().2
    }

    /// Whether a setting may publish this kind. Not so for what is derived
    /// ([`Self::CapacityAndSharing`]) or reserved ([`Self::IndividualSupportPlan`]).
    pub const fn publishable(self) -> bool {
        !matches!(self, Self::CapacityAndSharing | Self::IndividualSupportPlan)
    }
}

impl fmt::Display for SectionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl From<SectionKind> for &'static str {
    fn from(kind: SectionKind) -> Self {
        kind.name()
    }
}

/// A name or bit that stands for no kind this version knows. Refused, never
/// skipped: an unknown kind has no class, so nothing may be decided about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a section kind of this version")]
pub struct UnknownKind;

impl TryFrom<String> for SectionKind {
    type Error = UnknownKind;

    fn try_from(name: String) -> Result<Self, UnknownKind> {
        Self::parse(&name).ok_or(UnknownKind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_lead_back_to_the_kind() {
        for kind in SectionKind::ALL {
            assert_eq!(SectionKind::from_number(kind.number().into()), Some(kind));
            assert_eq!(SectionKind::parse(kind.name()), Some(kind));
        }
        for number in [0, 25, u32::MAX] {
            assert_eq!(SectionKind::from_number(number), None);
        }
        assert_eq!(SectionKind::parse("Identity"), None);
    }
}
