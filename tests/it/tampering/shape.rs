//! Whole rows taken away, exchanged and added; a ledger cut short, set back, and grown again.

use baton_wire::v1::Role;

use super::rows::prepared;
use super::{ENTRIES, ENTRIES_BRIEF, some, verified};
use crate::chance::{Dice, seed};
use crate::export::{Auditor, filled_to};
use crate::harness::*;

/// Tables of access rows, what tells their rows apart well enough, and a value that two rows have to
/// differ in if exchanging them is to be a change.
const ACCESS: [(&str, &str, &str); 10] = [
    ("agreement", "setting_id", "first_day"),
    ("credential", "id", "digest"),
    ("delegation", "setting_id", "vendor_id"),
    ("profile", "id", "content_id"),
    ("recipient", "transition_id", "transition_id"),
    ("sent_without", "setting_id", "reason"),
    ("setting", "id", "salt"),
    ("setting_code", "code", "setting_id"),
    ("sharing", "transition_id", "decisions"),
    ("transition", "id", "learner_id"),
];

/// Checks after which a ledger goes back to where it began.
const BACK_EVERY: usize = 50;

/// A table kept aside, so that whatever is done to it can be undone.
struct Kept<'a> {
    home: &'a Home,
    table: &'static str,
    copy: String,
}

impl<'a> Kept<'a> {
    async fn of(home: &'a Home, table: &'static str) -> Self {
        Self::under(home, table, "kept").await
    }

    async fn under(home: &'a Home, table: &'static str, name: &str) -> Self {
        let copy = format!("{name}_{table}");
        home.tamper(&format!("CREATE TABLE {copy} AS SELECT * FROM {table}"))
            .await;
        Self { home, table, copy }
    }

    /// Puts it back. Entries of the checks themselves came on top, and stay.
    async fn undo(&self) {
        let Self { table, copy, .. } = self;
        if *table != "entry" {
            return self.set_back().await;
        }
        let undo = format!(
            "INSERT INTO entry SELECT * FROM {copy} WHERE true ON CONFLICT (position) \
             DO UPDATE SET body = excluded.body, leaf = excluded.leaf"
        );
        self.home.tamper(&undo).await;
    }

    /// Puts back exactly what was there.
    async fn set_back(&self) {
        let Self { table, copy, .. } = self;
        let undo = format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM {copy}");
        self.home.tamper(&undo).await;
    }

    async fn forget(self) {
        self.home.tamper(&format!("DROP TABLE {}", self.copy)).await;
    }
}

/// The ledger as it was before the first check. Each check reads all there is and leaves entries of its
/// own: without going back, the thousandth would read several times what the first did.
pub(super) struct Begun<'a>(Vec<Kept<'a>>);

impl<'a> Begun<'a> {
    pub(super) async fn of(home: &'a Home) -> Self {
        let mut tables = Vec::new();
        for table in END {
            tables.push(Kept::under(home, table, "begun").await);
        }
        Self(tables)
    }

    /// Goes back every so many checks. Nothing may be changed but by the checks themselves.
    pub(super) async fn back_after(&self, checks: usize) {
        if checks % BACK_EVERY == BACK_EVERY - 1 {
            for table in &self.0 {
                table.set_back().await;
            }
        }
    }
}

/// What may be done to the entry at a position.
fn of_entry(at: u64, size: u64) -> [(String, String); 3] {
    let from = |place: &str| {
        let of = |column| {
            format!("{column} = (SELECT k.{column} FROM kept_entry k WHERE k.position = {place})")
        };
        format!("{}, {}", of("body"), of("leaf"))
    };
    let (exchanged, moved) = (
        from(&format!("{} - entry.position", 2 * at + 1)),
        from("entry.position - 1"),
    );
    [
        (
            format!("entry {at} taken away"),
            format!("DELETE FROM entry WHERE position = {at}"),
        ),
        (
            format!("entries {at} and {} exchanged", at + 1),
            format!("UPDATE entry SET {exchanged} WHERE position IN ({at}, {at} + 1)"),
        ),
        (
            format!("an entry added before {at}"),
            format!(
                "UPDATE entry SET {moved} WHERE position >= {at} AND position < {size} AND position > 0"
            ),
        ),
    ]
}

/// What may be done to a row with this key: taken away, under the key of another, added under a key
/// of nobody.
fn of_row((table, key, content): (&str, &str, &str), value: &str) -> Vec<(String, String)> {
    let what = |done: &str| format!("{table} {value} {done}");
    let nobody = format!("{value}x");
    let exchange = format!(
        "CREATE TABLE other AS SELECT min({key}) AS it FROM kept_{table} WHERE {content} NOT IN \
         (SELECT {content} FROM kept_{table} WHERE {key} = '{value}'); \
         UPDATE {table} SET {key} = 'x' WHERE {key} = '{value}'; \
         UPDATE {table} SET {key} = '{value}' WHERE {key} = (SELECT it FROM other); \
         UPDATE {table} SET {key} = (SELECT it FROM other) WHERE {key} = 'x'; DROP TABLE other"
    );
    let add = format!(
        "CREATE TABLE one AS SELECT * FROM {table} WHERE {key} = '{value}'; \
         UPDATE one SET {key} = '{nobody}'; INSERT INTO {table} SELECT * FROM one; DROP TABLE one"
    );
    let mut all = vec![
        (
            what("taken away"),
            format!("DELETE FROM {table} WHERE {key} = '{value}'"),
        ),
        (what("added once more"), add),
    ];
    // Those are nothing but their keys.
    if !["delegation", "recipient"].contains(&table) {
        all.push((what("exchanged with another"), exchange));
    }
    all
}

/// Keys of the rows that may go; without its own nobody could ask.
async fn keys(exchange: &Exchange, table: &str, key: &str) -> Vec<String> {
    let id = |name: &str| name.rsplit('/').next().unwrap().to_owned();
    let own = match table {
        "credential" => format!("id <> '{}'", id(&exchange.officer.credential)),
        "setting" => format!("id <> '{}'", id(&exchange.officer.setting)),
        "setting_code" => format!("setting_id <> '{}'", id(&exchange.officer.setting)),
        _ => "true".to_owned(),
    };
    let as_bytes = if exchange.home.is_postgres() {
        format!("convert_to({key}, 'UTF8')")
    } else {
        format!("CAST({key} AS BLOB)")
    };
    let sql = format!("SELECT DISTINCT {as_bytes} FROM {table} WHERE {own}");
    let all = exchange.home.bytes(&sql).await.into_iter();
    all.map(|key| String::from_utf8(key).unwrap()).collect()
}

/// So many entries and so many rows of each table: each change is told, and none once it is undone.
pub(super) async fn rows_are_told(exchange: &Exchange, max: usize) {
    let size = if max == usize::MAX {
        ENTRIES
    } else {
        ENTRIES_BRIEF
    };
    prepared(exchange, size).await;
    // So that each table has rows to exchange.
    let of = exchange.open_move().await;
    let sender = exchange.person(&of.from, &[Role::Publisher]).await;
    sender
        .publish(submission(&of, typical(1, of.point)))
        .await
        .unwrap();
    let to = &exchange.academy;
    let told = exchange.officer.redirect(&of.name, to, "2026-03-09");
    told.await.unwrap();
    let (home, auditor) = (&exchange.home, Auditor::of(exchange, &exchange.officer));
    let whole = verified(&auditor).await;
    assert_eq!(whole.code, 0, "{}", whole.said);
    let begun = Begun::of(home).await;
    let mut changes = 0;
    let positions: Vec<u64> = some((0..size - 1).collect(), max);
    let entries = positions.into_iter().flat_map(|at| of_entry(at, size));
    let mut work = vec![("entry", entries.collect::<Vec<_>>())];
    for of in ACCESS {
        let (table, key, _) = of;
        let all = keys(exchange, table, key).await;
        assert!(all.len() > 1, "{table}: nothing to exchange");
        let changes = |value: &String| of_row(of, value);
        work.push((table, some(all, max).iter().flat_map(changes).collect()));
    }
    for (table, all) in work {
        let kept = Kept::of(home, table).await;
        for (what, sql) in all {
            home.tamper(&sql).await;
            let told = verified(&auditor).await;
            assert_ne!(told.code, 0, "not found: {what}");
            kept.undo().await;
            begun.back_after(changes).await;
            changes += 1;
        }
        kept.forget().await;
        let whole = verified(&auditor).await;
        assert_eq!(whole.code, 0, "{table} as it was: {}", whole.said);
    }
    println!(
        "figures: tampering: seed={} entries={size} changes of whole rows={changes}",
        seed()
    );
}

/// Everything that says how far a ledger has come.
const END: [&str; 3] = ["entry", "tile", "head"];

/// Cut short, it does not hold. Set back with an old signature it does, until somebody asks who saw
/// it before: here one who has an export.
pub(super) async fn ends_are_told(exchange: &Exchange, times: usize) {
    prepared(exchange, ENTRIES_BRIEF).await;
    let (home, auditor) = (&exchange.home, Auditor::of(exchange, &exchange.officer));
    let mut dice = Dice::of(seed(), 2);
    for _ in 0..times {
        let mut earlier = Vec::new();
        for table in END {
            earlier.push(Kept::of(home, table).await);
        }
        let old = exchange.size();
        filled_to(exchange, old + 1 + dice.below(40) as u64).await;
        auditor.exported().await;

        let entries = Kept::under(home, "entry", "later").await;
        let cut = old - dice.below(200) as u64;
        home.tamper(&format!("DELETE FROM entry WHERE position >= {cut}"))
            .await;
        let told = verified(&auditor).await;
        assert_ne!(told.code, 0, "not found: cut short at {cut}");
        entries.undo().await;
        entries.forget().await;

        for table in &earlier {
            table.set_back().await;
        }
        let set_back = auditor.audit(&["export", "ledger"]).await;
        assert_eq!(set_back.code, 1, "set back to {old}: {}", set_back.said);
        filled_to(exchange, old + 100).await;
        let forked = auditor.audit(&["export", "ledger"]).await;
        assert_eq!(forked.code, 1, "forked at {old}: {}", forked.said);
        std::fs::remove_dir_all(auditor.path("ledger")).unwrap();
        for table in earlier {
            table.forget().await;
        }
    }
    println!(
        "figures: tampering: seed={} cut short, set back and forked={times}",
        seed()
    );
}
