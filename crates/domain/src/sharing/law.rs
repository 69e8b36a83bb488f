//! What a refusal cannot stop, and what waits for a consent, with the law that says so.

use super::Toward;
use crate::section::SectionKind;

/// A section kind that goes on although it was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotStopped {
    /// The kind.
    pub kind: SectionKind,
    /// Why, with its source.
    pub law: &'static str,
}

const SAFEGUARDING: &str = "children are safeguarded on another basis than agreement: Children Act \
     2004 s11, Education Act 2002 s175, Keeping children safe in education part 2; Data Protection \
     Act 2018 schedule 1 paragraph 18";
const HEALTH: &str = "who looks after the learner has to know it: Children and Families Act 2014 \
     s100 (pupils with medical conditions), UK GDPR Article 9(2)(h) with Data Protection Act 2018 \
     schedule 1 paragraph 2";
const S14: &str = "an instruction leaves the council names, address and date of birth: Education \
     and Skills Act 2008 s14";

/// Why a refusal does not stop a kind, if it does not. Of receivers the policies say the same of health
/// and child protection (`policies/guards.cedar`), and no policy set may say otherwise.
pub const fn not_stopped(toward: Toward, kind: SectionKind) -> Option<NotStopped> {
    let law = match (kind, toward) {
        // What a young person keeps from parents is kept whole.
        (_, Toward::Family) => return None,
        (SectionKind::ChildProtectionNote, _) => SAFEGUARDING,
        (SectionKind::Health, _) => HEALTH,
        (SectionKind::Identity, Toward::Council) => S14,
        _ => return None,
    };
    Some(NotStopped { kind, law })
}

/// By which rule a kind goes to such a receiver with a consent only: nothing said counts as no.
pub const fn consent_asked(toward: Toward, kind: SectionKind) -> Option<&'static str> {
    match (toward, kind) {
        (Toward::Health, SectionKind::LearningAndDevelopment) => Some(
            "the progress check at age two goes to health professionals with the consent of a \
             parent: Statutory framework for the early years foundation stage, section 2",
        ),
        _ => None,
    }
}
