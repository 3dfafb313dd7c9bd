//! Whoever dies, and whenever: nothing is lost, nothing is done or said twice.

use std::time::Duration;

use ralf::store::Store;
use tokio::time::Instant;

use crate::harness::{Event, Person, Serve, Stage, until};

/// Waits until another process serves.
async fn reborn(stage: &Stage, before: Option<u32>) -> u32 {
    until("another process", async || stage.lab().pid("ralf").is_some_and(|pid| Some(pid) != before)).await;
    stage.lab().pid("ralf").expect("just seen")
}

/// Nothing waits any more, in or out.
async fn settled(store: &Store) {
    let empty = async || {
        let (inbox, _) = store.inbox_depth().await.expect("read");
        let (outbox, _) = store.outbox_depth().await.expect("read");
        inbox == 0 && outbox == 0
    };
    until("empty queues", empty).await;
}

fn answered(person: &Person, asked: &str) -> Vec<Event> {
    person.all(|e| e.is_new_message() && e.answers() == asked && e.sender() != person.id)
}

#[tokio::test]
async fn killed_right_after_a_message_was_sent() {
    let stage = Stage::own("killed", &[]).await;
    let ops = stage.room("ops");
    let admin = stage.person("admin").await;
    let mut asked = Vec::new();
    for _ in 0..4 {
        let before = stage.lab().pid("ralf");
        asked.push(admin.say(&ops, "!ralf whoami").await);
        stage.lab().kill("ralf").expect("killed");
        reborn(&stage, before).await;
    }
    let install = admin.say(&ops, "Installiere Jellyfin auf node-1").await;
    stage.lab().kill("ralf").expect("killed");
    for asked in &asked {
        admin.answer(asked).await;
    }
    let proposal = admin.answer(&install).await;
    assert_eq!(proposal.state(), "awaiting_approval", "{proposal}");
    settled(&stage.store().await).await;
    admin.and_nothing_else(&ops).await;
    for asked in asked.iter().chain([&install]) {
        assert_eq!(answered(&admin, asked).len(), 1, "{asked} is answered once:\n{}", admin.story());
    }
}

#[tokio::test]
async fn killed_between_dispatch_and_report() {
    let stage = Stage::own("adopted", &[]).await;
    let service = stage.take("jellyfin", "node-1");
    let ops = stage.room("ops");
    let admin = stage.person("admin").await;
    let proposal = admin.proposal(&ops, "Installiere Jellyfin auf node-1").await;
    let id = proposal.operation_id();
    admin.react(&ops, proposal.id(), "✅").await;
    admin
        .wait_for("the progress message", |e| {
            e.is_new_message() && e.operation_id() == id && e.state() == "running"
        })
        .await;
    // The playbook itself is on its way once its process is noted.
    let folder = stage.dir.join("runs").join(id);
    until("the playbook's own process", async || folder.join("pid").exists()).await;
    assert!(!folder.join("exit").exists(), "it has only begun");
    stage.lab().kill("ralf").expect("killed");
    let report = admin.report(id, "succeeded").await;
    assert!(report.mentions(&admin.id));
    admin
        .wait_for("the proposal to say so", |e| {
            e.is_edit() && e.target() == proposal.id() && e.state() == "succeeded"
        })
        .await;
    admin.and_nothing_else(&ops).await;
    assert_eq!(admin.ends(id).len(), 1, "one report:\n{}", admin.story());
    let journal = service.journal();
    assert!(journal.len() == 1 && journal[0].ends_with(&format!(" deploy {id}")), "{journal:?}");
    assert!(service.runs().await);
    let audit = stage.store().await.audit_of(id).await.expect("read");
    let kinds: Vec<&str> = audit.iter().map(|entry| entry.kind.as_str()).collect();
    assert_eq!(kinds, ["proposed", "vote", "approved", "dispatched", "running", "unknown", "succeeded"]);
}

#[tokio::test]
async fn killed_again_and_again_during_an_approval() {
    let stage = Stage::own("again", &[]).await;
    let service = stage.take("grafana", "node-1");
    let ops = stage.room("ops");
    let admin = stage.person("admin").await;
    let proposal = admin.proposal(&ops, "Installiere Grafana auf node-1").await;
    let id = proposal.operation_id();
    let before = stage.lab().pid("ralf");
    stage.lab().kill("ralf").expect("killed");
    admin.react(&ops, proposal.id(), "✅").await;
    let mut pid = reborn(&stage, before).await;
    let store = stage.store().await;
    // Each life ends a little later on the way: when it has begun, when the vote counts, when it is dispatched.
    for state in ["", "approved", "dispatched", "running"] {
        if !state.is_empty() {
            let past = async || {
                let op = store.operation(id).await.expect("read").expect("it is there");
                let order = ["awaiting_approval", "approved", "dispatched", "running"];
                let at = |state: &str| order.iter().position(|s| *s == state).unwrap_or(order.len());
                at(op.state.as_str()) >= at(state)
            };
            until(state, past).await;
        }
        stage.lab().kill("ralf").expect("killed");
        pid = reborn(&stage, Some(pid)).await;
    }
    let end = admin
        .wait_for("the end", |e| {
            e.is_new_message()
                && e.operation_id() == id
                && e.thread().is_none()
                && ["succeeded", "failed", "unknown"].contains(&e.state())
        })
        .await;
    settled(&store).await;
    admin.and_nothing_else(&ops).await;
    assert_eq!(admin.ends(id).len(), 1, "one report:\n{}", admin.story());
    let journal = service.journal();
    match end.state() {
        "succeeded" => {
            assert!(journal.len() == 1 && journal[0].ends_with(id) && service.runs().await, "{journal:?}")
        }
        // Cut off between the claim and the playbook's start.
        "failed" => assert!(journal.is_empty(), "{journal:?} after {end}"),
        _ => assert!(journal.len() <= 1, "{journal:?}"),
    }
    let audit = store.audit_of(id).await.expect("read");
    for kind in ["vote", "approved", "dispatched"] {
        assert_eq!(audit.iter().filter(|entry| entry.kind == kind).count(), 1, "{kind}: {audit:#?}");
    }
    let votes = admin.all(|e| e.is_new_message() && e.operation_id() == id && e.state() == "approved");
    assert_eq!(votes.len(), 1, "the approval is told once:\n{}", admin.story());
    assert!(matches!(ralf::audit::verify(&store).await.expect("read"), ralf::audit::Verdict::Whole(..)));
}

/// Kills Synapse and waits until it answers again.
async fn restart_synapse(stage: &Stage) {
    let synapse = stage.lab().pid("synapse");
    stage.lab().kill("synapse").expect("killed");
    until("another Synapse", async || stage.lab().pid("synapse").is_some_and(|pid| Some(pid) != synapse))
        .await;
    let versions = format!("{}/_matrix/client/versions", stage.info().homeserver);
    until("Synapse to answer", async || {
        reqwest::get(&versions).await.is_ok_and(|answer| answer.status() == 200)
    })
    .await;
}

#[tokio::test]
async fn the_homeserver_is_restarted_while_we_are_down() {
    let stage = Stage::own("synapse", &[]).await;
    let ops = stage.room("ops");
    let admin = stage.person("admin").await;
    until("a quiet moment", async || stage.log().contains("rooms and profiles are in order")).await;
    stage.lab().take_down("ralf").await;
    let asked = admin.say(&ops, "!ralf whoami").await;
    // Until it has noted what is left to deliver, and that we are away, it would forget both in its restart.
    let database = format!("sqlite:{}", stage.dir.join("synapse/homeserver.db").display());
    let database = sqlx::SqlitePool::connect(&database).await.expect("Synapse's database");
    let noted = async || {
        let state = sqlx::query_scalar::<_, String>(
            "SELECT state FROM application_services_state WHERE as_id = 'ralf'",
        );
        let left = sqlx::query_scalar::<_, String>(
            "SELECT event_ids FROM application_services_txns WHERE as_id = 'ralf'",
        );
        let left = left.fetch_all(&database).await.expect("read");
        state.fetch_optional(&database).await.expect("read").as_deref() == Some("down")
            && left.iter().any(|events| events.contains(&asked))
    };
    until("Synapse to note what is left", noted).await;
    restart_synapse(&stage).await;
    stage.lab().bring_up("ralf").await;
    admin.answer(&asked).await;
    admin.and_nothing_else(&ops).await;
    assert_eq!(answered(&admin, &asked).len(), 1);
}

#[tokio::test]
async fn the_homeserver_is_restarted_while_an_answer_is_in_the_making() {
    let stage = Stage::own("answer", &[]).await;
    let ops = stage.room("ops");
    let admin = stage.person("admin").await;
    let store = stage.store().await;
    until("a quiet moment", async || stage.log().contains("rooms and profiles are in order")).await;
    settled(&store).await;
    let asked = admin.say(&ops, "Installiere Jellyfin auf node-1").await;
    until("the message to be here", async || store.inbox_depth().await.expect("read").0 > 0).await;
    restart_synapse(&stage).await;
    let proposal = admin.answer(&asked).await;
    assert_eq!(proposal.state(), "awaiting_approval", "{proposal}");
    // Its transaction ids may begin anew: what comes under a known one is not taken for known.
    for _ in 0..3 {
        admin.and_nothing_else(&ops).await;
    }
    assert_eq!(answered(&admin, &asked).len(), 1, "{}", admin.story());
}

#[tokio::test]
async fn a_standby_takes_over() {
    let stage = Stage::own("standby", &[]).await;
    let info = stage.info();
    let ops = stage.room("ops");
    let admin = stage.person("admin").await;
    let mut standby = Serve::start(&info.config, &[]);
    standby.says("standing by").await;
    admin.ask(&ops, "!ralf whoami").await;
    assert!(!standby.log().contains("this process serves"), "one at a time");

    // The lab starts the killed one again, which then is a standby or not; either way one of them answers.
    stage.lab().kill("ralf").expect("killed");
    let asked = admin.say(&ops, "!ralf whoami").await;
    admin.answer(&asked).await;
    stage.lab().take_down("ralf").await;
    let killed = Instant::now();
    standby.says("this process serves").await;
    let later = admin.ask(&ops, "!ralf whoami").await;
    assert!(killed.elapsed() < Duration::from_secs(15), "{:?}", killed.elapsed());
    for asked in [&asked, later.answers()] {
        assert_eq!(answered(&admin, asked).len(), 1, "{}", admin.story());
    }
    assert!(standby.stop().await.success(), "it ends in good order:\n{}", standby.log());
    stage.lab().bring_up("ralf").await;
    admin.ask(&ops, "!ralf whoami").await;
}

#[tokio::test]
async fn one_that_stands_still_is_replaced_and_ends_when_it_wakes() {
    let stage = Stage::own("frozen", &[]).await;
    let info = stage.info();
    until("a quiet moment", async || stage.log().contains("rooms and profiles are in order")).await;
    settled(&stage.store().await).await;
    let frozen = stage.lab().pid("ralf");
    stage.lab().pause("ralf").expect("paused");
    let paused = Instant::now();
    // The frozen one keeps its port.
    let standby = Serve::start(&info.config, &[("RALF_APPSERVICE__LISTEN", "127.0.0.1:0")]);
    standby.says("standing by").await;
    standby.says("this process serves").await;
    assert!(paused.elapsed() < Duration::from_secs(20), "{:?}", paused.elapsed());
    stage.lab().resume("ralf").expect("goes on");
    reborn(&stage, frozen).await;
    until("the log", async || stage.log().contains("another process has taken over")).await;
    // The next one the lab starts stands by: the one that took over is well.
    until("another standby", async || stage.log().contains("standing by")).await;
}
