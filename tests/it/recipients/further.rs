//! Further recipients: a named part, within the roles of their people, while the destination may
//! see it.

use baton_wire::status::Reason;
use baton_wire::v1::{self, ItemKind, Point, RecipientPurpose, Role, SectionKind, TransitionState};

use super::{further, next, what};
use crate::harness::*;

const SCHOOLING: &[SectionKind] = &[
    SectionKind::Identity,
    SectionKind::Attainment,
    SectionKind::Send,
    SectionKind::Health,
];
const CARE: &[SectionKind] = &[
    SectionKind::Identity,
    SectionKind::ContactsAndResponsibility,
    SectionKind::Health,
    SectionKind::Send,
];

on_both_engines! {
    async fn the_virtual_school_gets_its_part_and_nobody_else_at_the_council_any(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let council = exchange.council();
        let virtual_school = exchange.person(&council, &[Role::VirtualSchoolOfficer]).await;
        let admissions = exchange.person(&council, &[Role::AdmissionsOfficer]).await;
        let subscription = virtual_school.subscribe().await.unwrap();
        let profile = exchange.sent(&of).await;
        assert_eq!(refused(virtual_school.get(&profile).await).reason, Reason::PermissionDenied);
        assert_eq!(virtual_school.list_transitions().await.unwrap(), []);
        let early = virtual_school.pull(&subscription, "").await.unwrap();
        assert_eq!(early.items, [], "it is nothing to the move yet");

        let looked_after = further(RecipientPurpose::LookedAfter, SCHOOLING);
        let named = sender.names(&of.name, &council, looked_after).await.unwrap();
        let came = virtual_school.await_item(&subscription, &early.token).await.unwrap();
        let shown = the_profile(&came.items);
        assert_eq!(came.items[0].position, named.receipt.unwrap().position, "by the act itself");
        let subset = ["identity", "attainment", "send"];
        assert_eq!(kinds(shown), subset, "health is not for its role");
        assert_eq!(kinds(&virtual_school.get(&profile).await.unwrap()), subset);
        for person in [&admissions, &exchange.person(&council, &[Role::TransitionOfficer]).await] {
            assert_eq!(refused(person.get(&profile).await).reason, Reason::PermissionDenied);
        }
        let stranger = exchange.person(&exchange.elsewhere, &[Role::Senco]).await;
        assert_eq!(refused(stranger.get(&profile).await).reason, Reason::PermissionDenied);

        let listed = virtual_school.list_transitions().await.unwrap();
        assert_eq!(listed.len(), 1, "it finds the move");
        assert_eq!(listed[0].to, "", "and is not told where the learner goes");
        virtual_school.acknowledge(&profile, 1).await.unwrap();
        let own = virtual_school.transition(&of.name).await.unwrap();
        assert_eq!(own.state(), TransitionState::Accepted, "its own receipt");
        assert_eq!((own.learner, own.recipients), (Vec::new(), Vec::new()));
        let state = sender.transition(&of.name).await.unwrap().state();
        assert_eq!(state, TransitionState::Published, "which is not the destination's");
        exchange.holds().await;
    }

    async fn the_school_nurse_gets_what_is_named_and_of_her_role(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let nursing = exchange.another(v1::SettingKind::HealthService, "school-nursing").await;
        let nurse = exchange.person(&nursing, &[Role::HealthProfessional]).await;
        let care = further(RecipientPurpose::HealthCare, CARE);
        sender.names(&of.name, &nursing, care).await.unwrap();
        let subscription = nurse.subscribe().await.unwrap();
        let profile = exchange.sent(&of).await;
        let came = nurse.await_item(&subscription, "").await.unwrap();
        let part = ["identity", "contacts_and_responsibility", "health"];
        assert_eq!(kinds(the_profile(&came.items)), part);
        assert_eq!(kinds(&nurse.get(&profile).await.unwrap()), part);
        let file = b"an asthma plan";
        sender.add(&profile, (SectionKind::Health, "asthma"), file).await.unwrap();
        sender.add(&profile, (SectionKind::Attainment, "a report"), file).await.unwrap();
        let titles = nurse.documents_of(&profile).await.unwrap();
        assert_eq!(titles.len(), 1, "a document goes with its kind: {titles:?}");
    }

    async fn an_adult_service_gets_its_part_once_the_young_person_released_it(exchange) {
        let of = exchange.planned(Point::Post16ToAdult).await;
        let service = exchange.another(v1::SettingKind::HealthService, "adult-therapy").await;
        let worker = exchange.person(&service, &[Role::AdultServiceWorker]).await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let part = &[SectionKind::Identity, SectionKind::PreparationForAdulthood];
        let adult_services = further(RecipientPurpose::AdultServices, part);
        sender.names(&of.name, &service, adult_services).await.unwrap();
        let subscription = worker.subscribe().await.unwrap();
        let mut content = typical(2, of.point);
        let identity = content.identity.as_mut().expect("an identity");
        identity.date_of_birth = Some("2005-11-03".to_owned());
        let published = sender.publish(submission(&of, content)).await.unwrap();
        let early = worker.pull(&subscription, "").await.unwrap();
        assert_eq!(early.items, [], "not released yet");
        sender.record(&of.name, v1::TransitionFact::PersonReleased).await.unwrap();
        let came = worker.await_item(&subscription, &early.token).await.unwrap();
        let got = ["identity", "preparation_for_adulthood"];
        assert_eq!(kinds(the_profile(&came.items)), got);
        assert_eq!(kinds(&worker.get(&published.name).await.unwrap()), got);
    }

    async fn before_the_destination_may_see_it_nobody_beside_it_learns_a_thing(exchange) {
        exchange.hand.send_replace(at("2026-04-15T12:00:00Z"));
        let of = exchange.planned(Point::EarlyYearsToPrimary).await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let council = exchange.council();
        let virtual_school = exchange.person(&council, &[Role::VirtualSchoolOfficer]).await;
        let looked_after = further(RecipientPurpose::LookedAfter, SCHOOLING);
        sender.names(&of.name, &council, looked_after).await.unwrap();
        let subscription = virtual_school.subscribe().await.unwrap();
        let profile = exchange.sent(&of).await;
        let early = virtual_school.pull(&subscription, "").await.unwrap();
        assert_eq!(early.items, []);
        assert_eq!(virtual_school.list_transitions().await.unwrap(), []);
        for answer in [
            virtual_school.get(&profile).await.map(drop),
            virtual_school.transition(&of.name).await.map(drop),
            virtual_school.acknowledge(&profile, 1).await.map(drop),
        ] {
            assert_eq!(refused(answer).reason, Reason::PermissionDenied);
        }
        exchange.hand.send_replace(at("2026-04-15T23:00:00Z"));
        let came = virtual_school.await_item(&subscription, &early.token).await.unwrap();
        the_profile(&came.items);
    }

    async fn who_gets_more_is_told_again_and_who_is_ended_is_closed_at_once(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let council = exchange.council();
        let virtual_school = exchange.person(&council, &[Role::VirtualSchoolOfficer]).await;
        let subscription = virtual_school.subscribe().await.unwrap();
        let profile = exchange.sent(&of).await;
        let named = |kinds| further(RecipientPurpose::LookedAfter, kinds);
        sender.names(&of.name, &council, named(&SCHOOLING[..1])).await.unwrap();
        let mut watch = virtual_school.watch(&subscription, "").await.unwrap();
        let first = next(&mut watch).await;
        assert_eq!(kinds(first.profile.as_ref().unwrap()), ["identity"]);
        sender.names(&of.name, &council, named(SCHOOLING)).await.unwrap();
        let more = next(&mut watch).await;
        assert_eq!(kinds(more.profile.as_ref().unwrap()).len(), 3, "released again");
        let before = exchange.size();
        sender.names(&of.name, &council, named(SCHOOLING)).await.unwrap();
        let again = exchange.one_since(before).await;
        assert_eq!(again.get("rows"), None, "nothing changed");

        let ended = sender.lets_go(&of.name, &council).await.unwrap();
        assert_eq!(refused(virtual_school.get(&profile).await).reason, Reason::PermissionDenied);
        let closed = next(&mut watch).await;
        assert_eq!(closed.kind(), ItemKind::Closed, "on the open watch: {closed:?}");
        assert_eq!(closed.position, ended.receipt.unwrap().position);
        let bare = v1::Profile { name: virtual_school.mine(&profile), ..Default::default() };
        assert_eq!(closed.profile, Some(bare), "by its name and nothing else");
        virtual_school.acknowledge(&profile, 1).await.expect("it says what became of its copy");
        assert_eq!(virtual_school.list_transitions().await.unwrap(), []);
        let left = sender.transition(&of.name).await.unwrap();
        assert_eq!(left.recipients, []);

        sender.names(&of.name, &council, named(SCHOOLING)).await.unwrap();
        assert_eq!(next(&mut watch).await.kind(), ItemKind::Profile, "it can come back");
        sender.withdraw(&profile).await.unwrap();
        assert_eq!(next(&mut watch).await.kind(), ItemKind::Closed, "a withdrawal closes it too");
        exchange.holds().await;
    }

    async fn another_destination_leaves_the_others_and_a_restriction_hides_all(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let council = exchange.council();
        let virtual_school = exchange.person(&council, &[Role::VirtualSchoolOfficer]).await;
        let looked_after = further(RecipientPurpose::LookedAfter, SCHOOLING);
        sender.names(&of.name, &council, looked_after).await.unwrap();
        let profile = exchange.sent(&of).await;
        exchange.officer.redirect(&of.name, &exchange.academy, "2026-03-09").await.unwrap();
        virtual_school.get(&profile).await.expect("it stays");
        let moved = sender.transition(&of.name).await.unwrap();
        assert_eq!(moved.recipients.len(), 1, "and whoever redirects sees that");

        let subscription = virtual_school.subscribe().await.unwrap();
        let first = virtual_school.await_item(&subscription, "").await.unwrap();
        sender.restrict(&of.name).await.unwrap();
        assert_eq!(refused(virtual_school.get(&profile).await).reason, Reason::PermissionDenied);
        let hidden = virtual_school.await_item(&subscription, &first.token).await.unwrap();
        assert_eq!(what(&hidden.items), [ItemKind::NotAvailable]);
        let naming = sender.names(&of.name, &exchange.college, looked_after).await;
        assert_eq!(refused(naming).reason, Reason::ProcessingRestricted);
        sender.lift(&of.name).await.unwrap();
        let back = virtual_school.await_item(&subscription, &hidden.token).await.unwrap();
        the_profile(&back.items);

        sender.erase(sender.erasure(&of.name)).await.unwrap();
        let gone = virtual_school.await_item(&subscription, &back.token).await.unwrap();
        assert_eq!(what(&gone.items), [ItemKind::Closed]);
        assert_eq!(refused(virtual_school.transition(&of.name).await).reason, Reason::PermissionDenied);
        exchange.holds().await;
    }
}
