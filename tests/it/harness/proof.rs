//! The whole ledger checked from outside: entries against the signed checkpoint, access rows against
//! a fold of the entries.

use std::collections::BTreeMap;

use baton_domain::log::note::VerifierKey;
use baton_domain::log::verify::{Record, Verifier};
use baton_domain::log::{Checkpoint, Frontier, Hash, Json, verify_consistency, verify_inclusion};
use baton_wire::v1;

use super::exchange::Exchange;

/// Commitments by table and key.
type Rows = BTreeMap<(String, String), Vec<u8>>;

impl Exchange {
    /// Verifies everything there is.
    pub(crate) async fn verify_all(&self) {
        self.verify_entries().await;
        let (rows, fold) = (self.rows().await, self.fold().await);
        assert_eq!(
            rows, fold,
            "left: the rows; right: what the entries say of them"
        );
    }

    /// Verifies every entry, of those whose bodies are dropped the hash.
    pub(crate) async fn verify_entries(&self) {
        let request = v1::GetCheckpointRequest {
            parent: self.officer.setting.clone(),
        };
        let known = self.officer.audit().get_checkpoint(request).await.unwrap();
        let key: VerifierKey = known.into_inner().verifier_key.parse().unwrap();
        let (entries, signed) = self.officer.entries(0).await;
        let signed = Checkpoint::open(signed.as_bytes(), &[key]).expect("a good signature");
        let mut verifier = Verifier::new(&signed);
        for entry in &entries {
            let position = u64::try_from(entry.position).unwrap();
            let leaf = Some(Hash::try_from(entry.leaf_hash.as_ref()).unwrap());
            let body = Some(entry.body.as_ref()).filter(|body| !body.is_empty());
            let record = Record {
                position,
                entry: body,
                leaf,
            };
            assert_eq!(verifier.record(record).faults, [], "at {position}");
        }
        assert_eq!(verifier.finish().faults, Vec::new());
    }

    /// Asks for one proof of chance, of inclusion or of consistency, and checks it.
    pub(crate) async fn prove_by_chance(&self, mut below: impl FnMut(usize) -> usize) {
        let size = usize::try_from(self.size()).unwrap();
        let new = 1 + below(size);
        let (old, position) = (1 + below(new), below(new));
        let number = |value: usize| i64::try_from(value).unwrap();
        let hashes = |all: &[bytes::Bytes]| -> Vec<Hash> {
            all.iter()
                .map(|hash| Hash::try_from(hash.as_ref()).unwrap())
                .collect()
        };
        let root = self.root(new).await;
        let parent = self.officer.setting.clone();
        if below(2) == 0 {
            let request = v1::GetConsistencyProofRequest {
                parent,
                old_size: number(old),
                new_size: number(new),
            };
            let proof = self
                .officer
                .audit()
                .get_consistency_proof(request)
                .await
                .unwrap();
            let (proof, before) = (hashes(&proof.into_inner().hashes), self.root(old).await);
            verify_consistency(old as u64, &before, new as u64, &root, &proof).expect("consistent");
        } else {
            let request = v1::GetInclusionProofRequest {
                parent,
                position: number(position),
                tree_size: number(new),
            };
            let proof = self
                .officer
                .audit()
                .get_inclusion_proof(request)
                .await
                .unwrap();
            let proof = proof.into_inner();
            let leaf = Hash::try_from(proof.leaf_hash.as_ref()).unwrap();
            verify_inclusion(
                &leaf,
                position as u64,
                new as u64,
                &hashes(&proof.hashes),
                &root,
            )
            .expect("included");
        }
    }

    /// The root of the first so many entries, out of the tile of their hashes.
    async fn root(&self, size: usize) -> Hash {
        let mut frontier = Frontier::new();
        let mut at = 0;
        while at < size {
            let width = (size - at).min(256);
            let part = if width < 256 {
                format!(".p/{width}")
            } else {
                String::new()
            };
            let request = v1::GetTileRequest {
                parent: self.officer.setting.clone(),
                path: format!("tile/0/{:03}{part}", at / 256),
            };
            let tile = self
                .officer
                .audit()
                .get_tile(request)
                .await
                .unwrap()
                .into_inner();
            for hash in tile.hashes.chunks(32) {
                let _ = frontier.push(Hash::try_from(hash).unwrap());
            }
            at += width;
        }
        frontier.root()
    }

    /// The access rows as they stand.
    pub(crate) async fn rows(&self) -> Rows {
        let mut rows = Rows::new();
        let mut request = v1::ListAccessRowsRequest {
            parent: self.officer.setting.clone(),
            page_size: 7,
            page_token: String::new(),
        };
        loop {
            let mut audit = self.officer.audit();
            let page = audit.list_access_rows(request.clone());
            let page = page.await.unwrap().into_inner();
            for row in page.rows {
                let known = rows.insert((row.table, row.key), row.commitment.to_vec());
                assert_eq!(known, None, "each row once");
            }
            if page.next_page_token.is_empty() {
                return rows;
            }
            request.page_token = page.next_page_token;
        }
    }

    /// What the entries say of them.
    pub(crate) async fn fold(&self) -> Rows {
        let mut fold = Rows::new();
        for line in self.lines(0).await {
            for change in line.array("rows") {
                let Json::Obj(change) = change else {
                    panic!("{change:?}")
                };
                let text = |name: &str| match &change[name] {
                    Json::Str(text) => text.clone(),
                    other => panic!("{other:?}"),
                };
                fold.insert((text("table"), text("key")), unhex(&text("commitment")));
            }
        }
        fold
    }

    /// Waits until so many entries of a kind stand after a position.
    pub(crate) async fn entered(&self, kind: &str, from: u64, count: usize) {
        loop {
            let size = self.size();
            let lines = self.lines(from).await;
            if lines.iter().filter(|line| line.said().0 == kind).count() >= count {
                return;
            }
            // Looking is an entry of its own.
            self.grown_to(size + 2).await;
        }
    }

    /// Waits until bodies are dropped that were not at a position: the entry comes first, then what it
    /// says. How many are dropped.
    pub(crate) async fn bodies_dropped(&self, from: u64) -> i64 {
        self.entered("bodies_dropped", from, 1).await;
        let lines = self.lines(from).await;
        let entry = lines.iter().find(|line| line.said().0 == "bodies_dropped");
        let below = entry.unwrap().get("detail/below").cloned();
        let Some(Json::Int(below)) = below else {
            panic!("{entry:?}")
        };
        let left =
            format!("SELECT count(*) FROM entry WHERE position < {below} AND body IS NOT NULL");
        while self.home.count(&left).await > 0 {
            tokio::task::yield_now().await;
        }
        let dropped = "SELECT count(*) FROM entry WHERE body IS NULL";
        self.home.count(dropped).await
    }
}

fn unhex(text: &str) -> Vec<u8> {
    let pair = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(pair).collect()
}
