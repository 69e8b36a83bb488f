//! Enums of the contract to and from the words of the domain.
//!
//! A field of an enum type is an `i32` in generated code, since a newer peer may send a number this
//! version does not know. It becomes a word here or is refused; UNSPECIFIED is never a word.

use baton_domain::{
    access::{Assurance, Role},
    act::{ErasureReason, Fact, HoldReason, RestrictionReason},
    agreement::SendingReason,
    delegation::Scope,
    disclosure::Audience,
    opening::Window,
    recipient::{RecipientPurpose, RecipientRelation},
    route::{Point, SettingKind},
    section::SectionKind,
    sharing::{Basis, Giver, Said, Toward},
};

use crate::{twin, v1, violation::Violation};

/// A number that stands for no word of the domain: UNSPECIFIED, or unknown to this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stands for nothing this version knows")]
pub struct NotAWord;

/// Pairs each word with its value, in both generated modules. Words in the second list are the
/// domain's own and become UNSPECIFIED.
macro_rules! words {
    ($($domain:ident = $wire:ident { $($word:ident = $value:ident),+ $(,)? $(; $own:ident)* })+) => {
        $( words!(@in v1 $domain $wire [$($word $value)+] [$($own)*]);
           words!(@in twin $domain $wire [$($word $value)+] [$($own)*]); )+
    };
    (@in $module:ident $domain:ident $wire:ident [$($word:ident $value:ident)+] [$($own:ident)*]) => {
        impl From<$domain> for $module::$wire {
            fn from(word: $domain) -> Self {
                match word {
                    $($domain::$word => Self::$value,)+
                    $($domain::$own => Self::Unspecified,)*
                }
            }
        }

        impl TryFrom<$module::$wire> for $domain {
            type Error = NotAWord;

            fn try_from(value: $module::$wire) -> Result<Self, NotAWord> {
                match value {
                    $($module::$wire::$value => Ok(Self::$word),)+
                    $module::$wire::Unspecified => Err(NotAWord),
                }
            }
        }
    };
}

words! {
    Point = Point {
        EarlyYearsToPrimary = EarlyYearsToPrimary,
        PrimaryToSecondary = PrimaryToSecondary,
        SecondaryToPost16 = SecondaryToPost16,
        Post16ToAdult = Post16ToAdult,
    }
    SettingKind = SettingKind {
        Nursery = Nursery,
        Childminder = Childminder,
        School = School,
        College = College,
        TrainingProvider = TrainingProvider,
        Council = Council,
        AdultSocialCare = AdultSocialCare,
        HealthService = HealthService,
        Vendor = Vendor,
    }
    Role = Role {
        Publisher = Publisher,
        Contributor = Contributor,
        ReceiverLead = ReceiverLead,
        Senco = Senco,
        Dsl = Dsl,
        DataManager = DataManager,
        SubjectTeacher = SubjectTeacher,
        CareersAdviser = CareersAdviser,
        HealthProfessional = HealthProfessional,
        AdultServiceWorker = AdultServiceWorker,
        CouncilAdministrator = CouncilAdministrator,
        AdmissionsOfficer = AdmissionsOfficer,
        TransitionOfficer = TransitionOfficer,
        EarlyYearsAdviser = EarlyYearsAdviser,
        VirtualSchoolOfficer = VirtualSchoolOfficer,
        SendCaseworker = SendCaseworker,
        Auditor = Auditor,
        Operator = Operator,
        Person = Person;
        Sweeper
    }
    Assurance = Assurance {
        Certificate = Certificate,
        Key = Key;
        PersonSecondFactor
    }
    Scope = DelegationScope {
        Plan = Plan,
        Publish = Publish,
        Read = Read,
        Status = Status,
    }
    Window = WindowState {
        NotOpen = NotOpen,
        Provisional = Provisional,
        Open = Open,
        Closed = Closed,
    }
    Audience = DisclosureAudience {
        Parent = Parent,
        YoungPerson = YoungPerson,
    }
    Fact = TransitionFact {
        PersonReleased = PersonReleased,
        BestInterests = BestInterests,
        Enrolled = Enrolled,
        NoteReleased = ChildProtectionNoteReleased,
    }
    RecipientRelation = RecipientRelation {
        Further = Further,
        Provisional = Provisional,
        Dual = Dual,
    }
    RecipientPurpose = RecipientPurpose {
        LookedAfter = LookedAfter,
        HealthCare = HealthCare,
        EarlyYearsAdvice = EarlyYearsAdvice,
        SendSupport = SendSupport,
        AdultServices = AdultServices,
        Participation = Participation,
        Safeguarding = Safeguarding,
        PlanConsultation = PlanConsultation,
        DualRegistration = DualRegistration,
        ManagedMove = ManagedMove,
        AlternativeProvision = AlternativeProvision,
    }
    SendingReason = SendingReason {
        JoiningUnderWay = JoiningUnderWay,
        OutsideArea = OutsideArea,
        UrgentNeed = UrgentNeed,
        Other = Other,
    }
    Giver = DecisionGiver {
        Learner = Learner,
        Parent = Parent,
        Representative = Representative,
    }
    Basis = DecisionBasis {
        OwnDecision = OwnDecision,
        CompetentChild = CompetentChild,
        ParentalResponsibility = ParentalResponsibility,
        DeputyOrAttorney = DeputyOrAttorney,
        BestInterests = BestInterests,
    }
    Toward = DecisionToward {
        Education = Education,
        Health = Health,
        AdultSocialCare = AdultSocialCare,
        Council = Council,
        Family = Family,
    }
    Said = DecisionSaid {
        Allowed = Allowed,
        Refused = Refused,
        Objection = Objection,
        Withdrawn = Withdrawn,
    }
    ErasureReason = ErasureReason {
        NoLongerNeeded = NoLongerNeeded,
        ConsentWithdrawn = ConsentWithdrawn,
        Objection = Objection,
        Unlawful = Unlawful,
        LegalObligation = LegalObligation,
        SentInError = SentInError,
    }
    HoldReason = HoldReason {
        Inquiry = Inquiry,
        LegalClaim = LegalClaim,
        Investigation = Investigation,
        OpenRequest = OpenRequest,
    }
    RestrictionReason = RestrictionReason {
        AccuracyContested = AccuracyContested,
        UnlawfulButKept = UnlawfulButKept,
        LegalClaim = LegalClaim,
        ObjectionPending = ObjectionPending,
    }
    SectionKind = SectionKind {
        Identity = Identity,
        ContactsAndResponsibility = ContactsAndResponsibility,
        SettingContext = SettingContext,
        LearningAndDevelopment = LearningAndDevelopment,
        Attainment = Attainment,
        Attendance = Attendance,
        Characteristics = Characteristics,
        Send = Send,
        EhcPlan = EhcPlan,
        PastoralAndBehaviour = PastoralAndBehaviour,
        Relationships = Relationships,
        Health = Health,
        FamilyAndAgencies = FamilyAndAgencies,
        LearnerVoice = LearnerVoice,
        FamilyVoice = FamilyVoice,
        SupportStrategies = SupportStrategies,
        EnhancedTransition = EnhancedTransition,
        AccessArrangements = AccessArrangements,
        DestinationAndCareers = DestinationAndCareers,
        PreparationForAdulthood = PreparationForAdulthood,
        CapacityAndSharing = CapacityAndSharing,
        IndividualSupportPlan = IndividualSupportPlan,
        LocalQuestions = LocalQuestions,
        ChildProtectionNote = ChildProtectionNote,
    }
}

/// The word a field holds. `Wire` says which of the two generated enums it is of.
pub fn required<Wire, Word>(field: &str, number: i32) -> Result<Word, Violation>
where
    Wire: TryFrom<i32>,
    Word: TryFrom<Wire>,
{
    optional::<Wire, Word>(field, number)?.ok_or_else(|| {
        Violation::new(
            field,
            "enum.unspecified",
            "Give a value other than UNSPECIFIED.",
        )
    })
}

/// The word a field holds; `None` for UNSPECIFIED, where the field may stay blank.
pub fn optional<Wire, Word>(field: &str, number: i32) -> Result<Option<Word>, Violation>
where
    Wire: TryFrom<i32>,
    Word: TryFrom<Wire>,
{
    if number == 0 {
        return Ok(None);
    }
    Wire::try_from(number)
        .ok()
        .and_then(|value| Word::try_from(value).ok())
        .map(Some)
        .ok_or_else(|| {
            Violation::new(
                field,
                "enum.unknown",
                "Give a value of this contract version.",
            )
            .shaped("number")
        })
}

/// Whether a place was accepted, where that is recorded.
pub fn acceptance(field: &str, number: i32) -> Result<Option<bool>, Violation> {
    match v1::AcceptanceState::try_from(number) {
        Ok(v1::AcceptanceState::Unspecified) => Ok(None),
        Ok(v1::AcceptanceState::Accepted) => Ok(Some(true)),
        Ok(v1::AcceptanceState::Declined) => Ok(Some(false)),
        Err(_) => Err(Violation::new(
            field,
            "enum.unknown",
            "Give a value of this contract version.",
        )),
    }
}

/// The same, back to the number of the contract.
pub const fn acceptance_number(accepted: Option<bool>) -> i32 {
    match accepted {
        None => v1::AcceptanceState::Unspecified as i32,
        Some(true) => v1::AcceptanceState::Accepted as i32,
        Some(false) => v1::AcceptanceState::Declined as i32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_domain_and_contract_are_the_same() {
        for kind in SectionKind::ALL {
            assert_eq!(i32::from(kind.number()), v1::SectionKind::from(kind) as i32);
            let number = i32::from(kind.number());
            assert_eq!(required::<twin::SectionKind, _>("kind", number), Ok(kind));
        }
        for point in Point::ALL {
            assert_eq!(i32::from(point.number()), v1::Point::from(point) as i32);
        }
        for purpose in RecipientPurpose::ALL {
            let number = v1::RecipientPurpose::from(*purpose) as i32;
            assert_eq!(i32::from(purpose.number()), number);
        }
        for reason in SendingReason::ALL {
            let number = v1::SendingReason::from(*reason) as i32;
            assert_eq!(i32::from(reason.number()), number);
        }
        for kind in SettingKind::ALL {
            assert_eq!(
                i32::from(kind.number()),
                twin::SettingKind::from(kind) as i32
            );
        }
    }

    #[test]
    fn unspecified_and_unknown_numbers_are_refused() {
        let rule = |number| required::<twin::Role, Role>("roles", number).map_err(|it| it.rule);
        assert_eq!(rule(1), Ok(Role::Publisher));
        assert_eq!(rule(0), Err("enum.unspecified".to_owned()));
        assert_eq!(rule(77), Err("enum.unknown".to_owned()));
        assert_eq!(rule(-1), Err("enum.unknown".to_owned()));
        assert_eq!(optional::<twin::Point, Point>("point", 0), Ok(None));
    }

    #[test]
    fn a_word_the_contract_lacks_is_never_sent_as_another() {
        assert_eq!(twin::Role::from(Role::Sweeper), twin::Role::Unspecified);
    }
}
