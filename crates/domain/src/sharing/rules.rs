//! Whose a decision is, by age and by capacity; everything that is wrong with one.

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::{Basis, Decision, Giver, Toward};
use crate::access::AgeStage;
use crate::calendar::compulsory_school_age_ends;
use crate::section::{KindSet, SectionKind};

/// Most decisions of one move.
pub const DECISIONS_MAX: usize = 64;

/// What is wrong with a decision as it is to be recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is dated on a day that is to come.
    NotSaidYet,
    /// The basis is not that of this giver.
    BasisOfAnother,
    /// A decision for somebody who lacks capacity names the day that was assessed.
    AssessmentMissing,
    /// Capacity was assessed, and the basis is not that.
    AssessmentUnasked,
    /// Capacity was assessed after the decision, or on a day that is to come.
    AssessmentLater,
    /// Before the 16th birthday the parent instructs about what the council gets.
    CouncilBefore16,
    /// From then on the young person does.
    CouncilFrom16,
    /// Before the last Friday in June of that school year the parent decides about SEND.
    SendBeforeJune,
    /// From then on the young person does.
    SendFromJune,
    /// From the 16th birthday it is not the parent's to say.
    ParentFrom16,
    /// From then on nobody is a competent child: it is an own decision.
    CompetentFrom16,
    /// Before that only a child that is found competent decides alone.
    OwnBefore16,
    /// The Mental Capacity Act begins at 16.
    RepresentativeBefore16,
    /// What parents are shown is the learner's to say.
    FamilyByParent,
    /// No setting has the code.
    UnknownSetting,
    /// The setting is of another class than the decision is about.
    OtherSetting,
    /// The move has as many as it may have.
    TooMany,
}

/// Where a learner stands on the two lines of the law. Each is by itself: whoever is born between the last
/// Friday in June and the end of August is past compulsory school age before the 16th birthday
/// (Education Act 1996 s8(3)(a)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ages {
    /// From the 16th birthday.
    pub sixteen: bool,
    /// From the day after the last Friday in June of the school year of that birthday: a young person in the
    /// matter of SEND (Children and Families Act 2014 s83(2)).
    pub past_school_age: bool,
}

impl Ages {
    /// Those on a day in London.
    pub fn on(today: Date, born: Date) -> Self {
        let birthday = born.checked_add(16.years());
        let ends = compulsory_school_age_ends(born);
        Self {
            sixteen: birthday.is_ok_and(|birthday| birthday <= today),
            past_school_age: ends.is_ok_and(|ends| today > ends),
        }
    }

    /// As the policies are told: until the 16th birthday nothing is the young person's alone.
    pub const fn stage(self) -> AgeStage {
        match (self.sixteen, self.past_school_age) {
            (false, _) => AgeStage::Under16,
            (true, false) => AgeStage::From16,
            (true, true) => AgeStage::PostCompulsory,
        }
    }
}

/// Kinds that are the matter of the SEND framework.
const SEND: [SectionKind; 3] = [
    SectionKind::Send,
    SectionKind::EhcPlan,
    SectionKind::IndividualSupportPlan,
];

/// Everything that is wrong with a decision on a day, as far as it shows without the ledger.
pub fn faults(of: &Decision, ages: Ages, today: Date) -> Vec<Fault> {
    let age = ages.stage();
    let mut found = Vec::new();
    if of.said_on > today {
        found.push(Fault::NotSaidYet);
    }
    found.extend(basis_of_another(of.giver, of.basis));
    found.extend(assessment((of.giver, of.assessed_on), (of.said_on, today)));
    found.extend(age_fault(of, ages).or_else(|| basis_fault(of.basis, age)));
    found
}

/// Everything that is wrong with somebody's right to speak for a learner at an age, whatever it is
/// about; on the day it was said, and today.
pub(crate) fn capacity_faults(
    (giver, basis, assessed_on): (Giver, Basis, Option<Date>),
    age: AgeStage,
    days: (Date, Date),
) -> Vec<Fault> {
    let unable = giver == Giver::Representative && age == AgeStage::Under16;
    let by_age = unable.then_some(Fault::RepresentativeBefore16);
    let by_age = by_age.or_else(|| basis_fault(basis, age));
    let form = basis_of_another(giver, basis);
    let assessed = assessment((giver, assessed_on), days);
    form.into_iter().chain(assessed).chain(by_age).collect()
}

fn basis_of_another(giver: Giver, basis: Basis) -> Option<Fault> {
    let fits = match giver {
        Giver::Learner => matches!(basis, Basis::OwnDecision | Basis::CompetentChild),
        Giver::Parent => basis == Basis::ParentalResponsibility,
        Giver::Representative => matches!(basis, Basis::DeputyOrAttorney | Basis::BestInterests),
    };
    (!fits).then_some(Fault::BasisOfAnother)
}

fn assessment(
    (giver, assessed_on): (Giver, Option<Date>),
    (said_on, today): (Date, Date),
) -> Option<Fault> {
    match (giver == Giver::Representative, assessed_on) {
        (true, None) => Some(Fault::AssessmentMissing),
        (false, Some(_)) => Some(Fault::AssessmentUnasked),
        (true, Some(day)) if day > said_on || day > today => Some(Fault::AssessmentLater),
        _ => None,
    }
}

/// Whether the giver is the one whose decision it is at that age.
fn age_fault(of: &Decision, ages: Ages) -> Option<Fault> {
    let age = ages.stage();
    let send: KindSet = SEND.into_iter().collect();
    let about_send = !of.kinds.is_empty() && of.kinds.is_subset(send);
    let council = of.toward == Toward::Council && of.kinds.is_empty();
    let parent = of.giver == Giver::Parent;
    let under = age == AgeStage::Under16;
    // In the matter of SEND who is past school age is a young person, at 15 too (Special Educational Needs
    // and Disability Regulations 2014 reg 64).
    let young_person = about_send && ages.past_school_age;
    if of.giver == Giver::Representative && under && !young_person {
        Some(Fault::RepresentativeBefore16)
    } else if of.toward == Toward::Family {
        parent.then_some(Fault::FamilyByParent)
    } else if council && under && !parent {
        Some(Fault::CouncilBefore16)
    } else if council && !under && parent {
        Some(Fault::CouncilFrom16)
    } else if about_send {
        match (parent, young_person) {
            (true, true) => Some(Fault::SendFromJune),
            (false, false) => Some(Fault::SendBeforeJune),
            _ => None,
        }
    } else if !under && parent {
        Some(Fault::ParentFrom16)
    } else {
        None
    }
}

fn basis_fault(basis: Basis, age: AgeStage) -> Option<Fault> {
    let under = age == AgeStage::Under16;
    match basis {
        Basis::OwnDecision if under => Some(Fault::OwnBefore16),
        Basis::CompetentChild if !under => Some(Fault::CompetentFrom16),
        _ => None,
    }
}
