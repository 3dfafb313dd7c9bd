//! Killed at each durable step of an operation, with a real Ansible: it runs at most once, and ends and is reported once.

use std::path::Path;
use std::time::Duration;

use sqlx::SqlitePool;

use super::{count, is_on_record, record};
use crate::harness::{Event, Person, Service, Stage, until, until_each};

const ENDS: [&str; 4] = ["succeeded", "failed", "rolled_back", "needs_operator"];

/// A durable step, known from the database or the run folder.
#[derive(Debug, Clone, Copy)]
enum Step {
    Proposed,
    Voted,
    Leased,
    Claimed,
    Running,
    Started,
    Ended,
}

impl Step {
    const ALL: [Self; 7] =
        [Self::Proposed, Self::Voted, Self::Leased, Self::Claimed, Self::Running, Self::Started, Self::Ended];

    async fn reached(self, database: &SqlitePool, service: &str, runs: &Path) -> bool {
        let of = "operation IN (SELECT id FROM operations WHERE service = $1)";
        let sql = match self {
            Self::Proposed => "SELECT COUNT(*) FROM operations WHERE service = $1".to_owned(),
            Self::Voted => format!("SELECT COUNT(*) FROM votes WHERE {of}"),
            Self::Leased => format!("SELECT COUNT(*) FROM targets WHERE {of}"),
            Self::Claimed => format!("SELECT COUNT(*) FROM audit WHERE kind = 'dispatched' AND {of}"),
            Self::Running => format!("SELECT COUNT(*) FROM audit WHERE kind = 'running' AND {of}"),
            Self::Started | Self::Ended => "SELECT COUNT(*) FROM operations WHERE service = $1".to_owned(),
        };
        let found = sqlx::query_scalar::<_, i64>(sqlx::AssertSqlSafe(sql)).bind(service).fetch_one(database);
        if found.await.expect("read") == 0 {
            return false;
        }
        let file = match self {
            Self::Started => "pid",
            Self::Ended => "exit",
            _ => return true,
        };
        let id = "SELECT id FROM operations WHERE service = $1";
        let id: String = sqlx::query_scalar(id).bind(service).fetch_one(database).await.expect("read");
        runs.join(id).join(file).exists()
    }
}

/// Waits until another process serves than this one.
async fn reborn(stage: &Stage, before: Option<u32>) {
    until("another process", async || stage.lab().pid("ralf").is_some_and(|pid| Some(pid) != before)).await;
}

/// Installs a service, and looks that all of it happened once at most.
async fn once(stage: &Stage, admin: &Person, ops: &str, service: &Service, name: &str, asked: &str) {
    let proposal = admin.answer(asked).await;
    assert_eq!(proposal.state(), "awaiting_approval", "{proposal}");
    let id = proposal.operation_id().to_owned();
    admin.react(ops, proposal.id(), "✅").await;
    let store = stage.store().await;
    let ended = async || {
        let op = store.operation(&id).await.expect("read").expect("it is there");
        ENDS.contains(&op.state.as_str())
    };
    until(&format!("the end of {name}"), ended).await;
    let end = |e: &Event| {
        e.is_new_message()
            && e.operation_id() == id
            && e.thread().is_none()
            && ["succeeded", "failed", "unknown"].contains(&e.state())
    };
    let report = admin.wait_for("the report", end).await;
    let said = async || {
        let (waiting, _) = store.outbox_depth().await.expect("read");
        let (unread, _) = store.inbox_depth().await.expect("read");
        waiting + unread == 0
    };
    until("empty queues", said).await;
    admin.and_nothing_else(ops).await;
    assert_eq!(admin.ends(&id).len(), 1, "{name}: one report:\n{}", admin.story());
    let proposals = admin.all(|e| e.is_new_message() && e.answers() == asked && e.sender() != admin.id);
    assert_eq!(proposals.len(), 1, "{name}: one proposal:\n{}", admin.story());
    let (journal, record) = (service.journal(), record(stage, &id).await);
    eprintln!("{name}: {} after {record:?}", report.state());
    match report.state() {
        "succeeded" => assert!(journal.len() == 1 && journal[0].ends_with(&id), "{name}: {journal:?}"),
        // Cut off between the claim and the playbook's beginning.
        "failed" => assert!(journal.is_empty(), "{name}: {journal:?} after {report}"),
        _ => assert!(journal.len() <= 1, "{name}: {journal:?}"),
    }
    for kind in ["proposed", "vote", "approved", "dispatched"] {
        assert_eq!(count(&record, kind), 1, "{name}: {kind}: {record:?}");
    }
    assert_eq!(ENDS.iter().map(|end| count(&record, end)).sum::<usize>(), 1, "{name}: {record:?}");
    is_on_record(stage);
}

#[tokio::test]
async fn killed_at_each_step_it_runs_and_ends_once() {
    let stage = Stage::own("gate-kills", &[]).await;
    let ops = stage.room("ops");
    let admin = stage.person("admin").await;
    let database = SqlitePool::connect(&stage.info().database).await.expect("the database");
    let runs = stage.dir.join("runs");
    let services = ["jellyfin", "grafana", "nextcloud", "vaultwarden", "gitea", "pihole", "paperless"];
    for (step, name) in Step::ALL.into_iter().zip(services) {
        let service = stage.take(name, "node-1");
        let before = stage.lab().pid("ralf");
        let asked = admin.say(&ops, &format!("Installiere {name} auf node-1")).await;
        let story = once(&stage, &admin, &ops, &service, name, &asked);
        let killing = async {
            let reached = async || step.reached(&database, name, &runs).await;
            until_each(Duration::from_millis(1), &format!("{step:?}"), reached).await;
            stage.lab().kill("ralf").expect("killed");
            reborn(&stage, before).await;
        };
        tokio::join!(story, killing);
    }
}

#[tokio::test]
async fn killed_again_and_again_at_any_moment_it_runs_and_ends_once() {
    let stage = Stage::own("gate-killed-often", &[]).await;
    let ops = stage.room("ops");
    let admin = stage.person("admin").await;
    let database = SqlitePool::connect(&stage.info().database).await.expect("the database");
    let runs = stage.dir.join("runs");
    for name in ["jellyfin", "grafana", "nextcloud"] {
        let service = stage.take(name, "node-1");
        let asked = admin.say(&ops, &format!("Installiere {name} auf node-1")).await;
        let story = once(&stage, &admin, &ops, &service, name, &asked);
        let killing = async {
            // From the vote on, every life ends at a moment of its own.
            let voted = async || Step::Voted.reached(&database, name, &runs).await;
            until_each(Duration::from_millis(1), "a vote", voted).await;
            for _ in 0..3 {
                let before = stage.lab().pid("ralf");
                tokio::time::sleep(Duration::from_millis(rand::random_range(0..1_500))).await;
                if stage.lab().kill("ralf").is_ok() {
                    reborn(&stage, before).await;
                }
            }
        };
        tokio::join!(story, killing);
    }
}
