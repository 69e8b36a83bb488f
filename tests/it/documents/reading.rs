//! Reading: from a chunk that is there, a few at a time, and not for longer than a lease.

use baton_wire::status::Reason;
use baton_wire::v1::{DownloadDocumentResponse, Role};
use tonic::Streaming;

use super::{Cast, REPORT, cast};
use crate::harness::*;
use crate::limits::comes_back;

/// Documents one credential reads at the same time.
const AT_ONCE: usize = 8;
/// So many chunks do not fit on the way to a client that reads none.
const LONG: usize = 12 * CHUNK;
/// How long chunks are given after the act, microseconds.
const LEASE_US: i64 = 10 * 60 * 1_000_000;

/// As many documents as may be read at once, and nobody reads on. Each has a connection of its own:
/// what lies unread of one must not stop another.
async fn all_seats(
    exchange: &Exchange,
    reader: &Caller,
    name: &str,
) -> Vec<Streaming<DownloadDocumentResponse>> {
    let mut reading = Vec::new();
    for _ in 0..AT_ONCE {
        let reader = reader.at(&exchange.door);
        reading.push(reader.read_document(name, 0).await.unwrap());
    }
    reading
}

/// Chunks that came, and how it ended.
async fn rest_of(mut reading: Streaming<DownloadDocumentResponse>) -> (usize, Option<Reason>) {
    let mut came = 0;
    loop {
        match reading.message().await {
            Ok(Some(_)) => came += 1,
            Ok(None) => return (came, None),
            Err(status) => return (came, Some(refused::<()>(Err(status)).reason)),
        }
    }
}

on_both_engines! {
    async fn a_chunk_past_the_last_is_refused_and_the_last_one_is_named(exchange) {
        let Cast { of, sender, receiver, profile } = cast(exchange).await;
        let name = sender.add(&profile, REPORT, &plain("two", CHUNK + 1)).await.unwrap();
        let stranger = exchange.person(&exchange.academy, &[Role::Senco]).await;
        for from in [2, 24] {
            let before = exchange.size();
            let told = refused(receiver.read_document(&name, from).await.map(drop));
            assert_eq!(told.reason, Reason::InvalidRequest);
            assert_eq!(told.rules(), [("from_chunk", "from_chunk.past_last")]);
            let say = &told.violations[0].description;
            assert!(say.contains("from 0 to 1"), "{say}");
            let line = exchange.one_since(before).await;
            assert_eq!(line.said(), ("document_downloaded", "failed"));
            let told = refused(stranger.read_document(&name, from).await.map(drop));
            assert_eq!(told.reason, Reason::PermissionDenied, "not told how long it is");
        }
        let state = sender.transition(&of.name).await.unwrap().state();
        assert_ne!(state, baton_wire::v1::TransitionState::Opened, "nothing was shown");
        let before = exchange.size();
        let told = refused(receiver.read_document(&name, 25).await.map(drop));
        assert_eq!(told.rules(), [("from_chunk", "from_chunk")]);
        assert_eq!(exchange.size(), before, "no document has so many: no act");
        assert_eq!(rest_of(receiver.read_document(&name, 1).await.unwrap()).await, (1, None));
    }

    async fn one_credential_reads_eight_documents_at_a_time(exchange) {
        let Cast { of, sender, receiver, profile } = cast(exchange).await;
        let name = sender.add(&profile, REPORT, &plain("long", LONG)).await.unwrap();
        let mut reading = all_seats(exchange, &receiver, &name).await;
        let before = exchange.size();
        let told = refused(receiver.read_document(&name, 0).await.map(drop));
        assert_eq!(told.reason, Reason::QueueFull);
        assert_eq!(exchange.size(), before, "who is turned away has seen nothing");
        let other = exchange.person(&of.to, &[Role::Senco]).await;
        assert!(other.download(&name).await.0.is_ok(), "another one has places of its own");
        drop(reading.pop());
        comes_back(|| receiver.read_document(&name, 11)).await;
        for reading in reading {
            assert_eq!(rest_of(reading).await, (12, None), "whoever has a place is served");
        }
    }

    async fn a_lease_ends_for_who_reads_and_for_who_does_not(exchange) {
        let Cast { sender, receiver, profile, .. } = cast(exchange).await;
        let name = sender.add(&profile, REPORT, &plain("long", LONG)).await.unwrap();
        let reading = all_seats(exchange, &receiver, &name).await;
        let now = *exchange.hand.borrow();
        exchange.hand.send_replace(now + LEASE_US);
        let told = refused(receiver.read_document(&name, 0).await.map(drop));
        assert_eq!(told.reason, Reason::QueueFull, "to the last microsecond");
        exchange.hand.send_replace(now + LEASE_US + 1);
        // Those that nobody reads are there still, and keep nobody from reading.
        let whole = receiver.read_document(&name, 0).await.expect("their places are free");
        assert_eq!(rest_of(whole).await, (12, None));
        for reading in reading {
            let (came, end) = rest_of(reading).await;
            assert_eq!(end, Some(Reason::Unavailable), "after {came} chunks");
            assert!(came < 12, "it passes for the whole");
        }
        let again = receiver.read_document(&name, 11).await.expect("as another act");
        assert_eq!(rest_of(again).await, (1, None));
    }
}
