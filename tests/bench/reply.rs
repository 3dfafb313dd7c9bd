//! From a person's message to our reply through a real Synapse, against an application service that does nothing but
//! reply, on the same Synapse, interleaved; CPU, memory, and start: `cargo bench --bench reply`.

use std::collections::HashMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use ralf::lab::{Lab, LabJson, LabOptions};
use ralf_appservice::{
    Client, Handler, HandlerError, Homeserver, Registration, RouterSettings, Transaction, content,
};
use ruma::{EventId, RoomId, ServerName, UserId};
use serde_json::{Value, json};
use tokio::sync::oneshot;

const PAIRS: usize = 150;
const STARTS: usize = 7;
const QUESTION: &str = "!ralf whoami";

fn main() {
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(run());
}

async fn run() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = ServerName::parse("lab.local").expect("a name");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let registration = Registration::generate("floor", &url, "_floor", &server, &["floor"]);
    let file = folder.path().join("floor.yaml");
    registration.write_private(&file).expect("a registration");

    let mut options =
        LabOptions::new(folder.path().join("lab"), env!("CARGO_BIN_EXE_ralf")).expect("options");
    options.appservice = Some(file);
    let lab = Lab::start(options).await.expect("a lab");
    let info = lab.info();
    let homeserver =
        Homeserver::new(&info.homeserver, &registration.as_token, &server).expect("a homeserver");
    let floor = homeserver.bot(&UserId::parse("@floor:lab.local").expect("an id"), "FLOOR".into());
    floor.register().await.expect("registered");
    floor.ensure_device("floor").await.expect("a device");
    let router = ralf_appservice::router(
        RouterSettings::new(registration.hs_token.clone()),
        Arc::new(Floor(floor.clone())),
    );
    tokio::spawn(async move { axum::serve(listener, router).await });

    let admin = person(&info, &homeserver);
    // Two rooms of two: Synapse's own share grows with the members.
    let ops = admin
        .create_room(&json!({"preset": "private_chat", "invite": [info.bots["core"]]}))
        .await
        .expect("a room");
    let core = UserId::parse(&info.bots["core"]).expect("an id");
    while !admin.joined_members(&ops).await.expect("members").contains_key(&core) {
        tokio::task::yield_now().await;
    }
    let invite = json!({"preset": "private_chat", "invite": [floor.user_id()]});
    let beside = admin.create_room(&invite).await.expect("a room");
    floor.join((&*beside).into()).await.expect("joined");

    let replies = Replies::listen(admin.clone());
    for _ in 0..10 {
        replies.round_trip(&admin, &ops).await;
        replies.round_trip(&admin, &beside).await;
    }
    let pid = lab.pid("ralf").expect("a pid");
    let cpu_before = cpu_ms(pid);
    let (mut ours, mut floors, mut differences) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..PAIRS {
        let (a, b) = if n % 2 == 0 {
            let a = replies.round_trip(&admin, &ops).await;
            (a, replies.round_trip(&admin, &beside).await)
        } else {
            let b = replies.round_trip(&admin, &beside).await;
            (replies.round_trip(&admin, &ops).await, b)
        };
        ours.push(ms(a));
        floors.push(ms(b));
        differences.push(ms(a) - ms(b));
    }
    let cpu = (cpu_ms(pid) - cpu_before) / PAIRS as f64;
    println!("reply: a person's message → the reply in their /sync, {PAIRS} pairs, interleaved");
    println!("  do-nothing application service  {:6.1} ms (median)", median(&mut floors));
    println!("  R.A.L.F., durable               {:6.1} ms", median(&mut ours));
    let half = quartiles(&mut differences);
    println!(
        "  median of paired differences    {:+6.2} ms (quartiles {:+.2} to {:+.2}; aim ≤ +1.0)",
        half.1, half.0, half.2
    );
    println!("  CPU per answered message        {cpu:6.2} ms (aim ≤ 1.5)");
    println!("  memory, resident                {:6.1} MiB (aim ≤ 25)", resident_mib(pid));
    starts(&lab, &info, &replies, &admin, &ops).await;
    lab.stop().await;
}

/// A message waits; the program starts; until the reply is seen.
async fn starts(lab: &Lab, info: &LabJson, replies: &Replies, admin: &Client, ops: &RoomId) {
    lab.take_down("ralf").await;
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let body = content::text(QUESTION, None).to_string();
        let sent = admin.send(ops, "m.room.message", &ralf::clock::new_id(), &body).await.expect("sent");
        let reply = replies.to(&sent);
        let began = Instant::now();
        let mut child = serve(Path::new(&info.config));
        let came = reply.await.expect("a reply");
        times.push(ms(came - began));
        let _ = child.kill();
        let _ = child.wait();
    }
    println!("start: program start → the reply to a message that waited ({STARTS} starts)");
    println!("  median                          {:6.0} ms (aim ≤ 200)", median(&mut times));
}

fn serve(config: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_ralf"))
        .args(["serve", "-c"])
        .arg(config)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a process")
}

/// Replies to every message of a person, and keeps nothing.
struct Floor(Client);

#[async_trait]
impl Handler for Floor {
    async fn transaction(&self, transaction: Transaction) -> Result<(), HandlerError> {
        for event in transaction.events {
            let event: Value = serde_json::from_str(event.json().get()).unwrap_or_default();
            let text =
                |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
            if text("/type") != "m.room.message" || text("/sender") == self.0.user_id().as_str() {
                continue;
            }
            let bot = self.0.clone();
            let room = RoomId::parse(text("/room_id")).expect("a room");
            let to = EventId::parse(text("/event_id")).expect("an event");
            tokio::spawn(async move {
                let reply = content::reply(content::text("here", None), &to).to_string();
                bot.send(&room, "m.room.message", &ralf::clock::new_id(), &reply).await.expect("sent");
            });
        }
        Ok(())
    }

    async fn user_exists(&self, _: &UserId) -> bool {
        true
    }
}

fn person(info: &LabJson, homeserver: &Homeserver) -> Client {
    let admin = &info.users["admin"];
    let id = UserId::parse(&admin.user_id).expect("an id");
    homeserver.person(&admin.access_token.as_str().into(), &id).expect("a person")
}

/// Who waits for the reply to which event, and replies that came before anybody waited.
#[derive(Default)]
struct Mail {
    waiting: HashMap<String, oneshot::Sender<Instant>>,
    early: HashMap<String, Instant>,
}

#[derive(Clone)]
struct Replies(Arc<Mutex<Mail>>);

impl Replies {
    fn listen(person: Client) -> Self {
        let mail = Arc::new(Mutex::new(Mail::default()));
        let replies = Self(Arc::clone(&mail));
        tokio::spawn(async move {
            let mut since: Option<String> = None;
            loop {
                let timeout = Duration::from_secs(if since.is_some() { 20 } else { 0 });
                // The lab ends before we do.
                let Ok(answer) = person.sync(since.as_deref(), timeout, None).await else { return };
                let now = Instant::now();
                since = answer["next_batch"].as_str().map(str::to_owned);
                let rooms = answer.pointer("/rooms/join").and_then(Value::as_object).into_iter().flatten();
                let events =
                    rooms.filter_map(|(_, room)| room.pointer("/timeline/events")?.as_array()).flatten();
                let mut mail = mail.lock().expect("no panic");
                for event in events {
                    let Some(to) =
                        event.pointer("/content/m.relates_to/m.in_reply_to/event_id").and_then(Value::as_str)
                    else {
                        continue;
                    };
                    match mail.waiting.remove(to) {
                        Some(waiting) => drop(waiting.send(now)),
                        None => drop(mail.early.insert(to.to_owned(), now)),
                    }
                }
            }
        });
        replies
    }

    fn to(&self, event: &EventId) -> oneshot::Receiver<Instant> {
        let (sender, receiver) = oneshot::channel();
        let mut mail = self.0.lock().expect("no panic");
        match mail.early.remove(event.as_str()) {
            Some(came) => drop(sender.send(came)),
            None => drop(mail.waiting.insert(event.to_string(), sender)),
        }
        receiver
    }

    async fn round_trip(&self, person: &Client, room: &RoomId) -> Duration {
        let began = Instant::now();
        let body = content::text(QUESTION, None).to_string();
        let event = person.send(room, "m.room.message", &ralf::clock::new_id(), &body).await.expect("sent");
        self.to(&event).await.expect("a reply") - began
    }
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

fn median(values: &mut [f64]) -> f64 {
    quartiles(values).1
}

fn quartiles(values: &mut [f64]) -> (f64, f64, f64) {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    (values[n / 4], values[n / 2], values[n * 3 / 4])
}

/// Time that a process's threads have run so far, user and system, as the scheduler counts it.
fn cpu_ms(pid: u32) -> f64 {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).expect("a process").flatten();
    let ran = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("schedstat")).ok());
    ran.filter_map(|line| line.split_whitespace().next()?.parse::<f64>().ok()).sum::<f64>() / 1e6
}

fn resident_mib(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("a process");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a figure");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<f64>().ok()).expect("a number") / 1_024.0
}
