//! Files that go with a contribution: whole or an error, for whoever may see their kind, from the
//! act that adds them to the one that takes them back.

mod gone;
mod kept;
mod limits;
mod program;
mod reading;
mod rights;
mod spoilt;

use baton_wire::status::Reason;
use baton_wire::v1::{self, ItemKind, Role, SectionKind};

use crate::harness::*;

const KIND: SectionKind = SectionKind::Health;
const REPORT: (SectionKind, &str) = (KIND, "Report of the paediatrician, March 2026");

/// A sender, a receiver who may see health, and a profile between them.
struct Cast {
    of: Move,
    sender: Caller,
    receiver: Caller,
    profile: String,
}

async fn cast(exchange: &Exchange) -> Cast {
    let of = exchange.open_move().await;
    let sender = exchange.person(&of.from, &[Role::Publisher]).await;
    let receiver = exchange.person(&of.to, &[Role::Senco]).await;
    let published = sender.publish(submission(&of, typical(1, of.point))).await;
    Cast {
        of,
        sender,
        receiver,
        profile: published.unwrap().name,
    }
}

/// Fields and rules of what is wrong.
fn wrong<T>(answer: Answer<T>) -> (Reason, Vec<(String, String)>) {
    let told = refused(answer);
    let told_of = told.violations.iter();
    let fields = told_of.map(|one| (one.field.clone(), one.rule.clone()));
    (told.reason, fields.collect())
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(field, rule): &(&str, &str)| ((*field).to_owned(), (*rule).to_owned());
    expected.iter().map(own).collect()
}

on_both_engines! {
    async fn a_file_of_any_size_arrives_as_it_was_sent(exchange) {
        let Cast { sender, receiver, profile, .. } = cast(exchange).await;
        for bytes in [1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 77] {
            let file = plain("kept", bytes);
            let title = format!("{bytes} bytes");
            let before = exchange.size();
            let name = sender.add(&profile, (KIND, &title), &file).await.unwrap();
            let line = exchange.one_since(before).await;
            assert_eq!(line.said(), ("document_added", "done"), "staging makes no entry");
            assert_eq!(line.array("detail/chunks").len(), bytes.div_ceil(CHUNK));

            let before = exchange.size();
            let (document, came) = receiver.download(&name).await;
            let document = document.unwrap();
            assert!(came == file, "{bytes} bytes");
            assert_eq!((document.title, document.kind), (title, KIND.into()));
            assert_eq!(document.sha256, sha256(&file));
            assert_eq!(document.size_bytes, i64::try_from(bytes).unwrap());
            let line = exchange.one_since(before).await;
            assert_eq!(line.said(), ("document_downloaded", "done"), "one act, whatever its chunks");
            let kinds = baton_domain::log::Json::Int(1 << i32::from(KIND));
            assert_eq!(line.get("detail/kinds"), Some(&kinds));
        }
        let titles: Vec<String> = receiver.documents_of(&profile).await.unwrap()
            .into_iter().map(|one| one.title).collect();
        let sizes = [1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 77];
        assert_eq!(titles, sizes.map(|bytes| format!("{bytes} bytes")), "in the order they were added");
        let name = &receiver.documents_of(&profile).await.unwrap()[4].name;
        let mut rest = receiver.read_document(name, 2).await.unwrap();
        let first = rest.message().await.unwrap().unwrap();
        assert_eq!((first.index, first.data.len()), (2, CHUNK), "gone on with from a chunk");
        assert_eq!(rest.message().await.unwrap().unwrap().data.len(), 77);
        exchange.verify_all().await;
    }

    async fn what_is_announced_wrongly_is_told_all_at_once(exchange) {
        let Cast { sender, profile, .. } = cast(exchange).await;
        let before = exchange.size();
        let request = v1::CreateDocumentRequest {
            kind: SectionKind::ChildProtectionNote.into(),
            title: "a\nb".to_owned(),
            media_type: "application/msword".to_owned(),
            size_bytes: 0,
            sha256: vec![1; 31].into(),
            ..sender.announce(&profile, REPORT, b"x")
        };
        let told = wrong(sender.begin(request).await);
        assert_eq!(told, (Reason::InvalidRequest, pairs(&[
            ("kind", "kind.not_taken"),
            ("title", "line.break"),
            ("media_type", "media_type.not_taken"),
            ("size_bytes", "size_bytes"),
            ("sha256", "sha256"),
        ])));
        let large = v1::CreateDocumentRequest {
            size_bytes: 25 * 1024 * 1024 + 1,
            ..sender.announce(&profile, REPORT, b"x")
        };
        assert_eq!(wrong(sender.begin(large).await).1, pairs(&[("size_bytes", "size_bytes")]));
        let name = sender.begin(sender.announce(&profile, REPORT, b"abc")).await.unwrap().name;
        assert_eq!(wrong(sender.send_chunk(&name, 0, b"").await).1, pairs(&[("data", "data")]));
        assert_eq!(exchange.size(), before, "none of it is an act");
        for (index, data) in [(0, &b"ab"[..]), (0, b"abcd"), (1, b"abc")] {
            let told = refused(sender.send_chunk(&name, index, data).await);
            assert_eq!(told.reason, Reason::ChunkOutOfPlace, "{index} {data:?}");
        }
    }

    async fn what_is_wrong_with_what_was_staged_is_told_all_at_once(exchange) {
        let Cast { sender, receiver, profile, .. } = cast(exchange).await;
        let file = plain("never whole", 3 * CHUNK + 1);
        let announced = v1::CreateDocumentRequest {
            media_type: PDF.to_owned(),
            ..sender.announce(&profile, REPORT, &file)
        };
        let name = sender.begin(announced.clone()).await.unwrap().name;
        sender.send_chunk(&name, 0, &file[..CHUNK]).await.unwrap();
        sender.send_chunk(&name, 2, &file[2 * CHUNK..3 * CHUNK]).await.unwrap();
        let before = exchange.size();
        assert_eq!(wrong(sender.finalise(&name).await), (Reason::DocumentUnfit, pairs(&[
            ("media_type", "media_type.other"),
            ("chunks[1]", "chunk.missing"),
            ("chunks[3]", "chunk.missing"),
        ])));
        assert_eq!(exchange.one_since(before).await.said(), ("document_added", "failed"));

        let begun = sender.begin(announced).await.unwrap();
        assert_eq!((begun.name.clone(), begun.received, begun.standing), (name.clone(), vec![0, 2], false));
        sender.send_chunk(&name, 1, &file[..CHUNK]).await.unwrap();
        sender.send_chunk(&name, 3, &file[3 * CHUNK..]).await.unwrap();
        assert_eq!(wrong(sender.finalise(&name).await).1, pairs(&[
            ("media_type", "media_type.other"),
            ("sha256", "sha256.other"),
        ]));
        assert_eq!(receiver.documents_of(&profile).await.unwrap(), []);
        assert_eq!(refused(receiver.download(&name).await.0).reason, Reason::PermissionDenied);
    }

    async fn a_killed_upload_goes_on_and_nothing_is_added_twice(exchange) {
        let Cast { sender, receiver, profile, .. } = cast(exchange).await;
        let file = plain("goes on", 2 * CHUNK + 5);
        let announced = sender.announce(&profile, REPORT, &file);
        let name = sender.begin(announced.clone()).await.unwrap().name;
        sender.send_chunk(&name, 2, &file[2 * CHUNK..]).await.unwrap();
        sender.send_chunk(&name, 0, &plain("something else", CHUNK)).await.unwrap();
        exchange.stop().await;
        exchange.start(false).await.unwrap();
        let (sender, receiver) = (sender.at(&exchange.door), receiver.at(&exchange.door));
        let begun = sender.begin(announced.clone()).await.unwrap();
        assert_eq!((&begun.name, begun.received), (&name, vec![0, 2]));
        assert_eq!(sender.send_chunk(&name, 0, &file[..CHUNK]).await.unwrap(), 2, "in its place");
        assert_eq!(sender.send_chunk(&name, 1, &file[CHUNK..2 * CHUNK]).await.unwrap(), 3);
        let (id, before) = (fresh(), exchange.size());
        let first = sender.finalise_as(&id, &name).await.unwrap();
        let again = sender.finalise_as(&id, &name).await.unwrap();
        assert_eq!((again.position, again.replayed), (first.position, true));
        assert_eq!(exchange.size(), before + 1);
        let other = refused(sender.finalise(&name).await);
        assert_eq!(other.reason, Reason::PermissionDenied, "nothing is staged under it any more");
        let begun = sender.begin(announced).await.unwrap();
        assert_eq!((begun.name, begun.standing), (name.clone(), true));
        assert!(receiver.download(&name).await.1 == file);
        assert_eq!(receiver.documents_of(&profile).await.unwrap().len(), 1);
    }

    async fn what_is_staged_is_swept_after_a_day(exchange) {
        let Cast { sender, profile, .. } = cast(exchange).await;
        let file = plain("forgotten", CHUNK + 1);
        let content = exchange.home.count("SELECT count(*) FROM content").await;
        let name = sender.begin(sender.announce(&profile, REPORT, &file)).await.unwrap().name;
        sender.send_chunk(&name, 0, &file[..CHUNK]).await.unwrap();
        let count = async |table: &str| exchange.home.count(&format!("SELECT count(*) FROM {table}")).await;
        assert_eq!((count("staged").await, count("chunk").await), (1, 1));
        assert_eq!(count("content").await, content + 1);
        let now = *exchange.hand.borrow();
        exchange.hand.send_replace(now + 24 * 60 * 60 * 1_000_000 + 1_000_000);
        while count("staged").await > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!((count("chunk").await, count("content").await), (0, content));
        assert_eq!(refused(sender.finalise(&name).await).reason, Reason::PermissionDenied);
    }

    async fn a_receiver_learns_of_a_document_through_its_subscription(exchange) {
        let Cast { sender, receiver, profile, .. } = cast(exchange).await;
        let subscription = receiver.subscribe().await.unwrap();
        let first = receiver.await_item(&subscription, "").await.unwrap();
        let name = sender.add(&profile, REPORT, b"a report").await.unwrap();
        let told = receiver.await_item(&subscription, &first.token).await.unwrap();
        assert_eq!(the_profile(&told.items).version, 1, "the version that stood");
        assert_eq!(receiver.documents_of(&profile).await.unwrap().len(), 1);
        assert!(!sender.remove_document(&name).await.unwrap());
        let gone = receiver.await_item(&subscription, &told.token).await.unwrap();
        assert_eq!(gone.items[0].kind(), ItemKind::Profile);
        assert_eq!(receiver.documents_of(&profile).await.unwrap(), []);
    }
}
