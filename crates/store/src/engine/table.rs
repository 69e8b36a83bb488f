//! A table described once: its row type, its statements, its commitment.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use baton_domain::log::canonical::Json;

use super::value::{Inconsistent, Type, Value};

/// Numbers of rows a statement is prepared for. More rows take several statements; between two
/// rungs a list of keys is filled up with its last one.
pub(crate) const LADDER: [usize; 5] = [1, 4, 16, 64, 256];

/// A row type and the table it lives in.
pub(crate) trait Table: Clone + Send + Sync + 'static {
    const NAME: &'static str;
    const KEY: &'static [&'static str];
    const COLUMNS: &'static [(&'static str, Type)];
    /// Rows decide about access: every change of one is committed to in the entry that made it.
    const ACCESS: bool;
    /// Rows are inserted and never replaced: a second one with the same key is an error.
    const ONCE: bool = false;

    fn key(&self) -> String;
    fn values(self) -> Vec<Value>;
    fn from_values(values: Vec<Value>) -> Result<Self, Inconsistent>;
    fn json(&self) -> BTreeMap<String, Json>;
    fn statements() -> &'static Statements;

    /// What an entry says about this row: SHA-256 over table name and canonical JSON.
    fn commitment(&self) -> [u8; 32] {
        let mut bytes = format!("baton/row/v1\n{}\n", Self::NAME).into_bytes();
        bytes.extend(Json::Obj(self.json()).to_bytes());
        let mut out = [0; 32];
        out.copy_from_slice(digest(&SHA256, &bytes).as_ref());
        out
    }
}

/// One statement, its values in the order they are written in. SQLite's gives them no numbers:
/// those are names to it, and looking up four thousand names costs more than binding the values.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Statement {
    pub(crate) sqlite: &'static str,
    pub(crate) postgres: &'static str,
}

impl Statement {
    /// Of a text whose `$1, $2, …` each stand once and in order.
    pub(crate) fn new(text: String) -> Self {
        let mut plain = String::with_capacity(text.len());
        let mut parts = text.split('$');
        plain.extend(parts.next());
        for part in parts {
            plain.push('?');
            plain.push_str(part.trim_start_matches(|digit: char| digit.is_ascii_digit()));
        }
        Self {
            sqlite: leak(plain),
            postgres: leak(text),
        }
    }
}

/// A text that both engines read as it stands.
impl From<&'static str> for Statement {
    fn from(text: &'static str) -> Self {
        Self {
            sqlite: text,
            postgres: text,
        }
    }
}

/// The texts of one table's statements, made once and kept for the life of the process.
#[derive(Debug)]
pub(crate) struct Statements {
    /// Insert n rows, or replace them where the table allows it, for each rung.
    upsert: Vec<Statement>,
    /// Rows by a column, for each rung.
    by: BTreeMap<&'static str, Vec<Statement>>,
    /// Rows whose first key column holds one of the keys go, for each rung.
    delete: Vec<Statement>,
    /// Rows after a key, in order of the key.
    page: Statement,
    /// How many rows there are.
    count: Statement,
}

impl Statements {
    /// `looked_up` names the columns rows are fetched by.
    pub(crate) fn new<T: Table>(looked_up: &[&'static str]) -> Self {
        let upsert = LADDER
            .iter()
            .map(|rows| Statement::new(upsert_text::<T>(*rows)))
            .collect();
        let by = looked_up
            .iter()
            .map(|column| {
                (
                    *column,
                    LADDER
                        .iter()
                        .map(|n| Statement::new(by_text::<T>(column, *n)))
                        .collect(),
                )
            })
            .collect();
        let delete = LADDER
            .iter()
            .map(|keys| Statement::new(delete_text::<T>(*keys)))
            .collect();
        Self {
            upsert,
            by,
            delete,
            page: Statement::new(page_text::<T>()),
            count: Statement::new(format!("SELECT count(*) FROM {}", T::NAME)),
        }
    }

    pub(crate) fn upsert(&self, rung: usize) -> Statement {
        self.upsert[rung]
    }

    /// None when the table is not looked up by that column.
    pub(crate) fn by(&self, column: &str, rung: usize) -> Option<Statement> {
        self.by
            .get(column)
            .and_then(|texts| texts.get(rung))
            .copied()
    }

    pub(crate) fn delete(&self, rung: usize) -> Statement {
        self.delete[rung]
    }

    pub(crate) fn page(&self) -> Statement {
        self.page
    }

    pub(crate) fn count(&self) -> Statement {
        self.count
    }

    /// All of them, for the test that prepares every statement on both engines.
    #[cfg(test)]
    pub(crate) fn all(&self) -> impl Iterator<Item = Statement> + '_ {
        let by = self.by.values().flatten();
        self.upsert
            .iter()
            .chain(by)
            .chain(&self.delete)
            .copied()
            .chain([self.page, self.count])
    }
}

fn leak(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

fn column_list<T: Table>() -> String {
    T::COLUMNS
        .iter()
        .map(|(name, _)| *name)
        .collect::<Vec<_>>()
        .join(", ")
}

fn upsert_text<T: Table>(rows: usize) -> String {
    let width = T::COLUMNS.len();
    let tuples = (0..rows)
        .map(|row| format!("({})", binds(row * width + 1, width)))
        .collect::<Vec<_>>();
    let changed = T::COLUMNS
        .iter()
        .filter(|(name, _)| !T::KEY.contains(name))
        .map(|(name, _)| format!("{name} = excluded.{name}"))
        .collect::<Vec<_>>();
    let insert = format!(
        "INSERT INTO {} ({}) VALUES {}",
        T::NAME,
        column_list::<T>(),
        tuples.join(", ")
    );
    if T::ONCE {
        return insert;
    }
    let action = if changed.is_empty() {
        "DO NOTHING".to_owned()
    } else {
        format!("DO UPDATE SET {}", changed.join(", "))
    };
    format!("{insert} ON CONFLICT ({}) {action}", T::KEY.join(", "))
}

fn by_text<T: Table>(column: &str, keys: usize) -> String {
    let binds = binds(1, keys);
    format!(
        "SELECT {} FROM {} WHERE {column} IN ({binds})",
        column_list::<T>(),
        T::NAME
    )
}

fn delete_text<T: Table>(keys: usize) -> String {
    format!(
        "DELETE FROM {} WHERE {} IN ({})",
        T::NAME,
        T::KEY[0],
        binds(1, keys)
    )
}

fn page_text<T: Table>() -> String {
    let key = T::KEY.join(", ");
    let limit = T::KEY.len() + 1;
    format!(
        "SELECT {} FROM {} WHERE ({key}) > ({}) ORDER BY {key} LIMIT ${limit}",
        column_list::<T>(),
        T::NAME,
        binds(1, T::KEY.len()),
    )
}

/// `$first, …`, `count` of them.
fn binds(first: usize, count: usize) -> String {
    (first..first + count)
        .map(|n| format!("${n}"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Index of the smallest rung that holds `n`, or the top rung.
pub(crate) fn rung(n: usize) -> usize {
    LADDER
        .iter()
        .position(|size| *size >= n)
        .unwrap_or(LADDER.len() - 1)
}

/// Declares a row struct and everything that follows from its columns.
macro_rules! table {
    (
        $(#[$meta:meta])*
        $name:ident in $table:literal key($($key:ident),+) by($($by:ident),*) access($access:literal)
        $(once($once:literal))? {
            $($(#[$column_meta:meta])* $column:ident: $type:ty),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub(crate) struct $name {
            $($(#[$column_meta])* pub(crate) $column: $type),+
        }

        impl $crate::engine::table::Table for $name {
            const NAME: &'static str = $table;
            const KEY: &'static [&'static str] = &[$(stringify!($key)),+];
            const COLUMNS: &'static [(&'static str, $crate::engine::value::Type)] = &[
                $((stringify!($column), <$type as $crate::engine::value::Column>::TYPE)),+
            ];
            const ACCESS: bool = $access;
            $(const ONCE: bool = $once;)?

            fn key(&self) -> String {
                [$($crate::engine::table::key_part(&self.$key)),+].join("/")
            }

            fn values(self) -> Vec<$crate::engine::value::Value> {
                vec![$($crate::engine::value::Column::into_value(self.$column)),+]
            }

            fn from_values(
                values: Vec<$crate::engine::value::Value>,
            ) -> Result<Self, $crate::engine::value::Inconsistent> {
                let mut values = values.into_iter();
                Ok(Self {
                    $($column: $crate::engine::value::Column::from_value(
                        values.next().ok_or($crate::engine::value::Inconsistent)?,
                    )?),+
                })
            }

            fn json(&self) -> std::collections::BTreeMap<String, baton_domain::log::canonical::Json> {
                std::collections::BTreeMap::from([
                    $((
                        stringify!($column).to_owned(),
                        $crate::engine::value::Column::json(&self.$column),
                    )),+
                ])
            }

            fn statements() -> &'static $crate::engine::table::Statements {
                static STATEMENTS: std::sync::LazyLock<$crate::engine::table::Statements> =
                    std::sync::LazyLock::new(|| {
                        $crate::engine::table::Statements::new::<$name>(&[$(stringify!($by)),*])
                    });
                &STATEMENTS
            }
        }
    };
}
pub(crate) use table;

/// One part of a row's key as text.
pub(crate) fn key_part<C: super::value::Column>(column: &C) -> String {
    match column.json() {
        Json::Str(text) => text,
        Json::Int(number) => number.to_string(),
        _ => String::new(),
    }
}
