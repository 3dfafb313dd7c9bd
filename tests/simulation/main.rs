//! The gate under random schedules: the real decisions on a simulated clock, store, homeserver and executors, with kills
//! at every durable write and every external call. After each schedule all invariants of an approval hold.
//!
//! ```text
//! cargo test --release --test simulation -- --schedules N [--seed S] [--mutant NAME | --list-mutants]
//! ```

mod executor;
mod judge;
mod memory;
mod people;
mod rng;
mod schedule;
mod truth;
mod world;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use ralf::approval::mutants::{Mutant, make};

use truth::Policy;

/// How many schedules the ordinary suite runs, and at most for each mutant.
const SHORT: u64 = 20_000;
const FOR_A_MUTANT: u64 = 200_000;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| args.iter().position(|arg| arg == name).and_then(|n| args.get(n + 1));
    let number = |name: &str| value(name).and_then(|text| text.parse::<u64>().ok());
    if args.iter().any(|arg| arg == "--list") {
        println!("simulation: test");
        return ExitCode::SUCCESS;
    }
    if args.iter().any(|arg| arg == "--list-mutants") {
        for (_, name, invariant) in Mutant::ALL {
            println!("{name} {invariant}");
        }
        return ExitCode::SUCCESS;
    }
    let policies = people::policies();
    let seed = number("--seed");
    if let Some(name) = value("--mutant") {
        let Some((mutant, _, invariant)) = Mutant::ALL.into_iter().find(|(_, known, _)| known == name) else {
            eprintln!("there is no mutant {name:?}; --list-mutants shows all");
            return ExitCode::from(2);
        };
        make(Some(mutant));
        let most = number("--schedules").unwrap_or(FOR_A_MUTANT);
        return match find(&policies, seed.unwrap_or(1), most, Some(invariant)) {
            Some((seed, what)) => {
                println!("mutant {name}: seed {seed}, invariant {invariant}: {what}");
                ExitCode::FAILURE
            }
            None => {
                println!("mutant {name}: schedules {most}, violations 0");
                ExitCode::SUCCESS
            }
        };
    }
    if let Some(seed) = seed
        && number("--schedules").is_none()
    {
        return explore(&policies, seed, 1);
    }
    match number("--schedules") {
        Some(schedules) => explore(&policies, seed.unwrap_or(1), schedules),
        None => suite(&policies),
    }
}

/// Runs schedules, on all cores, until one breaks an invariant: this one, or any. Gives the first seed that does.
fn find(policies: &[Policy], first: u64, most: u64, which: Option<u8>) -> Option<(u64, String)> {
    let next = AtomicU64::new(first);
    let end = AtomicU64::new(first.saturating_add(most));
    let found = Mutex::new(BTreeMap::new());
    let work = || loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= end.load(Ordering::Relaxed) {
            return;
        }
        let violations = schedule::run(seed, policies);
        let broken = violations.into_iter().find(|(invariant, _)| which.is_none_or(|w| w == *invariant));
        if let Some((invariant, what)) = broken {
            end.fetch_min(seed, Ordering::Relaxed);
            let what = if which.is_some() { what } else { format!("invariant {invariant}: {what}") };
            found.lock().unwrap_or_else(PoisonError::into_inner).insert(seed, what);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    found.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().next()
}

fn explore(policies: &[Policy], first: u64, schedules: u64) -> ExitCode {
    let begun = Instant::now();
    if let Some((seed, what)) = find(policies, first, schedules, None) {
        println!("seed {seed}, {what}");
        return ExitCode::FAILURE;
    }
    println!("schedules {schedules}, violations 0");
    let seconds = begun.elapsed().as_secs_f64();
    #[allow(clippy::cast_precision_loss)]
    let rate = schedules as f64 / seconds.max(0.001);
    eprintln!("{rate:.0} schedules a second");
    ExitCode::SUCCESS
}

/// What the ordinary suite runs: the code as it is, then each mutant until it is found.
fn suite(policies: &[Policy]) -> ExitCode {
    if explore(policies, 1, SHORT) == ExitCode::FAILURE {
        return ExitCode::FAILURE;
    }
    for (mutant, name, invariant) in Mutant::ALL {
        make(Some(mutant));
        match find(policies, 1, FOR_A_MUTANT, Some(invariant)) {
            Some((seed, what)) => println!("mutant {name}: seed {seed}, invariant {invariant}: {what}"),
            None => {
                println!("mutant {name} was not found: invariant {invariant} is not watched");
                return ExitCode::FAILURE;
            }
        }
    }
    make(None);
    ExitCode::SUCCESS
}
