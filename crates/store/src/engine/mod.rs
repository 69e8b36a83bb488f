//! The two engines behind one set of SQL texts.
//!
//! Not sqlx's `Any` driver: it keeps 100 statements a connection where we need some two hundred,
//! takes its options from URLs only, and copies every value (ADR 0002). A connection here is one
//! of two concrete types, and the only code written twice is stamped out by one macro.

pub(crate) mod dialect;
mod rewrite;
pub(crate) mod table;
#[cfg(test)]
mod tests;
pub(crate) mod value;

use sqlx::pool::PoolConnection;
use sqlx::{AssertSqlSafe, Database, Executor, Postgres, Row as _, Sqlite};

pub(crate) use dialect::Db;
use table::{LADDER, Statement, Table, rung};
use value::{Type, Value};

use crate::error::StoreError;

/// A transaction on either engine. Only the ledger holds one, and only it commits.
pub(crate) enum Tx {
    Sqlite(Begun<Sqlite>),
    Postgres(Begun<Postgres>),
    /// No transaction: one statement that reads is one moment by itself, and saves two round trips.
    SqliteOnce(PoolConnection<Sqlite>),
    PostgresOnce(PoolConnection<Postgres>),
}

/// A connection with a transaction on it, kept by hand: one that was not given back in order is closed,
/// not used again.
///
/// Whoever waits for the beginning may go away meanwhile, and the engine begins all the same. sqlx's own
/// transaction takes a beginning it did not hear of for none: the connection goes back as it is, and who
/// gets it next looks into a transaction that never ends, or cannot begin. Nor does it know that an
/// engine whose disk is full may have rolled back by itself.
pub(crate) struct Begun<D: Database>(Option<PoolConnection<D>>);

impl<D: Database> Begun<D>
where
    for<'c> &'c mut D::Connection: Executor<'c, Database = D>,
{
    async fn begin(
        connection: PoolConnection<D>,
        begin: &'static str,
    ) -> Result<Self, sqlx::Error> {
        let mut begun = Self(Some(connection));
        begun.connection()?.execute(begin).await?;
        Ok(begun)
    }

    fn connection(&mut self) -> Result<&mut D::Connection, sqlx::Error> {
        self.0.as_deref_mut().ok_or(sqlx::Error::PoolClosed)
    }

    async fn end(mut self, end: &'static str) -> Result<(), sqlx::Error> {
        self.connection()?.execute(end).await?;
        drop(self.0.take());
        Ok(())
    }
}

impl<D: Database> Drop for Begun<D> {
    fn drop(&mut self) {
        if let Some(mut connection) = self.0.take() {
            connection.close_on_drop();
        }
    }
}

macro_rules! statements {
    ($fetch:ident, $execute:ident, $database:ty) => {
        async fn $fetch(
            conn: &mut <$database as sqlx::Database>::Connection,
            sql: &'static str,
            args: Vec<Value>,
            types: &[Type],
        ) -> Result<Vec<Vec<Value>>, sqlx::Error> {
            let mut query = sqlx::query::<$database>(AssertSqlSafe(sql));
            for arg in args {
                query = match arg {
                    Value::Text(v) => query.bind(v),
                    Value::Int(v) => query.bind(v),
                    Value::Blob(v) => query.bind(v),
                };
            }
            let rows = query.fetch_all(conn).await?;
            rows.iter()
                .map(|row| {
                    types
                        .iter()
                        .enumerate()
                        .map(|(index, kind)| {
                            Ok(match kind {
                                Type::Text => Value::Text(row.try_get(index)?),
                                Type::Int => Value::Int(row.try_get(index)?),
                                Type::Blob => Value::Blob(row.try_get(index)?),
                            })
                        })
                        .collect()
                })
                .collect()
        }

        async fn $execute(
            conn: &mut <$database as sqlx::Database>::Connection,
            sql: &'static str,
            args: Vec<Value>,
        ) -> Result<u64, sqlx::Error> {
            let mut query = sqlx::query::<$database>(AssertSqlSafe(sql));
            for arg in args {
                query = match arg {
                    Value::Text(v) => query.bind(v),
                    Value::Int(v) => query.bind(v),
                    Value::Blob(v) => query.bind(v),
                };
            }
            Ok(query.execute(conn).await?.rows_affected())
        }
    };
}
statements!(fetch_sqlite, execute_sqlite, Sqlite);
statements!(fetch_postgres, execute_postgres, Postgres);

#[cfg(test)]
thread_local! {
    /// Statements this thread has asked for in transactions: a look beside them holds no lock.
    static STATEMENTS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

impl Tx {
    /// Rows of a statement whose columns have the given types.
    pub(crate) async fn fetch(
        &mut self,
        statement: impl Into<Statement>,
        args: Vec<Value>,
        types: &[Type],
    ) -> Result<Vec<Vec<Value>>, StoreError> {
        #[cfg(test)]
        self.count();
        let Statement { sqlite, postgres } = statement.into();
        Ok(match self {
            Tx::Sqlite(tx) => fetch_sqlite(tx.connection()?, sqlite, args, types).await?,
            Tx::Postgres(tx) => fetch_postgres(tx.connection()?, postgres, args, types).await?,
            Tx::SqliteOnce(one) => fetch_sqlite(one, sqlite, args, types).await?,
            Tx::PostgresOnce(one) => fetch_postgres(one, postgres, args, types).await?,
        })
    }

    /// Number of rows a statement changed.
    pub(crate) async fn execute(
        &mut self,
        statement: impl Into<Statement>,
        args: Vec<Value>,
    ) -> Result<u64, StoreError> {
        #[cfg(test)]
        self.count();
        let Statement { sqlite, postgres } = statement.into();
        Ok(match self {
            Tx::Sqlite(tx) => execute_sqlite(tx.connection()?, sqlite, args).await?,
            Tx::Postgres(tx) => execute_postgres(tx.connection()?, postgres, args).await?,
            Tx::SqliteOnce(_) | Tx::PostgresOnce(_) => return Err(StoreError::Unprepared("write")),
        })
    }

    #[cfg(test)]
    fn count(&self) {
        let locked = matches!(self, Tx::Sqlite(_) | Tx::Postgres(_));
        STATEMENTS.set(STATEMENTS.get() + usize::from(locked));
    }

    /// Rows of a table whose column holds one of the keys.
    pub(crate) async fn rows_by<T: Table>(
        &mut self,
        column: &'static str,
        keys: Vec<Value>,
    ) -> Result<Vec<T>, StoreError> {
        let types: Vec<Type> = T::COLUMNS.iter().map(|(_, kind)| *kind).collect();
        let mut found = Vec::new();
        for chunk in keys.chunks(LADDER[LADDER.len() - 1]) {
            let step = rung(chunk.len());
            let sql = T::statements()
                .by(column, step)
                .ok_or(StoreError::Unprepared(T::NAME))?;
            let mut args = chunk.to_vec();
            if let Some(last) = args.last().cloned() {
                args.resize(LADDER[step], last);
            }
            for values in self.fetch(sql, args, &types).await? {
                found.push(T::from_values(values).map_err(|_| StoreError::Row(T::NAME))?);
            }
        }
        Ok(found)
    }

    /// Inserts rows, or replaces them where the table allows it, as few statements as the ladder
    /// allows.
    pub(crate) async fn upsert<T: Table>(&mut self, rows: Vec<T>) -> Result<(), StoreError> {
        let mut rows = rows.into_iter();
        let mut left = rows.len();
        while left > 0 {
            // Downwards: the largest rung that is full.
            let step = LADDER.iter().rposition(|size| *size <= left).unwrap_or(0);
            let mut args = Vec::with_capacity(LADDER[step] * T::COLUMNS.len());
            for row in rows.by_ref().take(LADDER[step]) {
                args.extend(row.values());
            }
            left -= LADDER[step];
            self.execute(T::statements().upsert(step), args).await?;
        }
        Ok(())
    }

    /// Rows whose first key column holds one of the keys go.
    pub(crate) async fn delete<T: Table>(&mut self, keys: Vec<Value>) -> Result<(), StoreError> {
        for chunk in keys.chunks(LADDER[LADDER.len() - 1]) {
            let step = rung(chunk.len());
            let mut args = chunk.to_vec();
            if let Some(last) = args.last().cloned() {
                args.resize(LADDER[step], last);
            }
            self.execute(T::statements().delete(step), args).await?;
        }
        Ok(())
    }

    /// Makes everything durable. An error here leaves the outcome unknown.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Tx::Sqlite(tx) => tx.end("COMMIT").await?,
            Tx::Postgres(tx) => tx.end("COMMIT").await?,
            Tx::SqliteOnce(_) | Tx::PostgresOnce(_) => {}
        }
        Ok(())
    }

    /// Gives everything back.
    pub(crate) async fn rollback(self) -> Result<(), StoreError> {
        match self {
            Tx::Sqlite(tx) => tx.end("ROLLBACK").await?,
            Tx::Postgres(tx) => tx.end("ROLLBACK").await?,
            Tx::SqliteOnce(_) | Tx::PostgresOnce(_) => {}
        }
        Ok(())
    }
}
