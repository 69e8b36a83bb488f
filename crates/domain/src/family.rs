//! The learner, or who has parental responsibility, looks at the own record: who that is, and what is
//! left out of it.
//!
//! The setting that sends gives the access, to one learner's record and to what it wrote itself (UK
//! GDPR Article 15 is answered by each controller for what it holds). What it shows beyond that is the
//! policies' to say; here stands what is left out of one access, with the law that lets it.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::access::{AgeStage, Relation};
use crate::disclosure::{Audience, Exemption};
use crate::section::{Class, KindSet, SectionKind};
use crate::sharing::{Basis, Fault, Giver, capacity_faults};

/// Most accesses to one learner's record that work or will work.
pub const AT_ONCE_MAX: usize = 8;
/// Most that are kept with the record, ended ones too. Of the one before, the entries alone tell.
pub const KEPT_MAX: usize = 12;

/// Who is shown a record, and by which right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reader {
    /// Who.
    pub who: Giver,
    /// By which right.
    pub basis: Basis,
    /// When capacity for asking was assessed, where that is the basis.
    pub assessed_on: Option<Date>,
}

impl Reader {
    /// Everything that is wrong with it on a day. A parent is one at any age: what is shown is the
    /// policies' to say each time.
    pub fn faults(self, age: AgeStage, today: Date) -> Vec<Fault> {
        capacity_faults(
            (self.who, self.basis, self.assessed_on),
            age,
            (today, today),
        )
    }
}

/// How the policies are told that somebody stands to the record. Who decides for a young person
/// without capacity stands in their place.
pub const fn relation(who: Giver) -> Relation {
    match who {
        Giver::Learner | Giver::Representative => Relation::SelfPerson,
        Giver::Parent => Relation::Family,
    }
}

/// Against whom an exemption has to hold.
pub const fn audience(who: Giver) -> Audience {
    match who {
        Giver::Learner => Audience::YoungPerson,
        Giver::Parent | Giver::Representative => Audience::Parent,
    }
}

/// Whether a kind can be left out: not those that are never shown, whose safety or names are others'.
pub fn can_be_left_out(kind: SectionKind) -> bool {
    kind.class() != Class::R && kind != SectionKind::Relationships
}

/// What of a record is left out, and by which law.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeftOut(BTreeMap<SectionKind, &'static Exemption>);

impl LeftOut {
    /// Leaves a kind out; whether it was not left out already.
    pub fn add(&mut self, kind: SectionKind, by: &'static Exemption) -> bool {
        self.0.insert(kind, by).is_none()
    }

    /// The kinds.
    pub fn kinds(&self) -> KindSet {
        self.0.keys().copied().collect()
    }

    /// Each kind with its law, in order of the kinds.
    pub fn iter(&self) -> impl Iterator<Item = (SectionKind, &'static Exemption)> {
        self.0.iter().map(|(kind, by)| (*kind, *by))
    }

    /// As a row keeps it.
    pub fn to_text(&self) -> String {
        let parts = self.iter().map(|(kind, by)| format!("{kind}={}", by.code));
        parts.collect::<Vec<_>>().join(",")
    }

    /// From such a row; none if it is not one. Whoever reads it must not take that for nothing left
    /// out.
    pub fn from_text(text: &str) -> Option<Self> {
        let mut read = Self::default();
        for part in text.split(',').filter(|_| !text.is_empty()) {
            let (kind, by) = part.split_once('=')?;
            read.add(SectionKind::parse(kind)?, Exemption::find(by)?);
        }
        (read.to_text() == text).then_some(read)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    const TODAY: Date = date(2026, 3, 2);

    fn reader(who: Giver, basis: Basis) -> Reader {
        let assessed_on = (who == Giver::Representative).then_some(TODAY);
        Reader {
            who,
            basis,
            assessed_on,
        }
    }

    #[test]
    fn a_parent_is_one_at_any_age_and_a_learner_by_what_the_age_says() {
        use AgeStage::{From16, PostCompulsory, Under16};
        let parent = reader(Giver::Parent, Basis::ParentalResponsibility);
        let child = reader(Giver::Learner, Basis::CompetentChild);
        let young = reader(Giver::Learner, Basis::OwnDecision);
        let deputy = reader(Giver::Representative, Basis::DeputyOrAttorney);
        for age in [Under16, From16, PostCompulsory] {
            let under = age == Under16;
            assert_eq!(parent.faults(age, TODAY), []);
            assert_eq!(child.faults(age, TODAY).is_empty(), under);
            assert_eq!(young.faults(age, TODAY).is_empty(), !under);
            assert_eq!(deputy.faults(age, TODAY).is_empty(), !under);
        }
        let mixed = Reader {
            assessed_on: None,
            ..reader(Giver::Representative, Basis::OwnDecision)
        };
        let all = [
            Fault::BasisOfAnother,
            Fault::AssessmentMissing,
            Fault::RepresentativeBefore16,
        ];
        assert_eq!(mixed.faults(Under16, TODAY), all);
    }

    #[test]
    fn what_can_be_left_out_is_what_the_family_could_be_shown() {
        let never = SectionKind::ALL
            .into_iter()
            .filter(|kind| !can_be_left_out(*kind));
        let never: Vec<_> = never.collect();
        assert_eq!(
            never,
            [
                SectionKind::Relationships,
                SectionKind::FamilyAndAgencies,
                SectionKind::ChildProtectionNote,
            ]
        );
    }

    #[test]
    fn a_row_that_is_none_leaves_nothing_in() {
        assert_eq!(LeftOut::from_text(""), Some(LeftOut::default()));
        for text in [
            ",",
            "send",
            "send=",
            "send=whim",
            "x=crime",
            "send=crime,",
            "send=crime,send=crime",
        ] {
            assert_eq!(LeftOut::from_text(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_row_is_read_as_it_was_written(of in prop::collection::vec((0..24_usize, 0..9_usize), 0..6)) {
            let mut left_out = LeftOut::default();
            for (kind, by) in of {
                left_out.add(SectionKind::ALL[kind], &crate::disclosure::EXEMPTIONS[by]);
            }
            prop_assert_eq!(LeftOut::from_text(&left_out.to_text()), Some(left_out));
        }
    }
}
