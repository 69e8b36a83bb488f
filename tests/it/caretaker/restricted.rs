//! A caretaker sees no content; what is restricted only its safeguarding lead takes away.

use baton_wire::status::Reason;
use baton_wire::v1::{self, Role, SectionKind};
use prost::Message as _;

use super::passed_on;
use crate::harness::*;

const RESTRICTED: SectionKind = SectionKind::FamilyAndAgencies;
const NOTE: SectionKind = SectionKind::ChildProtectionNote;

/// Kinds of class R that a receiver is shown of a profile.
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
    async fn a_caretaker_reads_nothing_and_its_safeguarding_lead_takes_away_what_is_restricted(exchange) {
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

        // To the receiver nothing changes.
        let receiver = exchange.person(&of.to, &[Role::Dsl]).await;
        let got = receiver.get(&name).await.unwrap().content.unwrap();
        assert_eq!((got.family_and_agencies, got.child_protection_note), (family, note));
        assert_eq!(restricted(&receiver, &name).await, [RESTRICTED, NOTE]);
        assert_eq!(receiver.download(&document).await.1, b"an order", "as before");

        let dsl = exchange.person(&exchange.elsewhere, &[Role::Dsl]).await;
        let publisher = exchange.person(&exchange.elsewhere, &[Role::Publisher]).await;
        let every = [Role::Publisher, Role::Dsl, Role::Senco, Role::DataManager, Role::ReceiverLead];
        let desk = exchange.person(&exchange.elsewhere, &every).await;
        for who in [&dsl, &publisher, &desk] {
            assert!(who.transition(&of.name).await.is_ok());
            for answer in [
                who.get(&name).await.map(drop),
                who.get(&ordinary).await.map(drop),
                who.documents_of(&name).await.map(drop),
                who.documents_of(&ordinary).await.map(drop),
                who.download(&document).await.0.map(drop),
                who.download(&open).await.0.map(drop),
                who.remove_document(&open).await.map(drop),
            ] {
                assert_eq!(refused(answer).reason, Reason::PermissionDenied);
            }
        }
        // A kind may be taken away unseen; what is restricted by the safeguarding lead alone, and
        // nobody else is told whether there is any.
        for roles in [Role::Publisher, Role::Senco, Role::DataManager] {
            let who = exchange.person(&exchange.elsewhere, &[roles]).await;
            let told = refused(who.erase_kind(&of.name, RESTRICTED).await);
            assert_eq!(told.reason, Reason::PermissionDenied, "{roles:?}");
        }
        dsl.erase_kind(&of.name, RESTRICTED).await.unwrap();
        assert_eq!(restricted(&receiver, &name).await, [NOTE]);
        assert_eq!(refused(receiver.download(&document).await.0).reason, Reason::PermissionDenied);
        publisher.erase_kind(&of.name, SectionKind::Health).await.unwrap();
        assert_eq!(refused(receiver.download(&open).await.0).reason, Reason::PermissionDenied);
        let told = refused(publisher.withdraw(&name).await);
        assert_eq!(told.reason, Reason::PermissionDenied, "what it may not know of is not there");
        dsl.withdraw(&name).await.unwrap();
        receiver.get(&ordinary).await.unwrap();
        exchange.is_verified().await;
    }
}
