//! Documents under load and beside others: staged in shared commits without an entry, whole or
//! refused, and in no file in clear.

use aws_lc_rs::digest::{SHA256, digest};
use baton_domain::access::Role;
use baton_domain::act::{
    Caller, CreateDocument, DownloadDocument, FinaliseDocument, RemoveDocument, UploadChunk,
};
use baton_domain::document::{CHUNK_BYTES, MediaType};
use baton_domain::ids::{DocumentId, ProfileId};
use baton_domain::section::SectionKind;
use baton_store::Refusal;
use bytes::Bytes;
use futures::future::join_all;

use crate::engine::{hex, on_both_engines};
use crate::values::publishable;
use crate::world::World;

const MARKER: &str = "Xanthippe-Document";

/// A sender, a receiver and a profile between them.
struct Cast {
    sender: Caller,
    receiver: Caller,
    profile: ProfileId,
}

async fn cast(world: &World) -> Cast {
    let sender = world.caller(&world.primary.id, &[Role::Publisher]).await;
    let transition = world.open_move(1).await;
    let publish = world.publish(&transition, &publishable(false), "a profile");
    Cast {
        receiver: world.caller(&world.secondary.id, &[Role::Senco]).await,
        profile: world.published(&sender, publish).await.value.profile,
        sender,
    }
}

/// A text of so many chunks and a rest.
fn text(chunks: usize) -> Vec<u8> {
    let line = format!("{MARKER} and nobody else\n");
    let bytes = chunks * usize::try_from(CHUNK_BYTES).unwrap() + 7;
    line.bytes().cycle().take(bytes).collect()
}

fn chunks(file: &[u8]) -> impl Iterator<Item = Bytes> + '_ {
    file.chunks(usize::try_from(CHUNK_BYTES).unwrap())
        .map(Bytes::copy_from_slice)
}

impl World {
    async fn begun(&self, cast: &Cast, title: &str, file: &[u8]) -> DocumentId {
        let act = CreateDocument {
            profile: cast.profile.clone(),
            kind: SectionKind::Health,
            title: title.to_owned(),
            media: MediaType::Text,
            bytes: u64::try_from(file.len()).unwrap(),
            sha256: digest(&SHA256, file).as_ref().try_into().unwrap(),
        };
        let done = self.ledger.act(&cast.sender, act).await.unwrap();
        assert_eq!(done.receipt, None, "it is no act");
        done.value.document
    }

    async fn sent(&self, cast: &Cast, document: &DocumentId, file: &[u8]) {
        let acts = chunks(file).zip(0..).map(|(data, index)| UploadChunk {
            document: document.clone(),
            index,
            data,
        });
        let asked = acts.map(|act| self.ledger.act(&cast.sender, act));
        for done in join_all(asked).await {
            assert_eq!(done.unwrap().receipt, None);
        }
    }

    async fn finalised(&self, cast: &Cast, document: &DocumentId) -> Result<(), Refusal> {
        let act = FinaliseDocument {
            document: document.clone(),
            request: self.request(),
        };
        self.ledger.act(&cast.sender, act).await.map(drop)
    }

    async fn downloaded(&self, by: &Caller, document: &DocumentId) -> Result<Vec<u8>, Refusal> {
        let document = document.clone();
        let act = DownloadDocument { document, from: 0 };
        let lease = self.ledger.act(by, act).await?.value.lease.unwrap();
        let mut came = Vec::new();
        for index in 0..lease.chunks() {
            came.extend(self.ledger.chunk(by, &lease, index).await?);
        }
        Ok(came)
    }
}

on_both_engines! {
    async fn chunks_share_commits_and_leave_no_entry_beside_acts_that_do(home) {
        let world = World::new(home).await;
        let cast = cast(&world).await;
        let file = text(9);
        let size = world.size();
        let document = world.begun(&cast, MARKER, &file).await;
        world.sent(&cast, &document, &file).await;
        assert_eq!(world.size(), size);
        // The same with acts among them that are entered.
        let other = world.begun(&cast, "another", &file).await;
        let moves = world.open_move(2).await;
        let size = world.size();
        let publish = world.publish(&moves, &publishable(false), "beside it");
        let ((), done) = tokio::join!(world.sent(&cast, &other, &file), world.published(&cast.sender, publish));
        assert_eq!(done.receipt.unwrap().position, size);
        assert_eq!(world.size(), size + 1);
        for document in [&document, &other] {
            world.finalised(&cast, document).await.unwrap();
            assert!(world.downloaded(&cast.receiver, document).await.unwrap() == file);
        }
        assert_eq!(world.access_rows(3).await, world.fold().await);
    }

    async fn a_chunk_that_comes_again_while_it_is_finalised_is_in_it_or_refused(home) {
        let world = World::new(home).await;
        let cast = cast(&world).await;
        let (file, other) = (text(1), text(1).to_ascii_uppercase());
        for round in 0..12 {
            let document = world.begun(&cast, &format!("round {round}"), &file).await;
            world.sent(&cast, &document, &file).await;
            let again = UploadChunk {
                document: document.clone(),
                index: 0,
                data: chunks(&other).next().unwrap(),
            };
            let asked = (world.finalised(&cast, &document), world.ledger.act(&cast.sender, again));
            let (finalised, again) = tokio::join!(asked.0, asked.1);
            let whole = world.downloaded(&cast.receiver, &document).await;
            if finalised.is_ok() {
                assert_eq!(again.unwrap_err(), Refusal::Denied, "nothing is staged any more");
                assert!(whole.unwrap() == file, "round {round}");
            } else {
                again.unwrap();
                assert!(matches!(finalised, Err(Refusal::Unfit(_))), "{finalised:?}");
                assert_eq!(whole, Err(Refusal::Denied));
            }
            let (document, request) = (document.clone(), world.request());
            world.ledger.act(&cast.sender, RemoveDocument { document, request }).await.unwrap();
        }
        assert_eq!(home.count("SELECT count(*) FROM chunk").await, 0);
        assert_eq!(world.access_rows(500).await, world.fold().await);
    }

    async fn neither_title_nor_bytes_of_a_document_are_in_any_file(home) {
        let world = World::new(home).await;
        let cast = cast(&world).await;
        let file = text(2);
        let document = world.begun(&cast, MARKER, &file).await;
        world.sent(&cast, &document, &file).await;
        world.finalised(&cast, &document).await.unwrap();
        world.downloaded(&cast.receiver, &document).await.unwrap();
        let staged = world.begun(&cast, &format!("{MARKER} staged"), &file).await;
        world.sent(&cast, &staged, &file).await;
        let there = "Ripple Primary".to_owned();
        let hash = hex(digest(&SHA256, &file).as_ref());
        let secrets = [MARKER.to_owned(), hex(MARKER.as_bytes()), hash, there.clone()];
        if let Some(found) = home.found(&secrets).await {
            assert_eq!(found, [there].into(), "the search finds what is there, and nothing else is");
        }
    }
}
