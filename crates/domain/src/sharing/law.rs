//! What a refusal cannot stop, and what waits for a consent, with the law that says so.

use std::ops::Range;

use super::Toward;
use crate::raw::{Fields, Raw};
use crate::section::SectionKind;

/// A section kind that goes on although it was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotStopped {
    /// The kind.
    pub kind: SectionKind,
    /// Why, with its source.
    pub law: &'static str,
    /// The fields that go on, as the contract numbers them in the kind's message, ascending; none: all
    /// of it.
    pub fields: Option<&'static [u32]>,
}

const SAFEGUARDING: &str = "children are safeguarded on another basis than agreement: Children Act \
     2004 s11, Education Act 2002 s175, Keeping children safe in education part 2; Data Protection \
     Act 2018 schedule 1 paragraph 18";
const HEALTH: &str = "who looks after the learner has to know it: Children and Families Act 2014 \
     s100 (pupils with medical conditions), UK GDPR Article 9(2)(h) with Data Protection Act 2018 \
     schedule 1 paragraph 2";
const S14: &str = "an instruction leaves the council names, address and date of birth: Education \
     and Skills Act 2008 s14";

/// Names and date of birth, as `Identity` numbers them: surname and forename in law, further forenames,
/// surname and forename used day to day, how the name is said, date of birth. Numbers, sex, year,
/// registration and why something was not answered are beyond Education and Skills Act 2008
/// s14(2)(a); addresses stand in a section that no role of a council reads.
const NAMES_AND_BIRTH: &[u32] = &[1, 2, 3, 4, 5, 6, 7];

/// Why a refusal does not stop a kind, if it does not. Of receivers the policies say the same of health
/// and child protection (`policies/guards.cedar`), and no policy set may say otherwise.
pub const fn not_stopped(toward: Toward, kind: SectionKind) -> Option<NotStopped> {
    let (law, fields) = match (kind, toward) {
        // What a young person keeps from parents is kept whole.
        (_, Toward::Family) => return None,
        (SectionKind::ChildProtectionNote, _) => (SAFEGUARDING, None),
        (SectionKind::Health, _) => (HEALTH, None),
        (SectionKind::Identity, Toward::Council) => (S14, Some(NAMES_AND_BIRTH)),
        _ => return None,
    };
    Some(NotStopped { kind, law, fields })
}

/// The fields that go on of a kind that some refusal stops in part; none for other kinds. They are the
/// same whatever the receiver is: a section is cut in one way.
pub fn goes_on_in_part(kind: SectionKind) -> Option<&'static [u32]> {
    let mut towards = Toward::ALL.iter();
    towards.find_map(|toward| not_stopped(*toward, kind)?.fields)
}

/// Where everything lies in a section that is not one of these fields, one range behind the other. Of a
/// field that stands twice the first goes on; behind what is no field nothing does. So there is at
/// most one range more than there are fields.
pub fn beyond(fields: &[u32], section: &[u8]) -> Vec<Range<usize>> {
    let (mut beyond, mut seen) = (Vec::<Range<usize>>::new(), Vec::new());
    let (mut read, mut begins) = (Fields::of(section), 0);
    while let Some(field) = read.next() {
        let ends = section.len() - read.left();
        let number = match field {
            Ok((_, Raw::Foreign)) | Err(_) => None,
            Ok((number, _)) => Some(number),
        };
        let first = number.filter(|one| fields.contains(one) && !seen.contains(one));
        match (first, beyond.last_mut()) {
            (Some(number), _) => seen.push(number),
            (None, Some(last)) if last.end == begins => last.end = ends,
            (None, _) => beyond.push(begins..ends),
        }
        begins = ends;
    }
    beyond
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
