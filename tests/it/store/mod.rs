//! The store, the same on SQLite and on PostgreSQL.

mod audit;
mod inbox;
mod lease;
mod operations;
mod outbox;
mod properties;

/// Runs each test on both databases.
macro_rules! on_both {
    ($($(#[$attribute:meta])* async fn $name:ident($database:ident: Database) $body:block)*) => {
        $($(#[$attribute])* async fn $name($database: crate::harness::database::Database) $body)*

        mod sqlite {
            use crate::harness::database::{Database, Kind};
            $(#[tokio::test] async fn $name() { super::$name(Database::fresh(Kind::Sqlite).await).await; })*
        }

        mod postgres {
            use crate::harness::database::{Database, Kind};
            $(#[tokio::test] async fn $name() { super::$name(Database::fresh(Kind::Postgres).await).await; })*
        }
    };
}
use on_both;
pub(crate) use operations::operation;

/// Events of one room, by number.
fn events(numbers: &[u32]) -> Vec<(String, String, String)> {
    numbers
        .iter()
        .map(|n| (format!("$e{n}"), "!room:lab.local".to_owned(), format!("{{\"n\":{n}}}")))
        .collect()
}
