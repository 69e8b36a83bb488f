//! A content backup, checked in full without any database: every byte, every row, every entry, the
//! tree, the signature, and the access rows against the fold of the entries.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use aws_lc_rs::digest::{Context, SHA256};
use baton_domain::entry::{EntryKind, PREFIX};
use baton_domain::log::note::VerifierKey;
use baton_domain::log::verify::{Record, Verifier};
use baton_domain::log::{Checkpoint, Dropped, Hash};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use super::decided_by::DecidedBy;
use super::file::{Decoder, Frame, Header, PURPOSE, Unreadable, unhex};
use super::tables::Described;
use super::{BackupError, FAULTS_TOLD, Progress, Stage, Watcher};
use crate::acts::{as_it_lies, sha256};
use crate::engine::table::Table as _;
use crate::engine::value::Value;
use crate::head::Head;
use crate::keys::Keys;
use crate::policies::load;
use crate::rows::{
    ChunkRow, ContentRow, DocumentRow, EntryRow, LearnerRow, PolicyChangeRow, PolicySetRow, TileRow,
};

/// How often it is told how far it is, in rows.
const TOLD_EVERY: u64 = 1_024;
const BUFFER: usize = 1024 * 1024;

/// What a backup holds. All of it was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The ledger.
    pub ledger: String,
    /// Its term.
    pub term: u64,
    /// Entries.
    pub size: u64,
    /// Rows of all tables.
    pub rows: u64,
    /// When it was made, microseconds UTC.
    pub made_us: i64,
    /// Ledger time of its last entry, microseconds UTC.
    pub time_us: i64,
    /// Its signed checkpoint.
    pub checkpoint: String,
    /// The key epoch that was in force.
    pub epoch: i64,
    /// Keys of sections and learners under epochs that the ring has no more: they stay closed.
    pub closed: u64,
    /// SHA-256 of the file, as written at its end.
    pub sha256: [u8; 32],
}

/// What a backup says of itself. Nothing of it is checked yet.
pub(super) fn header(path: &Path) -> Result<Header, BackupError> {
    let (_, header) = open(path)?;
    Ok(header)
}

/// Opens a backup behind its header.
pub(super) fn open(path: &Path) -> Result<(Decoder<BufReader<File>>, Header), BackupError> {
    let file = File::open(path).map_err(|error| BackupError::io(path, error))?;
    Decoder::begin(BufReader::with_capacity(BUFFER, file)).map_err(|error| error.of(path))
}

impl Unreadable {
    pub(super) fn of(self, path: &Path) -> BackupError {
        let path = path.to_owned();
        match self {
            Self::Io(error) => BackupError::io(&path, error),
            Self::NotOne(why) => BackupError::NotABackup { path, why },
            Self::Damaged(what) => BackupError::Damaged {
                path,
                faults: vec![what],
            },
        }
    }
}

/// Checks a backup with the keys of its ledger.
pub(super) fn check(
    path: &Path,
    keys: &Keys,
    (stop, watcher): (&CancellationToken, &Watcher),
) -> Result<Checked, BackupError> {
    let (mut decoder, header) = open(path)?;
    let damaged = |faults| BackupError::Damaged {
        path: path.to_owned(),
        faults,
    };
    let head = header.head();
    let head = head.ok_or_else(|| damaged(vec!["its header makes no sense".to_owned()]))?;
    let signed = signed(&head).map_err(|what| damaged(vec![what]))?;
    let mut walk = Walk::new(keys, &head, &signed);
    let sha256 = loop {
        match decoder.next().map_err(|error| error.of(path))? {
            Frame::Table(table) => walk.begin(table),
            Frame::Row(values) => walk.row(values),
            Frame::EndOfTable(rows) => walk.end(rows),
            Frame::End { digest, vouched } => {
                if keys.vouch(PURPOSE, &digest) != vouched {
                    walk.fault("it was changed by somebody who lacks the ring".to_owned());
                }
                break digest;
            }
        }
        if walk.done.is_multiple_of(TOLD_EVERY) {
            if stop.is_cancelled() {
                return Err(BackupError::Stopped);
            }
            watcher(Progress {
                stage: Stage::Verifying,
                done: walk.done,
                total: header.rows,
            });
        }
    };
    let (rows, closed, faults) = walk.finish(&head);
    if !faults.is_empty() {
        return Err(damaged(faults));
    }
    Ok(Checked {
        ledger: header.ledger,
        term: head.term,
        size: head.size(),
        rows,
        made_us: header.made_us,
        time_us: head.time_us,
        checkpoint: header.checkpoint,
        epoch: header.epoch,
        closed,
        sha256,
    })
}

/// The checkpoint of the head, its signature checked.
fn signed(head: &Head) -> Result<Checkpoint, String> {
    let not = |why: &str| format!("its checkpoint does not hold: {why}");
    let origin = head.origin().map_err(|_| not("its ledger has no name"))?;
    // The ring may have forgotten it since; that the backup names the right one is vouched for at
    // its end.
    let key = unhex(&head.log_keys.check).and_then(|key| key.try_into().ok());
    let key = key.and_then(|key| VerifierKey::new(&origin, key).ok());
    let known = [key.ok_or_else(|| not("no key"))?];
    let checkpoint = Checkpoint::open(head.checkpoint.as_bytes(), &known);
    let checkpoint = checkpoint.map_err(|error| not(&error.to_string()))?;
    let same = checkpoint.size == head.size() && checkpoint.root == head.frontier.root();
    if checkpoint.origin == origin && same {
        Ok(checkpoint)
    } else {
        Err(not("it is of another tree than its header"))
    }
}

/// What an entry says about access rows, dropped entries and policies.
#[derive(Deserialize)]
pub(super) struct Said {
    pub(super) kind: String,
    pub(super) verdict: String,
    pub(super) policy_set: String,
    #[serde(default)]
    pub(super) detail: Detail,
    #[serde(default)]
    rows: Vec<Change>,
}

#[derive(Default, Deserialize)]
pub(super) struct Detail {
    below: Option<u64>,
    pub(super) new: Option<String>,
}

#[derive(Deserialize)]
struct Change {
    table: String,
    key: String,
    commitment: String,
}

/// The last commitment to a row, and the entry that has it.
struct Made {
    commitment: String,
    position: u64,
}

/// A check under way.
struct Walk<'a> {
    keys: &'a Keys,
    policy: &'a str,
    /// Which policies decided which entry.
    decided_by: DecidedBy,
    verifier: Verifier<'a>,
    table: Option<&'static Described>,
    /// Rows of this table so far, and the key of the last one.
    rows: u64,
    last: Option<Vec<Value>>,
    done: u64,
    /// By level: digest of the upper nodes the entries make, and of those that are kept.
    nodes: BTreeMap<i64, [Context; 2]>,
    /// Access rows as the entries left them, less those that were found so.
    fold: HashMap<(String, String), Made>,
    dropped: Dropped,
    /// What each document says lies sealed of it, and hashes of what did.
    documents: HashMap<String, (Vec<u8>, Vec<[u8; 32]>)>,
    /// The policies in force, once they came by.
    policies: Option<PolicySetRow>,
    closed: u64,
    faults: Vec<String>,
}

impl<'a> Walk<'a> {
    fn new(keys: &'a Keys, head: &'a Head, signed: &'a Checkpoint) -> Self {
        Self {
            keys,
            policy: &head.policy,
            decided_by: DecidedBy::default(),
            verifier: Verifier::new(signed),
            table: None,
            rows: 0,
            last: None,
            done: 0,
            nodes: BTreeMap::new(),
            fold: HashMap::new(),
            dropped: Dropped::default(),
            documents: HashMap::new(),
            policies: None,
            closed: 0,
            faults: Vec::new(),
        }
    }

    fn fault(&mut self, what: String) {
        if self.faults.len() < FAULTS_TOLD {
            self.faults.push(what);
        }
    }

    fn tell(&mut self, fault: Option<String>) {
        if let Some(what) = fault {
            self.fault(what);
        }
    }

    fn begin(&mut self, table: &'static Described) {
        (self.table, self.rows, self.last) = (Some(table), 0, None);
    }

    fn end(&mut self, rows: u64) {
        let name = self.table.map_or("", |table| table.name);
        if rows != self.rows {
            self.fault(format!("table {name} has {} rows of {rows}", self.rows));
        }
    }

    fn row(&mut self, values: Vec<Value>) {
        let Some(table) = self.table else { return };
        self.rows += 1;
        self.done += 1;
        let key = table.key_of(&values);
        if self.last.as_ref().is_some_and(|last| *last >= key) {
            self.fault(format!("rows of table {} stand out of order", table.name));
        }
        self.last = Some(key);
        self.of_table(table, &values);
        match (table.read)(values) {
            Ok(None) => {}
            Ok(Some((key, commitment))) => self.access(table.name, &key, &commitment),
            Err(_) => self.fault(format!("a row of table {} makes no sense", table.name)),
        }
    }

    /// What only rows of some tables have to be.
    fn of_table(&mut self, table: &Described, values: &[Value]) {
        match (table.name, values) {
            (
                EntryRow::NAME,
                [
                    Value::Int(Some(position)),
                    Value::Blob(body),
                    Value::Blob(Some(leaf)),
                ],
            ) => {
                self.entry(*position, body.as_deref(), leaf);
            }
            (
                TileRow::NAME,
                [
                    Value::Int(Some(level)),
                    Value::Int(Some(index)),
                    Value::Blob(Some(hash)),
                ],
            ) => {
                self.node(*level, *index, hash, 1);
            }
            (PolicySetRow::NAME, [Value::Text(Some(hash)), Value::Text(Some(body))]) => {
                let row = PolicySetRow {
                    hash: hash.clone(),
                    body: body.clone(),
                };
                let fault = self.decided_by.set(&row);
                self.tell(fault);
                if row.hash == self.policy {
                    self.policies = Some(row);
                }
            }
            (PolicyChangeRow::NAME, values) => {
                if let Ok(row) = PolicyChangeRow::from_values(values.to_vec()) {
                    let fault = self.decided_by.change(&row);
                    self.tell(fault);
                }
            }
            (DocumentRow::NAME, values) => {
                let row = DocumentRow::from_values(values.to_vec());
                if let Ok(row) = row
                    && row.is_kept()
                {
                    let of = row.content_id.as_str().to_owned();
                    self.documents.insert(of, (row.sealed, Vec::new()));
                }
            }
            (ChunkRow::NAME, [Value::Text(Some(content)), _, Value::Blob(Some(sealed))]) => {
                self.lies(content, sealed);
            }
            (ContentRow::NAME | LearnerRow::NAME, values) => {
                if let (
                    ContentRow::NAME,
                    [Value::Text(Some(content)), .., Value::Blob(Some(sealed))],
                ) = (table.name, values)
                {
                    self.lies(content, sealed);
                }
                let at = table.columns.iter().position(|(name, _)| *name == "epoch");
                if let Some(Value::Int(Some(epoch))) = at.and_then(|at| values.get(at))
                    && *epoch > 0
                    && !self.keys.has_epoch(*epoch)
                {
                    self.closed += 1;
                }
            }
            _ => {}
        }
    }

    /// Something that lies sealed: rows come in order, a title before its chunks.
    fn lies(&mut self, content: &str, sealed: &[u8]) {
        if let Some((_, hashes)) = self.documents.get_mut(content) {
            hashes.push(sha256(sealed));
        }
    }

    fn entry(&mut self, position: i64, body: Option<&[u8]>, leaf: &[u8]) {
        let record = Record {
            position: position.unsigned_abs(),
            entry: body,
            leaf: Hash::try_from(leaf).ok(),
        };
        let finding = self.verifier.record(record);
        for fault in &finding.faults {
            self.fault(fault.to_string());
        }
        for node in &finding.completed {
            let index = i64::try_from(node.index).unwrap_or(i64::MAX);
            self.node(i64::from(node.level), index, node.hash.as_bytes(), 0);
        }
        let Some(body) = body else {
            self.dropped.gone(position.unsigned_abs());
            self.decided_by.gone();
            return;
        };
        let said = body.strip_prefix(PREFIX);
        let said = said.and_then(|json| serde_json::from_slice::<Said>(json).ok());
        match said {
            Some(said) => {
                let fault = self.decided_by.entry(position, &said);
                self.tell(fault);
                if let (Some(EntryKind::BodiesDropped), Some(below)) =
                    (EntryKind::parse(&said.kind), said.detail.below)
                {
                    self.dropped.said(below);
                }
                let made = |commitment| Made {
                    commitment,
                    position: position.unsigned_abs(),
                };
                let rows = said.rows.into_iter();
                self.fold
                    .extend(rows.map(|row| ((row.table, row.key), made(row.commitment))));
            }
            None => self.fault(format!("entry {position} is none")),
        }
    }

    fn node(&mut self, level: i64, index: i64, hash: &[u8], side: usize) {
        let both = || [Context::new(&SHA256), Context::new(&SHA256)];
        let digest = &mut self.nodes.entry(level).or_insert_with(both)[side];
        digest.update(&index.to_be_bytes());
        digest.update(hash);
    }

    fn access(&mut self, table: &str, key: &str, commitment: &[u8; 32]) {
        let made = self.fold.remove(&(table.to_owned(), key.to_owned()));
        let is = crate::learner::hex(commitment);
        let same = made.as_ref().is_some_and(|made| made.commitment == is);
        if !same && self.is_told(made.as_ref()) {
            self.fault(format!(
                "row {key} of table {table} is not what the entries made of it"
            ));
        }
    }

    /// Whether nothing can have changed a row since: what an entry without a body changed nobody can
    /// tell any more.
    fn is_told(&self, made: Option<&Made>) -> bool {
        self.dropped.last() < made.map(|made| made.position) || self.dropped.last().is_none()
    }

    /// What the end shows: rows, keys that stay closed, and every fault.
    fn finish(mut self, head: &Head) -> (u64, u64, Vec<String>) {
        let missing = self.fold.values();
        let missing = missing.filter(|made| self.is_told(Some(made))).count();
        if missing > 0 {
            self.fault(format!(
                "{missing} access rows that the entries made are missing"
            ));
        }
        for emptied in std::mem::take(&mut self.dropped).emptied() {
            let (first, last) = (emptied.start, emptied.end - 1);
            self.fault(format!(
                "entries {first} to {last} have no body, and no entry says that it was dropped"
            ));
        }
        let differ = |(said, lie): &(Vec<u8>, Vec<[u8; 32]>)| as_it_lies(lie).as_slice() != said;
        let changed = self.documents.values().filter(|it| differ(it)).count();
        if changed > 0 {
            self.fault(format!(
                "{changed} documents are not what their rows say: chunks were changed"
            ));
        }
        let fault = self.decided_by.finish(self.policy);
        self.tell(fault);
        // Loading them takes longer than much of the rest.
        let loads = |row| load(row).is_ok();
        if self.faults.is_empty() && !self.policies.as_ref().is_some_and(loads) {
            self.fault("the policies in force are missing or do not load".to_owned());
        }
        let nodes = std::mem::take(&mut self.nodes);
        let differ = |[made, kept]: [Context; 2]| made.finish().as_ref() != kept.finish().as_ref();
        if nodes.into_values().any(differ) {
            self.fault("hash tiles are not what the entries make".to_owned());
        }
        let outcome = self.verifier.clone().finish();
        for fault in &outcome.faults {
            self.fault(fault.to_string());
        }
        if outcome
            .frontier
            .is_none_or(|frontier| frontier != head.frontier)
        {
            self.fault("the edge of the tree is not what the entries make".to_owned());
        }
        (self.done, self.closed, self.faults)
    }
}
