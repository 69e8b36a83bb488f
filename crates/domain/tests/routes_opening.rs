//! When a receiver may read: the rules by example, and as laws.
#![cfg(test)]

use baton_domain::calendar::AcademicYear;
use baton_domain::opening::{
    OpeningFacts, OpeningRule, Window, opens_on, provisional_kinds, window,
};
use baton_domain::route::{Point, ROUTES, Route, SettingKind};
use baton_domain::section::{KindSet, SectionKind};
use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use proptest::prelude::*;

fn move_of_2026() -> OpeningFacts {
    OpeningFacts::of_year(AcademicYear::from_first_year(2025).unwrap())
}

fn rule(route: &str) -> OpeningRule {
    Route::find(route).unwrap().rule
}

#[test]
fn a_secondary_school_sees_nothing_before_offer_day() {
    let offered = OpeningFacts {
        offer_date: Some(date(2026, 2, 10)),
        ..move_of_2026()
    };
    let at = |day| window(rule("primary-secondary"), &offered, day);
    assert_eq!(at(date(2026, 2, 27)), Window::NotOpen);
    assert_eq!(
        at(date(2026, 3, 1)),
        Window::NotOpen,
        "1 March 2026 is a Sunday"
    );
    assert_eq!(at(date(2026, 3, 2)), Window::Open);
    assert_eq!(at(date(2026, 12, 31)), Window::Open);
    assert_eq!(at(date(2027, 1, 1)), Window::Closed);
}

#[test]
fn offer_day_opens_nothing_without_an_offer() {
    let day = date(2026, 6, 1);
    assert_eq!(
        window(rule("primary-secondary"), &move_of_2026(), day),
        Window::NotOpen
    );
    assert_eq!(
        window(rule("ey-reception"), &move_of_2026(), day),
        Window::NotOpen
    );
}

#[test]
fn a_waiting_list_offer_opens_on_its_own_day() {
    let late = OpeningFacts {
        offer_date: Some(date(2026, 5, 20)),
        ..move_of_2026()
    };
    let at = |day| window(rule("ey-reception"), &late, day);
    assert_eq!(at(date(2026, 5, 19)), Window::NotOpen);
    assert_eq!(at(date(2026, 5, 20)), Window::Open);
}

#[test]
fn where_the_council_records_acceptances_the_place_must_be_accepted() {
    let mut facts = OpeningFacts {
        offer_date: Some(date(2026, 3, 2)),
        acceptance_recorded_by_council: true,
        ..move_of_2026()
    };
    let at = |facts: &OpeningFacts| window(rule("primary-secondary"), facts, date(2026, 3, 9));
    assert_eq!(at(&facts), Window::NotOpen);
    facts.offer_accepted = Some(true);
    assert_eq!(at(&facts), Window::Open);
    facts.offer_accepted = Some(false);
    assert_eq!(at(&facts), Window::Closed);
    facts.acceptance_recorded_by_council = false;
    assert_eq!(
        at(&facts),
        Window::Closed,
        "declined is declined, whoever recorded it"
    );
}

#[test]
fn a_school_the_plan_may_still_name_is_provisional() {
    let mut facts = OpeningFacts {
        provisional: true,
        ..move_of_2026()
    };
    let at = |facts: &OpeningFacts| window(rule("ehc-phase-transfer"), facts, date(2026, 1, 20));
    assert_eq!(at(&facts), Window::Provisional);
    facts.final_plan_names_setting = true;
    assert_eq!(at(&facts), Window::Open);
    let send_alone = KindSet::of(&[SectionKind::Send, SectionKind::EhcPlan]);
    assert_eq!(provisional_kinds(), send_alone);
}

#[test]
fn an_offer_of_admissions_does_not_open_an_ehc_route() {
    let facts = OpeningFacts {
        offer_date: Some(date(2026, 3, 2)),
        offer_accepted: Some(true),
        ..move_of_2026()
    };
    assert_eq!(
        window(rule("special-school"), &facts, date(2026, 6, 1)),
        Window::NotOpen
    );
}

#[test]
fn each_accepted_post_16_offer_is_open_until_the_learner_enrols_elsewhere() {
    let mut facts = OpeningFacts {
        offer_date: Some(date(2026, 1, 12)),
        ..move_of_2026()
    };
    let at = |facts: &OpeningFacts| window(rule("y11-post16"), facts, date(2026, 5, 1));
    assert_eq!(at(&facts), Window::NotOpen, "offered is not accepted");
    facts.offer_accepted = Some(true);
    assert_eq!(at(&facts), Window::Open);
    facts.enrolled_elsewhere = true;
    assert_eq!(at(&facts), Window::Closed);
}

#[test]
fn an_in_year_move_opens_when_both_heads_agree_the_same_day() {
    let start = date(2025, 11, 10);
    let mut facts = OpeningFacts {
        start_date_agreed_by_sender: Some(start),
        ..move_of_2026()
    };
    let at = |facts: &OpeningFacts| window(rule("managed-move"), facts, date(2025, 11, 3));
    assert_eq!(at(&facts), Window::NotOpen);
    facts.start_date_agreed_by_receiver = Some(start.saturating_add(7.days()));
    assert_eq!(at(&facts), Window::NotOpen, "two dates are no agreement");
    facts.start_date_agreed_by_receiver = Some(start);
    assert_eq!(
        at(&facts),
        Window::Open,
        "before the start, so that the receiver can prepare"
    );
}

#[test]
fn adult_routes_open_by_release_or_best_interests_alone() {
    let offered = OpeningFacts {
        offer_date: Some(date(2026, 1, 1)),
        offer_accepted: Some(true),
        final_plan_names_setting: true,
        ..move_of_2026()
    };
    for route in ROUTES
        .iter()
        .filter(|route| route.point == Point::Post16ToAdult)
    {
        let at = |facts: &OpeningFacts| window(route.rule, facts, date(2026, 5, 1));
        assert_eq!(at(&offered), Window::NotOpen);
        assert_eq!(
            at(&OpeningFacts {
                person_released: true,
                ..offered
            }),
            Window::Open
        );
        assert_eq!(
            at(&OpeningFacts {
                best_interests: true,
                ..offered
            }),
            Window::Open
        );
    }
}

#[test]
fn every_route_is_found_by_its_code_and_by_no_other() {
    for route in &ROUTES {
        assert_eq!(
            Route::find(route.code).map(|found| found.code),
            Some(route.code)
        );
        assert!(
            route
                .code
                .bytes()
                .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
        );
        assert!(!route.admits(SettingKind::Council) || route.point == Point::Post16ToAdult);
    }
    let mut codes: Vec<_> = ROUTES.iter().map(|route| route.code).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), ROUTES.len());
    assert_eq!(Route::find("Primary-Secondary"), None);
    for point in Point::ALL {
        assert_eq!(Point::parse(point.name()), Some(point));
        assert_eq!(Point::from_number(point.number().into()), Some(point));
        assert_eq!(serde_json::to_value(point).unwrap(), point.name());
        assert!(
            point
                .ordinary_route()
                .is_none_or(|route| route.point == point)
        );
    }
    for kind in SettingKind::ALL {
        assert_eq!(SettingKind::parse(kind.name()), Some(kind));
        assert_eq!(SettingKind::from_number(kind.number().into()), Some(kind));
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
    }
}

fn day() -> impl Strategy<Value = Date> {
    (0_i32..900).prop_map(|days| date(2025, 9, 1).saturating_add(days.days()))
}

/// Facts without any that closes.
fn open_ended() -> impl Strategy<Value = OpeningFacts> {
    let dates = (
        prop::option::of(day()),
        prop::option::of(day()),
        prop::option::of(day()),
        prop::option::of(Just(true)),
    );
    (dates, any::<[bool; 5]>()).prop_map(|((offer, sender, receiver, accepted), flags)| {
        OpeningFacts {
            offer_date: offer,
            offer_accepted: accepted,
            start_date_agreed_by_sender: sender,
            start_date_agreed_by_receiver: receiver,
            acceptance_recorded_by_council: flags[0],
            final_plan_names_setting: flags[1],
            provisional: flags[2],
            person_released: flags[3],
            best_interests: flags[4],
            ..move_of_2026()
        }
    })
}

/// Every single step that gives the receiver more than it had.
fn widened(facts: OpeningFacts, today: Date) -> Vec<OpeningFacts> {
    let offer = facts.offer_date.map_or(today, |offer| offer.min(today));
    vec![
        OpeningFacts {
            offer_date: Some(offer),
            ..facts
        },
        OpeningFacts {
            offer_accepted: Some(true),
            ..facts
        },
        OpeningFacts {
            acceptance_recorded_by_council: false,
            ..facts
        },
        OpeningFacts {
            final_plan_names_setting: true,
            ..facts
        },
        OpeningFacts {
            provisional: true,
            ..facts
        },
        OpeningFacts {
            start_date_agreed_by_receiver: facts.start_date_agreed_by_sender,
            ..facts
        },
        OpeningFacts {
            person_released: true,
            ..facts
        },
        OpeningFacts {
            best_interests: true,
            ..facts
        },
    ]
}

proptest! {
    #[test]
    fn widening_facts_never_narrow_the_window(facts in open_ended(), today in day()) {
        for route in &ROUTES {
            let before = window(route.rule, &facts, today);
            for wider in widened(facts, today) {
                prop_assert!(window(route.rule, &wider, today) >= before, "{}", route.code);
            }
        }
    }

    #[test]
    fn the_clock_alone_moves_a_window_only_onwards(
        facts in open_ended(), closed: bool, elsewhere: bool, today in day(), later in 0_i32..900,
    ) {
        let facts = OpeningFacts { closed, enrolled_elsewhere: elsewhere, ..facts };
        for route in &ROUTES {
            let now = window(route.rule, &facts, today);
            prop_assert!(window(route.rule, &facts, today.saturating_add(later.days())) >= now);
        }
    }

    #[test]
    fn a_closing_fact_closes_whatever_else_is_true(facts in open_ended(), today in day()) {
        for route in &ROUTES {
            let at = |facts: &OpeningFacts| window(route.rule, facts, today);
            prop_assert_eq!(at(&OpeningFacts { closed: true, ..facts }), Window::Closed);
            if route.rule == OpeningRule::AcceptedOffer {
                let elsewhere = OpeningFacts { enrolled_elsewhere: true, ..facts };
                prop_assert_eq!(at(&elsewhere), Window::Closed);
            }
            let past = facts.academic_year.closes_on().saturating_add(1.day());
            prop_assert_eq!(window(route.rule, &facts, past), Window::Closed);
        }
    }

    #[test]
    fn a_window_opens_on_the_day_a_sweeper_would_look_for(facts in open_ended()) {
        for route in &ROUTES {
            let Some(opens) = opens_on(route.rule, &facts) else { continue };
            if opens > facts.academic_year.closes_on() { continue }
            prop_assert_eq!(window(route.rule, &facts, opens), Window::Open);
            if opens > Date::MIN {
                let eve = opens.saturating_sub(1.day());
                prop_assert!(window(route.rule, &facts, eve) < Window::Open);
            }
        }
    }
}
