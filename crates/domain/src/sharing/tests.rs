use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::access::AgeStage;

const UNDER: Ages = Ages {
    sixteen: false,
    past_school_age: false,
};
const SIXTEEN: Ages = Ages {
    sixteen: true,
    ..UNDER
};
const PAST: Ages = Ages {
    past_school_age: true,
    ..SIXTEEN
};
/// Born in July or August: past school age, and 15.
const SUMMER: Ages = Ages {
    past_school_age: true,
    ..UNDER
};

const KIND: SectionKind = SectionKind::Attainment;

fn said(by: Giver, said: Said, kinds: &[SectionKind], day: i8) -> Decision {
    Decision {
        giver: by,
        basis: match by {
            Giver::Learner => Basis::OwnDecision,
            Giver::Parent => Basis::ParentalResponsibility,
            Giver::Representative => Basis::BestInterests,
        },
        toward: Toward::Education,
        kinds: KindSet::of(kinds),
        said,
        said_on: date(2026, 3, day),
        assessed_on: (by == Giver::Representative).then(|| date(2026, 3, 1)),
    }
}

fn of(all: &[(Decision, bool)], kind: SectionKind) -> SharingDecision {
    let all = all.iter().map(|(one, named)| (one, *named));
    sharing(all, Toward::Education, Some(kind))
}

#[test]
fn a_refusal_stands_until_it_is_taken_back_of_the_same_or_something_narrower() {
    use Giver::Learner;
    let refused_here = (said(Learner, Said::Refused, &[KIND], 2), true);
    let allowed_all = (said(Learner, Said::Allowed, &[], 3), false);
    let refused_all = (said(Learner, Said::Refused, &[], 4), false);
    let allowed_here = (said(Learner, Said::Allowed, &[KIND], 5), true);
    let taken_back = (said(Learner, Said::Withdrawn, &[KIND], 6), true);
    for (all, answer) in [
        (&[][..], SharingDecision::Undecided),
        (&[refused_here], SharingDecision::Refused),
        (&[refused_here, allowed_all], SharingDecision::Refused),
        (&[allowed_all, refused_here], SharingDecision::Refused),
        (&[refused_here, allowed_here], SharingDecision::Allowed),
        (&[refused_all, allowed_here], SharingDecision::Allowed),
        (&[refused_here, taken_back], SharingDecision::Undecided),
        (&[refused_all, taken_back], SharingDecision::Refused),
        (
            &[refused_here, allowed_all, taken_back],
            SharingDecision::Allowed,
        ),
    ] {
        assert_eq!(of(all, KIND), answer, "{all:?}");
    }
    let late = (said(Learner, Said::Refused, &[], 7), false);
    assert_eq!(
        of(&[allowed_here, late], KIND),
        SharingDecision::Refused,
        "later, of all"
    );
    assert_eq!(
        of(&[refused_here], SectionKind::Attendance),
        SharingDecision::Undecided
    );
    let early = (said(Learner, Said::Allowed, &[KIND], 1), true);
    assert_eq!(
        of(&[refused_here, early], KIND),
        SharingDecision::Refused,
        "recorded late"
    );
    let objects = (said(Learner, Said::Objection, &[], 8), false);
    assert_eq!(
        of(&[objects], KIND),
        SharingDecision::Undecided,
        "it goes on"
    );
}

#[test]
fn what_the_learner_said_counts_before_what_a_parent_says() {
    let own = (said(Giver::Learner, Said::Refused, &[KIND], 2), false);
    let parent = (said(Giver::Parent, Said::Allowed, &[KIND], 5), true);
    assert_eq!(of(&[own, parent], KIND), SharingDecision::Refused);
    assert_eq!(of(&[parent], KIND), SharingDecision::Allowed);
    let back = (said(Giver::Learner, Said::Withdrawn, &[KIND], 6), false);
    assert_eq!(of(&[own, parent, back], KIND), SharingDecision::Allowed);
    // Who decides for the learner decides as the learner.
    let for_them = (
        said(Giver::Representative, Said::Allowed, &[KIND], 7),
        false,
    );
    assert_eq!(of(&[own, for_them], KIND), SharingDecision::Allowed);
}

#[test]
fn health_and_child_protection_go_on_and_the_progress_check_waits_for_consent() {
    let refused = said(Giver::Parent, Said::Refused, &[], 2);
    for kind in SectionKind::ALL {
        for toward in Toward::ALL.iter().copied() {
            let one = Decision { toward, ..refused };
            let answer = sharing([(&one, false)].into_iter(), toward, Some(kind));
            let vital = [SectionKind::Health, SectionKind::ChildProtectionNote].contains(&kind);
            let s14 = toward == Toward::Council && kind == SectionKind::Identity;
            let stopped = toward == Toward::Family || !vital && !s14;
            assert_eq!(
                answer == SharingDecision::Refused,
                stopped,
                "{kind} {toward:?}"
            );
            let nothing = sharing([].into_iter(), toward, Some(kind));
            let check = toward == Toward::Health && kind == SectionKind::LearningAndDevelopment;
            assert_eq!(
                nothing == SharingDecision::Refused,
                check,
                "{kind} {toward:?}"
            );
        }
    }
}

#[test]
fn what_goes_on_of_identity_towards_the_council_goes_in_part_while_it_is_refused() {
    let everything = said(Giver::Parent, Said::Refused, &[], 2);
    let alone = said(Giver::Parent, Said::Refused, &[SectionKind::Identity], 2);
    let other = said(Giver::Parent, Said::Refused, &[KIND], 2);
    for toward in Toward::ALL.iter().copied() {
        for kind in SectionKind::ALL {
            let of = |one: Decision| {
                let one = Decision { toward, ..one };
                in_part([(&one, false)].into_iter(), toward, kind)
            };
            let cut = toward == Toward::Council && kind == SectionKind::Identity;
            assert_eq!((of(everything), of(alone)), (cut, cut), "{kind} {toward:?}");
            assert!(
                !of(other)
                    && !of(Decision {
                        said: Said::Objection,
                        ..everything
                    })
            );
            assert!(!in_part([].into_iter(), toward, kind));
        }
    }
    let toward = Toward::Council;
    let refused = Decision {
        toward,
        ..everything
    };
    let lifted = Decision {
        said: Said::Withdrawn,
        said_on: date(2026, 3, 5),
        ..refused
    };
    let both = [(&refused, false), (&lifted, false)];
    assert!(!in_part(both.into_iter(), toward, SectionKind::Identity));
}

#[test]
fn beyond_some_fields_is_all_else_in_as_few_ranges_as_there_can_be() {
    let text = |number: u8, text: &[u8]| {
        let length = u8::try_from(text.len()).unwrap();
        [&[number << 3 | 2, length], text].concat()
    };
    let name = || text(1, b"Okafor");
    let (upn, sex, born) = (text(12, b"A1"), [0x40, 1].to_vec(), text(7, b"2015-01-02"));
    let all = [
        sex.clone(),
        name(),
        upn.clone(),
        sex.clone(),
        born.clone(),
        upn.clone(),
    ];
    let all = all.concat();
    let found = beyond(&[1, 7], &all);
    assert_eq!(found, [0..2, 10..16, 28..32]);
    let mut left = Vec::new();
    let mut from = 0;
    for range in found {
        left.extend_from_slice(&all[from..range.start]);
        from = range.end;
    }
    assert_eq!(left, [name(), born.clone()].concat());

    for whole in [&[][..], &[name(), born].concat()] {
        assert!(beyond(&[1, 7], whole).is_empty());
    }
    let one = |section: &[u8]| {
        let found = beyond(&[1, 7], section);
        assert_eq!(found.len(), 1);
        (found[0].start, found[0].end)
    };
    let only = [upn, sex].concat();
    assert_eq!(one(&only), (0, only.len()));
    // Said twice, the first goes on; of what is no field nothing does.
    assert_eq!(one(&[name(), name()].concat()), (8, 16));
    for no_field in [&[0x12, 9, 1][..], &[0x3b, 1], &[0x3d, 1, 2, 3, 4]] {
        let broken = [&name(), no_field].concat();
        assert_eq!(one(&broken), (8, broken.len()));
    }
}

#[test]
fn a_child_of_the_summer_is_a_young_person_for_send_before_the_16th_birthday() {
    let stage = |born, today| {
        let ages = Ages::on(today, born);
        (ages.sixteen, ages.past_school_age, ages.stage())
    };
    // The last Friday in June of 2026 is the 26th.
    let (last, after) = (date(2026, 6, 26), date(2026, 6, 27));
    let (under, from, past) = (
        AgeStage::Under16,
        AgeStage::From16,
        AgeStage::PostCompulsory,
    );
    let spring = date(2010, 3, 11);
    assert_eq!(stage(spring, date(2026, 3, 10)), (false, false, under));
    assert_eq!(stage(spring, date(2026, 3, 11)), (true, false, from));
    assert_eq!(stage(spring, last), (true, false, from));
    assert_eq!(stage(spring, after), (true, true, past));
    let summer = date(2010, 8, 31);
    assert_eq!(stage(summer, last), (false, false, under));
    assert_eq!(stage(summer, after), (false, true, under));
    assert_eq!(stage(summer, date(2026, 8, 31)), (true, true, past));
    let autumn = date(2010, 9, 1);
    assert_eq!(stage(autumn, date(2026, 9, 1)), (true, false, from));
    assert_eq!(stage(autumn, date(2027, 6, 25)), (true, false, from));
    assert_eq!(stage(autumn, date(2027, 6, 26)), (true, true, past));
}

#[test]
fn until_that_birthday_the_competent_child_decides_about_send_or_who_stands_in() {
    use Basis::{CompetentChild, OwnDecision, ParentalResponsibility};
    let send = &[SectionKind::Send][..];
    let ask = |giver, basis, toward, kinds: &[SectionKind]| {
        let one = Decision {
            basis,
            toward,
            ..said(giver, Said::Refused, kinds, 2)
        };
        faults(&one, SUMMER, date(2026, 7, 1))
    };
    let (child, parent) = (Giver::Learner, Giver::Parent);
    let school = Toward::Education;
    assert_eq!(ask(child, CompetentChild, school, send), []);
    let late = ask(parent, ParentalResponsibility, school, send);
    assert_eq!(late, [Fault::SendFromJune]);
    let own = ask(child, OwnDecision, school, send);
    assert_eq!(own, [Fault::OwnBefore16]);
    // The instruction to the council goes by the birthday alone.
    let council = Toward::Council;
    assert_eq!(ask(parent, ParentalResponsibility, council, &[]), []);
    let own = ask(child, CompetentChild, council, &[]);
    assert_eq!(own, [Fault::CouncilBefore16]);
}

#[test]
fn each_age_has_its_givers() {
    use self::{PAST as PostCompulsory, SIXTEEN as From16, UNDER as Under16};
    use Basis::{CompetentChild, OwnDecision, ParentalResponsibility};
    use Giver::{Learner, Parent};
    use Toward::{Council, Education};
    let today = date(2026, 3, 9);
    let send = &[SectionKind::Send, SectionKind::EhcPlan];
    let ask = |giver, basis, toward, kinds: &[SectionKind], age| {
        let one = Decision {
            basis,
            toward,
            ..said(giver, Said::Refused, kinds, 2)
        };
        faults(&one, age, today)
    };
    for (giver, basis, toward, kinds, age, expected) in [
        (
            Parent,
            ParentalResponsibility,
            Education,
            &[][..],
            Under16,
            &[][..],
        ),
        (Learner, CompetentChild, Education, &[], Under16, &[]),
        (
            Learner,
            OwnDecision,
            Education,
            &[],
            Under16,
            &[Fault::OwnBefore16],
        ),
        (Learner, OwnDecision, Education, &[], From16, &[]),
        (
            Learner,
            CompetentChild,
            Education,
            &[],
            From16,
            &[Fault::CompetentFrom16],
        ),
        (
            Parent,
            ParentalResponsibility,
            Education,
            &[],
            From16,
            &[Fault::ParentFrom16],
        ),
        (Parent, ParentalResponsibility, Council, &[], Under16, &[]),
        (
            Learner,
            CompetentChild,
            Council,
            &[],
            Under16,
            &[Fault::CouncilBefore16],
        ),
        (
            Parent,
            ParentalResponsibility,
            Council,
            &[],
            From16,
            &[Fault::CouncilFrom16],
        ),
        (Learner, OwnDecision, Council, &[], PostCompulsory, &[]),
        (Parent, ParentalResponsibility, Education, send, From16, &[]),
        (
            Learner,
            OwnDecision,
            Education,
            send,
            From16,
            &[Fault::SendBeforeJune],
        ),
        (
            Parent,
            ParentalResponsibility,
            Education,
            send,
            PostCompulsory,
            &[Fault::SendFromJune],
        ),
        (Learner, OwnDecision, Education, send, PostCompulsory, &[]),
        (
            Parent,
            OwnDecision,
            Education,
            &[],
            PostCompulsory,
            &[Fault::BasisOfAnother, Fault::ParentFrom16],
        ),
    ] {
        let found = ask(giver, basis, toward, kinds, age);
        assert_eq!(found, expected, "{giver:?} {toward:?} {kinds:?} {age:?}");
    }
}

#[test]
fn who_decides_for_another_names_the_assessment() {
    let today = date(2026, 3, 9);
    let one = said(Giver::Representative, Said::Refused, &[], 2);
    assert_eq!(faults(&one, SIXTEEN, today), []);
    assert_eq!(faults(&one, UNDER, today), [Fault::RepresentativeBefore16]);
    assert_eq!(faults(&one, SUMMER, today), [Fault::RepresentativeBefore16]);
    let about_send = Decision {
        kinds: KindSet::of(&[SectionKind::Send]),
        ..one
    };
    assert_eq!(faults(&about_send, SUMMER, today), []);
    let with = |assessed_on, said_on| Decision {
        said_on,
        assessed_on,
        ..one
    };
    let none = with(None, one.said_on);
    assert_eq!(faults(&none, SIXTEEN, today), [Fault::AssessmentMissing]);
    let late = with(Some(date(2026, 3, 3)), one.said_on);
    assert_eq!(faults(&late, SIXTEEN, today), [Fault::AssessmentLater]);
    let ahead = with(one.assessed_on, date(2026, 3, 10));
    assert_eq!(faults(&ahead, SIXTEEN, today), [Fault::NotSaidYet]);
    let own = Decision {
        assessed_on: one.assessed_on,
        ..said(Giver::Learner, Said::Refused, &[], 2)
    };
    assert_eq!(faults(&own, SIXTEEN, today), [Fault::AssessmentUnasked]);
}

#[test]
fn a_number_stands_for_its_word() {
    for word in Giver::ALL {
        assert_eq!(Giver::from_number(i64::from(word.number())), Some(*word));
    }
    assert_eq!(Said::from_number(5), None);
}

fn decision() -> impl Strategy<Value = (Decision, bool)> {
    (
        0..3_usize,
        0..4_usize,
        any::<bool>(),
        any::<bool>(),
        1..20_i8,
    )
        .prop_map(|(giver, what, listed, named, day)| {
            let kinds: &[SectionKind] = if listed { &[KIND] } else { &[] };
            (said(Giver::ALL[giver], Said::ALL[what], kinds, day), named)
        })
}

proptest! {
    #[test]
    fn a_refusal_of_everything_said_last_by_the_learner_closes(
        mut all in prop::collection::vec(decision(), 0..8),
    ) {
        all.push((said(Giver::Learner, Said::Refused, &[], 20), false));
        prop_assert_eq!(of(&all, KIND), SharingDecision::Refused);
    }

    #[test]
    fn what_opens_was_allowed_by_somebody(all in prop::collection::vec(decision(), 0..8)) {
        let allowed = all.iter().any(|(one, _)| one.said == Said::Allowed);
        prop_assert!(of(&all, KIND) != SharingDecision::Allowed || allowed);
    }

    #[test]
    fn a_parent_moves_nothing_where_the_learner_has_spoken(
        all in prop::collection::vec(decision(), 0..8),
    ) {
        let own: Vec<_> = all.iter().copied().filter(|(one, _)| one.giver != Giver::Parent).collect();
        let spoken = standing(own.iter().map(|(d, n)| (d, *n)), Toward::Education, Some(KIND));
        if spoken.is_some() {
            prop_assert_eq!(of(&all, KIND), of(&own, KIND));
        }
    }
}
