//! Whatever the homeserver repeats, and wherever we are cut off: each event is taken once and in order, and each message
//! arrives once and in order.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config as Cases, TestRunner};
use ralf::clock::Clock;
use ralf::config::Config;
use ralf::report::delivery;
use ralf::store::NewMessage;
use ralf_appservice::testing::Fault;
use serde_json::json;
use tokio::sync::watch;

use super::events;
use crate::harness::database::{Database, Kind};
use crate::harness::{fake, fresh_folder};

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Cases { cases, failure_persistence: None, ..Cases::default() })
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

/// What happens to an inbox.
#[derive(Debug, Clone)]
enum Step {
    /// Transaction `n` comes, perhaps not for the first time.
    Deliver(usize),
    /// So many events are handled.
    Handle(usize),
    /// The process dies and another one begins.
    Die,
}

fn steps() -> impl Strategy<Value = (Vec<Vec<u32>>, Vec<Step>)> {
    let transactions = prop::collection::vec(prop::collection::vec(0..30_u32, 0..12), 1..8);
    transactions.prop_flat_map(|transactions| {
        let step = prop_oneof![
            5 => (0..transactions.len()).prop_map(Step::Deliver),
            3 => (0..6_usize).prop_map(Step::Handle),
            1 => Just(Step::Die),
        ];
        (Just(transactions), prop::collection::vec(step, 1..24))
    })
}

async fn each_event_once(kind: Kind, transactions: Vec<Vec<u32>>, steps: Vec<Step>) {
    let database = Database::fresh(kind).await;
    let (mut store, mut _rows) = database.open(&Clock::System).await;
    let mut lease = store.acquire("it", || {}).await.expect("the lease");
    let (mut expected, mut known, mut came) = (Vec::new(), HashSet::new(), HashSet::new());
    let mut handled = Vec::new();
    for step in steps {
        match step {
            Step::Deliver(n) => {
                store.take_in(events(&transactions[n])).await.expect("claimed");
                if came.insert(n) {
                    expected.extend(
                        transactions[n]
                            .iter()
                            .filter(|event| known.insert(**event))
                            .map(|event| format!("$e{event}")),
                    );
                }
            }
            Step::Handle(count) => {
                for row in store.waiting_events().await.expect("read").into_iter().take(count) {
                    let mut tx = store.begin().await.expect("a write");
                    assert!(tx.handled(row.seq).await.expect("noted"));
                    tx.commit().await.expect("committed");
                    handled.push(row.event_id);
                }
            }
            Step::Die => {
                drop(lease);
                store.close().await;
                (store, _rows) = database.open(&Clock::System).await;
                lease = store.acquire("it", || {}).await.expect("the lease");
            }
        }
    }
    handled.extend(store.waiting_events().await.expect("read").into_iter().map(|row| row.event_id));
    assert_eq!(handled, expected);
    drop(lease);
    store.close().await;
}

#[test]
fn each_event_is_taken_once_and_in_order_on_sqlite() {
    let runtime = runtime();
    let mut runner = runner(48);
    let case = |(transactions, steps)| {
        runtime.block_on(each_event_once(Kind::Sqlite, transactions, steps));
        Ok(())
    };
    runner.run(&steps(), case).unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn each_event_is_taken_once_and_in_order_on_postgres() {
    let runtime = runtime();
    let mut runner = runner(12);
    let case = |(transactions, steps)| {
        runtime.block_on(each_event_once(Kind::Postgres, transactions, steps));
        Ok(())
    };
    runner.run(&steps(), case).unwrap_or_else(|failure| panic!("{failure}"));
}

/// What goes wrong on the way out.
fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        (1..30_u64).prop_map(|retry_after_ms| Fault::RateLimited { retry_after_ms }),
        Just(Fault::Status(503, "M_UNKNOWN")),
        Just(Fault::Proxy(502)),
        Just(Fault::Dropped),
        Just(Fault::AnswerLost),
    ]
}

/// Room and bot of each message, the faults, and after how many arrivals the process dies.
type Talk = (Vec<(usize, usize)>, Vec<Fault>, Option<usize>);

fn talks() -> impl Strategy<Value = Talk> {
    (
        prop::collection::vec((0..3_usize, 0..2_usize), 1..14),
        prop::collection::vec(fault(), 0..4),
        prop::option::of(0..8_usize),
    )
}

async fn each_message_once(kind: Kind, (messages, faults, dies_after): Talk) {
    let homeserver = fake::homeserver().await;
    let bots = ["core", "infra"];
    let clients = ["ralf-core", "ralf-infra"]
        .map(|name| homeserver.homeserver().bot(&homeserver.user_id(name), "RALF".into()));
    let mut rooms = Vec::new();
    for client in &clients {
        client.register().await.expect("registered");
        client.ensure_device("it").await.expect("a device");
    }
    for _ in 0..3 {
        let room = clients[0].create_room(&json!({"invite": [clients[1].user_id()]})).await.expect("a room");
        clients[1].join((&*room).into()).await.expect("joined");
        rooms.push(room);
    }
    let database = Database::fresh(kind).await;
    let folder = fresh_folder("outbox");
    std::fs::create_dir(&folder).expect("a folder");
    let config = fake::config_file(&folder, &homeserver, "127.0.0.1:1", &database.url, "");
    let config = Config::load_with(&config, []).expect("sound");
    for fault in faults {
        homeserver.fail_next("/send/", 1, fault);
    }

    let (store, rows) = database.open(&Clock::System).await;
    let lease = store.acquire("first", || {}).await.expect("the lease");
    let (stop, stopping) = watch::channel(false);
    let sender = tokio::spawn(delivery::run(fake::house(config.clone(), store.clone()), rows, stopping));
    let mut expected: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (n, (room, bot)) in messages.iter().enumerate() {
        let (room_id, body) = (rooms[*room].to_string(), format!("message {n}"));
        expected.entry(room_id.clone()).or_default().push(body.clone());
        let mut tx = store.begin().await.expect("a write");
        let content = json!({"msgtype": "m.text", "body": body});
        tx.say(NewMessage { room_id, bot: bots[*bot].into(), kind: "m.room.message".into(), content })
            .await
            .expect("queued");
        tx.commit().await.expect("committed");
    }
    let arrived = || rooms.iter().map(|room| bodies(&homeserver, room).len()).sum::<usize>();
    let mut alive = (store, lease, sender, stop);
    if let Some(count) = dies_after.filter(|count| *count < messages.len()) {
        until(|| arrived() >= count).await;
        // As after SIGKILL: what was on the way may have arrived or not; nothing is noted any more.
        let (store, lease, sender, stop) = alive;
        sender.abort();
        drop((stop, lease));
        let (next, rows) = database.open(&Clock::System).await;
        let lease = next.acquire("second", || {}).await.expect("the lease");
        drop(store);
        for row in next.waiting_messages().await.expect("read") {
            next.resend(row);
        }
        let (stop, stopping) = watch::channel(false);
        let sender = tokio::spawn(delivery::run(fake::house(config, next.clone()), rows, stopping));
        alive = (next, lease, sender, stop);
    }
    let end = tokio::time::Instant::now() + Duration::from_secs(60);
    while alive.0.outbox_depth().await.expect("read").0 > 0 {
        assert!(
            tokio::time::Instant::now() < end,
            "the outbox does not empty: {} of {} arrived",
            arrived(),
            messages.len()
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for room in &rooms {
        let wanted = expected.remove(room.as_str()).unwrap_or_default();
        assert_eq!(bodies(&homeserver, room), wanted, "each once and in order");
    }
    assert!(alive.0.dead_letters(1).await.expect("read").is_empty(), "nothing is given up");
    alive.2.abort();
}

fn bodies(homeserver: &ralf_appservice::testing::FakeHomeserver, room: &ruma::RoomId) -> Vec<String> {
    let timeline = homeserver.timeline(room);
    let said = timeline.iter().filter(|event| event["type"] == "m.room.message");
    said.map(|event| event["content"]["body"].as_str().unwrap_or_default().to_owned()).collect()
}

async fn until(is_so: impl Fn() -> bool) {
    let end = tokio::time::Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(tokio::time::Instant::now() < end, "waited in vain");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[test]
fn each_message_arrives_once_and_in_order_from_sqlite() {
    let runtime = Arc::new(runtime());
    let mut runner = runner(16);
    let case = |talk| {
        runtime.block_on(each_message_once(Kind::Sqlite, talk));
        Ok(())
    };
    runner.run(&talks(), case).unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn each_message_arrives_once_and_in_order_from_postgres() {
    let runtime = Arc::new(runtime());
    let mut runner = runner(6);
    let case = |talk| {
        runtime.block_on(each_message_once(Kind::Postgres, talk));
        Ok(())
    };
    runner.run(&talks(), case).unwrap_or_else(|failure| panic!("{failure}"));
}
