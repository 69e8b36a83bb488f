mod attainment;
mod attendance;
mod basics;
mod contacts;
mod identity;
mod sen;
mod support;

use std::fmt;

pub use attainment::Assessment;
pub use attendance::{AttendanceYear, SchoolAttended};
pub use basics::{BasicDetails, SpokenLanguage};
pub use contacts::{Address, Contact, Telephone};
pub use identity::PersonalIdentity;
pub use sen::{Sen, SenNeed, SenProvision};
pub use support::{FreeMeals, FreeMealsPeriod, LookedAfter};

use super::block::Block;
use crate::{Note, problem::Findings};

/// One pupil of a Common Transfer File. Every value obeys the rules of its item.
#[derive(Clone, PartialEq)]
pub struct CtfPupil {
    /// Line the pupil starts on.
    pub line: u64,
    /// Place in the file, from 1.
    pub index: u64,
    /// Names, date of birth, identifiers.
    pub identity: PersonalIdentity,
    /// `BasicDetails` but for names and former numbers, which are in `identity`.
    pub basics: BasicDetails,
    /// `FSMhistory`.
    pub free_meals: FreeMeals,
    /// `LookedAfter`; absent when the file says nothing, which is not "no".
    pub looked_after: Option<LookedAfter>,
    /// `SENhistory`.
    pub sen: Sen,
    /// `Address`.
    pub address: Option<Address>,
    /// `Phones`.
    pub phones: Vec<Telephone>,
    /// `Email`.
    pub email: Option<String>,
    /// `Contacts`, in the order of the file.
    pub contacts: Vec<Contact>,
    /// `Attendance`.
    pub attendance: Vec<AttendanceYear>,
    /// `StageAssessments`, flattened.
    pub assessments: Vec<Assessment>,
    /// `SchoolHistory`.
    pub schools: Vec<SchoolAttended>,
    /// What was taken over in another form, or left out.
    pub notes: Vec<Note>,
    /// Paths of elements that were not read.
    pub ignored: Vec<String>,
}

impl CtfPupil {
    /// Reads a pupil as far as it goes. `None`: it has no usable identity; like every other
    /// violation that stands in `findings`.
    pub(super) fn read(mut block: Block<'_>, index: u64, findings: &mut Findings) -> Option<Self> {
        let f = findings;
        let line = block.line();
        let mut details = block.block("BasicDetails", f);
        let identity = PersonalIdentity::read(&mut block, details.as_mut(), f);
        let basics = details
            .map(|details| BasicDetails::read(details, f))
            .unwrap_or_default();
        let free_meals = FreeMeals::read(&mut block, f);
        let looked_after = LookedAfter::read(&mut block, f);
        let sen = Sen::read(&mut block, f);
        let address = Address::read(&mut block, f);
        let phones = Telephone::read_all(&mut block, f);
        let email = contacts::email(&mut block, f);
        let contacts = Contact::read_all(&mut block, f);
        let attendance = AttendanceYear::read_all(&mut block, f);
        let assessments = Assessment::read_all(&mut block, f);
        let schools = SchoolAttended::read_all(&mut block, f);
        block.finish(f);
        Some(Self {
            line,
            index,
            identity: identity?,
            basics,
            free_meals,
            looked_after,
            sen,
            address,
            phones,
            email,
            contacts,
            attendance,
            assessments,
            schools,
            notes: Vec::new(),
            ignored: Vec::new(),
        })
    }
}

/// Says which pupil, never who.
impl fmt::Debug for CtfPupil {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("CtfPupil");
        out.field("line", &self.line)
            .field("index", &self.index)
            .finish_non_exhaustive()
    }
}
