//! Entries on their way into bundles, and the tiles over them.

use std::collections::BTreeSet;

use anyhow::Context as _;
use baton_client::Client;
use baton_domain::access::PolicyText;
use baton_domain::entry::PREFIX;
use baton_domain::log::tile::{
    self, Kind, MAX_LEVEL, TilePath, WIDTH, node_count, read_bundle, read_hashes,
};
use baton_domain::log::{Checkpoint, Frontier, Growth, Hash, Tile, leaf_hash};
use baton_wire::v1;
use serde::Deserialize;

use super::super::entries::{PAGE, page};
use super::super::layout::{self, Folder, bundle};
use crate::output::{Broken, Output};

/// Most bytes of a bundle: each entry with its length.
pub(in super::super) const BUNDLE_MAX: u64 = WIDTH * (2 + u16::MAX as u64);
/// Most bytes of a tile.
pub(in super::super) const TILE_MAX: u64 = WIDTH * Hash::LENGTH as u64;

/// The ledger as far as it is in the folder, or on its way.
pub(super) struct Tree {
    folder: Folder,
    /// What the folder had when this began.
    held: Option<Checkpoint>,
    output: Output,
    frontier: Frontier,
    growth: Growth,
    /// What is pushed lies in the folder already.
    rereading: bool,
    /// Entries of the bundle that is not full yet, empty where the body was dropped; leaf hashes.
    bundle: Vec<(Vec<u8>, Hash)>,
    dropped: u64,
    policy_sets: BTreeSet<String>,
}

/// The paths of the partial tiles and of the partial bundle of a tree.
pub(super) fn partial_paths(size: u64) -> impl Iterator<Item = TilePath> {
    let last = move |kind, level| TilePath::in_tree(kind, node_count(level, size) / WIDTH, size);
    let tiles = (0..=MAX_LEVEL).filter_map(move |level| last(Kind::Hashes(level), level));
    tiles.chain(last(Kind::Entries, 0))
}

impl Tree {
    pub(super) fn new(folder: Folder, held: Option<Checkpoint>, output: Output) -> Self {
        Self {
            folder,
            held,
            output,
            frontier: Frontier::new(),
            growth: Growth::new(),
            rereading: false,
            bundle: Vec::new(),
            dropped: 0,
            policy_sets: BTreeSet::new(),
        }
    }

    pub(super) fn root(&self) -> Hash {
        self.frontier.root()
    }

    pub(super) const fn dropped(&self) -> u64 {
        self.dropped
    }

    pub(super) fn policy_sets(&self) -> usize {
        self.policy_sets.len()
    }

    /// Hashes the full bundles again that lie there, up to a size; answers how many entries.
    pub(super) fn reread(&mut self, size: u64) -> anyhow::Result<u64> {
        let bar = self.output.bar(size, "reading");
        self.rereading = true;
        for index in 0..size / WIDTH {
            let path = bundle(index);
            let whole = self.folder.read(&path.to_string(), BUNDLE_MAX)?;
            let pruned = match whole {
                None => self.folder.read(&layout::pruned(&path), BUNDLE_MAX)?,
                Some(_) => None,
            };
            let Some(bytes) = whole.or(pruned) else { break };
            let entries = read_bundle(&bytes).ok();
            let entries = entries.filter(|entries| entries.len() as u64 == WIDTH);
            let entries = entries.with_context(|| damaged(&path))?;
            let leaves = if entries.iter().any(|entry| entry.is_empty()) {
                self.leaves_of(index)?
            } else {
                Vec::new()
            };
            for (at, entry) in entries.into_iter().enumerate() {
                let leaf = match leaves.get(at) {
                    Some(leaf) if entry.is_empty() => *leaf,
                    _ => leaf_hash(entry),
                };
                self.push(entry.to_vec(), leaf)?;
            }
            bar.set_position(self.frontier.size());
        }
        self.rereading = false;
        bar.finish_and_clear();
        Ok(self.frontier.size())
    }

    /// The leaf hashes in the folder, where only they are left.
    fn leaves_of(&self, index: u64) -> anyhow::Result<Vec<Hash>> {
        let path = TilePath {
            kind: Kind::Hashes(0),
            ..bundle(index)
        };
        let bytes = self.folder.read(&path.to_string(), TILE_MAX)?;
        let hashes = bytes.and_then(|bytes| read_hashes(&bytes).ok());
        let hashes = hashes.filter(|hashes| hashes.len() as u64 == WIDTH);
        hashes.with_context(|| damaged(&path))
    }

    /// Fetches what is missing up to a checkpoint, and holds it to its root.
    pub(super) async fn fetch(&mut self, client: &Client, to: &Checkpoint) -> anyhow::Result<()> {
        let bar = self.output.bar(to.size, "exporting");
        while self.frontier.size() < to.size {
            let next = self.frontier.size();
            let entries = page(client, next, (to.size - next).min(PAGE)).await?;
            anyhow::ensure!(!entries.is_empty(), "entry {next} does not come");
            for entry in entries {
                self.take(&entry)?;
            }
            bar.set_position(self.frontier.size());
        }
        bar.finish_and_clear();
        if self.frontier.root() == to.root {
            return Ok(());
        }
        let say = format!(
            "the root over the {} entries that came is not the one that was signed, so no \
             checkpoint was written: `baton audit verify` tells what is wrong",
            to.size
        );
        Err(Broken(say).into())
    }

    fn take(&mut self, entry: &v1::LedgerEntry) -> anyhow::Result<()> {
        let position = self.frontier.size();
        let stored = Hash::try_from(entry.leaf_hash.as_ref()).ok();
        let computed = (!entry.body.is_empty()).then(|| leaf_hash(&entry.body));
        let leaf = computed
            .or(stored)
            .filter(|_| computed.is_none_or(|it| Some(it) == stored));
        let (true, Some(leaf)) = (entry.position.unsigned_abs() == position, leaf) else {
            let say = format!(
                "entry {position} is missing or does not hash to its leaf hash: `baton audit \
                 verify` tells what is wrong with this ledger"
            );
            return Err(Broken(say).into());
        };
        self.push(entry.body.to_vec(), leaf)
    }

    fn push(&mut self, body: Vec<u8>, leaf: Hash) -> anyhow::Result<()> {
        if body.is_empty() {
            self.dropped += 1;
        } else if let Some(hash) = policy_set_of(&body) {
            self.policy_sets.insert(hash);
        }
        self.bundle.push((body, leaf));
        let completed = self.frontier.push(leaf);
        for tile in self.growth.push(leaf, &completed) {
            self.keep(&tile)?;
        }
        self.as_before()?;
        if self.bundle.len() as u64 == WIDTH {
            if !self.rereading {
                self.write_bundle()?;
            }
            self.bundle.clear();
        }
        Ok(())
    }

    /// At the size the folder had, the root has to be the one of its checkpoint.
    fn as_before(&self) -> anyhow::Result<()> {
        let held = self.held.as_ref();
        let held = held.filter(|held| held.size == self.frontier.size());
        if held.is_none_or(|held| held.root == self.frontier.root()) {
            return Ok(());
        }
        let say = "what lies in the folder is not what its own checkpoint says: check it with \
                   `baton audit verify`. Nothing was overwritten";
        Err(Broken(say.to_owned()).into())
    }

    fn keep(&self, tile: &Tile) -> anyhow::Result<()> {
        let bytes = tile::write_hashes(&tile.hashes);
        self.folder.keep(&tile.path.to_string(), &bytes)
    }

    /// The bundle as it stands, full or partial.
    fn write_bundle(&mut self) -> anyhow::Result<()> {
        let last = self.frontier.size().saturating_sub(1);
        let path = TilePath::in_tree(Kind::Entries, last / WIDTH, self.frontier.size());
        let Some(path) = path else { return Ok(()) };
        self.recover()?;
        let bodies: Vec<&[u8]> = self
            .bundle
            .iter()
            .map(|(body, _)| body.as_slice())
            .collect();
        let name = if bodies.iter().any(|body| body.is_empty()) {
            layout::pruned(&path)
        } else {
            path.to_string()
        };
        self.folder.keep(&name, &tile::write_bundle(&bodies)?)
    }

    /// Where the service dropped a body that the folder still has in its partial bundle, that one
    /// stays.
    fn recover(&mut self) -> anyhow::Result<()> {
        let index = self.frontier.size().saturating_sub(1) / WIDTH;
        let Some(held) = &self.held else {
            return Ok(());
        };
        let path = TilePath::in_tree(Kind::Entries, index, held.size);
        let Some(path) = path.filter(|path| path.partial.is_some()) else {
            return Ok(());
        };
        let whole = self.folder.read(&path.to_string(), BUNDLE_MAX)?;
        let Some(bytes) = whole else { return Ok(()) };
        for ((body, leaf), held) in self.bundle.iter_mut().zip(read_bundle(&bytes)?) {
            if body.is_empty() && leaf_hash(held) == *leaf {
                held.clone_into(body);
                self.dropped -= 1;
            }
        }
        Ok(())
    }

    /// The policies of every hash the entries name.
    pub(super) async fn policies(&self, client: &Client) -> anyhow::Result<()> {
        for hash in &self.policy_sets {
            let name = layout::policy_set(hash);
            if self.folder.path(&name).exists() {
                continue;
            }
            let request = v1::GetPolicySetRequest {
                hash: hash.clone(),
                ..Default::default()
            };
            let text = client.get_policy_set(request).await?.text;
            let kept = PolicyText::from_canonical(&text).ok();
            if kept.is_none_or(|it| it.hash() != *hash || it.canonical() != text) {
                let say = format!(
                    "the service's policy set {hash} is not what its hash says: `baton audit verify` \
                     tells what is wrong with this ledger"
                );
                return Err(Broken(say).into());
            }
            self.folder.replace(&name, text.as_bytes())?;
        }
        Ok(())
    }

    /// The partial tiles and the partial bundle of the tree as it stands.
    pub(super) fn finish(&mut self) -> anyhow::Result<()> {
        for tile in self.growth.partial() {
            self.keep(&tile)?;
        }
        if self.bundle.is_empty() {
            return Ok(());
        }
        self.write_bundle()
    }
}

fn damaged(path: &TilePath) -> Broken {
    Broken(format!(
        "{path} of the folder is damaged: take it away, and run this again"
    ))
}

/// The policies an entry names. What cannot be read names none; the check of the export says so.
fn policy_set_of(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Said {
        policy_set: String,
    }
    let said: Said = serde_json::from_slice(body.strip_prefix(PREFIX)?).ok()?;
    let is_hash = said.policy_set.len() == 64
        && said
            .policy_set
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    is_hash.then_some(said.policy_set)
}
