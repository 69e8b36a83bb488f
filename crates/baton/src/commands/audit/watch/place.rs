//! How far a watch came, and what the ledger was there.

use anyhow::Context as _;
use baton_client::Client;
use baton_domain::log::{Frontier, Hash, node_hash};
use baton_wire::v1;
use serde::{Deserialize, Serialize};

/// What is kept between two runs. It says what the ledger was: a later run finds a ledger that was
/// set back, replaced or rewritten meanwhile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    pub(super) ledger: String,
    /// Verifier key, C2SP vkey.
    pub(super) key: String,
    /// The last checkpoint, signed, that covers exactly what was told.
    pub(super) checkpoint: String,
    /// The right edge of the tree there, as [`Frontier::to_bytes`] in hexadecimal.
    pub(super) frontier: String,
    /// Time and term of the last entry.
    pub(super) last: (i64, u64),
    /// Entries of the watch's own readings that stand behind the checkpoint.
    pub(super) own: u64,
}

impl Place {
    pub(super) fn frontier(&self) -> Option<Frontier> {
        let digits = self.frontier.as_bytes().chunks(2);
        let bytes = digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        Frontier::from_bytes(&bytes.collect::<Option<Vec<u8>>>()?).ok()
    }
}

/// The right edge of the tree of a size. The service may say what it likes: what is built on it has
/// to come to the root that was signed.
pub(super) async fn frontier_at(client: &Client, size: u64) -> anyhow::Result<Frontier> {
    let Some(last) = size.checked_sub(1) else {
        return Ok(Frontier::new());
    };
    let request = v1::GetInclusionProofRequest {
        position: i64::try_from(last)?,
        tree_size: i64::try_from(size)?,
        ..Default::default()
    };
    let proof = client.get_inclusion_proof(request).await?;
    let hash = |bytes: &[u8]| Hash::try_from(bytes);
    let leaf = hash(&proof.leaf_hash).context("the service gives no leaf hash")?;
    let path: Result<Vec<Hash>, _> = proof.hashes.iter().map(|it| hash(it)).collect();
    let path = path.context("the service gives no proof")?;
    edge(size, leaf, &path).context("the service gives no proof of the last entry")
}

/// The proof of the last entry is the edge: first its neighbours within the smallest perfect
/// subtree, all to the left, then the other subtrees, smallest first.
fn edge(size: u64, leaf: Hash, path: &[Hash]) -> Option<Frontier> {
    let within = usize::try_from(size.trailing_zeros()).ok()?;
    let (neighbours, others) = path.split_at_checked(within)?;
    let smallest = neighbours
        .iter()
        .fold(leaf, |right, left| node_hash(left, &right));
    let peaks = others.iter().rev().chain([&smallest]);
    let bytes = size
        .to_be_bytes()
        .into_iter()
        .chain(peaks.flat_map(|it| *it.as_bytes()));
    Frontier::from_bytes(&bytes.collect::<Vec<u8>>()).ok()
}

#[cfg(test)]
mod tests {
    use baton_domain::log::{Plan, leaf_hash};

    use super::*;

    #[test]
    fn the_edge_of_a_tree_is_read_from_the_proof_of_its_last_entry() {
        let leaves: Vec<Hash> = (0u32..600).map(|it| leaf_hash(&it.to_be_bytes())).collect();
        let (mut grown, mut nodes) = (Frontier::new(), Vec::new());
        for (at, leaf) in leaves.iter().enumerate() {
            nodes.extend(grown.push(*leaf));
            let size = at as u64 + 1;
            let plan = Plan::inclusion(size - 1, size).unwrap();
            let level0 =
                leaves[..=at]
                    .iter()
                    .zip(0..)
                    .map(|(hash, index)| baton_domain::log::Node {
                        level: 0,
                        index,
                        hash: *hash,
                    });
            let path = plan.build(nodes.iter().copied().chain(level0)).unwrap();
            assert_eq!(edge(size, *leaf, &path), Some(grown.clone()), "{size}");
        }
        assert_eq!(edge(3, leaves[2], &[]), None);
    }
}
