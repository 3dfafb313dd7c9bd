//! What we add around a model call: ours against a bare POST of the same body to the same fake server, which thinks for a
//! fixed time; interleaved: `cargo bench -p ralf-intents --bench model`.

#![expect(clippy::unwrap_used, reason = "a benchmark stops at the first surprise")]

#[path = "../tests/common/mod.rs"]
mod common;

use common::fake::{Answer, Fake};
use common::{request, wire};
use ralf_intents::{Model as _, OllamaModel};
use std::time::{Duration, Instant};

const PAIRS: usize = 21;
const THINKING: Duration = Duration::from_millis(200);

fn main() {
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(run());
}

async fn run() {
    let fake = Fake::always(Answer::lines(&wire("ollama-chat-streamed.jsonl")).thinking(THINKING)).await;
    let ours = OllamaModel::new(fake.url.clone(), "smol", Duration::from_secs(30));
    let body = ours.body(&request()).unwrap();
    let (bare, url) = (reqwest::Client::new(), fake.url.join("api/chat").unwrap());
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for n in 0..=PAIRS {
        let began = Instant::now();
        bare.post(url.clone()).json(&body).send().await.unwrap().bytes().await.unwrap();
        let bare = began.elapsed();
        let began = Instant::now();
        ours.complete(request()).await.unwrap();
        // The first pair opens the connections.
        if n > 0 {
            without.push(bare);
            with.push(began.elapsed());
        }
    }
    let (with, without) = (median(with), median(without));
    println!("model: a call that takes {} ms to think, {PAIRS} pairs, interleaved", THINKING.as_millis());
    println!("  a bare POST of the same body    {:7.2} ms (median)", without.as_secs_f64() * 1e3);
    println!("  ours                            {:7.2} ms", with.as_secs_f64() * 1e3);
    println!("  ratio                           {:7.3} × (aim ≤ 1.05)", with.div_duration_f64(without));
}

fn median(mut values: Vec<Duration>) -> Duration {
    values.sort();
    values[values.len() / 2]
}
