//! The record: a change, a gap, an addition or a cut end is found.

use futures_util::future::join_all;
use ralf::audit::{New, Verdict, verify};
use ralf::clock::Clock;
use ralf::store::Store;
use sqlx::{AnyPool, AssertSqlSafe};

use super::on_both;

async fn write(store: &Store, kind: &str) -> String {
    let mut tx = store.begin().await.expect("a write");
    let new = New { kind, operation: "abc", actor: "@admin:lab.local", event_id: "$e", detail: "why \"so\"" };
    let head = tx.audit(new).await.expect("noted");
    tx.commit().await.expect("committed");
    head
}

async fn sql(pool: &AnyPool, sql: &str) {
    let done = sqlx::query(AssertSqlSafe(sql.to_owned())).execute(pool).await.expect("it is sound SQL");
    assert_eq!(done.rows_affected(), 1, "{sql}");
}

async fn broken(store: &Store, what: &str) {
    match verify(store).await.expect("read") {
        Verdict::Broken(said) => assert!(said.contains(what), "expected {what:?}, it said {said:?}"),
        whole => panic!("{what:?} is not found: {whole:?}"),
    }
}

async fn whole(store: &Store, entries: i64) {
    let verdict = verify(store).await.expect("read");
    assert!(matches!(verdict, Verdict::Whole(n, _) if n == entries), "{verdict:?}");
}

on_both! {
    async fn an_untouched_record_is_whole(database: Database) {
        let (store, _rows) = database.open(&Clock::System).await;
        whole(&store, 0).await;
        for kind in ["proposed", "vote"] {
            write(&store, kind).await;
        }
        let head = write(&store, "approved").await;
        assert_eq!(verify(&store).await.expect("read"), Verdict::Whole(3, head.clone()));
        assert_eq!(store.audit_head().await.expect("read"), Some((3, head)));
        assert_eq!(store.audit_of("abc").await.expect("read").len(), 3);
    }

    async fn writers_beside_each_other_make_one_chain(database: Database) {
        let (store, _rows) = database.open(&Clock::System).await;
        join_all((0..20).map(|_| write(&store, "vote"))).await;
        whole(&store, 20).await;
    }

    async fn a_change_of_any_column_is_found(database: Database) {
        let (store, _rows) = database.open(&Clock::System).await;
        for _ in 0..4 {
            write(&store, "vote").await;
        }
        let pool = database.pool().await;
        for column in ["kind", "operation", "actor", "event_id", "detail", "prev", "hash"] {
            sql(&pool, &format!("UPDATE audit SET {column} = {column} || 'x' WHERE seq = 2")).await;
            broken(&store, "entry 2 was changed").await;
            sql(&pool, &format!("UPDATE audit SET {column} = SUBSTR({column}, 1, LENGTH({column}) - 1) WHERE seq = 2")).await;
            whole(&store, 4).await;
        }
        sql(&pool, "UPDATE audit SET ts = ts + 1 WHERE seq = 3").await;
        broken(&store, "entry 3 was changed").await;
    }

    async fn a_removed_entry_is_found(database: Database) {
        let (store, _rows) = database.open(&Clock::System).await;
        for _ in 0..5 {
            write(&store, "vote").await;
        }
        let pool = database.pool().await;
        sql(&pool, "DELETE FROM audit WHERE seq = 5").await;
        broken(&store, "entries 5 to 5 are missing at the end").await;
        sql(&pool, "DELETE FROM audit WHERE seq = 2").await;
        broken(&store, "entries 2 to 2 are missing").await;
        sql(&pool, "UPDATE audit SET seq = 2 WHERE seq = 3").await;
        broken(&store, "entry 2 was changed").await;
    }

    async fn an_entry_that_was_put_in_is_found(database: Database) {
        let (store, _rows) = database.open(&Clock::System).await;
        for _ in 0..2 {
            write(&store, "vote").await;
        }
        // A forger who knows the way of the chain makes an entry that holds in itself; the head gives it away.
        let (other, _rows) = crate::harness::database::Database::fresh(crate::harness::database::Kind::Sqlite)
            .await
            .open(&Clock::System)
            .await;
        write(&other, "forged").await;
        let forged = other.audit_entries(0, 1).await.expect("read").remove(0);
        let pool = database.pool().await;
        let put = |seq: i64| {
            format!(
                "INSERT INTO audit (seq, ts, kind, operation, actor, event_id, detail, prev, hash) \
                 VALUES ({seq}, {}, '{}', '{}', '{}', '{}', '{}', '{}', '{}')",
                forged.ts, forged.kind, forged.operation, forged.actor, forged.event_id, forged.detail, forged.prev, forged.hash
            )
        };
        sql(&pool, &put(3)).await;
        broken(&store, "entry 3 was changed").await;
        sql(&pool, "UPDATE audit SET prev = (SELECT hash FROM audit WHERE seq = 2) WHERE seq = 3").await;
        broken(&store, "entry 3 was changed").await;
        sql(&pool, "DELETE FROM audit WHERE seq = 3").await;
        whole(&store, 2).await;
        sql(&pool, "UPDATE audit_head SET hash = 'x'").await;
        broken(&store, "the head does not belong").await;
    }
}
