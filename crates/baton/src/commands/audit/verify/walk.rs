//! Entry after entry, in constant memory.

use baton_client::Client;
use baton_domain::entry::{EntryKind, PREFIX};
use baton_domain::log::note::VerifierKey;
use baton_domain::log::tile::{Kind, WIDTH, write_hashes};
use baton_domain::log::verify::{Fault as TreeFault, Outcome, Record, Verifier};
use baton_domain::log::{Checkpoint, Dropped, Frontier, Growth, Hash, Tile, leaf_hash};
use baton_wire::v1;
use indicatif::ProgressBar;
use serde_json::json;

use super::decisions::Decisions;
use super::fold::Rows;
use super::marks::Marks;
use super::source::{Found, Source};
use super::{Fault, open};
use crate::commands::audit::entries::page;
use crate::commands::audit::said::Said;
use crate::output::Output;

/// Faults told one by one; beyond, they are only counted.
const FAULTS_TOLD: u64 = 1_000;

/// A check under way.
pub(super) struct Walk<'a> {
    source: Source<'a>,
    ledger: String,
    output: Output,
    bar: ProgressBar,
    faults: u64,
    /// Whether the tree held so far: one wrong hash makes every later root wrong.
    tree_holds: bool,
    /// Time and term of the last entry: neither goes back.
    last: (i64, u64),
    growth: Growth,
    decisions: Decisions,
    dropped: Dropped,
}

impl<'a> Walk<'a> {
    pub(super) fn new(source: Source<'a>, ledger: String, output: Output) -> Self {
        Self {
            source,
            ledger,
            output,
            bar: ProgressBar::hidden(),
            faults: 0,
            tree_holds: true,
            last: (i64::MIN, 0),
            growth: Growth::new(),
            decisions: Decisions::default(),
            dropped: Dropped::default(),
        }
    }

    pub(super) fn faults(&self) -> u64 {
        self.faults
    }

    /// Every entry a checkpoint covers, folded on the way.
    pub(super) async fn whole(
        &mut self,
        checkpoint: &Checkpoint,
        mut rows: Option<&mut Rows>,
        marks: &mut Marks,
    ) -> anyhow::Result<Outcome> {
        self.bar = self.output.bar(checkpoint.size, "verifying");
        let mut verifier = Verifier::new(checkpoint);
        let mut next = 0;
        while next < checkpoint.size {
            let batch = self.source.batch(next, checkpoint.size).await?;
            self.tell_all(&batch.faults);
            let after = behind(&batch.entries);
            for found in &batch.entries {
                self.entry(&mut verifier, found, rows.as_deref_mut())
                    .await?;
                let heard = marks.heard(found);
                self.tell_all(heard.as_slice());
                let root = || verifier.root();
                let size = found.position.saturating_add(1);
                let reached = marks.reached(size, root, rows.as_deref_mut());
                self.tell_all(&reached);
            }
            // A page that leads no further leads nowhere: what is missing then is told in the end.
            if after <= next {
                break;
            }
            next = after;
            self.bar.set_position(next);
        }
        self.bar.finish_and_clear();
        let outcome = verifier.finish();
        for fault in &outcome.faults {
            self.tree_fault(fault);
        }
        if outcome.frontier.is_some() {
            for tile in std::mem::take(&mut self.growth).partial() {
                self.compare(&tile).await?;
            }
        }
        Ok(outcome)
    }

    async fn entry(
        &mut self,
        verifier: &mut Verifier<'_>,
        found: &Found,
        rows: Option<&mut Rows>,
    ) -> anyhow::Result<()> {
        let finding = verifier.record(Record {
            position: found.position,
            entry: found.body.as_deref(),
            leaf: found.leaf,
        });
        for fault in finding.faults {
            self.tree_fault(&fault);
        }
        if let Some(leaf) = finding.leaf {
            for tile in self.growth.push(leaf, &finding.completed) {
                self.compare(&tile).await?;
            }
        }
        match &found.body {
            Some(body) => self.listen(found.position, body, rows).await?,
            None => self.gone(found.position, rows),
        }
        Ok(())
    }

    /// A tile as it is kept, with the one the entries make. Leaves were compared one by one.
    async fn compare(&mut self, tile: &Tile) -> anyhow::Result<()> {
        let Kind::Hashes(level @ 1..) = tile.path.kind else {
            return Ok(());
        };
        let path = tile.path;
        let kept = self.source.tile(&path).await?;
        let expected = write_hashes(&tile.hashes);
        let (at, message) = match kept {
            Some(kept) if kept == expected => return Ok(()),
            None => (0, format!("{path} is missing")),
            Some(kept) => {
                let same = kept
                    .iter()
                    .zip(&expected)
                    .take_while(|(a, b)| a == b)
                    .count();
                (
                    u64::try_from(same / Hash::LENGTH)?,
                    format!("{path} is not what the entries hash to"),
                )
            }
        };
        let below = WIDTH.saturating_pow(level.into());
        let place = path.index.saturating_mul(WIDTH).saturating_add(at);
        self.tell(&Fault {
            kind: "tile",
            position: Some(place.saturating_mul(below)),
            message,
        });
        Ok(())
    }

    /// The access rows of a service, page by page, against the fold at the size each page was read
    /// at; every page is an entry itself, so the ledger grows on the way. Answers how many were
    /// compared.
    pub(super) async fn state(
        &mut self,
        client: &Client,
        rows: &mut Rows,
        mut frontier: Frontier,
        keys: &[VerifierKey],
    ) -> anyhow::Result<u64> {
        let expected = u64::try_from(rows.len())?;
        self.bar = self.output.bar(expected, "comparing");
        let mut compared = 0;
        let mut page_token = String::new();
        loop {
            let request = v1::ListAccessRowsRequest {
                page_token,
                page_size: 5_000,
                ..Default::default()
            };
            let page = client.list_access_rows(request).await?;
            self.follow(client, page.tree_size.unsigned_abs(), &mut frontier, rows)
                .await?;
            page_token = page.next_page_token;
            compared += u64::try_from(page.rows.len())?;
            for fault in rows.compare(&page.rows, page_token.is_empty()) {
                self.tell(&fault);
            }
            self.bar.set_position(compared);
            if page_token.is_empty() {
                break;
            }
        }
        self.bar.finish_and_clear();
        self.sign_off(client, frontier, rows, keys).await?;
        Ok(compared)
    }

    /// Entries that came since, up to a size.
    async fn follow(
        &mut self,
        client: &Client,
        size: u64,
        frontier: &mut Frontier,
        rows: &mut Rows,
    ) -> anyhow::Result<()> {
        while frontier.size() < size {
            let position = frontier.size();
            let entries = page(client, position, size - position).await?;
            anyhow::ensure!(!entries.is_empty(), "entry {position} does not come");
            for entry in &entries {
                let expected = frontier.size();
                if entry.position.unsigned_abs() != expected {
                    self.tell(&Fault {
                        kind: "missing",
                        position: Some(expected),
                        message: format!("position {expected} is missing"),
                    });
                    anyhow::bail!("what comes after it cannot be checked");
                }
                let stored = Hash::try_from(entry.leaf_hash.as_ref()).ok();
                let leaf = body(entry).map(leaf_hash).or(stored);
                let leaf = leaf.ok_or_else(|| anyhow::anyhow!("entry {expected} is empty"))?;
                if stored != Some(leaf) {
                    self.tell(&Fault {
                        kind: "leaf",
                        position: Some(expected),
                        message: format!("entry {expected} does not hash to its leaf hash"),
                    });
                }
                let _ = frontier.push(leaf);
                match body(entry) {
                    Some(body) => self.listen(expected, body, Some(rows)).await?,
                    None => self.gone(expected, Some(rows)),
                }
            }
        }
        Ok(())
    }

    /// What came during the check is covered by a checkpoint, too.
    async fn sign_off(
        &mut self,
        client: &Client,
        mut frontier: Frontier,
        rows: &mut Rows,
        keys: &[VerifierKey],
    ) -> anyhow::Result<()> {
        let newest = client
            .get_checkpoint(v1::GetCheckpointRequest::default())
            .await?;
        let checkpoint = open(&newest, keys)?;
        self.follow(client, checkpoint.size, &mut frontier, rows)
            .await?;
        let computed = frontier.root();
        if self.tree_holds && computed != checkpoint.root {
            let signed = checkpoint.root;
            self.tree_fault(&TreeFault::Root {
                size: checkpoint.size,
                computed,
                signed,
            });
        }
        Ok(())
    }

    fn gone(&mut self, position: u64, rows: Option<&mut Rows>) {
        self.dropped.gone(position);
        self.decisions.gap();
        if let Some(rows) = rows {
            rows.dropped(position);
        }
    }

    /// Entries without a body that the ledger did not say it dropped. To be asked last.
    pub(super) fn emptied(&mut self) {
        for emptied in std::mem::take(&mut self.dropped).emptied() {
            let (first, last) = (emptied.start, emptied.end - 1);
            let message = format!(
                "entries {first} to {last} have no body, and no entry says that it was dropped"
            );
            self.tell(&Fault {
                kind: "emptied",
                position: Some(first),
                message,
            });
        }
    }

    /// What an entry says has to fit its place, its decisions the policies.
    async fn listen(
        &mut self,
        position: u64,
        body: &[u8],
        rows: Option<&mut Rows>,
    ) -> anyhow::Result<()> {
        let said = body
            .strip_prefix(PREFIX)
            .and_then(|it| serde_json::from_slice(it).ok());
        let Some(said): Option<Said> = said else {
            self.said(position, "is no entry of this version");
            return Ok(());
        };
        for what in said.misfits((&self.ledger, position), self.last) {
            self.said(position, what);
        }
        self.last = (said.time_us, said.term);
        if let (Some(EntryKind::BodiesDropped), Some(below)) =
            (EntryKind::parse(&said.kind), said.detail.below)
        {
            self.dropped.said(below);
        }
        self.judge(position, &said).await?;
        if let Some(rows) = rows {
            for change in said.rows {
                if !rows.apply(position, change) {
                    self.said(position, "names an access row without a commitment");
                }
            }
        }
        Ok(())
    }

    async fn judge(&mut self, position: u64, said: &Said) -> anyhow::Result<()> {
        let hash = &said.policy_set;
        if let Some(what) = self.decisions.follows(said) {
            self.tell(&Fault {
                kind: "policy_set",
                position: Some(position),
                message: format!("entry {position} {what}"),
            });
        }
        if self.decisions.wants(hash) {
            let text = self.source.policy_set(hash).await?;
            if let Some(message) = self.decisions.learn(hash, text.as_deref()) {
                self.tell(&Fault {
                    kind: "policy_set",
                    position: Some(position),
                    message,
                });
            }
        }
        if let Some(what) = self.decisions.check(hash, &said.decisions) {
            self.tell(&Fault {
                kind: "decision",
                position: Some(position),
                message: format!("entry {position} {what}"),
            });
        }
        Ok(())
    }

    fn said(&mut self, position: u64, what: &str) {
        self.tell(&Fault {
            kind: "said",
            position: Some(position),
            message: format!("entry {position} {what}"),
        });
    }

    fn tree_fault(&mut self, fault: &TreeFault) {
        self.tree_holds = false;
        let (kind, position) = match fault {
            TreeFault::Missing(range) => ("missing", Some(range.start)),
            TreeFault::OutOfOrder(at) => ("out_of_order", Some(*at)),
            TreeFault::Leaf { position, .. } => ("leaf", Some(*position)),
            TreeFault::Empty(at) => ("empty", Some(*at)),
            TreeFault::NotCovered(at) => ("not_covered", Some(*at)),
            TreeFault::Root { .. } => ("root", None),
        };
        self.tell(&Fault {
            kind,
            position,
            message: fault.to_string(),
        });
    }

    pub(super) fn tell_all(&mut self, faults: &[Fault]) {
        for fault in faults {
            self.tell(fault);
        }
    }

    fn tell(&mut self, fault: &Fault) {
        self.faults += 1;
        if self.faults > FAULTS_TOLD {
            return;
        }
        let Fault {
            kind,
            position,
            message,
        } = fault;
        let json = json!({
            "fault": { "kind": kind, "position": position, "message": message },
        });
        self.bar
            .suspend(|| self.output.result(&json, || format!("FAULT: {message}")));
    }
}

/// The position after the last entry of a batch.
fn behind(entries: &[Found]) -> u64 {
    let last = entries.last().map(|last| last.position);
    last.and_then(|last| last.checked_add(1)).unwrap_or(0)
}

/// The bytes of an entry; none when they were dropped.
fn body(entry: &v1::LedgerEntry) -> Option<&[u8]> {
    (!entry.body.is_empty()).then_some(entry.body.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_nothing_or_of_nonsense_leads_nowhere() {
        let at = |position| {
            Found::of(v1::LedgerEntry {
                position,
                ..Default::default()
            })
        };
        assert_eq!(behind(&[at(3), at(4)]), 5);
        assert_eq!(behind(&[]), 0);
        assert_eq!(behind(&[at(-7)]), 0);
        assert_eq!(behind(&[at(i64::MAX)]), 1 << 63);
    }
}
