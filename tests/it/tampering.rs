//! Every byte of every row value flipped in turn: one byte of all rows of a table at a time, since
//! each row has to be told by itself. In the campaign all of them, elsewhere a few by chance.

use std::path::PathBuf;
use std::process::Command;

use baton_wire::v1::{self, Role};
use serde_json::Value;

use crate::campaign::wanted;
use crate::chance::{Dice, seed};
use crate::export::filled_to;
use crate::harness::*;
use crate::ledger::{a_day, with_a_document};

/// Entries the campaign has; elsewhere fewer will do.
const ENTRIES: u64 = 1_000;
const ENTRIES_BRIEF: u64 = 300;
/// Bytes that are flipped where it is no campaign.
const BRIEF: usize = 40;
/// Clean checks of the campaign.
const CLEAN: usize = 10_000;

/// A column, and which of its rows are flipped.
#[derive(Clone)]
struct Column {
    table: &'static str,
    name: String,
    kind: Kind,
    rows: String,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Blob,
    Text,
    Int,
}

/// Columns rows are found by: flipped in the lowest bit, one number would be its neighbour's.
const KEYS: [&str; 4] = ["id", "code", "transition_id", "setting_id"];
/// Bytes of a whole number.
const INT_BYTES: i64 = 8;

impl Column {
    /// The most bytes a row has here.
    async fn length(&self, home: &Home) -> i64 {
        let Self {
            table, name, rows, ..
        } = self;
        if self.kind == Kind::Int {
            return INT_BYTES;
        }
        let bytes = self.bytes(home);
        let sql = format!(
            "SELECT CAST(COALESCE(MAX(length({bytes})), 0) AS BIGINT) FROM {table} WHERE {rows} AND {name} IS NOT NULL"
        );
        home.count(&sql).await
    }

    fn bytes(&self, home: &Home) -> String {
        match (self.kind, home.is_postgres()) {
            (Kind::Text, true) => format!("convert_to({}, 'UTF8')", self.name),
            (_, true) => self.name.clone(),
            (_, false) => format!("CAST({} AS BLOB)", self.name),
        }
    }

    fn bit(&self) -> u8 {
        if KEYS.contains(&self.name.as_str()) {
            64
        } else {
            1
        }
    }

    /// One bit of one byte, in every row that has so many; done twice it is undone.
    fn flip(&self, home: &Home, at: i64) -> String {
        let Self { table, name, .. } = self;
        let (bytes, has) = (self.bytes(home), self.has(home, at));
        let flipped = match (self.kind, home.is_postgres()) {
            (Kind::Int, postgres) => {
                let bit = 1_i64 << (8 * at);
                if postgres {
                    format!("{name} # {bit}")
                } else {
                    format!("({name} | {bit}) - ({name} & {bit})")
                }
            }
            (kind, true) => {
                let bit = self.bit();
                let set = format!("set_byte({bytes}, {at}, get_byte({bytes}, {at}) # {bit})");
                if kind == Kind::Text {
                    format!("convert_from({set}, 'UTF8')")
                } else {
                    set
                }
            }
            (kind, false) => {
                let bit = self.bit();
                let other = format!(
                    "(SELECT other{bit} FROM flip WHERE one = substr({bytes}, {at} + 1, 1))"
                );
                let to = if kind == Kind::Text { "TEXT" } else { "BLOB" };
                format!(
                    "CAST(substr({bytes}, 1, {at}) || {other} || substr({bytes}, {at} + 2) AS {to})"
                )
            }
        };
        format!("UPDATE {table} SET {name} = {flipped} WHERE {has}")
    }

    fn has(&self, home: &Home, at: i64) -> String {
        let Self { name, rows, .. } = self;
        match self.kind {
            Kind::Int => format!("{rows} AND {name} IS NOT NULL"),
            _ => format!("{rows} AND length({}) > {at}", self.bytes(home)),
        }
    }

    async fn rows_with(&self, home: &Home, at: i64) -> i64 {
        let has = self.has(home, at);
        let sql = format!("SELECT count(*) FROM {} WHERE {has}", self.table);
        home.count(&sql).await
    }
}

/// Every column of a table.
async fn columns(home: &Home, table: &'static str, rows: &str) -> Vec<Column> {
    let sql = if home.is_postgres() {
        format!(
            "SELECT convert_to(column_name || ' ' || upper(data_type), 'UTF8') \
             FROM information_schema.columns WHERE table_name = '{table}'"
        )
    } else {
        format!("SELECT CAST(name || ' ' || type AS BLOB) FROM pragma_table_info('{table}')")
    };
    let all = home.bytes(&sql).await.into_iter().map(|line| {
        let line = String::from_utf8(line).unwrap();
        let (name, kind) = line.split_once(' ').unwrap();
        Column {
            table,
            name: name.to_owned(),
            kind: match kind {
                "TEXT" => Kind::Text,
                "BLOB" | "BYTEA" => Kind::Blob,
                "INTEGER" | "BIGINT" => Kind::Int,
                other => panic!("{table}.{name} is {other}"),
            },
            rows: rows.to_owned(),
        }
    });
    all.collect()
}

/// What the program says of a ledger.
struct Told {
    whole: bool,
    /// None where it could not be read to its end.
    faults: Option<i64>,
    said: String,
}

/// Runs `baton audit verify`, of the service or of a folder.
struct Auditor {
    connection: PathBuf,
    _folder: tempfile::TempDir,
}

impl Auditor {
    fn of(exchange: &Exchange) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let connection = exchange.officer.connection(&exchange.door, folder.path());
        Self {
            connection,
            _folder: folder,
        }
    }

    async fn run(&self, line: &[&str]) -> Told {
        let mut command = Command::new(program());
        command
            .arg("--json")
            .arg("--connection")
            .arg(&self.connection);
        command.arg("audit").args(line);
        let output = tokio::task::spawn_blocking(move || command.output());
        let output = output.await.unwrap().unwrap();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        let lines = said.lines();
        let values = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let mut sums = values.filter_map(|line| line["summary"]["faults"].as_i64());
        Told {
            whole: output.status.success(),
            faults: sums.next(),
            said,
        }
    }

    async fn verify(&self) -> Told {
        self.run(&["verify", "--state"]).await
    }
}

/// The columns a verifier reads. What the auditor itself is known by is left: without it nobody
/// could ask.
async fn verified_columns(exchange: &Exchange, size: u64) -> Vec<Column> {
    let home = &exchange.home;
    let id = |name: &str| name.rsplit('/').next().unwrap().to_owned();
    let (officer, council) = (
        id(&exchange.officer.credential),
        id(&exchange.officer.setting),
    );
    let others = [
        ("credential", format!("id <> '{officer}'")),
        ("setting", format!("id <> '{council}'")),
        ("setting_code", format!("setting_id <> '{council}'")),
        ("transition", "1 = 1".to_owned()),
        ("recipient", "1 = 1".to_owned()),
        ("profile", "1 = 1".to_owned()),
        ("document", "1 = 1".to_owned()),
        ("chunk", "1 = 1".to_owned()),
    ];
    let mut all = Vec::new();
    for (table, rows) in others {
        all.extend(columns(home, table, &rows).await);
    }
    let entries = columns(home, "entry", &format!("position < {size}")).await;
    all.extend(
        entries
            .into_iter()
            .filter(|column| column.name != "position"),
    );
    let tiles = columns(home, "tile", &format!("(idx + 1) * 256 <= {size}")).await;
    all.extend(tiles.into_iter().filter(|column| column.name == "hash"));
    all
}

/// Bytes to flip: all, or some by chance.
async fn places(home: &Home, columns: Vec<Column>, all: bool) -> Vec<(Column, i64)> {
    let mut places = Vec::new();
    for column in columns {
        for at in 0..column.length(home).await {
            places.push((column.clone(), at));
        }
    }
    if !all {
        let mut dice = Dice::of(seed(), 0);
        while places.len() > BRIEF {
            places.swap_remove(dice.below(places.len()));
        }
    }
    places
}

async fn prepared(exchange: &Exchange, size: u64) {
    a_day(exchange).await;
    with_a_document(exchange).await;
    filled_to(exchange, size).await;
    if !exchange.home.is_postgres() {
        let pairs = (0..=255_u8)
            .map(|byte| format!("(X'{byte:02x}', X'{:02x}', X'{:02x}')", byte ^ 1, byte ^ 64));
        let pairs = pairs.collect::<Vec<_>>().join(", ");
        let table = "CREATE TABLE flip (one BLOB PRIMARY KEY, other1 BLOB, other64 BLOB)";
        exchange
            .home
            .tamper(&format!("{table}; INSERT INTO flip VALUES {pairs}"))
            .await;
    }
}

/// Flips one byte of every row at a time; the verifier has to tell every one of them.
async fn rows_are_told(exchange: &Exchange, all: bool) {
    let size = if all { ENTRIES } else { ENTRIES_BRIEF };
    prepared(exchange, size).await;
    let (home, auditor) = (&exchange.home, Auditor::of(exchange));
    let whole = auditor.verify().await;
    assert!(whole.whole, "{}", whole.said);
    let places = places(home, verified_columns(exchange, size).await, all).await;
    let (mut flips, mut unread, mut clean) = (0, 0, 0);
    for (turn, (column, at)) in places.iter().enumerate() {
        let rows = column.rows_with(home, *at).await;
        home.tamper(&column.flip(home, *at)).await;
        let told = auditor.verify().await;
        let what = format!(
            "byte {at} of {}.{} in {rows} rows",
            column.table, column.name
        );
        assert!(!told.whole || rows == 0, "not found: {what}");
        match told.faults {
            Some(faults) => assert!(faults >= rows, "{what}: {faults} faults: {}", told.said),
            // A row that makes no sense ends the reading.
            None => unread += 1,
        }
        flips += rows;
        home.tamper(&column.flip(home, *at)).await;
        if turn % 50 == 49 {
            let whole = auditor.verify().await;
            assert!(whole.whole, "a false alarm after {what}: {}", whole.said);
            clean += 1;
        }
    }
    let whole = auditor.verify().await;
    assert!(whole.whole, "as it was: {}", whole.said);
    println!(
        "figures: tampering: seed={} entries={size} places={} flips={flips} unread={unread} clean={clean}",
        seed(),
        places.len(),
    );
}

/// Content that was changed is opened for nobody.
async fn content_is_closed(exchange: &Exchange, all: bool) {
    prepared(exchange, 0).await;
    let home = &exchange.home;
    let of = exchange.open_move().await;
    let sender = exchange.person(&of.from, &[Role::Publisher]).await;
    let name = sender
        .publish(submission(&of, typical(1, of.point)))
        .await
        .unwrap()
        .name;
    let id = name.rsplit('/').next().unwrap();
    let rows = format!("content_id = (SELECT content_id FROM profile WHERE id = '{id}')");
    let held = sender.get(&name).await.unwrap().kinds;
    let columns = columns(home, "content", &rows).await.into_iter();
    let columns = columns
        .filter(|column| column.name != "content_id")
        .collect();
    let places = places(home, columns, all).await;
    let mut flips = 0;
    for (column, at) in &places {
        let mut changed = Vec::new();
        for kind in &held {
            let only = Column {
                rows: format!("{rows} AND kind = {kind}"),
                ..column.clone()
            };
            if only.rows_with(home, *at).await > 0 {
                changed.push(v1::SectionKind::try_from(*kind).unwrap());
            }
        }
        home.tamper(&column.flip(home, *at)).await;
        for kind in &changed {
            let told = sender.get_only(&name, &[*kind]).await;
            let what = format!("byte {at} of content.{} of {kind:?}", column.name);
            assert!(told.is_err(), "opened all the same: {what}");
        }
        flips += changed.len();
        home.tamper(&column.flip(home, *at)).await;
    }
    sender.get(&name).await.expect("as it was");
    println!("figures: tampering: content: seed={} flips={flips}", seed());
}

/// No check of what nobody changed gives an alarm.
async fn nothing_is_told_of_nothing(exchange: &Exchange, checks: usize) {
    a_day(exchange).await;
    filled_to(exchange, ENTRIES_BRIEF).await;
    let mut dice = Dice::of(seed(), 1);
    for _ in 0..checks {
        exchange.prove_by_chance(|below| dice.below(below)).await;
    }
    println!("figures: tampering: seed={} clean checks={checks}", seed());
}

on_both_engines! {
    async fn a_flipped_byte_of_any_row_is_told(exchange) {
        rows_are_told(exchange, false).await;
    }

    async fn a_flipped_byte_of_content_closes_it(exchange) {
        content_is_closed(exchange, false).await;
    }

    async fn proofs_of_an_untouched_ledger_hold(exchange) {
        nothing_is_told_of_nothing(exchange, 100).await;
    }

    async fn campaign_tampering_with_every_byte_of_rows(exchange) {
        if wanted() {
            rows_are_told(exchange, true).await;
        }
    }

    async fn campaign_tampering_with_every_byte_of_content(exchange) {
        if wanted() {
            content_is_closed(exchange, true).await;
        }
    }

    async fn campaign_tampering_false_alarms(exchange) {
        if wanted() {
            nothing_is_told_of_nothing(exchange, CLEAN).await;
        }
    }
}
