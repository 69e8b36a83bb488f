//! What a caretaker sees of class R: its safeguarding lead all of it, and nobody else a trace.

use baton_wire::status::Reason;
use baton_wire::v1::{self, Role, SectionKind};
use prost::Message as _;

use super::passed_on;
use crate::harness::*;

const RESTRICTED: SectionKind = SectionKind::FamilyAndAgencies;
const NOTE: SectionKind = SectionKind::ChildProtectionNote;

/// Kinds of class R that somebody is shown of a profile.
async fn restricted(who: &Caller, profile: &str) -> Vec<SectionKind> {
    let got = who.get(profile).await.unwrap();
    let content = got.content.unwrap();
    let there = [
        (RESTRICTED, content.family_and_agencies.is_some()),
        (NOTE, content.child_protection_note.is_some()),
    ];
    for (kind, there) in there {
        assert_eq!(
            got.kinds.contains(&kind.into()),
            there,
            "nobody learns of {kind:?} else"
        );
    }
    let there = there.into_iter().filter(|(_, there)| *there);
    there.map(|(kind, _)| kind).collect()
}

/// What takes a safeguarding lead, too.
fn with_all(of: &Move) -> v1::Sections {
    v1::Sections::decode(complete(1, &of.learner)).unwrap()
}

on_both_engines! {
    async fn of_what_is_restricted_the_caretakers_safeguarding_lead_gets_all_and_others_nothing(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher, Role::Dsl]).await;
        let both = v1::Sections {
            family_and_agencies: with_all(&of).family_and_agencies,
            child_protection_note: with_all(&of).child_protection_note,
            ..Default::default()
        };
        let (family, note) = (both.family_and_agencies.clone(), both.child_protection_note.clone());
        assert!(family.is_some() && note.is_some());
        let ordinary = sender.publish(submission(&of, typical(1, of.point))).await.unwrap().name;
        let name = sender.publish(submission(&of, both)).await.unwrap().name;
        let file = (RESTRICTED, "an order of the court");
        let document = sender.add(&name, file, b"an order").await.unwrap();
        let open = sender.add(&ordinary, (SectionKind::Health, "a report"), b"a report").await.unwrap();
        exchange.officer.hand_over(&of.from, &exchange.elsewhere.name).await.unwrap();
        passed_on(&exchange.home, &of.from, &exchange.elsewhere.name).await;
        let receiver = exchange.person(&of.to, &[Role::Dsl]).await;
        assert_eq!(receiver.download(&document).await.1, b"an order", "as before");
        let dsl = exchange.person(&exchange.elsewhere, &[Role::Dsl]).await;
        let publisher = exchange.person(&exchange.elsewhere, &[Role::Publisher]).await;

        let got = dsl.get(&name).await.unwrap().content.unwrap();
        assert_eq!((got.family_and_agencies, got.child_protection_note), (family, note));
        assert_eq!(restricted(&dsl, &name).await, [RESTRICTED, NOTE]);
        assert_eq!(restricted(&publisher, &ordinary).await, []);
        assert_eq!(refused(publisher.get(&name).await).reason, Reason::PermissionDenied);
        let titles = async |who: &Caller, name: &str| -> Vec<String> {
            let listed = who.documents_of(name).await.unwrap();
            listed.into_iter().map(|one| one.title).collect()
        };
        assert_eq!(titles(&dsl, &name).await, ["an order of the court"]);
        assert_eq!(titles(&dsl, &ordinary).await, ["a report"]);
        assert_eq!(titles(&publisher, &ordinary).await, ["a report"]);
        let told = refused(publisher.documents_of(&name).await);
        assert_eq!(told.reason, Reason::PermissionDenied);
        assert_eq!(dsl.download(&document).await.1, b"an order");
        assert_eq!(publisher.download(&open).await.1, b"a report");
        let denied = refused(publisher.download(&document).await.0);
        assert_eq!(denied.reason, Reason::PermissionDenied);
        // Those who know how far the moves are see nothing of them, nor does whoever has no part.
        for roles in [Role::Senco, Role::DataManager, Role::ReceiverLead, Role::Contributor] {
            let who = exchange.person(&exchange.elsewhere, &[roles]).await;
            for answer in [
                who.get(&name).await.map(drop),
                who.documents_of(&name).await.map(drop),
                who.download(&document).await.0.map(drop),
                who.erase_kind(&of.name, RESTRICTED).await.map(drop),
            ] {
                assert_eq!(refused(answer).reason, Reason::PermissionDenied, "{roles:?}");
            }
        }
        // A document alone is nobody's to take from what another setting sent; its kind is the lead's.
        for who in [&dsl, &publisher] {
            let told = refused(who.remove_document(&document).await);
            assert_eq!(told.reason, Reason::PermissionDenied);
        }
        let told = refused(publisher.erase_kind(&of.name, RESTRICTED).await);
        assert_eq!(told.reason, Reason::PermissionDenied, "not told whether there is any");
        dsl.erase_kind(&of.name, RESTRICTED).await.unwrap();
        assert_eq!(restricted(&dsl, &name).await, [NOTE]);
        assert_eq!(refused(dsl.download(&document).await.0).reason, Reason::PermissionDenied);
        let told = refused(publisher.withdraw(&name).await);
        assert_eq!(told.reason, Reason::PermissionDenied, "what it may not know of is not there");
        dsl.withdraw(&name).await.unwrap();
        dsl.get(&ordinary).await.unwrap();
        exchange.is_verified().await;
    }
}
