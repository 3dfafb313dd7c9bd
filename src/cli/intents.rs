//! `ralf intents parse`

use std::io::BufRead;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Subcommand;
use ralf_intents::{Catalogue, Inventory, Lang, Names, Outcome, Understanding};

/// What to do with sentences.
#[derive(Subcommand)]
pub(super) enum Command {
    /// Show what a sentence becomes, and why; without one, every line of standard input
    Parse(Parse),
}

#[derive(clap::Args)]
pub(super) struct Parse {
    /// The language of the talk: de or en
    #[arg(long)]
    lang: Option<Lang>,
    /// What can be named, as JSON
    #[arg(long, value_name = "FILE")]
    inventory: Option<PathBuf>,
    /// The model to ask when the grammar is silent: only `none` yet
    #[arg(long, default_value = "none")]
    model: String,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    /// The sentence
    text: Vec<String>,
}

/// Runs it.
pub(super) fn main(command: Command) -> ExitCode {
    let Command::Parse(parse) = command;
    match run(&parse) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ralf: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(parse: &Parse) -> Result<(), String> {
    if parse.model != "none" {
        return Err(format!("--model {}: only `none` works in this version", parse.model));
    }
    let inventory = match &parse.inventory {
        None => Inventory::default(),
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
            Inventory::from_json(&text).map_err(|error| format!("{}: {error}", path.display()))?
        }
    };
    let catalogue = Catalogue::builtin().map_err(|error| error.to_string())?;
    let understanding = Understanding::new(catalogue);
    let names = Names::new(&inventory);
    let show = |text: &str| {
        let began = Instant::now();
        let reading = understanding.read(text, &names, parse.lang);
        let ms = began.elapsed().as_secs_f64() * 1_000.0;
        if parse.json {
            println!("{}", reading.to_json(text, ms));
            return;
        }
        let mut all = vec![&reading.outcome];
        all.extend(&reading.more);
        println!("{text}");
        for outcome in all {
            match outcome {
                Outcome::Intent(intent) => println!("  → {} {:?}", intent.name, intent.slots),
                Outcome::Ask(ask) => println!("  ? {} {:?}: {}", ask.intent, ask.slots, ask.question.get(reading.lang)),
                Outcome::None(reason) => println!("  – {reason}"),
            }
        }
        for trace in &reading.trace {
            println!("    {}: {}", trace.reader, trace.said);
        }
    };
    if parse.text.is_empty() {
        for line in std::io::stdin().lock().lines() {
            show(&line.map_err(|error| format!("standard input: {error}"))?);
        }
    } else {
        show(&parse.text.join(" "));
    }
    Ok(())
}
