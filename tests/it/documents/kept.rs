//! Documents through rotation, erasure, an older copy that is put back, and expiry.

use baton_wire::status::Reason;
use baton_wire::v1::{self, Role, SectionKind};

use super::{Cast, KIND, REPORT, cast};
use crate::harness::*;

/// Rows of everything a document has besides its own.
async fn left(exchange: &Exchange) -> [i64; 3] {
    let count = async |sql: &str| exchange.home.count(sql).await;
    [
        count("SELECT count(*) FROM chunk").await,
        count("SELECT count(*) FROM staged").await,
        count("SELECT count(*) FROM document WHERE bytes > 0 OR kind > 0 OR state < 3").await,
    ]
}

async fn rotate(exchange: &Exchange) {
    let council = Setting {
        name: exchange.officer.setting.clone(),
        ..exchange.primary.clone()
    };
    let operator = exchange.person(&council, &[Role::Operator]).await;
    let request = v1::RotateKeysRequest {
        parent: operator.setting.clone(),
        request_id: fresh(),
    };
    operator.keys().rotate_keys(request).await.unwrap();
    let old = "SELECT count(*) FROM content WHERE epoch < (SELECT epoch FROM head)";
    while exchange.home.count(old).await > 0 {
        tokio::task::yield_now().await;
    }
}

on_both_engines! {
    async fn a_document_opens_after_its_key_was_wrapped_anew(exchange) {
        let Cast { sender, receiver, profile, .. } = cast(exchange).await;
        let file = plain("through epochs", 2 * CHUNK);
        let name = sender.add(&profile, REPORT, &file).await.unwrap();
        let staged = sender.begin(sender.announce(&profile, (KIND, "half"), &file)).await.unwrap().name;
        sender.send_chunk(&staged, 0, &file[..CHUNK]).await.unwrap();
        for _ in 0..4 {
            rotate(exchange).await;
        }
        assert!(receiver.download(&name).await.1 == file);
        sender.send_chunk(&staged, 1, &file[CHUNK..]).await.unwrap();
        sender.finalise(&staged).await.unwrap();
        assert!(receiver.download(&staged).await.1 == file);
    }

    async fn erasing_takes_documents_with_it(exchange) {
        let Cast { of, sender, receiver, profile } = cast(exchange).await;
        let all = [KIND, SectionKind::Attainment];
        let mut names = Vec::new();
        for kind in all {
            names.push(sender.add(&profile, (kind, "a report"), b"a report").await.unwrap());
            sender.begin(sender.announce(&profile, (kind, "staged"), b"staged")).await.unwrap();
        }
        assert_eq!(left(exchange).await, [2, 2, 2]);
        sender.erase_kind(&of.name, KIND).await.unwrap();
        assert_eq!(left(exchange).await, [1, 1, 1], "of the other kind");
        assert_eq!(refused(receiver.download(&names[0]).await.0).reason, Reason::PermissionDenied);
        assert_eq!(receiver.download(&names[1]).await.1, b"a report");
        assert_eq!(refused(sender.remove_document(&names[0]).await).reason, Reason::Erased);
        let only = sender.add(&profile, (KIND, "after"), b"after").await.unwrap();
        sender.erase_kind(&of.name, KIND).await.expect("there is a document of it");
        assert_eq!(refused(receiver.download(&only).await.0).reason, Reason::PermissionDenied);
        sender.erase(sender.erasure(&of.name)).await.unwrap();
        assert_eq!(left(exchange).await, [0, 0, 0]);
        assert_eq!(refused(receiver.download(&names[1]).await.0).reason, Reason::PermissionDenied);
        let keys = "SELECT count(*) FROM content";
        assert_eq!(exchange.home.count(keys).await, 0);
        exchange.verify_all().await;
    }

    async fn as_many_documents_as_may_be_fit_into_the_entries_of_what_ends_them(exchange) {
        let Cast { of, sender, receiver, profile } = cast(exchange).await;
        let mut names = Vec::new();
        for number in 0..20 {
            let title = format!("number {number}");
            names.push(sender.add(&profile, (KIND, &title), b"a report").await.unwrap());
        }
        assert_eq!(receiver.documents_of(&profile).await.unwrap().len(), 20);
        sender.withdraw(&profile).await.unwrap();
        sender.erase(sender.erasure(&of.name)).await.unwrap();
        assert_eq!(left(exchange).await, [0, 0, 0]);
        exchange.verify_all().await;
    }

    async fn what_expires_takes_documents_with_it(exchange) {
        let Cast { sender, profile, .. } = cast(exchange).await;
        sender.add(&profile, REPORT, b"a report").await.unwrap();
        sender.begin(sender.announce(&profile, (KIND, "staged"), b"staged")).await.unwrap();
        let size = exchange.size();
        exchange.hand.send_replace(at("2027-01-02T00:30:00Z"));
        exchange.entered("expired", size, 1).await;
        assert_eq!(left(exchange).await, [0, 0, 0]);
        exchange.verify_all().await;
    }

    async fn contributions_with_many_documents_are_erased_again_from_an_older_copy(exchange) {
        let mut moves = Vec::new();
        for seed in 1..=6 {
            let of = exchange.open_move().await;
            let sender = exchange.person(&of.from, &[Role::Publisher]).await;
            let mut profile = submission(&of, typical(seed, of.point));
            profile.content = Some(Box::new(v1::Sections {
                health: profile.content.and_then(|all| all.health),
                ..Default::default()
            }));
            let profile = sender.publish(profile).await.unwrap().name;
            for number in 0..20 {
                let title = format!("number {number}");
                sender.add(&profile, (KIND, &title), b"a report").await.unwrap();
            }
            moves.push((of, sender));
        }
        exchange.stop().await;
        exchange.home.copy().await;
        exchange.start(false).await.unwrap();
        for (of, sender) in &moves {
            sender.at(&exchange.door).erase_kind(&of.name, KIND).await.unwrap();
        }
        exchange.stop().await;
        exchange.home.put_back().await;
        exchange.start(true).await.expect("it opens, in as many entries as that takes");
        assert_eq!(left(exchange).await, [0, 0, 0]);
        exchange.verify_all().await;
    }

    async fn a_document_that_was_erased_does_not_come_back_with_an_older_copy(exchange) {
        let Cast { of, sender, receiver, profile } = cast(exchange).await;
        let (by_kind, removed, kept) = (
            sender.add(&profile, REPORT, b"by its kind").await.unwrap(),
            sender.add(&profile, (SectionKind::Attainment, "removed"), b"removed").await.unwrap(),
            sender.add(&profile, (SectionKind::Attainment, "kept"), b"kept").await.unwrap(),
        );
        let staged = sender.begin(sender.announce(&profile, (SectionKind::Send, "x"), b"x")).await;
        let staged = staged.unwrap().name;
        sender.send_chunk(&staged, 0, b"x").await.unwrap();
        exchange.stop().await;
        exchange.home.copy().await;
        exchange.start(false).await.unwrap();
        let sender = sender.at(&exchange.door);
        sender.erase_kind(&of.name, KIND).await.unwrap();
        sender.remove_document(&removed).await.unwrap();
        sender.finalise(&staged).await.unwrap();
        sender.remove_document(&staged).await.unwrap();
        exchange.stop().await;
        exchange.home.put_back().await;
        exchange.start(true).await.unwrap();
        let (sender, receiver) = (sender.at(&exchange.door), receiver.at(&exchange.door));
        assert_eq!(left(exchange).await, [1, 0, 1]);
        for gone in [&by_kind, &removed, &staged] {
            assert_eq!(refused(receiver.download(gone).await.0).reason, Reason::PermissionDenied);
        }
        assert_eq!(receiver.download(&kept).await.1, b"kept");
        sender.remove_document(&kept).await.unwrap();
        exchange.verify_all().await;
    }
}
