//! Checkpoints and proofs: public, so no acts.

use std::ops::Range;

use baton_domain::log::plan::NodeRange;
use baton_domain::log::tile::node_count;
use baton_domain::log::{Hash, Node, Plan};

use crate::engine::Tx;
use crate::engine::value::{Column as _, Type, Value};
use crate::error::StoreError;
use crate::head::{Head, int};
use crate::ledger::Ledger;

pub(crate) const LEAVES: &str =
    "SELECT position, leaf FROM entry WHERE position >= $1 AND position < $2 ORDER BY position";
pub(crate) const TILES: &str =
    "SELECT idx, hash FROM tile WHERE level = $1 AND idx >= $2 AND idx < $3 ORDER BY idx";

/// A proof and what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The hashes, in the order of RFC 6962.
    pub hashes: Vec<Hash>,
    /// The (newer) size.
    pub size: u64,
    /// Leaf hash of the entry, for an inclusion proof.
    pub leaf: Option<Hash>,
    /// Newest checkpoint.
    pub checkpoint: String,
}

impl Ledger {
    /// The newest signed checkpoint.
    pub async fn checkpoint(&self) -> Result<String, StoreError> {
        let head = Head::read(&mut self.inner().db.once().await?).await?;
        Ok(head.ok_or(StoreError::NoLedger("no head row"))?.checkpoint)
    }

    /// Proof that an entry is in the tree of a size; none when there is no such entry or tree.
    /// Without a size: the newest tree.
    pub async fn inclusion(
        &self,
        position: u64,
        size: Option<u64>,
    ) -> Result<Option<Proof>, StoreError> {
        self.prove(
            size,
            |size| Plan::inclusion(position, size).ok(),
            Some(position),
        )
        .await
    }

    /// Proof that the tree of the old size is the beginning of the newer one.
    pub async fn consistency(
        &self,
        old: u64,
        new: Option<u64>,
    ) -> Result<Option<Proof>, StoreError> {
        self.prove(new, |size| Plan::consistency(old, size).ok(), None)
            .await
    }

    /// The hashes of a tile; none when the tree has not come so far, or a stored one is gone.
    pub async fn tile(
        &self,
        level: u8,
        indices: Range<u64>,
    ) -> Result<Option<Vec<Hash>>, StoreError> {
        let mut tx = self.inner().db.begin_read().await?;
        let head = Head::read(&mut tx)
            .await?
            .ok_or(StoreError::NoLedger("no head row"))?;
        let wanted = indices.end.saturating_sub(indices.start);
        let nodes = if indices.end <= node_count(level, head.size()) {
            fetch(&mut tx, &NodeRange { level, indices }).await?
        } else {
            Vec::new()
        };
        tx.rollback().await?;
        let whole = wanted > 0 && nodes.len() as u64 == wanted;
        Ok(whole.then(|| nodes.into_iter().map(|node| node.hash).collect()))
    }

    async fn prove(
        &self,
        size: Option<u64>,
        plan: impl FnOnce(u64) -> Option<Plan>,
        position: Option<u64>,
    ) -> Result<Option<Proof>, StoreError> {
        let mut tx = self.inner().db.begin_read().await?;
        let head = Head::read(&mut tx)
            .await?
            .ok_or(StoreError::NoLedger("no head row"))?;
        let size = size.unwrap_or(head.size());
        let plan = if size <= head.size() {
            plan(size)
        } else {
            None
        };
        let Some(plan) = plan else {
            tx.rollback().await?;
            return Ok(None);
        };
        let mut nodes = Vec::new();
        for range in plan.ranges() {
            nodes.extend(fetch(&mut tx, &range).await?);
        }
        let leaf = match position {
            Some(at) => {
                let range = NodeRange {
                    level: 0,
                    indices: at..at + 1,
                };
                fetch(&mut tx, &range).await?.first().map(|node| node.hash)
            }
            None => None,
        };
        tx.rollback().await?;
        let hashes = plan
            .build(nodes)
            .map_err(|_| StoreError::Tree("a node is missing"))?;
        Ok(Some(Proof {
            hashes,
            size,
            leaf,
            checkpoint: head.checkpoint,
        }))
    }
}

async fn fetch(tx: &mut Tx, range: &NodeRange) -> Result<Vec<Node>, StoreError> {
    let (from, to) = (int(range.indices.start), int(range.indices.end));
    let types = [Type::Int, Type::Blob];
    let rows = if range.level == 0 {
        tx.fetch(LEAVES, vec![from.into_value(), to.into_value()], &types)
            .await?
    } else {
        let level = i64::from(range.level).into_value();
        tx.fetch(
            TILES,
            vec![level, from.into_value(), to.into_value()],
            &types,
        )
        .await?
    };
    rows.into_iter()
        .map(|row| match row.as_slice() {
            [Value::Int(Some(index)), Value::Blob(Some(hash))] => {
                let index = u64::try_from(*index).ok();
                let hash = Hash::try_from(hash.as_slice()).ok();
                let node = index.zip(hash);
                node.map(|(index, hash)| Node {
                    level: range.level,
                    index,
                    hash,
                })
                .ok_or(StoreError::Row("tile"))
            }
            _ => Err(StoreError::Row("tile")),
        })
        .collect()
}
