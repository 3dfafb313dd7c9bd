//! The same against a real Synapse, which the test starts itself.
//!
//! Run it with `SYNAPSE_PYTHON=venv/bin/python cargo test -p ralf-appservice --features testing --test synapse --
//! --ignored`, where `pip install matrix-synapse` has been run in the environment.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use common::{Notes, settings};
use ralf_appservice::{
    Client, ClientError, Homeserver, PingError, Registration, RetryPolicy, Secret,
    client::{Direction, Registered},
    content, router,
};
use ruma::{OwnedRoomId, ServerName, device_id, room_alias_id, server_name, user_id};
use serde_json::{Value, json};

const BOTS: [&str; 2] = ["ralf-core", "ralf-infra"];

fn server() -> &'static ServerName {
    server_name!("lab.local")
}

/// A Synapse in a folder of its own. It is killed when it is dropped.
struct Synapse {
    folder: tempfile::TempDir,
    python: String,
    port: u16,
    child: Option<Child>,
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Synapse {
    fn new(registration: &Registration) -> Self {
        let python = std::env::var("SYNAPSE_PYTHON").expect("SYNAPSE_PYTHON names the interpreter");
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        registration.write_private(&folder.path().join("registration.yaml")).unwrap();
        std::fs::write(folder.path().join("log.yaml"), "version: 1\n").unwrap();
        let open = json!({"per_second": 1000, "burst_count": 1000});
        let path = |name: &str| folder.path().join(name).display().to_string();
        let config = json!({
            "server_name": server(),
            "pid_file": path("pid"),
            "listeners": [{
                "port": port, "type": "http", "tls": false, "bind_addresses": ["127.0.0.1"],
                "resources": [{"names": ["client"]}],
            }],
            "database": {"name": "sqlite3", "args": {"database": path("db")}},
            "log_config": path("log.yaml"),
            "media_store_path": path("media"),
            "signing_key_path": path("signing.key"),
            "report_stats": false,
            "macaroon_secret_key": "macaroon", "form_secret": "form",
            "trusted_key_servers": [], "federation_domain_whitelist": [],
            "app_service_config_files": [path("registration.yaml")],
            "experimental_features": {
                "msc2409_to_device_messages_enabled": true, "msc3202_transaction_extensions": true,
            },
            "enable_registration": true, "enable_registration_without_verification": true,
            "rc_message": open, "rc_registration": open, "rc_joins": {"local": open},
            "rc_login": {"address": open, "account": open, "failed_attempts": open},
        });
        std::fs::write(folder.path().join("homeserver.yaml"), config.to_string()).unwrap();
        let mut synapse = Self { folder, python, port, child: None };
        assert!(synapse.command().arg("--generate-keys").status().unwrap().success());
        synapse.start();
        synapse
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.python);
        let config = Path::new(self.folder.path()).join("homeserver.yaml");
        command.args(["-m", "synapse.app.homeserver", "-c"]).arg(config).current_dir(self.folder.path());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn start(&mut self) {
        self.child = Some(self.command().spawn().unwrap());
    }

    fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Synapse {
    fn drop(&mut self) {
        self.stop();
    }
}

struct Lab {
    synapse: Synapse,
    homeserver: Homeserver,
    notes: Arc<Notes>,
}

async fn ready(homeserver: &Homeserver) {
    for _ in 0..300 {
        if homeserver.versions().await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("Synapse does not start");
}

async fn lab() -> Lab {
    let notes = Arc::new(Notes::default());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/webhooks/matrix", listener.local_addr().unwrap());
    let mut registration = Registration::generate("ralf", &url, "_ralf", server(), &BOTS);
    registration.hs_token = Secret::new(common::TOKEN);
    registration.msc3202 = Some(true);
    assert_eq!(registration.validate(server()), []);
    let mut settings = settings();
    settings.path_prefix = Some("/webhooks/matrix".to_owned());
    let app = router(settings, notes.clone());
    tokio::spawn(async move { axum::serve(listener, app).await });
    let synapse = Synapse::new(&registration);
    let homeserver = Homeserver::new(&synapse.url(), &registration.as_token, server())
        .unwrap()
        .with_retry(RetryPolicy { max_attempts: 1, ..RetryPolicy::default() });
    ready(&homeserver).await;
    Lab { synapse, homeserver: homeserver.with_retry(RetryPolicy::default()), notes }
}

async fn person(lab: &Lab, name: &str) -> Client {
    let body = json!({"username": name, "password": name, "auth": {"type": "m.login.dummy"}});
    let url = format!("{}/_matrix/client/v3/register", lab.synapse.url());
    let answer = reqwest::Client::new().post(url).json(&body).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200, "{}", answer.text().await.unwrap());
    lab.homeserver.login(name, name).await.unwrap()
}

async fn bots(lab: &Lab) -> [Client; 2] {
    let bots = [user_id!("@ralf-core:lab.local"), user_id!("@ralf-infra:lab.local")]
        .map(|user_id| lab.homeserver.bot(user_id, device_id!("RALF")));
    for bot in &bots {
        assert_eq!(bot.register().await.unwrap(), Registered::Created);
        assert_eq!(bot.register().await.unwrap(), Registered::Existing);
        bot.ensure_device("R.A.L.F.").await.unwrap();
    }
    bots
}

/// Waits until a pushed event fits.
async fn pushed(notes: &Notes, fits: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..200 {
        let found = notes.transactions.lock().unwrap().iter().find_map(|transaction| {
            let events = transaction.events.iter().map(|event| event.json().get());
            let ephemeral = transaction.ephemeral.iter().map(|event| event.json().get());
            events.chain(ephemeral).map(|json| serde_json::from_str(json).unwrap()).find(&fits)
        });
        if let Some(found) = found {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it was never pushed: {:#?}", notes.transactions.lock().unwrap());
}

#[tokio::test]
#[ignore = "needs a Synapse"]
async fn against_synapse() {
    let mut lab = lab().await;
    let [core, infra] = bots(&lab).await;
    identities(&lab, &core).await;
    let anna = person(&lab, "anna").await;
    let room = conversation(&lab, &core, &infra, &anna).await;
    every_call(&lab, &core, &anna, &room).await;
    to_device(&lab, &core, &anna).await;
    idempotency(&mut lab, &core, &infra, &room).await;
    cost(&core, &room).await;
}

async fn identities(lab: &Lab, core: &Client) {
    let me = core.whoami().await.unwrap();
    assert_eq!((me.user_id.as_str(), me.device_id.unwrap().as_str()), ("@ralf-core:lab.local", "RALF"));
    let stranger = lab.homeserver.bot(user_id!("@anna:lab.local"), device_id!("X"));
    assert!(matches!(stranger.register().await, Err(ClientError::Exclusive { .. })));
    // A device that nobody made is made on the way.
    let other = lab.homeserver.bot(core.user_id(), device_id!("LATE"));
    assert_eq!(other.whoami().await.unwrap().device_id.unwrap(), "LATE");
    lab.homeserver.ping("ralf", Some("start-1")).await.unwrap();
    assert_eq!(*lab.notes.pings.lock().unwrap(), [Some("start-1".to_owned())]);
    let error = lab.homeserver.ping("another", None).await.unwrap_err();
    assert!(matches!(error, PingError::Refused(_)), "{error:?}");
    let wrong = Homeserver::new(&lab.synapse.url(), &Secret::new("wrong"), server()).unwrap();
    let error = wrong.ping("ralf", None).await.unwrap_err();
    assert!(matches!(error, PingError::Refused(_)), "{error:?}");
}

async fn conversation(lab: &Lab, core: &Client, infra: &Client, anna: &Client) -> OwnedRoomId {
    let invited = [core.user_id(), infra.user_id()];
    let room = anna.create_room(&json!({"name": "lab", "invite": invited})).await.unwrap();
    let invite = pushed(&lab.notes, |event| event["state_key"] == core.user_id().as_str()).await;
    let shown = invite["unsigned"]["invite_room_state"].as_array().unwrap();
    assert!(shown.iter().any(|event| event["content"]["name"] == "lab"), "{invite}");
    for bot in [core, infra] {
        assert_eq!(bot.join((&*room).into()).await.unwrap(), room);
        bot.join((&*room).into()).await.unwrap();
    }
    let text = content::text("hello", Some("<b>hello</b>")).to_string();
    let hello = anna.send(&room, "m.room.message", "anna-1", &text).await.unwrap();
    let event = pushed(&lab.notes, |event| event["event_id"] == hello.as_str()).await;
    assert_eq!(event["content"]["m.mentions"], json!({}));
    anna.typing(&room, true, Duration::from_secs(20)).await.unwrap();
    pushed(&lab.notes, |event| event["type"] == "m.typing").await;
    anna.read_receipt(&room, &hello, None).await.unwrap();
    pushed(&lab.notes, |event| event["type"] == "m.receipt").await;
    room
}

async fn every_call(lab: &Lab, core: &Client, anna: &Client, room: &OwnedRoomId) {
    let since = anna.sync(None, Duration::ZERO, None).await.unwrap()["next_batch"].clone();
    let sent =
        core.send(room, "m.room.message", "c-1", &content::notice("a", None).to_string()).await.unwrap();
    let news = anna.sync(since.as_str(), Duration::from_secs(5), None).await.unwrap();
    let events = &news["rooms"]["join"][room.as_str()]["timeline"]["events"];
    assert_eq!(events[0]["event_id"], sent.as_str());
    let edit = content::edit(content::notice("b", None), &sent).to_string();
    core.send(room, "m.room.message", "c-2", &edit).await.unwrap();
    let seen = core.event(room, &sent).await.unwrap().unwrap();
    assert!(seen.json().get().contains("m.replace"), "{}", seen.json());
    let reaction = content::reaction(&sent, "👀").to_string();
    core.send(room, "m.reaction", "c-3", &reaction).await.unwrap();
    let error = core.send(room, "m.reaction", "c-4", &reaction).await.unwrap_err();
    assert_eq!(error.errcode(), Some("M_DUPLICATE_ANNOTATION"));
    let thread = content::thread(content::text("t", None), &sent, &sent).to_string();
    let in_thread = core.send(room, "m.room.message", "c-5", &thread).await.unwrap();
    core.read_receipt(room, &in_thread, Some(&sent)).await.unwrap();
    core.redact(room, &in_thread, "c-6", Some("a mistake")).await.unwrap();
    core.typing(room, true, Duration::from_secs(5)).await.unwrap();
    core.typing(room, false, Duration::ZERO).await.unwrap();
    let error = core.put_state(room, "m.room.name", "", r#"{"name":"x"}"#).await.unwrap_err();
    assert!(error.is_permanent() && error.errcode() == Some("M_FORBIDDEN"), "{error}");
    anna.put_state(room, "local.ralf", "a/b?c", r#"{"on":true}"#).await.unwrap();
    assert_eq!(core.state(room, "local.ralf", "a/b?c").await.unwrap(), Some(json!({"on": true})));
    assert_eq!(core.state(room, "local.ralf", "none").await.unwrap(), None);
    assert_eq!(core.state(room, "m.room.name", "").await.unwrap(), Some(json!({"name": "lab"})));
    assert!(core.power_levels(room).await.unwrap().unwrap()["users"].is_object());
    assert!(core.full_state(room).await.unwrap().len() > 5);
    assert_eq!(core.joined_members(room).await.unwrap().len(), 3);
    assert_eq!(core.members(room).await.unwrap().len(), 3);
    assert_eq!(core.joined_rooms().await.unwrap(), std::slice::from_ref(room));
    let page = core.messages(room, None, Direction::Backward, 2).await.unwrap();
    assert_eq!(page.chunk.len(), 2);
    assert!(page.end.is_some());
    assert!(core.event(room, ruma::event_id!("$nothing")).await.unwrap().is_none());
    let avatar = core.upload("pixels".into(), "image/png", "ralf ü.png").await.unwrap();
    core.set_display_name("R.A.L.F.").await.unwrap();
    core.set_avatar_url(&avatar).await.unwrap();
    let profile = anna.profile(core.user_id()).await.unwrap().unwrap();
    assert_eq!(profile.displayname.as_deref(), Some("R.A.L.F."));
    assert_eq!(profile.avatar_url, Some(avatar));
    assert_eq!(anna.profile(user_id!("@nobody:lab.local")).await.unwrap(), None);
    let alias = room_alias_id!("#lab:lab.local");
    assert_eq!(core.resolve_alias(alias).await.unwrap(), None);
    anna.put_alias(alias, room).await.unwrap();
    assert_eq!(core.resolve_alias(alias).await.unwrap().as_ref(), Some(room));
    core.request(ruma::api::client::keys::get_keys::v3::Request::new()).await.unwrap();
    let error = core.send(room, "m.room.message", "c-7", r#"{"n":1.5}"#).await.unwrap_err();
    assert!(error.is_permanent(), "{error}");
    let mine = core.create_room(&json!({})).await.unwrap();
    core.invite(&mine, anna.user_id()).await.unwrap();
    core.leave(&mine, Some("done")).await.unwrap();
    assert_eq!(lab.homeserver.login("anna", "wrong").await.unwrap_err().errcode(), Some("M_FORBIDDEN"));
}

/// To-device messages and key counts come with transactions if Synapse is told to.
async fn to_device(lab: &Lab, core: &Client, anna: &Client) {
    use ruma::{
        api::client::to_device::send_event_to_device::v3, serde::Raw, to_device::DeviceIdOrAllDevices,
    };
    let content = Raw::new(&json!({"hello": "bot"})).unwrap().cast_unchecked();
    let device = DeviceIdOrAllDevices::DeviceId(device_id!("RALF").to_owned());
    let messages = [(core.user_id().to_owned(), [(device, content)].into())].into();
    let request = v3::Request::new_raw("local.ralf.test".into(), "td-1".into(), messages);
    anna.request(request).await.unwrap();
    for _ in 0..100 {
        for transaction in &*lab.notes.transactions.lock().unwrap() {
            if let [message] = transaction.to_device.as_slice() {
                let message: Value = message.deserialize_as_unchecked().unwrap();
                assert_eq!(message["to_user_id"], core.user_id().as_str());
                assert_eq!(message["to_device_id"], "RALF");
                assert_eq!(message["content"]["hello"], "bot");
                let counts = transaction.one_time_keys_counts.as_ref().unwrap();
                assert!(counts[core.user_id()].contains_key(device_id!("RALF")), "{counts:?}");
                assert!(transaction.unused_fallback_keys.is_some());
                return;
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the to-device message was never pushed");
}

async fn idempotency(lab: &mut Lab, core: &Client, infra: &Client, room: &OwnedRoomId) {
    let text = content::text("once", None).to_string();
    let first = core.send(room, "m.room.message", "same", &text).await.unwrap();
    assert_eq!(core.send(room, "m.room.message", "same", &text).await.unwrap(), first);
    let lost = infra.send(room, "m.room.message", "same", &text).await.unwrap();
    assert_eq!(lost, first, "Synapse no longer falls into this trap: good news");
    lab.synapse.stop();
    let error = core.clone().without_retries().whoami().await.unwrap_err();
    assert!(error.is_transient() && !error.is_permanent(), "{error}");
    lab.synapse.start();
    ready(&lab.homeserver).await;
    assert_eq!(core.send(room, "m.room.message", "same", &text).await.unwrap(), first);
}

/// What one send costs us, which is noted rather than judged: the machine is noisy.
async fn cost(core: &Client, room: &OwnedRoomId) {
    let text = content::text("quick", None).to_string();
    let (started, before) = (Instant::now(), cpu());
    for number in 0..100 {
        core.send(room, "m.room.message", &format!("cost-{number}"), &text).await.unwrap();
    }
    println!("a send: {:?}, of which we computed {:?}", started.elapsed() / 100, (cpu() - before) / 100);
}

/// This process's CPU time, in ticks of 10 ms, or zero where there is no /proc.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}
