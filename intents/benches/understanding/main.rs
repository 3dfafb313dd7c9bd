//! How long loading and reading take, with the built-in catalogue and with 500 intents, beside a floor that is measured
//! in the same run: `cargo bench -p ralf-intents --bench understanding`; `-- --intents N` for another number.

#![expect(clippy::unwrap_used, reason = "a benchmark stops at the first surprise")]

mod many;

use ralf_intents::eval::{Case, cases};
use ralf_intents::{Catalogue, Inventory, Names, Understanding};
use std::collections::HashSet;
use std::hint::black_box;
use std::time::{Duration, Instant};

fn main() {
    // `cargo test --benches` runs this too, and a benchmark is no test.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let names = Names::new(&Inventory::from_json(include_str!("../../tests/data/inventory.json")).unwrap());
    let sentences = cases(include_str!("../../tests/data/test.jsonl")).unwrap();
    let mut arguments = std::env::args().skip_while(|arg| arg != "--intents").skip(1);
    let many = arguments.next().map_or(500, |n| n.parse().unwrap());
    let few = Catalogue::builtin().unwrap().intents().count();
    let files = many::files(many);
    for (count, files) in [(few, &files[..0]), (many, &files[..])] {
        println!("{count} intents");
        let understanding = load(files);
        assert_eq!(understanding.catalogue().intents().count(), count);
        read(&understanding, &names, &sentences);
    }
}

/// The files' text → what reads sentences. The floor: their text → tables.
fn load(files: &[(String, String)]) -> Understanding {
    let builtin = Catalogue::builtin().unwrap();
    let began = Instant::now();
    for (_, text) in files.iter().map(|(f, t)| (f.as_str(), t.as_str())).chain(builtin.sources()) {
        black_box(text.parse::<toml::Table>().unwrap());
    }
    let floor = began.elapsed();
    let began = Instant::now();
    let mut catalogue = Catalogue::builtin().unwrap();
    catalogue.add_all(files.iter().map(|(file, text)| (file.as_str(), text.as_str()))).unwrap();
    let parsed = began.elapsed();
    let began = Instant::now();
    let understanding = Understanding::new(catalogue);
    let trained = began.elapsed();
    println!("  files to tables       {:9.1} ms", ms(floor));
    println!("  files to a catalogue  {:9.1} ms  {:6.1} × that", ms(parsed), ratio(parsed, floor));
    println!("  compiled and trained  {:9.1} ms  {:6.1} × that", ms(trained), ratio(trained, floor));
    understanding
}

/// A sentence → its reading. The floor: a sentence → its folded words, each looked up once.
fn read(on: &Understanding, names: &Names, sentences: &[Case]) {
    let known: HashSet<String> = sentences.iter().flat_map(|case| words(&case.text)).collect();
    let (mut floor, mut grammar, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for case in sentences {
        // The first time fills caches.
        let mut took = [Duration::MAX; 2];
        let mut by_grammar = false;
        for _ in 0..4 {
            let began = Instant::now();
            black_box(words(&case.text).iter().filter(|word| known.contains(*word)).count());
            took[0] = took[0].min(began.elapsed());
            let began = Instant::now();
            let reading = black_box(on.read(&case.text, names, case.lang));
            took[1] = took[1].min(began.elapsed());
            by_grammar = reading.trace.iter().any(|t| t.reader == "grammar" && t.said != "no template fits");
        }
        floor.push(took[0]);
        if by_grammar { &mut grammar } else { &mut others }.push(took[1]);
    }
    let (_, low, _) = ranks(&mut floor);
    println!("  a sentence to words   p50 {:7.3} ms, p99 {:7.3} ms", ms(ranks(&mut floor).0), ms(low));
    for (what, times, aim) in
        [("read by the grammar ", &mut grammar, 1.0), ("read by the others  ", &mut others, 2.0)]
    {
        let (p50, p99, count) = ranks(times);
        println!(
            "  {what}  p50 {:7.3} ms, p99 {:7.3} ms  {:6.1} × that  (aim p99 ≤ {aim} ms; {count} sentences)",
            ms(p50),
            ms(p99),
            ratio(p99, low)
        );
    }
}

fn words(text: &str) -> Vec<String> {
    text.to_lowercase().split_whitespace().map(|word| word.replace('ß', "ss")).collect()
}

fn ranks(times: &mut [Duration]) -> (Duration, Duration, usize) {
    times.sort();
    (times[times.len() / 2], times[times.len() * 99 / 100], times.len())
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn ratio(time: Duration, floor: Duration) -> f64 {
    time.as_secs_f64() / floor.as_secs_f64()
}
