//! Intake of transactions into the inbox, against raw commits of the same rows in the same database with the same
//! settings: `cargo bench --bench intake`.

use std::time::{Duration, Instant};

use ralf::clock::Clock;
use ralf::store::Store;
use sqlx::any::AnyPoolOptions;
use sqlx::{AnyPool, Executor};

const ROUNDS: usize = 15;
const COMMITS: usize = 200;

fn main() {
    // `cargo test --benches` runs this too, and a benchmark is no test.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(run());
}

async fn run() {
    let folder = tempfile::tempdir_in(std::env::current_dir().expect("a folder")).expect("a temporary folder");
    let url = format!("sqlite:{}/bench.db", folder.path().display());
    let (store, _rows) = Store::open(&url, Clock::System).await.expect("a store");
    let _lease = store.acquire("bench", || {}).await.expect("the lease");
    let raw = raw_pool(&url).await;
    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let began = Instant::now();
        for n in 0..COMMITS {
            raw_commit(&raw, &format!("f{round}-{n}")).await;
        }
        floor.push(began.elapsed());
        let began = Instant::now();
        for n in 0..COMMITS {
            let id = format!("o{round}-{n}");
            let event = (format!("$e{id}"), "!room:lab.local".to_owned(), body(&id));
            assert!(matches!(store.take_in(vec![event]).await, Ok(rows) if rows.len() == 1));
        }
        ours.push(began.elapsed());
    }
    let ratios: Vec<f64> = floor.iter().zip(&ours).map(|(f, o)| f.as_secs_f64() / o.as_secs_f64()).collect();
    let per = |d: Duration| d.as_secs_f64() * 1e6 / COMMITS as f64;
    println!("intake: one event a transaction, SQLite, synchronous=FULL, on {}", folder.path().display());
    println!("  raw commits      {:7.0} µs each (median of {ROUNDS} rounds of {COMMITS})", per(median(&mut floor.clone())));
    println!("  inbox            {:7.0} µs each", per(median(&mut ours.clone())));
    let mut ratios = ratios;
    ratios.sort_by(f64::total_cmp);
    println!(
        "  ratio            {:7.2} × the speed of raw commits (rounds from {:.2} to {:.2}; aim ≥ 0.8)",
        ratios[ROUNDS / 2], ratios[0], ratios[ROUNDS - 1]
    );
}

async fn raw_pool(url: &str) -> AnyPool {
    AnyPoolOptions::new()
        .max_connections(1)
        .after_connect(|connection, _| {
            Box::pin(async move {
                for pragma in ["PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "PRAGMA busy_timeout = 10000"] {
                    connection.execute(pragma).await?;
                }
                Ok(())
            })
        })
        .connect(url)
        .await
        .expect("a pool")
}

async fn raw_commit(pool: &AnyPool, id: &str) {
    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await.expect("a transaction");
    sqlx::query(
        "INSERT INTO inbox (seq, event_id, room_id, body, state, attempts, received_ts) VALUES ($1, $2, $3, $4, 'raw', 0, $5)",
    )
    .bind(-rand::random_range(1..i64::MAX))
    .bind(format!("$e{id}"))
    .bind("!room:lab.local")
    .bind(body(id))
    .bind(1_i64)
    .execute(&mut *tx)
    .await
    .expect("a row");
    tx.commit().await.expect("a commit");
}

fn body(id: &str) -> String {
    format!(
        r#"{{"type":"m.room.message","event_id":"$e{id}","room_id":"!room:lab.local","sender":"@admin:lab.local","origin_server_ts":1795260000000,"content":{{"msgtype":"m.text","body":"Starte Grafana neu"}}}}"#
    )
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}
