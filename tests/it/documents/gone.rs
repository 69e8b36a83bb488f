//! Documents that go: between being shown and being read, when a hold is lifted, with a withdrawal.

use std::time::Duration;

use baton_wire::status::Reason;
use baton_wire::v1::{self, Role, SectionKind};
use tokio::task::JoinSet;

use super::{Cast, KIND, REPORT, cast};
use crate::harness::*;

/// Documents that are read and taken back in the same commit.
const TOGETHER: usize = 8;

const CHUNKS: &str = "SELECT count(*) FROM chunk";

/// Waits until so many chunks are left.
async fn left(exchange: &Exchange, chunks_left: i64) {
    let wait = async {
        while exchange.home.count(CHUNKS).await > chunks_left {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(30), wait).await;
    waited.expect("what was taken back is kept");
}

on_both_engines! {
    async fn what_goes_between_the_act_and_its_reading_is_gone_and_no_incident(exchange) {
        let Cast { sender, receiver, profile, .. } = cast(exchange).await;
        let mut names = Vec::new();
        for number in 0..TOGETHER {
            let title = format!("number {number}");
            names.push(sender.add(&profile, (KIND, &title), b"a report").await.unwrap());
        }
        let held = exchange.home.hold().await;
        let (mut read, mut lists, mut removed) = (JoinSet::new(), JoinSet::new(), JoinSet::new());
        for name in names.clone() {
            let (receiver, profile) = (receiver.clone(), profile.clone());
            let reader = receiver.clone();
            read.spawn(async move { reader.download(&name).await });
            lists.spawn(async move { receiver.documents_of(&profile).await });
        }
        // Nothing is decided while it is held, and this comes after them.
        let mut late = tonic::Request::new(v1::ListDocumentsRequest {
            parent: sender.setting.clone(),
            profile: sender.mine(&profile),
        });
        late.set_timeout(Duration::from_secs(2));
        sender.documents().list_documents(late).await.expect_err("it is held");
        for name in names {
            let sender = sender.clone();
            removed.spawn(async move { sender.remove_document(&name).await });
        }
        let mut later = tonic::Request::new(v1::ListDocumentsRequest {
            parent: sender.setting.clone(),
            profile: sender.mine(&profile),
        });
        later.set_timeout(Duration::from_secs(1));
        sender.documents().list_documents(later).await.expect_err("it is held");
        held.release().await;
        let mut gone = 0;
        for (document, came) in read.join_all().await {
            if let Err(status) = document {
                gone += 1;
                assert_eq!(refused::<()>(Err(status)).reason, Reason::PermissionDenied);
            } else {
                assert_eq!(came, b"a report");
            }
        }
        assert!(gone > 0, "none of them was taken back in time");
        for listed in lists.join_all().await {
            let damaged = listed.unwrap().into_iter().filter(|one| one.damaged).count();
            assert_eq!(damaged, 0, "what was taken back is told as damaged");
        }
        for done in removed.join_all().await {
            assert!(!done.unwrap());
        }
        assert_eq!(receiver.documents_of(&profile).await.unwrap(), []);
        exchange.verify_all().await;
    }

    async fn what_was_taken_back_under_a_hold_goes_when_the_hold_is_lifted(exchange) {
        let Cast { of, sender, receiver, profile } = cast(exchange).await;
        let taken = sender.add(&profile, REPORT, b"a report").await.unwrap();
        let more = sender.add(&profile, (KIND, "more"), b"more").await.unwrap();
        let kept = sender.add(&profile, (KIND, "kept"), b"kept").await.unwrap();
        sender.hold(&of.name, v1::HoldReason::Inquiry).await.unwrap();
        for name in [&taken, &more] {
            assert!(sender.remove_document(name).await.unwrap());
        }
        sender.restrict(&of.name).await.unwrap();
        sender.hold(&of.name, v1::HoldReason::Unspecified).await.unwrap();
        // The service looks at what it has to do when it starts, too.
        exchange.stop().await;
        exchange.start(false).await.unwrap();
        let (sender, receiver) = (sender.at(&exchange.door), receiver.at(&exchange.door));
        assert_eq!(exchange.home.count(CHUNKS).await, 3, "a restriction keeps it, too");
        let size = exchange.size();
        sender.lift(&of.name).await.unwrap();
        exchange.entered("document_removed", size, 2).await;
        left(exchange, 1).await;
        let lines = exchange.lines(size).await;
        let mut gone = Vec::new();
        for line in lines.iter().filter(|line| line.said().0 == "document_removed") {
            assert_eq!(line.said().1, "done");
            assert_eq!(line.get("caller"), None, "the service itself");
            gone.push(line.text("detail/document").to_owned());
        }
        gone.sort_unstable();
        let id = |name: &String| name.rsplit_once('/').unwrap().1.to_owned();
        let mut expected = [&taken, &more].map(id);
        expected.sort_unstable();
        assert_eq!(gone, expected);
        assert_eq!(receiver.download(&kept).await.1, b"kept");
        let again = refused(sender.remove_document(&taken).await);
        assert_eq!(again.reason, Reason::WithdrawnAlready);
        exchange.verify_all().await;
    }

    async fn of_a_withdrawn_profile_too(exchange) {
        let Cast { of, sender, profile, .. } = cast(exchange).await;
        let taken = sender.add(&profile, REPORT, b"a report").await.unwrap();
        sender.add(&profile, (KIND, "withdrawn"), b"withdrawn").await.unwrap();
        sender.hold(&of.name, v1::HoldReason::Inquiry).await.unwrap();
        sender.remove_document(&taken).await.unwrap();
        sender.withdraw(&profile).await.unwrap();
        assert_eq!(exchange.home.count(CHUNKS).await, 2);
        sender.hold(&of.name, v1::HoldReason::Unspecified).await.unwrap();
        left(exchange, 1).await;
        assert_eq!(sender.documents_of(&profile).await.unwrap().len(), 1, "what was withdrawn stays");
        exchange.verify_all().await;
    }

    async fn what_was_withdrawn_is_listed_to_who_sent_it_and_removed_to_make_room(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let dsl = exchange.person(&of.from, &[Role::Publisher, Role::Dsl]).await;
        let receiver = exchange.person(&of.to, &[Role::Dsl]).await;
        let profile = sender.publish(submission(&of, typical(1, of.point))).await.unwrap().name;
        for number in 0..20 {
            let title = format!("number {number}");
            sender.add(&profile, (KIND, &title), b"a report").await.unwrap();
        }
        let order = (SectionKind::FamilyAndAgencies, "an order");
        let told = refused(dsl.add(&profile, order, b"an order").await);
        assert_eq!(told.reason, Reason::RestrictedApart);
        sender.withdraw(&profile).await.unwrap();
        let withdrawn = async |who: &Caller| -> usize {
            let listed = who.documents_of(&profile).await.unwrap();
            assert!(listed.iter().all(|one| !one.title.is_empty() && !one.damaged));
            listed.into_iter().filter(|one| one.withdrawn).count()
        };
        assert_eq!((withdrawn(&sender).await, withdrawn(&dsl).await), (20, 20));
        let senco = exchange.person(&of.from, &[Role::Senco]).await;
        for who in [&receiver, &senco, &exchange.officer] {
            let told = refused(who.documents_of(&profile).await);
            assert_eq!(told.reason, Reason::PermissionDenied);
        }

        sender.publish(submission(&of, typical(2, of.point))).await.unwrap();
        let told = refused(sender.add(&profile, (KIND, "new"), b"new").await);
        assert_eq!(told.reason, Reason::TooManyDocuments, "they count");
        assert_eq!(receiver.documents_of(&profile).await.unwrap(), []);
        let listed = sender.documents_of(&profile).await.unwrap();
        sender.remove_document(&listed[0].name).await.unwrap();
        sender.add(&profile, (KIND, "new"), b"new").await.expect("there is room");
        assert_eq!(withdrawn(&sender).await, 19);
        let seen = receiver.documents_of(&profile).await.unwrap();
        assert_eq!(seen.iter().map(|one| (one.title.as_str(), one.withdrawn)).collect::<Vec<_>>(), [("new", false)]);
        exchange.verify_all().await;
    }
}
