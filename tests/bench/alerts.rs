//! From a webhook to the committed state of its incident, in a lab of its own, against raw commits of as many deliveries on the same
//! disk: `cargo bench --bench alerts`. First into an empty house, then into one with many open alerts and subscriptions.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream;
use ralf::clock::{Clock, new_id};
use ralf::lab::{Lab, LabOptions};
use ralf::store::{Store, SubscriptionRow};
use serde_json::{Value, json};
use sqlx::any::AnyPoolOptions;
use sqlx::{AnyPool, Executor};

/// Alerts of one delivery: a group.
const GROUP: usize = 10;
const DELIVERIES: usize = 1_000;
/// Deliveries that wait for their answer at a time, as several sources do.
const AT_ONCE: usize = 16;
const OPEN: usize = 100_000;
const SUBSCRIPTIONS: usize = 1_000;
const ROUNDS: usize = 5;

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
    let folder =
        tempfile::tempdir_in(std::env::current_dir().expect("a folder")).expect("a temporary folder");
    let options = LabOptions::new(folder.path().join("lab"), env!("CARGO_BIN_EXE_ralf")).expect("options");
    let lab = Lab::start(options).await.expect("a lab");
    let info = lab.info();
    let source = Source {
        http: reqwest::Client::new(),
        url: format!("{}/webhooks/alertmanager", info.ralf),
        token: info.webhook_token.clone(),
    };
    println!(
        "alerts: webhook → committed state; groups of {GROUP}, {AT_ONCE} deliveries at a time, SQLite on {}",
        folder.path().display()
    );
    let floor = floor(folder.path()).await;
    println!("  raw commits, one a delivery     {:8.0} deliveries/s (median of {ROUNDS})", floor);
    let empty = source.measure("a", DELIVERIES).await;
    empty.print("empty house, new incidents", floor);

    lab.take_down("ralf").await;
    subscribe(&info.database).await;
    lab.bring_up("ralf").await;
    source.ready(&info.ralf).await;
    let filled = source.measure("b", OPEN / GROUP).await;
    filled.print(&format!("while {OPEN} alerts come to be open"), floor);
    let full = source.measure("c", DELIVERIES).await;
    full.print(&format!("{OPEN} open, {SUBSCRIPTIONS} subscriptions"), floor);
    let again = source.measure("c", DELIVERIES).await;
    again.print("the same again: replays", floor);
    println!("  aims: ≥ 1,000 alerts/s, p99 < 1,000 ms");
    lab.stop().await;
}

struct Source {
    http: reqwest::Client,
    url: String,
    token: String,
}

/// What deliveries took.
struct Took {
    all: Duration,
    each: Vec<Duration>,
}

impl Source {
    async fn measure(&self, series: &str, deliveries: usize) -> Took {
        let began = Instant::now();
        let mut each: Vec<Duration> = stream::iter(0..deliveries)
            .map(|n| self.deliver(group(series, n)))
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        let all = began.elapsed();
        each.sort();
        Took { all, each }
    }

    /// Delivers until it is taken, as Alertmanager does.
    async fn deliver(&self, body: Value) -> Duration {
        let began = Instant::now();
        loop {
            let answer = self
                .http
                .post(&self.url)
                .bearer_auth(&self.token)
                .json(&body)
                .send()
                .await
                .expect("an answer");
            match answer.status().as_u16() {
                200 => return began.elapsed(),
                503 => tokio::time::sleep(Duration::from_millis(50)).await,
                other => panic!("{other}: {}", answer.text().await.unwrap_or_default()),
            }
        }
    }

    async fn ready(&self, url: &str) {
        let ready = format!("{url}/readyz");
        while !self.http.get(&ready).send().await.is_ok_and(|answer| answer.status().is_success()) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Took {
    fn print(&self, what: &str, floor: f64) {
        let per_s = self.each.len() as f64 / self.all.as_secs_f64();
        let at = |share: f64| self.each[((self.each.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
        println!(
            "  {what:<40} {:8.0} alerts/s, {:.2} × raw; until the answer p50 {:.0} ms, p99 {:.0} ms",
            per_s * GROUP as f64,
            per_s / floor,
            at(0.5),
            at(0.99)
        );
    }
}

/// Deliveries a second, each one row of its JSON in a transaction of its own.
async fn floor(folder: &std::path::Path) -> f64 {
    let pool = raw_pool(&format!("sqlite:{}/floor.db?mode=rwc", folder.display())).await;
    let mut rates = Vec::new();
    for round in 0..ROUNDS {
        let began = Instant::now();
        for n in 0..200 {
            let body = group(&format!("f{round}"), n).to_string();
            let mut tx = pool.begin_with("BEGIN IMMEDIATE").await.expect("a transaction");
            sqlx::query("INSERT INTO raw (body) VALUES ($1)")
                .bind(body)
                .execute(&mut *tx)
                .await
                .expect("a row");
            tx.commit().await.expect("a commit");
        }
        rates.push(200.0 / began.elapsed().as_secs_f64());
    }
    rates.sort_by(f64::total_cmp);
    rates[ROUNDS / 2]
}

async fn raw_pool(url: &str) -> AnyPool {
    sqlx::any::install_default_drivers();
    let pool = AnyPoolOptions::new()
        .max_connections(1)
        .after_connect(|connection, _| {
            Box::pin(async move {
                for pragma in ["PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL"] {
                    connection.execute(pragma).await?;
                }
                Ok(())
            })
        })
        .connect(url)
        .await
        .expect("a pool");
    pool.execute("CREATE TABLE raw (body TEXT NOT NULL)").await.expect("a table");
    pool
}

/// Subscriptions of as many rooms, each to another service that never alerts.
async fn subscribe(database: &str) {
    let (store, _rows) = Store::open(database, Clock::System).await.expect("the database");
    let mut tx = store.begin().await.expect("a write");
    for n in 0..SUBSCRIPTIONS {
        tx.add_subscription(&SubscriptionRow {
            id: new_id(),
            room_id: format!("!room{n}:lab.local"),
            n: 0,
            bot: "health".into(),
            lang: "en".into(),
            owner: "@admin:lab.local".into(),
            personal: false,
            wish: format!(r#"severity>=warning service=~"other-{n}.*" except instance="pi4""#),
            due_ts: i64::MAX,
            created_ts: 1,
        })
        .await
        .expect("a row");
    }
    tx.commit().await.expect("a commit");
    store.close().await;
}

fn group(series: &str, n: usize) -> Value {
    let service = format!("{series}{n}");
    let alert = |at: usize| {
        json!({
            "status": "firing",
            "labels": {
                "alertname": "ServiceSlow", "service": service, "instance": format!("{service}-{at}:9100"),
                "job": "fleet", "severity": "warning",
            },
            "annotations": {"summary": format!("{service}-{at} is slow"), "description": "It takes more than 2 s to answer."},
            "startsAt": "2026-11-21T03:14:10.418Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus.lab:9090/graph?g0.expr=latency+%3E+2&g0.tab=1",
        })
    };
    json!({
        "version": "4",
        "receiver": "ralf",
        "status": "firing",
        "groupKey": format!("{{}}:{{alertname=\"ServiceSlow\", service=\"{service}\"}}"),
        "groupLabels": {"alertname": "ServiceSlow", "service": service},
        "externalURL": "http://alertmanager.lab:9093",
        "truncatedAlerts": 0,
        "alerts": (0..GROUP).map(alert).collect::<Vec<_>>(),
    })
}
