//! The gate in the store: `cargo bench --bench gate [-- --operations 1000000] [--folder /dev/shm]`.
//!
//! From a vote to the executor's start, against as many raw commits in the same database with the same settings; and
//! what people do – approve, list, ask why – beside so many operations that came to their end, against a store that has
//! only the newest of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use ralf::approval::{
    Ballot, By, Course, GateError, GateStore as _, Operation, Permit, Rules, Standing, State, Verdict, World,
    gate,
};
use ralf::approval::{Terms, Who};
use ralf::clock::{Clock, new_id};
use ralf::config::Config;
use ralf::execution::{Adopted, Executor, ExecutorError, Outcome, Progress};
use ralf::plan::{Plan, Risk, Step, Task};
use ralf::store::Store;
use sqlx::any::AnyPoolOptions;
use sqlx::{AnyPool, Executor as _};
use tokio::sync::mpsc;

const ROUNDS: usize = 15;
const DISPATCHES: usize = 40;
const LOOKS: usize = 200;
/// The vote, the lease, the claim, the note that it begins.
const COMMITS: usize = 4;
/// What both stores of the comparison have: more than a list shows.
const NEWEST: usize = 200;
const ADMIN: &str = "@admin:lab.local";
const ROOM: &str = "!room:lab.local";

fn main() {
    // `cargo test --benches` runs this too, and a benchmark is no test.
    let arguments: Vec<String> = std::env::args().collect();
    if !arguments.iter().any(|arg| arg == "--bench") {
        return;
    }
    let after = |name: &str| arguments.iter().skip_while(|arg| *arg != name).nth(1);
    let operations: usize = after("--operations").map_or(100_000, |n| n.parse().expect("a number"));
    let folder = after("--folder").map_or_else(|| std::env::current_dir().expect("a folder"), PathBuf::from);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let folder = tempfile::tempdir_in(folder).expect("a temporary folder");
        dispatches(folder.path()).await;
        looks(folder.path(), operations).await;
    });
}

/// A house with nothing but a store, and an executor that does nothing.
struct House {
    store: Store,
    rules: Rules,
    executor: Arc<Nothing>,
    folder: PathBuf,
}

impl House {
    async fn open(folder: &Path, name: &str) -> (Self, AnyPool) {
        let file = folder.join("ralf.toml");
        let text = format!(
            "[homeserver]\nurl = \"http://127.0.0.1:1\"\ndomain = \"lab.local\"\n[appservice]\nlisten = \"127.0.0.1:0\"\n\
             as_token = \"a\"\nhs_token = \"b\"\n[people.admin]\nids = [\"{ADMIN}\"]\nroles = [\"approver\"]\n"
        );
        std::fs::write(&file, text).expect("written");
        let config = Config::load_with(&file, []).unwrap_or_else(|error| panic!("{error}"));
        let url = format!("sqlite:{}", folder.join(name).display());
        let (store, mut said) = Store::open(&url, Clock::System).await.expect("a store");
        tokio::spawn(async move { while said.recv().await.is_some() {} });
        let rules = Rules::new(&config, ruma::server_name!("lab.local"));
        let raw = raw_pool(&url).await;
        (Self { store, rules, executor: Arc::default(), folder: folder.to_owned() }, raw)
    }

    /// Puts an operation to the vote, and says that it was shown.
    async fn proposed(&self, raw: &AnyPool, id: &str) -> Operation {
        let mut op = operation(id, self.store.now_ms());
        op.folder = self.folder.display().to_string();
        let mut tx = self.store.begin().await.expect("a write");
        tx.insert_operation(&op).await.expect("inserted");
        tx.commit().await.expect("committed");
        sqlx::query("UPDATE operations SET proposal_event = '$p' || id WHERE id = $1")
            .bind(id)
            .execute(raw)
            .await
            .expect("shown");
        op
    }

    async fn approve(&self, op: &Operation) {
        let by = By { actor: ADMIN, event: &format!("$v{}", op.id) };
        let ballot = Ballot { by, verdict: Verdict::Approve, reason: "", place: None };
        gate::cast(self, -1, op, ballot).await.expect("a vote");
    }
}

impl World for House {
    type Store = Store;

    fn store(&self) -> &Store {
        &self.store
    }

    fn rules(&self) -> &Rules {
        &self.rules
    }

    fn executor(&self, _name: &str) -> Option<Arc<dyn Executor>> {
        Some(self.executor.clone())
    }

    async fn standing(&self, _room: &str, _speaker: &str) -> Result<Standing, GateError> {
        Ok(Standing { members: BTreeMap::from([(ADMIN.to_owned(), 100)]), upgraded: false })
    }

    async fn fresh_folder(&self, _id: &str) -> std::io::Result<PathBuf> {
        Ok(self.folder.clone())
    }

    fn new_operation_id(&self) -> String {
        new_id().to_lowercase()
    }

    fn new_txn_id(&self) -> String {
        new_id()
    }

    fn progress(&self, _op: &Operation) -> mpsc::Sender<Progress> {
        mpsc::channel(1).0
    }

    fn hide(&self, text: &str) -> String {
        text.to_owned()
    }

    fn shown(&self, outcome: &Outcome) -> (Outcome, bool) {
        (outcome.clone(), false)
    }
}

/// Notes when it was started.
#[derive(Default)]
struct Nothing {
    started: Mutex<Option<Instant>>,
}

#[async_trait]
impl Executor for Nothing {
    fn name(&self) -> &'static str {
        "nothing"
    }

    fn handles(&self, _task: &Task) -> bool {
        true
    }

    async fn plan(&self, _task: &Task, _folder: &Path, _policy: &str) -> Result<Plan, ExecutorError> {
        Err(ExecutorError::Refused("nothing is planned here".into()))
    }

    async fn observe(&self, plan: &Plan, _folder: &Path) -> Result<String, ExecutorError> {
        Ok(plan.observed.clone())
    }

    async fn apply(
        &self,
        _plan: &Plan,
        folder: &Path,
        _permit: Permit,
        _progress: mpsc::Sender<Progress>,
    ) -> Result<Outcome, ExecutorError> {
        *self.started.lock().expect("a clock") = Some(Instant::now());
        Ok(Outcome { success: true, rolled_back: false, facts: Vec::new(), log: folder.join("log.txt") })
    }

    async fn adopt(
        &self,
        _plan: &Plan,
        _folder: &Path,
        _progress: mpsc::Sender<Progress>,
    ) -> Result<Adopted, ExecutorError> {
        Ok(Adopted::NeverBegan)
    }
}

fn operation(id: &str, now: i64) -> Operation {
    let slots = BTreeMap::from([("service".to_owned(), "jellyfin".to_owned())]);
    let task = Task {
        operation: id.into(),
        intent: "deploy_service".into(),
        action: "deploy".into(),
        service: Some("jellyfin".into()),
        hosts: vec!["node-1".into()],
        slots: slots.clone(),
    };
    let plan = Plan {
        executor: "nothing".into(),
        executor_version: "1".into(),
        task,
        targets: vec![format!("service:{id}@node-1")],
        risk: Risk::Low,
        steps: vec![Step { title: "Write the unit".into(), host: "node-1".into(), changes: true }],
        diff: "+ a line of the service's file\n".repeat(12),
        artefact: "a".repeat(64),
        observed: "b".repeat(64),
        policy_version: "p".into(),
        effects: Default::default(),
        secrets: Vec::new(),
        rescue: Vec::new(),
    };
    Operation {
        id: id.into(),
        state: State::AwaitingApproval,
        room_id: ROOM.into(),
        speaker: "core".into(),
        lang: "de".into(),
        ask_event: format!("$a{id}"),
        sentence: "Installiere Jellyfin auf node-1".into(),
        understood: "grammar: deploy_service".into(),
        requester: ADMIN.into(),
        intent: "deploy_service".into(),
        slots,
        bot: "infra".into(),
        digest: plan.digest().full().to_owned(),
        plan,
        folder: "/nowhere".into(),
        terms: Terms {
            rule: "default".into(),
            approvals: 1,
            approvers: vec![Who::Role("approver".into())],
            also: Vec::new(),
            power: 0,
            self_approval: true,
            expiry_ms: 900_000,
            wait_ms: 0,
            second_factor: false,
            escalation: None,
        },
        course: Course::default(),
        created_ts: now,
        expires_ts: now + 900_000,
        proposal_txn: format!("txn-{id}"),
        proposal_event: None,
        progress_txn: None,
        outcome: None,
    }
}

async fn raw_pool(url: &str) -> AnyPool {
    AnyPoolOptions::new()
        .max_connections(1)
        .after_connect(|connection, _| {
            Box::pin(async move {
                for pragma in
                    ["PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "PRAGMA busy_timeout = 10000"]
                {
                    connection.execute(pragma).await?;
                }
                Ok(())
            })
        })
        .connect(url)
        .await
        .expect("a pool")
}

async fn raw_commit(raw: &AnyPool, key: &str) {
    let mut tx = raw.begin_with("BEGIN IMMEDIATE").await.expect("a transaction");
    sqlx::query("INSERT INTO memory (key, value) VALUES ($1, $2)")
        .bind(key)
        .bind("a line of a few hundred bytes, as a change of state has. ".repeat(8))
        .execute(&mut *tx)
        .await
        .expect("a row");
    tx.commit().await.expect("a commit");
}

/// An inbox row, so that a decision has a cause.
async fn cause(raw: &AnyPool) {
    sqlx::query("INSERT INTO inbox (seq, event_id, room_id, body, state, attempts, received_ts) VALUES (-1, '$c', $1, '{}', 'new', 0, 0) ON CONFLICT (seq) DO UPDATE SET state = 'new'")
        .bind(ROOM)
        .execute(raw)
        .await
        .expect("a cause");
}

async fn dispatches(folder: &Path) {
    let (house, raw) = House::open(folder, "dispatch.db").await;
    let _lease = house.store.acquire("bench", || {}).await.expect("the lease");
    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let began = Instant::now();
        for n in 0..DISPATCHES * COMMITS {
            raw_commit(&raw, &format!("{round}-{n}")).await;
        }
        floor.push(began.elapsed().as_secs_f64() / DISPATCHES as f64);
        let mut took = Duration::ZERO;
        for n in 0..DISPATCHES {
            let op = house.proposed(&raw, &format!("r{round:04}n{n:04}")).await;
            cause(&raw).await;
            let began = Instant::now();
            house.approve(&op).await;
            gate::dispatch(&house, &op.id).await.expect("dispatched");
            let started = house.executor.started.lock().expect("a clock").take().expect("it was started");
            took += started - began;
        }
        ours.push(took.as_secs_f64() / DISPATCHES as f64);
    }
    println!("gate: from a vote to the executor's start, SQLite, synchronous=FULL, on {}", folder.display());
    let (ours, floor) = (Spread::of(ours), Spread::of(floor));
    println!("  {COMMITS} raw commits    {}", floor.shown());
    println!("  vote → dispatch  {}", ours.shown());
    println!("  ratio            {:7.2} × the time of raw commits", ours.median / floor.median);
}

/// Median and quartiles of seconds.
struct Spread {
    low: f64,
    median: f64,
    high: f64,
}

impl Spread {
    fn of(mut all: Vec<f64>) -> Self {
        all.sort_by(f64::total_cmp);
        Self { low: all[all.len() / 4], median: all[all.len() / 2], high: all[all.len() * 3 / 4] }
    }

    fn shown(&self) -> String {
        let us = 1e6;
        format!("{:7.0} µs (quartiles {:.0} to {:.0})", self.median * us, self.low * us, self.high * us)
    }
}

/// Puts finished operations into a store, each with its vote and its six entries on record.
async fn fill(house: &House, raw: &AnyPool, count: usize, from_ts: i64) {
    if count == 0 {
        return;
    }
    let template = house.proposed(raw, &format!("template{from_ts}")).await.id;
    let numbers = format!(
        "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count})"
    );
    // Ids in no order, as real ones; made from the number, so that votes and entries find theirs.
    let id = format!("printf('%08x%x', (n * 2654435761) % 4294967296, n + {from_ts} % 1000003)");
    let columns = "room_id, speaker, lang, sentence, understood, requester, intent, slots, bot, plan, digest, folder, terms, course";
    let operations = format!(
        "{numbers} INSERT INTO operations (id, state, {columns}, ask_event, created_ts, expires_ts, updated_ts, due_ts, \
         proposal_txn, proposal_event, service, outcome) SELECT {id}, CASE n % 10 WHEN 0 THEN 'failed' WHEN 1 THEN 'denied' \
         ELSE 'succeeded' END, {columns}, '$a' || {id}, {from_ts} + n, {from_ts} + n, {from_ts} + n, 0, 't' || {id}, \
         '$p' || {id}, 'service-' || (n % 50), '{{\"success\":true,\"facts\":[],\"log\":\"/x\"}}' \
         FROM numbers, operations AS t WHERE t.id = '{template}'"
    );
    let votes = format!(
        "{numbers} INSERT INTO votes (operation, person, user_id, verdict, event_id, ts) \
         SELECT {id}, 'admin', '{ADMIN}', 'approve', '$v' || {id}, {from_ts} + n FROM numbers"
    );
    let entries = format!(
        "{numbers} INSERT INTO audit (seq, ts, kind, operation, actor, event_id, detail, prev, hash) \
         SELECT -({from_ts} * 8 + n * 8 + k.k), {from_ts} + n, 'entry', {id}, '{ADMIN}', '$e' || n, 'digest and more', \
         '{hash}', '{hash}' FROM numbers, (SELECT 1 AS k UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 \
         UNION ALL SELECT 5 UNION ALL SELECT 6) AS k",
        hash = "c".repeat(64),
    );
    for sql in [operations, votes, entries] {
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(raw).await.expect("filled");
    }
    let gone = format!("DELETE FROM operations WHERE id = '{template}'");
    sqlx::query(sqlx::AssertSqlSafe(gone)).execute(raw).await.expect("gone");
}

/// What people do, each as seconds.
async fn look(house: &House, raw: &AnyPool, round: usize) -> [f64; 5] {
    let now = house.store.now_ms();
    let known = house.store.operations_recent(NEWEST as i64).await.expect("read");
    let (mut approve, mut took) = (Duration::ZERO, [0.0; 5]);
    for n in 0..LOOKS / 10 {
        let op = house.proposed(raw, &format!("z{round:04}n{n:04}")).await;
        cause(raw).await;
        let began = Instant::now();
        house.approve(&op).await;
        approve += began.elapsed();
        sqlx::query("UPDATE operations SET state = 'cancelled' WHERE id = $1")
            .bind(&op.id)
            .execute(raw)
            .await
            .expect("away");
    }
    took[0] = approve.as_secs_f64() / (LOOKS / 10) as f64;
    let began = Instant::now();
    for _ in 0..LOOKS {
        assert_eq!(house.store.operations_recent(50).await.expect("read").len(), 50);
    }
    took[1] = began.elapsed().as_secs_f64() / LOOKS as f64;
    let began = Instant::now();
    for _ in 0..LOOKS {
        assert_eq!(house.store.operations_page(Some("succeeded"), now, 50).await.expect("read").len(), 50);
    }
    took[2] = began.elapsed().as_secs_f64() / LOOKS as f64;
    let began = Instant::now();
    for n in 0..LOOKS {
        let id = &known[n % known.len()].id;
        let op = house.store.operation_like(id).await.expect("read").expect("it is there");
        house.store.audit_of(&op.id).await.expect("read");
    }
    took[3] = began.elapsed().as_secs_f64() / LOOKS as f64;
    let began = Instant::now();
    for _ in 0..LOOKS {
        for state in [State::Dispatched, State::Running, State::Unknown, State::Approved] {
            house.store.in_state(state).await.expect("read");
        }
        house.store.due(now).await.expect("read");
    }
    took[4] = began.elapsed().as_secs_f64() / LOOKS as f64;
    took
}

async fn looks(folder: &Path, operations: usize) {
    let (small, small_raw) = House::open(folder, "small.db").await;
    let (large, large_raw) = House::open(folder, "large.db").await;
    let began = Instant::now();
    fill(&large, &large_raw, operations, 1_000_000_000_000).await;
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&large_raw).await.expect("written back");
    println!(
        "gate: beside {operations} finished operations (made in {:.0} s), against {NEWEST}",
        began.elapsed().as_secs_f64()
    );
    for (house, raw) in [(&small, &small_raw), (&large, &large_raw)] {
        fill(house, raw, NEWEST, 1_700_000_000_000).await;
    }
    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        floor.push(look(&small, &small_raw, round).await);
        ours.push(look(&large, &large_raw, round).await);
    }
    for (n, what) in ["approve", "list", "list by state", "why", "what is due"].into_iter().enumerate() {
        let of = |all: &[[f64; 5]]| Spread::of(all.iter().map(|took| took[n]).collect());
        let (ours, floor) = (of(&ours), of(&floor));
        let ratio = ours.median / floor.median;
        println!("  {what:14} {}, few: {}, ratio {ratio:.2} (aim ≤ 1.5)", ours.shown(), floor.shown());
    }
}
