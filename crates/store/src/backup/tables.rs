//! The tables a backup holds, in the order it holds them, and their rows as plain values.

use crate::engine::Tx;
use crate::engine::table::{LADDER, Statement, Table};
use crate::engine::value::{Column as _, Inconsistent, Type, Value};
use crate::error::StoreError;
use crate::rows::{
    AboutRow, AgreementRow, ChunkRow, ContentRow, CredentialRow, DelegationRow, DocumentRow,
    EntryRow, ErasedRow, FeedRow, FriendRow, LearnerCodeRow, LearnerRow, LogKeyRow,
    PolicyChangeRow, PolicySetRow, ProfileRow, ReceiptRow, RecipientRow, ReleasedRow, RequestRow,
    SentWithoutRow, SettingCodeRow, SettingKeyRow, SettingRow, SharingRow, StagedRow,
    SubscriptionRow, TileRow, TransitionRow, VersionRow,
};

/// Rows read at once.
const PAGE: i64 = 1_024;
/// The same where a row may have megabytes.
const PAGE_OF_LARGE: i64 = 8;

/// A row that decides about access: its key, and what an entry says about it.
pub(super) type Commitment = (String, [u8; 32]);

/// A table as a backup sees it.
#[derive(Debug)]
pub(super) struct Described {
    pub(super) name: &'static str,
    pub(super) columns: &'static [(&'static str, Type)],
    key: &'static [&'static str],
    page: fn() -> Statement,
    count: fn() -> Statement,
    insert: fn(usize) -> Statement,
    /// Whether the values are a row of it; of an access table, its commitment.
    pub(super) read: fn(Vec<Value>) -> Result<Option<Commitment>, Inconsistent>,
}

impl Described {
    const fn of<T: Table>() -> Self {
        Self {
            name: T::NAME,
            columns: T::COLUMNS,
            key: T::KEY,
            page: || T::statements().page(),
            count: || T::statements().count(),
            insert: |rung| T::statements().upsert(rung),
            read: |values| {
                let row = T::from_values(values)?;
                Ok(T::ACCESS.then(|| (row.key(), row.commitment())))
            },
        }
    }

    /// The key of a row: rows stand in its order.
    pub(super) fn key_of(&self, row: &[Value]) -> Vec<Value> {
        let named = self.columns.iter().zip(row);
        let of = |key| named.clone().find(|((name, _), _)| name == key);
        let parts = self.key.iter().filter_map(of);
        parts.map(|(_, value)| value.clone()).collect()
    }

    fn before_all(&self) -> Vec<Value> {
        let of = |key: &&str| self.columns.iter().find(|(name, _)| name == key);
        let least = |(_, kind): &(&str, Type)| match kind {
            Type::Text => Value::Text(Some(String::new())),
            Type::Int => Value::Int(Some(i64::MIN)),
            Type::Blob => Value::Blob(Some(Vec::new())),
        };
        self.key.iter().filter_map(of).map(least).collect()
    }

    fn page_rows(&self) -> i64 {
        if [ContentRow::NAME, ChunkRow::NAME].contains(&self.name) {
            PAGE_OF_LARGE
        } else {
            PAGE
        }
    }
}

/// Entries before the access rows that are a fold of them; keys before what is under them. The
/// lease is left out: whoever reads a subscription begins anew. A document stands before its title
/// and chunks.
pub(super) static TABLES: [Described; 31] = [
    Described::of::<PolicySetRow>(),
    Described::of::<EntryRow>(),
    Described::of::<TileRow>(),
    Described::of::<AboutRow>(),
    Described::of::<SettingRow>(),
    Described::of::<SettingCodeRow>(),
    Described::of::<SettingKeyRow>(),
    Described::of::<CredentialRow>(),
    Described::of::<DelegationRow>(),
    Described::of::<AgreementRow>(),
    Described::of::<LearnerRow>(),
    Described::of::<LearnerCodeRow>(),
    Described::of::<TransitionRow>(),
    Described::of::<RecipientRow>(),
    Described::of::<SharingRow>(),
    Described::of::<SentWithoutRow>(),
    Described::of::<ProfileRow>(),
    Described::of::<VersionRow>(),
    Described::of::<StagedRow>(),
    Described::of::<DocumentRow>(),
    Described::of::<ContentRow>(),
    Described::of::<ChunkRow>(),
    Described::of::<ReleasedRow>(),
    Described::of::<FriendRow>(),
    Described::of::<ReceiptRow>(),
    Described::of::<FeedRow>(),
    Described::of::<SubscriptionRow>(),
    Described::of::<RequestRow>(),
    Described::of::<ErasedRow>(),
    Described::of::<LogKeyRow>(),
    Described::of::<PolicyChangeRow>(),
];

/// Reads a table from front to back.
pub(super) struct Pages {
    table: &'static Described,
    after: Option<Vec<Value>>,
}

impl Pages {
    pub(super) fn of(table: &'static Described) -> Self {
        let after = Some(table.before_all());
        Self { table, after }
    }

    /// The next rows; none when all were read.
    pub(super) async fn next(
        &mut self,
        tx: &mut Tx,
    ) -> Result<Option<Vec<Vec<Value>>>, StoreError> {
        let Some(mut args) = self.after.take() else {
            return Ok(None);
        };
        let limit = self.table.page_rows();
        args.push(limit.into_value());
        let types: Vec<Type> = self.table.columns.iter().map(|(_, kind)| *kind).collect();
        let rows = tx.fetch((self.table.page)(), args, &types).await?;
        let full = i64::try_from(rows.len()) == Ok(limit);
        let last = rows.last().filter(|_| full);
        self.after = last.map(|row| self.table.key_of(row));
        Ok(Some(rows))
    }
}

/// How many rows a table has.
pub(super) async fn count(tx: &mut Tx, table: &Described) -> Result<u64, StoreError> {
    let rows = tx.fetch((table.count)(), Vec::new(), &[Type::Int]).await?;
    match rows.first().map(Vec::as_slice) {
        Some([Value::Int(Some(count))]) => Ok(count.unsigned_abs()),
        _ => Err(StoreError::Row(table.name)),
    }
}

/// Puts rows into an empty table, as few statements as the ladder allows.
pub(super) async fn insert(
    tx: &mut Tx,
    table: &Described,
    rows: Vec<Vec<Value>>,
) -> Result<(), StoreError> {
    let mut rows = rows.into_iter();
    while rows.len() > 0 {
        let left = rows.len();
        let rung = LADDER.iter().rposition(|size| *size <= left).unwrap_or(0);
        let args = rows.by_ref().take(LADDER[rung]).flatten().collect();
        tx.execute((table.insert)(rung), args).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::TABLES;

    /// A table that is added to the database and not here would be lost with the first restore.
    #[test]
    fn every_table_is_in_a_backup_but_the_head_and_the_leases() {
        let layout = include_str!("../../../../migrations/sqlite/0001_ledger.sql");
        let made = layout
            .lines()
            .filter_map(|line| line.strip_prefix("CREATE TABLE "));
        let made: BTreeSet<&str> = made.filter_map(|line| line.split(' ').next()).collect();
        let mut held: BTreeSet<&str> = TABLES.iter().map(|table| table.name).collect();
        assert!(held.insert("head") && held.insert("lease"));
        // Of a term that a restore ends.
        assert!(held.insert("cosigned"));
        assert_eq!(made, held);
    }
}
