//! What the homeserver gets wrong on the way out: R.A.L.F. as it is run, against a homeserver that fails as it is told.

use std::net::TcpListener;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use ralf::clock::{Clock, new_id};
use ralf::store::Store;
use ralf_appservice::testing::{FakeHomeserver, Fault, SentEvent};
use ruma::OwnedRoomId;
use serde_json::json;

use crate::harness::{Serve, fake, fresh_folder};

/// R.A.L.F. with a homeserver that can fail.
struct House {
    homeserver: FakeHomeserver,
    config: PathBuf,
    database: String,
    serve: Serve,
    ops: OwnedRoomId,
    infra: OwnedRoomId,
}

fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").to_string()
}

impl House {
    async fn start() -> Self {
        Self::start_with(|_| ()).await
    }

    /// `before` prepares the homeserver before R.A.L.F. meets it.
    async fn start_with(before: impl FnOnce(&FakeHomeserver)) -> Self {
        let homeserver = fake::homeserver().await;
        before(&homeserver);
        let admin = homeserver.person("admin");
        let folder = fresh_folder("faults");
        std::fs::create_dir(&folder).expect("a folder");
        let listen = free_address();
        let database = format!("sqlite:{}", folder.join("ralf.db").display());
        let config = fake::config_file(&folder, &homeserver, &listen, &database, "");
        homeserver.set_appservice_url(&format!("http://{listen}"));
        homeserver.keep_delivering();
        let serve = Serve::start(&config, &[]);
        serve.says("rooms and profiles are in order").await;
        serve.says("the homeserver reaches us").await;
        let mut rooms = Vec::new();
        for alias in ["#ralf-ops:lab.local", "#ralf-infra:lab.local"] {
            let alias = ruma::RoomAliasId::parse(alias).expect("an alias");
            let room = admin.resolve_alias(&alias).await.expect("answered").expect("the room is there");
            admin.join((&*room).into()).await.expect("joined");
            rooms.push(room);
        }
        let [ops, infra] = rooms.try_into().expect("two rooms");
        let house = Self { homeserver, config, database, serve, ops, infra };
        house.settle().await;
        house
    }

    async fn store(&self) -> Store {
        Store::open(&self.database, Clock::System).await.expect("the database").0
    }

    /// Waits until all that is to be said is said.
    async fn settle(&self) {
        let store = self.store().await;
        let end = Instant::now() + Duration::from_secs(60);
        while store.outbox_depth().await.expect("read").0 + store.inbox_depth().await.expect("read").0 > 0 {
            assert!(Instant::now() < end, "it does not settle:\n{}", self.serve.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.homeserver.take_sent();
    }

    /// A person asks for something unknown; what is answered names it.
    fn ask(&self, room: &OwnedRoomId) -> String {
        let id = new_id().to_lowercase();
        self.homeserver.queue(json!({
            "type": "m.room.message", "event_id": format!("$asked-{id}"), "room_id": room, "sender": "@admin:lab.local",
            "content": {"msgtype": "m.text", "body": format!("!ralf why {id}")},
        }));
        id
    }

    async fn told(&self, about: &str) -> SentEvent {
        self.homeserver.wait_for(|sent| body(sent).contains(about)).await
    }

    /// How often something stands in a room.
    fn count(&self, room: &OwnedRoomId, about: &str) -> usize {
        let timeline = self.homeserver.timeline(room);
        timeline.iter().filter(|e| e["content"]["body"].as_str().is_some_and(|body| body.contains(about))).count()
    }

    /// The statuses that a transaction id got.
    fn statuses(&self, txn_id: &str) -> Vec<u16> {
        let requests = self.homeserver.requests();
        requests.iter().filter(|request| request.path.ends_with(txn_id)).map(|request| request.status).collect()
    }
}

fn body(sent: &SentEvent) -> &str {
    sent.content["body"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn asked_to_wait_it_waits_and_says_it_once() {
    let house = House::start().await;
    house.homeserver.fail_next("/send/m.room.message/", 2, Fault::RateLimited { retry_after_ms: 700 });
    let asked = Instant::now();
    let (first, second) = (house.ask(&house.ops), house.ask(&house.ops));
    let sent = house.told(&first).await;
    assert!(asked.elapsed() >= Duration::from_millis(1_400), "it came too early: {:?}", asked.elapsed());
    assert_eq!(house.statuses(&sent.txn_id), [429, 429, 200]);
    house.told(&second).await;
    let timeline = house.homeserver.timeline(&house.ops);
    let place = |about: &str| timeline.iter().position(|e| e["content"]["body"].as_str().is_some_and(|b| b.contains(about)));
    assert!(place(&first) < place(&second), "what was said first comes first");
    assert_eq!((house.count(&house.ops, &first), house.count(&house.ops, &second)), (1, 1));
}

#[tokio::test]
async fn a_lost_answer_makes_no_second_message() {
    let house = House::start().await;
    for fault in [Fault::Dropped, Fault::Proxy(502), Fault::Status(500, "M_UNKNOWN"), Fault::AnswerLost] {
        house.homeserver.fail_next("/send/m.room.message/", 1, fault);
    }
    let id = house.ask(&house.ops);
    let sent = house.told(&id).await;
    house.settle().await;
    assert_eq!(house.count(&house.ops, &id), 1);
    // After the last of them its echo tells that it arrived, so it may not even be tried again.
    let statuses = house.statuses(&sent.txn_id);
    assert!(statuses.starts_with(&[0, 502, 500, 0]), "one transaction id for all tries: {statuses:?}");
    let later = house.ask(&house.ops);
    house.told(&later).await;
    assert_eq!(house.count(&house.ops, &id), 1);
    assert_eq!(sent.device_id.as_deref(), Some("RALF"), "without a device, Synapse forgets the id when it restarts");
    let pool = sqlx::SqlitePool::connect(&house.database).await.expect("the database");
    let stored: String = sqlx::query_scalar("SELECT body FROM outbox WHERE txn_id = $1").bind(&sent.txn_id).fetch_one(&pool).await.expect("it is there");
    assert_eq!(stored.as_bytes(), &sent.raw[..], "what was committed is what was sent, byte for byte");
}

#[tokio::test]
async fn killed_while_an_answer_is_lost_it_says_it_once() {
    let mut house = House::start().await;
    house.homeserver.fail_next("/send/m.room.message/", 1, Fault::AnswerLost);
    house.homeserver.fail_next("/send/m.room.message/", 3, Fault::Proxy(503));
    let id = house.ask(&house.ops);
    let sent = house.told(&id).await;
    house.serve.kill().await;
    house.homeserver.restart();
    house.serve = Serve::start(&house.config, &[]);
    house.serve.says("ready").await;
    let after = house.ask(&house.ops);
    house.told(&after).await;
    house.settle().await;
    assert_eq!(house.count(&house.ops, &id), 1, "{:?}", house.statuses(&sent.txn_id));
    // Tried again with the same id, or known by its echo: it is noted as sent either way.
    assert!(!house.store().await.is_pending(&sent.txn_id).await.expect("read"));
}

#[tokio::test]
async fn what_can_never_be_delivered_is_told_in_the_ops_room() {
    let house = House::start().await;
    house.homeserver.fail_next("/send/m.room.message/", 1, Fault::Status(403, "M_FORBIDDEN"));
    let id = house.ask(&house.infra);
    let told = house.told(house.infra.as_str()).await;
    assert_eq!(told.room_id, house.ops.as_str());
    assert!(body(&told).contains("M_FORBIDDEN") || body(&told).contains("403"), "it says why: {}", body(&told));
    assert_eq!(house.count(&house.infra, &id), 0);
    let store = house.store().await;
    let dead = store.dead_letters(10).await.expect("read");
    assert!(dead.len() == 1 && dead[0].1 == house.infra.as_str(), "{dead:?}");
    // The lane goes on.
    let next = house.ask(&house.infra);
    house.told(&next).await;
}

#[tokio::test]
async fn a_device_that_is_gone_is_made_again() {
    let house = House::start().await;
    house.homeserver.fail_next("/send/m.room.message/", 1, Fault::UnknownDevice);
    let id = house.ask(&house.ops);
    house.told(&id).await;
    let core = house.homeserver.user_id("ralf-core");
    assert_eq!(house.homeserver.devices(&core), ["RALF"]);
    assert_eq!(house.count(&house.ops, &id), 1);
}

#[tokio::test]
async fn a_homeserver_that_is_not_up_yet_is_waited_for() {
    let house = House::start_with(|homeserver| {
        homeserver.fail_next("/register", 3, Fault::Proxy(502));
        homeserver.fail_next("/whoami", 2, Fault::Dropped);
        homeserver.fail_next("/createRoom", 1, Fault::Status(500, "M_UNKNOWN"));
        homeserver.fail_next("/ping", 1, Fault::Proxy(504));
    })
    .await;
    let id = house.ask(&house.ops);
    house.told(&id).await;
}

#[tokio::test]
async fn stopped_in_good_order_it_says_what_it_has_to_say() {
    let mut house = House::start().await;
    let id = house.ask(&house.ops);
    house.told(&id).await;
    let status = house.serve.stop().await;
    assert!(status.success(), "{status}:\n{}", house.serve.log());
    assert_eq!(house.count(&house.ops, &id), 1);
}
