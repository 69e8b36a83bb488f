//! Columns of tables, and one byte of them flipped in many rows at once.

use crate::harness::*;

/// A column, and which of its rows are flipped.
#[derive(Clone)]
pub(super) struct Column {
    pub(super) table: &'static str,
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) rows: String,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Blob,
    Text,
    Int,
}

/// Columns rows are found by: flipped in the lowest bit, one number would be its neighbour's.
const KEYS: [&str; 5] = ["id", "code", "transition_id", "setting_id", "kind"];
/// Bytes of a whole number.
const INT_BYTES: i64 = 8;

impl Column {
    /// The most bytes a row has here.
    pub(super) async fn length(&self, home: &Home) -> i64 {
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
    pub(super) fn flip(&self, home: &Home, at: i64) -> String {
        let Self { table, name, .. } = self;
        let (bytes, has) = (self.bytes(home), self.has(home, at));
        let flipped = match (self.kind, home.is_postgres()) {
            (Kind::Int, postgres) => {
                let bit = i64::from(self.bit()) << (8 * at);
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

    pub(super) async fn rows_with(&self, home: &Home, at: i64) -> i64 {
        let has = self.has(home, at);
        let sql = format!("SELECT count(*) FROM {} WHERE {has}", self.table);
        home.count(&sql).await
    }
}

/// Every column of a table.
pub(super) async fn columns(home: &Home, table: &'static str, rows: &str) -> Vec<Column> {
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
