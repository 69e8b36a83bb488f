//! Entry after entry, in constant memory.

use baton_client::Client;
use baton_domain::entry::PREFIX;
use baton_domain::log::note::VerifierKey;
use baton_domain::log::verify::{Fault as TreeFault, Outcome, Record, Verifier};
use baton_domain::log::{Checkpoint, Frontier, Hash, leaf_hash};
use baton_wire::v1;
use indicatif::ProgressBar;
use serde::Deserialize;
use serde_json::json;

use super::fold::{Change, Rows};
use super::{Fault, open};
use crate::commands::audit::entries::{PAGE, page};
use crate::output::Output;

/// Faults told one by one; beyond, they are only counted.
const FAULTS_TOLD: u64 = 1_000;

/// A check under way.
pub(super) struct Walk<'a> {
    client: &'a Client,
    ledger: String,
    output: Output,
    bar: ProgressBar,
    faults: u64,
    /// Whether the tree held so far: one wrong hash makes every later root wrong.
    tree_holds: bool,
    /// Time and term of the last entry: neither goes back.
    last: (i64, u64),
}

/// What an entry says of itself and of access rows.
#[derive(Deserialize)]
struct Said {
    ledger: String,
    term: u64,
    position: u64,
    time_us: i64,
    #[serde(default)]
    rows: Vec<Change>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(client: &'a Client, ledger: String, output: Output) -> Self {
        let last = (i64::MIN, 0);
        Self {
            client,
            ledger,
            output,
            bar: ProgressBar::hidden(),
            faults: 0,
            tree_holds: true,
            last,
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
    ) -> anyhow::Result<Outcome> {
        self.bar = self.output.bar(checkpoint.size, "verifying");
        let mut verifier = Verifier::new(checkpoint);
        let mut next = 0;
        while next < checkpoint.size {
            let entries = page(self.client, next, (checkpoint.size - next).min(PAGE)).await?;
            let after = behind(&entries);
            for entry in &entries {
                let body = body(entry);
                let finding = verifier.record(Record {
                    position: entry.position.unsigned_abs(),
                    entry: body,
                    leaf: Hash::try_from(entry.leaf_hash.as_ref()).ok(),
                });
                for fault in finding.faults {
                    self.tree_fault(&fault);
                }
                if let Some(body) = body {
                    self.listen(entry.position.unsigned_abs(), body, rows.as_deref_mut());
                }
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
        Ok(outcome)
    }

    /// The access rows, page by page, against the fold at the size each page was read at; every
    /// page is an entry itself, so the ledger grows on the way. Answers how many were compared.
    pub(super) async fn state(
        &mut self,
        rows: &mut Rows,
        mut frontier: Frontier,
        key: &VerifierKey,
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
            let page = self.client.list_access_rows(request).await?;
            self.follow(page.tree_size.unsigned_abs(), &mut frontier, rows)
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
        self.sign_off(frontier, rows, key).await?;
        Ok(compared)
    }

    /// Entries that came since, up to a size.
    async fn follow(
        &mut self,
        size: u64,
        frontier: &mut Frontier,
        rows: &mut Rows,
    ) -> anyhow::Result<()> {
        while frontier.size() < size {
            let position = frontier.size();
            let entries = page(self.client, position, size - position).await?;
            anyhow::ensure!(!entries.is_empty(), "entry {position} does not come");
            for entry in &entries {
                let expected = frontier.size();
                if entry.position.unsigned_abs() != expected {
                    self.tell(&Fault {
                        kind: "missing",
                        message: format!("position {expected} is missing"),
                    });
                    anyhow::bail!("what comes after it cannot be checked");
                }
                let stored = Hash::try_from(entry.leaf_hash.as_ref()).ok();
                let leaf = body(entry).map(leaf_hash).or(stored);
                let leaf = leaf.ok_or_else(|| anyhow::anyhow!("entry {expected} is empty"))?;
                if stored != Some(leaf) {
                    let message = format!("entry {expected} does not hash to its leaf hash");
                    self.tell(&Fault {
                        kind: "leaf",
                        message,
                    });
                }
                let _ = frontier.push(leaf);
                if let Some(body) = body(entry) {
                    self.listen(expected, body, Some(rows));
                }
            }
        }
        Ok(())
    }

    /// What came during the check is covered by a checkpoint, too.
    async fn sign_off(
        &mut self,
        mut frontier: Frontier,
        rows: &mut Rows,
        key: &VerifierKey,
    ) -> anyhow::Result<()> {
        let newest = self
            .client
            .get_checkpoint(v1::GetCheckpointRequest::default())
            .await?;
        let checkpoint = open(&newest, key)?;
        self.follow(checkpoint.size, &mut frontier, rows).await?;
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

    /// What an entry says has to fit its place.
    fn listen(&mut self, position: u64, body: &[u8], rows: Option<&mut Rows>) {
        let said = body
            .strip_prefix(PREFIX)
            .and_then(|it| serde_json::from_slice(it).ok());
        let Some(said): Option<Said> = said else {
            return self.said(position, "is no entry of this version");
        };
        if said.position != position {
            self.said(position, "says another position");
        }
        if said.ledger != self.ledger {
            self.said(position, "says another ledger");
        }
        if said.time_us < self.last.0 || said.term < self.last.1 {
            self.said(
                position,
                "says an earlier time or term than the entry before it",
            );
        }
        self.last = (said.time_us, said.term);
        if let Some(rows) = rows {
            for change in said.rows {
                if !rows.apply(change) {
                    self.said(position, "names an access row without a commitment");
                }
            }
        }
    }

    fn said(&mut self, position: u64, what: &str) {
        self.tell(&Fault {
            kind: "said",
            message: format!("entry {position} {what}"),
        });
    }

    fn tree_fault(&mut self, fault: &TreeFault) {
        self.tree_holds = false;
        let kind = match fault {
            TreeFault::Missing(_) => "missing",
            TreeFault::OutOfOrder(_) => "out_of_order",
            TreeFault::Leaf { .. } => "leaf",
            TreeFault::Empty(_) => "empty",
            TreeFault::NotCovered(_) => "not_covered",
            TreeFault::Root { .. } => "root",
        };
        self.tell(&Fault {
            kind,
            message: fault.to_string(),
        });
    }

    fn tell(&mut self, fault: &Fault) {
        self.faults += 1;
        if self.faults > FAULTS_TOLD {
            return;
        }
        let Fault { kind, message } = fault;
        let json = json!({ "fault": { "kind": kind, "message": message } });
        self.bar
            .suspend(|| self.output.result(&json, || format!("FAULT: {message}")));
    }
}

/// The position after the last entry of a page.
fn behind(entries: &[v1::LedgerEntry]) -> u64 {
    let last = entries.last().map(|last| u64::try_from(last.position));
    last.and_then(Result::ok).map_or(0, |last| last + 1)
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
        let at = |position| v1::LedgerEntry {
            position,
            ..Default::default()
        };
        assert_eq!(behind(&[at(3), at(4)]), 5);
        assert_eq!(behind(&[]), 0);
        assert_eq!(behind(&[at(-7)]), 0);
        assert_eq!(behind(&[at(i64::MAX)]), 1 << 63);
    }
}
