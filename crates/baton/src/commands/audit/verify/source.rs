//! Where a ledger is read from: a service, or a folder with an export.

use anyhow::Context as _;
use baton_client::{Client, ClientError};
use baton_domain::log::Hash;
use baton_domain::log::tile::{Kind, TilePath, WIDTH, read_bundle, read_hashes};
use baton_wire::v1;

use super::Fault;
use crate::commands::audit::entries::{PAGE, page};
use crate::commands::audit::export::{BUNDLE_MAX, TILE_MAX};
use crate::commands::audit::layout::{self, Folder};

/// One of the two.
#[derive(Debug)]
pub(super) enum Source<'a> {
    Service(&'a Client),
    Folder(Folder),
}

/// An entry as it was found.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) position: u64,
    /// None where it was dropped.
    pub(super) body: Option<Vec<u8>>,
    /// What stands beside it.
    pub(super) leaf: Option<Hash>,
}

/// Neighbouring entries, and what was wrong with finding them.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) entries: Vec<Found>,
    pub(super) faults: Vec<Fault>,
}

impl Source<'_> {
    /// Entries from a position on, below a size. None of them: there are no more.
    pub(super) async fn batch(&self, next: u64, size: u64) -> anyhow::Result<Batch> {
        match self {
            Self::Service(client) => {
                let entries = page(client, next, (size - next).min(PAGE)).await?;
                Ok(Batch {
                    entries: entries.into_iter().map(Found::of).collect(),
                    faults: Vec::new(),
                })
            }
            Self::Folder(folder) => bundle(folder, next / WIDTH, size),
        }
    }

    /// The bytes of a tile above the leaves; none if it is not there.
    pub(super) async fn tile(&self, path: &TilePath) -> anyhow::Result<Option<Vec<u8>>> {
        match self {
            Self::Service(client) => {
                let request = v1::GetTileRequest {
                    path: path.to_string(),
                    ..Default::default()
                };
                match client.get_tile(request).await {
                    Ok(told) => Ok(Some(told.hashes.into())),
                    Err(error) if is_absent(&error) => Ok(None),
                    Err(error) => Err(error.into()),
                }
            }
            Self::Folder(folder) => folder.read(&path.to_string(), TILE_MAX),
        }
    }

    /// The policies of a hash; none if there are none.
    pub(super) async fn policy_set(&self, hash: &str) -> anyhow::Result<Option<String>> {
        match self {
            Self::Service(client) => {
                let request = v1::GetPolicySetRequest {
                    hash: hash.to_owned(),
                    ..Default::default()
                };
                match client.get_policy_set(request).await {
                    Ok(told) => Ok(Some(told.text)),
                    Err(ClientError::Denied | ClientError::Invalid(_)) => Ok(None),
                    Err(error) => Err(error.into()),
                }
            }
            Self::Folder(folder) => {
                // A hash is no way out of the folder.
                if !hash.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                    return Ok(None);
                }
                let most = u64::try_from(baton_domain::access::PolicyText::MAX_BYTES * 2)?;
                let bytes = folder.read(&layout::policy_set(hash), most)?;
                // What is no text does not hash to its name either.
                Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
            }
        }
    }
}

/// A tile the tree must have by its size, and the service cannot give.
fn is_absent(error: &ClientError) -> bool {
    matches!(error, ClientError::Denied)
}

impl Found {
    /// As a service gave it; a position that cannot be is one that no tree has.
    pub(super) fn of(entry: v1::LedgerEntry) -> Self {
        Self {
            position: u64::try_from(entry.position).unwrap_or(u64::MAX),
            leaf: Hash::try_from(entry.leaf_hash.as_ref()).ok(),
            body: (!entry.body.is_empty()).then(|| entry.body.into()),
        }
    }
}

/// A bundle with the tile beside it. Where a bundle is gone the leaf hashes still tell the tree, so
/// that one fault does not look like many.
fn bundle(folder: &Folder, index: u64, size: u64) -> anyhow::Result<Batch> {
    let mut batch = Batch::default();
    let start = index * WIDTH;
    let width = (size - start).min(WIDTH);
    let at = |kind| TilePath::in_tree(kind, index, size).context("no such bundle");
    let mut fault = |kind, message| {
        batch.faults.push(Fault {
            kind,
            position: Some(start),
            message,
        });
    };

    let path = at(Kind::Hashes(0))?;
    let bytes = folder.read(&path.to_string(), TILE_MAX).unwrap_or_default();
    let leaves = bytes.and_then(|bytes| read_hashes(&bytes).ok());
    let leaves = leaves.filter(|leaves| leaves.len() as u64 == width);
    if leaves.is_none() {
        fault("tile", format!("{path} is missing or damaged"));
    }

    let path = at(Kind::Entries)?;
    let whole = folder
        .read(&path.to_string(), BUNDLE_MAX)
        .unwrap_or_default();
    let pruned = match whole {
        None => folder
            .read(&layout::pruned(&path), BUNDLE_MAX)
            .unwrap_or_default(),
        Some(_) => None,
    };
    let is_pruned = pruned.is_some();
    let bytes = whole.or(pruned);
    let bodies = bytes.as_deref().and_then(|bytes| read_bundle(bytes).ok());
    let bodies = bodies
        .filter(|bodies| bodies.len() as u64 == width)
        // Only there an entry may be left out.
        .filter(|bodies| is_pruned || bodies.iter().all(|body| !body.is_empty()));
    if bodies.is_none() {
        fault("bundle", format!("{path} is missing or damaged"));
    }

    for (at, position) in (start..start + width).enumerate() {
        let body = bodies.as_ref().and_then(|bodies| bodies.get(at));
        batch.entries.push(Found {
            position,
            body: body
                .filter(|body| !body.is_empty())
                .map(|body| body.to_vec()),
            leaf: leaves.as_ref().and_then(|leaves| leaves.get(at)).copied(),
        });
    }
    Ok(batch)
}
