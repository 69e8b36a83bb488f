//! By which lawful basis a setting of each sort usually sends each section kind: UK GDPR Article 6,
//! and where the content is of that sort, a condition of Article 9 or 10. Agreement is not the basis;
//! where law asks for one besides, that is [`super::consent_asked`]. Whose data it is confirms it.

use crate::section::SectionKind;

/// A sort of setting, as far as the basis hangs on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Controller {
    /// School maintained by a council.
    MaintainedSchool,
    /// Academy or free school.
    Academy,
    /// Private or voluntary nursery, childminder.
    NurseryOrChildminder,
    /// Independent school.
    IndependentSchool,
    /// Further education or sixth-form college.
    College,
    /// Local authority.
    Council,
    /// NHS service.
    HealthService,
    /// Adult social care.
    AdultService,
}

impl Controller {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::MaintainedSchool,
        Self::Academy,
        Self::NurseryOrChildminder,
        Self::IndependentSchool,
        Self::College,
        Self::Council,
        Self::HealthService,
        Self::AdultService,
    ];

    /// As the page names it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MaintainedSchool => "maintained school",
            Self::Academy => "academy",
            Self::NurseryOrChildminder => "private nursery, childminder",
            Self::IndependentSchool => "independent school",
            Self::College => "college",
            Self::Council => "council",
            Self::HealthService => "health service",
            Self::AdultService => "adult social care",
        }
    }

    /// Whether it has no public task to send by.
    const fn is_private(self) -> bool {
        matches!(self, Self::NurseryOrChildminder | Self::IndependentSchool)
    }

    /// The task its sending is part of.
    const fn task(self) -> &'static str {
        match self {
            Self::MaintainedSchool => "Education Act 2002 s21",
            Self::Academy => "Academies Act 2010 s1 and the funding agreement",
            Self::NurseryOrChildminder => "early years foundation stage (Childcare Act 2006 s40)",
            Self::IndependentSchool => "Education and Skills Act 2008 part 4",
            Self::College => "Further and Higher Education Act 1992 s18",
            Self::Council => "Children and Families Act 2014 part 3; Children Act 1989 s22",
            Self::HealthService => "National Health Service Act 2006",
            Self::AdultService => "Care Act 2014 s1 and s58",
        }
    }
}

/// A basis, with its conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LawfulBasis {
    /// Point of UK GDPR Article 6(1).
    pub article_6: &'static str,
    /// Point of Article 9(2), where the content is of a special category, with the condition of the
    /// Data Protection Act 2018 schedule 1.
    pub article_9: Option<&'static str>,
    /// The condition for what is of offences (Article 10), where there may be such.
    pub article_10: Option<&'static str>,
    /// The law that gives the task, the duty or the interest.
    pub law: &'static str,
}

const PUBLIC_TASK: &str = "6(1)(e) public task";
const LEGAL_DUTY: &str = "6(1)(c) legal obligation";
const INTERESTS: &str = "6(1)(f) legitimate interests";
const RECOGNISED: &str = "6(1)(ea) recognised legitimate interest: safeguarding";

const STATUTORY: &str = "9(2)(g), schedule 1 paragraph 6 (statutory purposes)";
const EQUALITY: &str = "9(2)(g), schedule 1 paragraph 8 (equality of opportunity)";
const DISABILITY: &str = "9(2)(g), schedule 1 paragraph 16 (support for a disability)";
const SAFEGUARDING: &str = "9(2)(g), schedule 1 paragraph 18 (safeguarding of children)";
const CARE: &str = "9(2)(h), schedule 1 paragraph 2 (health or social care)";
const OFFENCES: &str = "Data Protection Act 2018 s10(5), schedule 1 paragraph 18";

/// The usual basis of a setting of that sort for sending a kind.
pub const fn lawful_basis(kind: SectionKind, by: Controller) -> LawfulBasis {
    let (article_6, law) = article_6(kind, by);
    LawfulBasis {
        article_6,
        article_9: article_9(kind, by),
        article_10: match kind {
            SectionKind::FamilyAndAgencies
            | SectionKind::ChildProtectionNote
            | SectionKind::PastoralAndBehaviour => Some(OFFENCES),
            _ => None,
        },
        law,
    }
}

const fn article_6(kind: SectionKind, by: Controller) -> (&'static str, &'static str) {
    use SectionKind as K;
    match (kind, by) {
        (K::EhcPlan, Controller::Council) => (
            LEGAL_DUTY,
            "Special Educational Needs and Disability Regulations 2014 reg 13 and reg 17",
        ),
        (K::FamilyAndAgencies | K::ChildProtectionNote, by) if by.is_private() => (
            RECOGNISED,
            "UK GDPR annex 1; Working together to safeguard children",
        ),
        (_, by) if by.is_private() => (INTERESTS, by.task()),
        _ => (PUBLIC_TASK, by.task()),
    }
}

const fn article_9(kind: SectionKind, by: Controller) -> Option<&'static str> {
    use SectionKind as K;
    let cares = matches!(by, Controller::HealthService | Controller::AdultService);
    match kind {
        K::Characteristics => Some(EQUALITY),
        K::Health
        | K::Send
        | K::EhcPlan
        | K::AccessArrangements
        | K::PreparationForAdulthood
        | K::IndividualSupportPlan
        | K::CapacityAndSharing
            if cares =>
        {
            Some(CARE)
        }
        K::Health | K::FamilyAndAgencies | K::ChildProtectionNote | K::PastoralAndBehaviour => {
            Some(SAFEGUARDING)
        }
        K::Send
        | K::EhcPlan
        | K::AccessArrangements
        | K::PreparationForAdulthood
        | K::IndividualSupportPlan
        | K::CapacityAndSharing
        | K::SupportStrategies
        | K::EnhancedTransition => Some(if by.is_private() {
            DISABILITY
        } else {
            STATUTORY
        }),
        // Reasons for absence, religion at a meal table, who cares for whom.
        K::Attendance | K::ContactsAndResponsibility | K::DestinationAndCareers => Some(STATUTORY),
        K::LearningAndDevelopment | K::LearnerVoice | K::FamilyVoice => Some(SAFEGUARDING),
        K::Identity | K::SettingContext | K::Attainment | K::Relationships | K::LocalQuestions => {
            None
        }
    }
}
