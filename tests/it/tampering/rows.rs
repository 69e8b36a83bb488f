//! Every byte of every row value: one byte of all rows of a table at a time, since each row has to
//! be told by itself.

use baton_wire::v1::{self, Role};

use super::column::{Column, columns};
use super::shape::Begun;
use super::{BRIEF, ENTRIES, ENTRIES_BRIEF, faults, some, verified};
use crate::agreements::with_agreements;
use crate::chance::seed;
use crate::decisions::with_decisions;
use crate::export::{Auditor, filled_to};
use crate::family::with_families;
use crate::friends::with_classmates;
use crate::harness::*;
use crate::ledger::{a_day, with_a_document, with_a_vendor};

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
        ("agreement", "1 = 1".to_owned()),
        ("setting", format!("id <> '{council}'")),
        ("setting_code", format!("setting_id <> '{council}'")),
        ("transition", "1 = 1".to_owned()),
        ("recipient", "1 = 1".to_owned()),
        ("delegation", "1 = 1".to_owned()),
        ("sent_without", "1 = 1".to_owned()),
        ("sharing", "1 = 1".to_owned()),
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
    // A fault names a tile, not the hashes in it.
    for idx in 0..size / 256 {
        let tiles = columns(home, "tile", &format!("level = 1 AND idx = {idx}")).await;
        all.extend(tiles.into_iter().filter(|column| column.name == "hash"));
    }
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
    some(places, if all { usize::MAX } else { BRIEF })
}

pub(super) async fn prepared(exchange: &Exchange, size: u64) {
    a_day(exchange).await;
    with_a_document(exchange).await;
    with_a_vendor(exchange).await;
    with_decisions(exchange).await;
    with_agreements(exchange).await;
    with_classmates(exchange).await;
    with_families(exchange).await;
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
pub(super) async fn rows_are_told(exchange: &Exchange, all: bool) {
    let size = if all { ENTRIES } else { ENTRIES_BRIEF };
    prepared(exchange, size).await;
    let (home, auditor) = (&exchange.home, Auditor::of(exchange, &exchange.officer));
    let whole = verified(&auditor).await;
    assert_eq!(whole.code, 0, "{}", whole.said);
    let begun = Begun::of(home).await;
    let places = places(home, verified_columns(exchange, size).await, all).await;
    let (mut flips, mut unread, mut clean) = (0, 0, 0);
    for (turn, (column, at)) in places.iter().enumerate() {
        let rows = column.rows_with(home, *at).await;
        home.tamper(&column.flip(home, *at)).await;
        let told = verified(&auditor).await;
        let what = format!(
            "byte {at} of {}.{} in {rows} rows",
            column.table, column.name
        );
        assert!(told.code != 0 || rows == 0, "not found: {what}");
        match faults(&told) {
            Some(faults) => assert!(faults >= rows, "{what}: {faults} faults: {}", told.said),
            // A row that makes no sense ends the reading.
            None => unread += 1,
        }
        flips += rows;
        home.tamper(&column.flip(home, *at)).await;
        if turn % 50 == 49 {
            let whole = verified(&auditor).await;
            assert_eq!(whole.code, 0, "a false alarm after {what}: {}", whole.said);
            clean += 1;
        }
        begun.back_after(turn).await;
    }
    let whole = verified(&auditor).await;
    assert_eq!(whole.code, 0, "as it was: {}", whole.said);
    println!(
        "figures: tampering: seed={} entries={size} places={} flips={flips} unread={unread} clean={clean}",
        seed(),
        places.len(),
    );
}

/// Content that was changed is opened for nobody.
pub(super) async fn content_is_closed(exchange: &Exchange, all: bool) {
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
