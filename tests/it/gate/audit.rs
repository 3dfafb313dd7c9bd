//! The record: the room is a witness of its head, and whatever is done to it is found.

use sqlx::SqlitePool;

use super::{is_on_record, verify};
use crate::harness::{Stage, fresh_folder};

/// What somebody does to a record of `$n` entries, and what `ralf audit verify` says of it.
const TAMPERED: [(&str, &[&str], &str); 8] = [
    (
        "a field is changed",
        &["UPDATE audit SET actor = '@mallory:lab.local' WHERE seq = $n - 3"],
        "entry $n-3 was changed",
    ),
    ("a time is changed", &["UPDATE audit SET ts = ts - 1 WHERE seq = 2"], "entry 2 was changed"),
    (
        "one in the middle is deleted",
        &["DELETE FROM audit WHERE seq = $n - 2"],
        "entries $n-2 to $n-2 are missing",
    ),
    (
        "the last one is deleted",
        &["DELETE FROM audit WHERE seq = $n"],
        "entries $n to $n are missing at the end",
    ),
    ("the first one is deleted", &["DELETE FROM audit WHERE seq = 1"], "entries 1 to 1 are missing"),
    (
        "one is added",
        &[
            "INSERT INTO audit SELECT seq + 1, ts, kind, operation, actor, event_id, detail, hash, 'made up' FROM audit WHERE seq = $n",
        ],
        "entry $n+1 was changed",
    ),
    (
        "two change places",
        &[
            "UPDATE audit SET seq = -1 WHERE seq = $n - 1",
            "UPDATE audit SET seq = $n - 1 WHERE seq = $n - 2",
            "UPDATE audit SET seq = $n - 2 WHERE seq = -1",
        ],
        "entry $n-2 was changed",
    ),
    ("the head is set back", &["UPDATE audit_head SET seq = 1"], "the head does not belong to entry $n"),
];

/// `$n`, `$n-2`, `$n+1` in a text.
fn numbered(text: &str, last: i64) -> String {
    let mut text = text.to_owned();
    for (sign, by) in [("-1", -1), ("-2", -2), ("-3", -3), ("+1", 1)] {
        text = text.replace(&format!("$n{sign}"), &(last + by).to_string());
    }
    text.replace("$n", &last.to_string())
}

#[tokio::test]
async fn the_room_is_a_witness_and_tampering_is_found() {
    let stage = Stage::shared().await;
    stage.take("immich", "node-3");
    let ops = stage.room("ops");
    let admin = stage.person("admin").await;
    let proposal = admin.proposal(&ops, "Installiere Immich auf node-3").await;
    let id = proposal.operation_id();
    admin.react(&ops, proposal.id(), "✅").await;
    let report = admin.report(id, "succeeded").await;
    let head = &report.content()["org.ralf.audit"];
    let witness = admin
        .wait_for("the room's own note", |e| e.kind() == "org.ralf.audit" && e.content()["operation"] == id)
        .await;
    assert_eq!((&witness.content()["seq"], &witness.content()["hash"]), (&head["seq"], &head["hash"]));
    let store = stage.store().await;
    let entries = store.audit_of(id).await.expect("read");
    let of_the_end = entries.iter().find(|entry| entry.kind == "succeeded").expect("its end");
    assert_eq!(
        (head["seq"].as_i64(), head["hash"].as_str()),
        (Some(of_the_end.seq), Some(of_the_end.hash.as_str()))
    );
    assert!(report.body().contains(&of_the_end.hash[..12]), "people see it, too: {report}");
    for event in [proposal.id(), proposal.answers()] {
        let named = entries.iter().any(|entry| entry.event_id == event);
        assert_eq!(named, event == proposal.answers(), "the record names the events behind it");
    }
    is_on_record(&stage);

    let folder = fresh_folder("tampered");
    std::fs::create_dir(&folder).expect("a folder");
    let whole = folder.join("whole.db");
    let database = SqlitePool::connect(&stage.info().database).await.expect("the database");
    sqlx::query("VACUUM INTO $1").bind(whole.display().to_string()).execute(&database).await.expect("copied");
    let url = |path: &std::path::Path| format!("sqlite:{}", path.display());
    assert_eq!(verify(&stage, &url(&whole)).0, Some(0), "a copy is whole");
    for (n, (what, statements, said)) in TAMPERED.into_iter().enumerate() {
        let copy = folder.join(format!("{n}.db"));
        std::fs::copy(&whole, &copy).expect("copied");
        let pool = SqlitePool::connect(&url(&copy)).await.expect("a copy");
        let last: i64 =
            sqlx::query_scalar("SELECT MAX(seq) FROM audit").fetch_one(&pool).await.expect("read");
        for statement in statements {
            // `$n - 1` is a sum for the database, `$n-1` a word for people.
            let statement = statement.replace("$n", &last.to_string());
            sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&pool).await.expect("done");
        }
        pool.close().await;
        let (code, found) = verify(&stage, &url(&copy));
        assert!(code == Some(1) && found.contains(&numbered(said, last)), "{what}: {code:?} {found}");
    }
}
