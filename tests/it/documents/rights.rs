//! Who may see a document, add one and take one back.

use baton_wire::status::Reason;
use baton_wire::v1::{self, Role, SectionKind};

use super::{Cast, KIND, REPORT, cast};
use crate::harness::*;

/// Whether somebody is shown a document at all, by either way in.
async fn sees(who: &Caller, profile: &str, name: &str) -> bool {
    let listed = who.documents_of(profile).await.unwrap_or_default();
    let listed = listed.iter().any(|one| one.name == who.mine(name));
    let (document, came) = who.download(name).await;
    if document.is_err() {
        let told = refused(document.map(drop));
        assert_eq!(
            told.reason,
            Reason::PermissionDenied,
            "absent and forbidden look alike"
        );
        assert_eq!(came, b"");
        assert!(!listed);
        return false;
    }
    assert!(listed);
    true
}

on_both_engines! {
    async fn a_document_is_seen_by_whoever_may_see_its_kind(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher, Role::Dsl]).await;
        let published = sender.publish(submission(&of, typical(1, of.point))).await;
        let profile = published.unwrap().name;
        let [_, restricted] = apart(&complete(1, &of.learner));
        let restricted = submission(&of, prost::Message::decode(restricted).unwrap());
        let restricted = sender.publish(restricted).await.unwrap().name;
        let mut documents = Vec::new();
        for (profile, kind) in [
            (&profile, SectionKind::Attainment),
            (&profile, KIND),
            (&restricted, SectionKind::FamilyAndAgencies),
        ] {
            let name = sender.add(profile, (kind, "a report"), b"a report").await.unwrap();
            documents.push((profile, name));
        }
        for (profile, kind) in [(&restricted, KIND), (&profile, SectionKind::FamilyAndAgencies)] {
            let told = refused(sender.add(profile, (kind, "a report"), b"a report").await);
            assert_eq!(told.reason, Reason::RestrictedApart);
        }
        let table = [
            (&of.to, Role::ReceiverLead, [true, true, false]),
            (&of.to, Role::Senco, [true, true, false]),
            (&of.to, Role::Dsl, [true, true, true]),
            (&of.to, Role::DataManager, [true, false, false]),
            (&of.to, Role::Publisher, [false; 3]),
            (&of.from, Role::Publisher, [true, true, false]),
            (&of.from, Role::Dsl, [true, true, true]),
            (&of.from, Role::Senco, [false; 3]),
            (&exchange.elsewhere, Role::Dsl, [false; 3]),
            (&exchange.academy, Role::Dsl, [false; 3]),
        ];
        for (at, role, expected) in table {
            let person = exchange.person(at, &[role]).await;
            let mut seen = [false; 3];
            for (at, (profile, name)) in documents.iter().enumerate() {
                seen[at] = sees(&person, profile, name).await;
            }
            assert_eq!(seen, expected, "{role:?} of {}", at.code.value);
        }
        let council = exchange.officer.download(&documents[0].1).await;
        assert_eq!(refused(council.0).reason, Reason::PermissionDenied);
    }

    async fn what_is_staged_is_seen_by_nobody(exchange) {
        let Cast { of, sender, receiver, profile } = cast(exchange).await;
        let file = plain("a secret of nobody", CHUNK + 9);
        let name = sender.begin(sender.announce(&profile, REPORT, &file)).await.unwrap().name;
        sender.send_chunk(&name, 0, &file[..CHUNK]).await.unwrap();
        sender.send_chunk(&name, 1, &file[CHUNK..]).await.unwrap();
        let dsl = exchange.person(&of.to, &[Role::Dsl]).await;
        for who in [&sender, &receiver, &dsl, &exchange.officer] {
            let (document, _) = who.download(&name).await;
            assert_eq!(refused(document).reason, Reason::PermissionDenied);
        }
        assert_eq!(receiver.documents_of(&profile).await.unwrap(), []);
        assert_eq!(sender.documents_of(&profile).await.unwrap(), []);
        // Nor can anybody else go on with it, add it or take it away.
        let before = exchange.size();
        assert_eq!(refused(dsl.send_chunk(&name, 1, b"x").await).reason, Reason::PermissionDenied);
        assert_eq!(exchange.one_since(before).await.said(), ("document_staged", "denied"));
        assert_eq!(refused(dsl.finalise(&name).await).reason, Reason::PermissionDenied);
        assert_eq!(refused(dsl.remove_document(&name).await).reason, Reason::PermissionDenied);
        let own = exchange.person(&of.from, &[Role::Senco]).await;
        assert_eq!(refused(own.finalise(&name).await).reason, Reason::PermissionDenied);
        for sealed in exchange.home.bytes("SELECT sealed FROM chunk").await {
            assert!(!sealed.windows(12).any(|window| window == b"a secret of "));
        }
        sender.finalise(&name).await.unwrap();
        assert!(receiver.download(&name).await.1 == file);
    }

    async fn who_may_write_a_kind_may_add_to_it_and_take_from_it(exchange) {
        let Cast { of, sender, profile, .. } = cast(exchange).await;
        let contributor = exchange.person(&of.from, &[Role::Contributor]).await;
        let name = contributor.add(&profile, REPORT, b"a report").await.expect("a kind it fills");
        let other = (SectionKind::Attainment, "marks");
        let before = exchange.size();
        let told = refused(contributor.add(&profile, other, b"marks").await);
        assert_eq!(told.reason, Reason::PermissionDenied);
        assert_eq!(exchange.one_since(before).await.said(), ("document_staged", "denied"));
        let restricted = (SectionKind::FamilyAndAgencies, "an order");
        assert_eq!(
            refused(sender.add(&profile, restricted, b"an order").await).reason,
            Reason::PermissionDenied
        );
        let marks = sender.add(&profile, other, b"marks").await.unwrap();
        let told = refused(contributor.remove_document(&marks).await);
        assert_eq!(told.reason, Reason::PermissionDenied);
        contributor.remove_document(&name).await.unwrap();
        let again = refused(sender.remove_document(&name).await);
        assert_eq!(again.reason, Reason::WithdrawnAlready);
    }

    async fn who_is_no_receiver_any_more_loses_it_at_once(exchange) {
        let Cast { of, sender, receiver, profile } = cast(exchange).await;
        let file = plain("long", 12 * CHUNK);
        let name = sender.add(&profile, REPORT, &file).await.unwrap();
        let mut reading = receiver.read_document(&name, 0).await.unwrap();
        assert_eq!(reading.message().await.unwrap().unwrap().index, 0);
        exchange.officer.redirect(&of.name, &exchange.academy, "2026-03-09").await.unwrap();
        // What was on its way may still come; then the stream ends with an error and not as whole.
        let mut came = 1;
        let end = loop {
            match reading.message().await {
                Ok(Some(_)) => came += 1,
                Ok(None) => panic!("{came} chunks passed for the whole"),
                Err(status) => break refused::<()>(Err(status)).reason,
            }
        };
        assert_eq!(end, Reason::PermissionDenied);
        assert!(came < 12, "{came} chunks");
        assert!(!sees(&receiver, &profile, &name).await);
        let new = exchange.person(&exchange.academy, &[Role::Senco]).await;
        assert!(sees(&new, &profile, &name).await);

        sender.restrict(&of.name).await.unwrap();
        assert!(!sees(&new, &profile, &name).await, "processing is restricted");
        let told = refused(sender.add(&profile, (KIND, "another"), b"another").await);
        assert_eq!(told.reason, Reason::ProcessingRestricted);
        assert_eq!(refused(sender.remove_document(&name).await).reason, Reason::ProcessingRestricted);
        sender.lift(&of.name).await.unwrap();
        assert!(sees(&new, &profile, &name).await);

        sender.withdraw(&profile).await.unwrap();
        assert!(!sees(&new, &profile, &name).await);
        let told = refused(sender.add(&profile, (KIND, "another"), b"another").await);
        assert_eq!(told.reason, Reason::WithdrawnAlready);
        sender.publish(submission(&of, typical(2, of.point))).await.unwrap();
        assert!(!sees(&new, &profile, &name).await, "it does not come back with a new version");
        exchange.verify_all().await;
    }

    async fn under_a_legal_hold_a_document_is_hidden_and_kept(exchange) {
        let Cast { of, sender, receiver, profile } = cast(exchange).await;
        let name = sender.add(&profile, REPORT, b"a report").await.unwrap();
        let other = sender.add(&profile, (KIND, "another"), b"another").await.unwrap();
        let contributor = exchange.person(&of.from, &[Role::Contributor]).await;
        sender.hold(&of.name, v1::HoldReason::Inquiry).await.unwrap();
        assert!(sender.remove_document(&name).await.unwrap(), "kept");
        assert!(!sees(&receiver, &profile, &name).await);
        assert!(!contributor.remove_document(&other).await.unwrap(), "not told of the hold");
        assert!(!sees(&receiver, &profile, &other).await);
        assert_eq!(exchange.home.count("SELECT count(*) FROM chunk").await, 2, "both are kept");
        for who in [&sender, &contributor] {
            let again = refused(who.remove_document(&name).await).reason;
            assert!(matches!(again, Reason::WithdrawnAlready | Reason::PermissionDenied));
        }
        assert_eq!(sender.documents_of(&profile).await.unwrap(), [], "no word of it in the list");
        exchange.verify_all().await;
    }
}
