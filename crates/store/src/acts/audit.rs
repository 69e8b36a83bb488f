//! The ledger shown to its auditors.

use baton_domain::access::Action;
use baton_domain::act::{Caller, ListAccessRows, ListEntries};
use baton_domain::entry::{EntryKind, number};
use baton_domain::log::Hash;

use super::documents::{CHUNK, as_it_lies, sha256};
use super::{Prepare, Step, Turn};
use crate::engine::Tx;
use crate::engine::table::Table;
use crate::engine::value::{Column as _, Type, Value};
use crate::error::StoreError;
use crate::head::{Head, int};
use crate::ledger::Inner;
use crate::refusal::Refusal;
use crate::rows::{
    AgreementRow, ContentRow, CredentialRow, DelegationRow, DocumentRow, ProfileRow, RecipientRow,
    SentWithoutRow, SettingCodeRow, SettingRow, SharingRow, TransitionRow,
};
use crate::scene::{Question, Scene};
use crate::world::Needs;

pub(crate) const ENTRIES: &str =
    "SELECT position, body, leaf FROM entry WHERE position >= $1 ORDER BY position LIMIT $2";
const ENTRY_TYPES: [Type; 3] = [Type::Int, Type::Blob, Type::Blob];

/// Most entries of a page: 8 MiB when each is as large as it can be.
const ENTRIES_MAX: usize = 512;
/// Entries of one page, bytes: below the 4 MiB most gRPC clients take by default.
const ENTRIES_BYTES_MAX: usize = 3 * 1024 * 1024;
/// Bytes of documents that are read for one page, and the rest of the one that goes beyond.
const DOCUMENT_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Most commitments of a page.
const ROWS_MAX: usize = 1_000;

/// A page of entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entries {
    /// Position, body (none when dropped) and leaf hash, dense.
    pub entries: Vec<(u64, Option<Vec<u8>>, Hash)>,
    /// Checkpoint at the moment they were read; covers them all.
    pub checkpoint: String,
}

/// A page of access rows by commitment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRows {
    /// Table, key and commitment, in order.
    pub rows: Vec<(&'static str, String, [u8; 32])>,
    /// Go on after these; none on the last page.
    pub next: Option<(String, String)>,
    /// Size of the ledger the rows were read at.
    pub size: u64,
}

/// A page that was read, waiting for leave to be shown.
#[derive(Debug)]
pub(crate) struct EntriesStep {
    page: Entries,
    start: u64,
}

impl Prepare for ListEntries {
    type Step = EntriesStep;

    async fn prepare(self, ledger: &Inner, _caller: &Caller) -> Result<Turn<EntriesStep>, Refusal> {
        let mut tx = ledger.db.begin_read().await?;
        let head = Head::read(&mut tx).await?.ok_or(Refusal::Internal)?;
        let limit = i64::try_from(self.limit.clamp(1, ENTRIES_MAX)).unwrap_or(i64::MAX);
        let args = vec![int(self.start).into_value(), limit.into_value()];
        let rows = tx.fetch(ENTRIES, args, &ENTRY_TYPES).await?;
        tx.rollback().await?;
        let mut entries = rows
            .into_iter()
            .map(entry)
            .collect::<Result<Vec<_>, StoreError>>()?;
        let mut bytes = 0;
        let fits = entries.iter().take_while(|(_, body, _)| {
            bytes += body.as_ref().map_or(0, Vec::len);
            bytes <= ENTRIES_BYTES_MAX
        });
        let fitting = fits.count().max(1);
        entries.truncate(fitting);
        let page = Entries {
            entries,
            checkpoint: head.checkpoint,
        };
        Ok(Turn::Decide(EntriesStep {
            page,
            start: self.start,
        }))
    }
}

fn entry(values: Vec<Value>) -> Result<(u64, Option<Vec<u8>>, Hash), StoreError> {
    let broken = || StoreError::Row("entry");
    let [position, body, leaf]: [Value; 3] = values.try_into().map_err(|_| broken())?;
    let position = i64::from_value(position)
        .ok()
        .and_then(|p| u64::try_from(p).ok());
    let leaf = Vec::from_value(leaf)
        .ok()
        .and_then(|leaf| Hash::try_from(leaf.as_slice()).ok());
    let body = Option::from_value(body).map_err(|_| broken())?;
    position
        .zip(leaf)
        .map(|(position, leaf)| (position, body, leaf))
        .ok_or_else(broken)
}

impl Step for EntriesStep {
    type Outcome = Entries;
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        EntryKind::EntriesListed
    }

    fn needs(&self, _needs: &mut Needs) {}

    fn decide(&self, scene: &mut Scene<'_>) -> Result<Entries, Refusal> {
        scene.require(Action::ReadAudit, Question::GENERAL)?;
        scene
            .draft
            .detail
            .insert("start".to_owned(), number(self.start));
        scene.detail(
            "shown",
            u32::try_from(self.page.entries.len()).unwrap_or(u32::MAX),
        );
        Ok(self.page.clone())
    }
}

/// A page of commitments, waiting for leave to be shown; none for one who would not get it.
#[derive(Debug)]
pub(crate) struct AccessRowsStep(Option<AccessRows>);

impl Prepare for ListAccessRows {
    type Step = AccessRowsStep;

    async fn prepare(
        self,
        ledger: &Inner,
        caller: &Caller,
    ) -> Result<Turn<AccessRowsStep>, Refusal> {
        // Reading documents costs too much for somebody who will be refused.
        if !ledger.may(caller, Action::ReadAudit).await? {
            return Ok(Turn::Decide(AccessRowsStep(None)));
        }
        let mut tx = ledger.db.begin_read().await?;
        let size = Head::read(&mut tx).await?.ok_or(Refusal::Internal)?.size();
        let mut page = Page {
            after: self.after,
            limit: self.limit.clamp(1, ROWS_MAX),
            rows: Vec::new(),
            cut: false,
        };
        // Alphabetical, as the tables are named: the order the pages go through.
        page.read::<AgreementRow>(&mut tx, 1).await?;
        page.read::<CredentialRow>(&mut tx, 1).await?;
        page.read::<DelegationRow>(&mut tx, 2).await?;
        page.read_documents(&mut tx).await?;
        page.read::<ProfileRow>(&mut tx, 1).await?;
        page.read::<RecipientRow>(&mut tx, 2).await?;
        page.read::<SentWithoutRow>(&mut tx, 2).await?;
        page.read::<SettingRow>(&mut tx, 1).await?;
        page.read::<SettingCodeRow>(&mut tx, 1).await?;
        page.read::<SharingRow>(&mut tx, 1).await?;
        page.read::<TransitionRow>(&mut tx, 1).await?;
        tx.rollback().await?;
        let full = page.cut || page.rows.len() == page.limit;
        let last = page.rows.last().filter(|_| full);
        let next = last.map(|(table, key, _)| ((*table).to_owned(), key.clone()));
        Ok(Turn::Decide(AccessRowsStep(Some(AccessRows {
            rows: page.rows,
            next,
            size,
        }))))
    }
}

struct Page {
    after: Option<(String, String)>,
    limit: usize,
    rows: Vec<(&'static str, String, [u8; 32])>,
    /// It ends here, though it is not full.
    cut: bool,
}

impl Page {
    /// Reads on in one table, unless the page is full or begins in a later one.
    async fn read<T: Table>(&mut self, tx: &mut Tx, key_columns: usize) -> Result<(), StoreError> {
        let rows = self.next::<T>(tx, key_columns).await?;
        let told = rows.into_iter();
        self.rows
            .extend(told.map(|row| (T::NAME, row.key(), row.commitment())));
        Ok(())
    }

    /// The same for documents. Where something else lies sealed of one than its row says, the row is
    /// told as one that was changed.
    async fn read_documents(&mut self, tx: &mut Tx) -> Result<(), StoreError> {
        let mut left = DOCUMENT_BYTES_MAX;
        for mut row in self.next::<DocumentRow>(tx, 1).await? {
            if row.is_kept() {
                let bytes = usize::try_from(row.bytes).unwrap_or(usize::MAX);
                if left == 0 {
                    self.cut = true;
                    break;
                }
                left = left.saturating_sub(bytes);
                let lies = lies(tx, &row).await?;
                if row.sealed != lies {
                    // Whichever of the two was changed: this is in no entry.
                    row.sealed.extend(lies);
                }
            }
            self.rows
                .push((DocumentRow::NAME, row.key(), row.commitment()));
        }
        Ok(())
    }

    async fn next<T: Table>(
        &mut self,
        tx: &mut Tx,
        key_columns: usize,
    ) -> Result<Vec<T>, StoreError> {
        let after = match &self.after {
            _ if self.cut => return Ok(Vec::new()),
            Some((table, _)) if table.as_str() > T::NAME => return Ok(Vec::new()),
            Some((table, key)) if table == T::NAME => key.clone(),
            _ => String::new(),
        };
        let left = self.limit - self.rows.len();
        if left == 0 {
            return Ok(Vec::new());
        }
        let mut parts = after.splitn(key_columns, '/');
        let mut args: Vec<Value> = (0..key_columns)
            .map(|_| Value::Text(Some(parts.next().unwrap_or_default().to_owned())))
            .collect();
        args.push(i64::try_from(left).unwrap_or(i64::MAX).into_value());
        let types: Vec<Type> = T::COLUMNS.iter().map(|(_, kind)| *kind).collect();
        let rows = tx.fetch(T::statements().page(), args, &types).await?;
        let rows = rows.into_iter().map(T::from_values);
        rows.collect::<Result<_, _>>()
            .map_err(|_| StoreError::Row(T::NAME))
    }
}

/// What lies sealed of a document, chunks beyond its last one too.
async fn lies(tx: &mut Tx, row: &DocumentRow) -> Result<[u8; 32], StoreError> {
    let id = || row.content_id.clone().into_value();
    let title: Vec<ContentRow> = tx.rows_by("content_id", vec![id()]).await?;
    let mut hashes: Vec<[u8; 32]> = title.iter().map(|row| sha256(&row.sealed)).collect();
    for index in 0_i64.. {
        let args = vec![id(), index.into_value()];
        let found = tx.fetch(CHUNK, args, &[Type::Blob]).await?;
        let Some([Value::Blob(Some(sealed))]) = found.first().map(Vec::as_slice) else {
            break;
        };
        hashes.push(sha256(sealed));
    }
    Ok(as_it_lies(&hashes))
}

impl Step for AccessRowsStep {
    type Outcome = AccessRows;
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        EntryKind::AccessRowsListed
    }

    fn needs(&self, _needs: &mut Needs) {}

    fn decide(&self, scene: &mut Scene<'_>) -> Result<AccessRows, Refusal> {
        scene.require(Action::ReadAudit, Question::GENERAL)?;
        // The right came after the look.
        let page = self.0.as_ref().ok_or(Refusal::Unavailable)?;
        scene.detail("shown", u32::try_from(page.rows.len()).unwrap_or(u32::MAX));
        Ok(page.clone())
    }
}
