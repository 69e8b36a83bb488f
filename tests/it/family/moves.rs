//! What of a move a family is told: how far what they may see has come, and where it goes once that is
//! settled.

use baton_wire::status::Reason;
use baton_wire::v1::{
    self, AcceptanceState, DecisionSaid, DecisionToward, Point, Role, SectionKind,
};
use prost::Message as _;

use super::{LEARNER, PARENT, Reader, born};
use crate::decisions::{Said, by_the_child, by_the_learner};
use crate::harness::*;

/// Where a family is told that a move goes, as far as it says.
fn place(told: &v1::Transition) -> (&str, &str, AcceptanceState, v1::WindowState) {
    (&told.to, &told.offer_date, told.acceptance(), told.window())
}

const NOWHERE: (&str, &str, AcceptanceState, v1::WindowState) = (
    "",
    "",
    AcceptanceState::Unspecified,
    v1::WindowState::NotOpen,
);

on_both_engines! {
    async fn a_family_is_told_the_school_on_offer_day_and_no_sooner(exchange) {
        // Offered on 2 March, to be told on the national day of primary schools.
        let of = exchange.planned(Point::EarlyYearsToPrimary).await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        exchange.sent(&of).await;
        let parent = exchange.parent(&head, &of.name).await;
        for (time, told) in [
            ("2026-04-15T22:59:59Z", NOWHERE),
            (
                "2026-04-15T23:00:00Z",
                (&*of.to.name, "2026-03-02", AcceptanceState::Accepted, v1::WindowState::Open),
            ),
        ] {
            exchange.hand.send_replace(at(time));
            let listed = parent.list_transitions().await.unwrap();
            assert_eq!(place(&listed[0]), told, "{time}");
            assert_eq!(place(&parent.transition(&of.name).await.unwrap()), told, "{time}");
            assert_eq!(listed[0].profiles.len(), 1, "what was written is theirs to see");
        }
        assert_eq!(head.transition(&of.name).await.unwrap().to, of.to.name);
        // Nor may they ask which of the moves have no destination.
        let asked = v1::ListTransitionsRequest {
            parent: parent.setting.clone(),
            no_destination_only: true,
            ..Default::default()
        };
        let answer = parent.transitions().list_transitions(asked).await;
        assert_eq!(refused(answer).reason, Reason::PermissionDenied);
    }

    async fn what_is_not_theirs_to_see_is_not_counted(exchange) {
        let of = exchange.open_move().await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let parent = exchange.parent(&head, &of.name).await;
        let council = exchange.council();
        head.plan_council(&of.name, &council).await.unwrap();
        let caseworker = exchange.person(&council, &[Role::SendCaseworker]).await;
        let complete = || v1::Sections::decode(complete(7, &of.learner)).unwrap();
        let plan = v1::Sections { ehc_plan: complete().ehc_plan, ..Default::default() };
        caseworker.publish(submission(&of, plan)).await.unwrap();
        let nothing = |told: &v1::Transition| {
            (told.state(), told.published_count, told.profiles.len())
                == (v1::TransitionState::Planned, 0, 0)
        };
        assert!(nothing(&parent.transition(&of.name).await.unwrap()), "another one wrote");
        let health = v1::Sections { health: complete().health, ..Default::default() };
        let profile = head.publish(submission(&of, health)).await.unwrap().name;
        let seen = parent.transition(&of.name).await.unwrap();
        assert_eq!((seen.published_count, seen.state()), (1, v1::TransitionState::Published));
        let withheld = Reader { withheld: &[(SectionKind::Health, "serious_harm_health")], ..PARENT };
        let withheld = exchange.reader(&head, &of.name, withheld).await;
        assert!(nothing(&withheld.transition(&of.name).await.unwrap()), "all of it is withheld");
        head.withdraw(&profile).await.unwrap();
        assert_eq!(parent.transition(&of.name).await.unwrap().state(), v1::TransitionState::Withdrawn);
        assert!(nothing(&withheld.transition(&of.name).await.unwrap()), "nor that it was taken back");
    }

    async fn who_is_let_see_a_section_finds_it_and_is_not_told_the_place(exchange) {
        let of = exchange.planned(Point::SecondaryToPost16).await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let profile = head.publish(born(&of, "2008-11-03")).await.unwrap().name;
        let mother = exchange.parent(&head, &of.name).await;
        let learner = exchange.reader(&head, &of.name, LEARNER).await;
        assert!(mother.list_transitions().await.unwrap().is_empty());
        let says = async |kinds: &'static [SectionKind]| {
            let said = by_the_learner(DecisionToward::Family, DecisionSaid::Allowed, kinds);
            head.records(&of.name, &said).await.unwrap()
        };
        says(&[SectionKind::Attainment]).await;
        let found = mother.list_transitions().await.unwrap().remove(0);
        assert_eq!((place(&found), &found.profiles), (NOWHERE, &vec![mother.mine(&profile)]));
        assert_eq!(kinds(&mother.get(&profile).await.unwrap()), ["attainment"]);
        says(&[]).await;
        assert_eq!(mother.transition(&of.name).await.unwrap().to, of.to.name);
        assert_eq!(learner.transition(&of.name).await.unwrap().to, of.to.name);
    }

    async fn what_is_refused_in_one_move_is_refused_in_those_planned_later(exchange) {
        let mut plan = exchange.plan_of(Point::PrimaryToSecondary);
        let of = exchange.planned_as(plan.clone()).await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let first = exchange.sent(&of).await;
        let mother = exchange.parent(&head, &of.name).await;
        let refuses = by_the_child(DecisionToward::Family, DecisionSaid::Refused, &[]);
        head.records(&of.name, &refuses).await.unwrap();
        plan.academic_year += 1;
        plan.offer_date = String::new();
        plan.acceptance = AcceptanceState::Unspecified.into();
        let later = exchange.planned_as(plan).await;
        let second = exchange.sent(&later).await;
        for profile in [&first, &second] {
            assert_eq!(refused(mother.get(profile).await).reason, Reason::PermissionDenied);
        }
        assert!(mother.list_transitions().await.unwrap().is_empty());
        // Leave is for the move it was given in.
        let leaves = Said { on: "2026-03-05", ..by_the_child(DecisionToward::Family, DecisionSaid::Allowed, &[]) };
        head.records(&later.name, &leaves).await.unwrap();
        mother.get(&second).await.unwrap();
        assert_eq!(refused(mother.get(&first).await).reason, Reason::PermissionDenied);
        let taken_back = Said { said: DecisionSaid::Withdrawn, ..refuses };
        head.records(&of.name, &taken_back).await.unwrap();
        mother.get(&first).await.unwrap();
    }

    async fn a_birth_that_is_not_known_opens_nothing_to_a_parent(exchange) {
        let of = exchange.planned(Point::SecondaryToPost16).await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let profile = head.publish(born(&of, "2008-11-03")).await.unwrap().name;
        let mother = exchange.parent(&head, &of.name).await;
        let sees = async || (mother.get(&profile).await.is_ok(), mother.list_transitions().await.unwrap().len());
        assert_eq!(sees().await, (false, 0), "of seventeen");
        head.erase_kind(&of.name, SectionKind::Identity).await.unwrap();
        assert_eq!(sees().await, (false, 0), "whose identity was erased");
        // Of who moves by this route everybody is a child.
        let of = exchange.open_move().await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let profile = exchange.sent(&of).await;
        head.erase_kind(&of.name, SectionKind::Identity).await.unwrap();
        let mother = exchange.parent(&head, &of.name).await;
        mother.get(&profile).await.unwrap();
    }
}
