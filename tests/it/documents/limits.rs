//! How much may be staged, and how much may stand.

use baton_wire::status::Reason;
use baton_wire::v1;
use futures::{StreamExt as _, stream};

use super::{Cast, KIND, cast};
use crate::harness::*;

/// Documents a profile may ever have had.
const EVER: usize = 200;

on_both_engines! {
    async fn staging_and_documents_have_limits(exchange) {
        let Cast { sender, profile, .. } = cast(exchange).await;
        let announce = |number: usize, bytes: usize| v1::CreateDocumentRequest {
            size_bytes: i64::try_from(bytes).unwrap(),
            ..sender.announce(&profile, (KIND, &format!("number {number}")), b"x")
        };
        // Five of the largest are 125 MiB: one more is beyond 128.
        for number in 0..4 {
            sender.begin(announce(number, 25 * CHUNK)).await.unwrap();
        }
        let more = sender.begin(announce(4, 25 * CHUNK)).await;
        more.expect("what is announced counts, 125 MiB");
        let told = refused(sender.begin(announce(5, 25 * CHUNK)).await);
        assert_eq!(told.reason, Reason::TooMuchStaged);
        for number in 0..5 {
            let name = sender.begin(announce(number, 25 * CHUNK)).await.unwrap().name;
            sender.remove_document(&name).await.unwrap();
        }
        for number in 0..16 {
            sender.begin(announce(number, 1)).await.unwrap();
        }
        assert_eq!(refused(sender.begin(announce(16, 1)).await).reason, Reason::TooMuchStaged);
        for number in 0..16 {
            let name = sender.begin(announce(number, 1)).await.unwrap().name;
            sender.remove_document(&name).await.unwrap();
        }
        for number in 0..20 {
            sender.add(&profile, (KIND, &format!("stands {number}")), b"x").await.unwrap();
        }
        let told = refused(sender.begin(announce(20, 1)).await);
        assert_eq!(told.reason, Reason::TooManyDocuments);
    }

    async fn the_documents_of_a_profile_have_a_hundred_mebibytes_together(exchange) {
        let Cast { sender, profile, .. } = cast(exchange).await;
        let mut names = Vec::new();
        for number in 0..4 {
            let file = plain(&format!("number {number}"), 24 * CHUNK);
            names.push(sender.add(&profile, (KIND, "large"), &file).await.unwrap());
        }
        let announce = |bytes: usize| v1::CreateDocumentRequest {
            size_bytes: i64::try_from(bytes).unwrap(),
            ..sender.announce(&profile, (KIND, "one more"), b"x")
        };
        let before = exchange.size();
        let told = refused(sender.begin(announce(4 * CHUNK + 1)).await);
        assert_eq!(told.reason, Reason::TooManyDocuments);
        assert_eq!(exchange.one_since(before).await.said(), ("document_staged", "failed"));
        sender.begin(announce(4 * CHUNK)).await.expect("just as much as there is room for");
        sender.remove_document(&names[0]).await.unwrap();
        sender.begin(announce(4 * CHUNK + 1)).await.expect("there is room again");
    }

    async fn room_that_is_gone_when_it_is_finalised_is_refused_then(exchange) {
        let Cast { sender, profile, .. } = cast(exchange).await;
        let late = sender.begin(sender.announce(&profile, (KIND, "late"), b"x")).await.unwrap().name;
        sender.send_chunk(&late, 0, b"x").await.unwrap();
        for number in 0..20 {
            let title = format!("number {number}");
            sender.add(&profile, (KIND, &title), b"x").await.unwrap();
        }
        assert_eq!(refused(sender.finalise(&late).await).reason, Reason::TooManyDocuments);
        let listed = sender.documents_of(&profile).await.unwrap();
        sender.remove_document(&listed[0].name).await.unwrap();
        sender.finalise(&late).await.expect("what is staged is kept for a day");
    }

    async fn a_profile_has_so_many_documents_ever_and_no_more(exchange) {
        let Cast { sender, profile, .. } = cast(exchange).await;
        let (sender, profile) = (&sender, &profile);
        let had = stream::iter(0..EVER).map(async |number| {
            let title = format!("number {number}");
            let name = sender.add(profile, (KIND, &title), b"x").await.unwrap();
            sender.remove_document(&name).await.unwrap();
        });
        had.buffer_unordered(12).collect::<Vec<()>>().await;
        let told = refused(sender.add(profile, (KIND, "one more"), b"x").await);
        assert_eq!(told.reason, Reason::TooManyDocuments);
        exchange.verify_all().await;
    }
}
