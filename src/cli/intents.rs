//! `ralf intents parse` and `ralf intents eval`

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use clap::{Args, Subcommand};
use ralf_intents::eval::{cases, evaluate, evaluate_with_model};
use ralf_intents::{Catalogue, Inventory, Lang, Model, Names, Outcome, Reading, Understanding};

use crate::config::Config;
use crate::metrics::Metrics;
use crate::model;

/// What to do with sentences.
#[derive(Subcommand)]
pub(super) enum Command {
    /// Show what a sentence becomes, and why; without one, every line of standard input
    Parse(Parse),
    /// Measure on sentences whose meaning is known: JSON lines of text, intent, slots, lang?, kind?
    Eval(Eval),
}

#[derive(Args)]
struct Readers {
    /// What can be named, as JSON
    #[arg(long, value_name = "FILE")]
    inventory: Option<PathBuf>,
    /// `none` leaves the model out, whatever the configuration says; otherwise the model's name
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// A configuration whose `[model]` is asked where the other readers are in doubt
    #[arg(short = 'c', long = "config", value_name = "FILE")]
    config: Option<PathBuf>,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(super) struct Parse {
    #[command(flatten)]
    readers: Readers,
    /// The language of the talk: de or en
    #[arg(long)]
    lang: Option<Lang>,
    /// The sentence
    text: Vec<String>,
}

#[derive(Args)]
pub(super) struct Eval {
    #[command(flatten)]
    readers: Readers,
    /// The sentences
    file: PathBuf,
}

/// Runs it; exit 2 when something was given that can't be used.
pub(super) async fn main(command: Command) -> ExitCode {
    let done = match command {
        Command::Parse(parse) => run_parse(&parse).await,
        Command::Eval(eval) => run_eval(&eval).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ralf: {error}");
            ExitCode::from(2)
        }
    }
}

struct Ready {
    understanding: Understanding,
    names: Names,
    model: Option<Arc<dyn Model>>,
}

impl Readers {
    async fn ready(&self) -> Result<Ready, String> {
        let inventory = match &self.inventory {
            None => Inventory::default(),
            Some(path) => {
                Inventory::from_json(&read(path)?).map_err(|error| format!("{}: {error}", path.display()))?
            }
        };
        let catalogue = Catalogue::builtin().map_err(|error| error.to_string())?;
        Ok(Ready {
            understanding: Understanding::new(catalogue),
            names: Names::new(&inventory),
            model: self.model().await?,
        })
    }

    async fn model(&self) -> Result<Option<Arc<dyn Model>>, String> {
        match (self.model.as_deref(), &self.config) {
            (Some("none"), _) | (None, None) => Ok(None),
            (Some(name), None) => Err(format!(
                "--model {name}: give a configuration with -c that says where it is, or `--model none`"
            )),
            (name, Some(path)) => {
                let mut config = Config::load(path).map_err(|error| error.to_string())?.model;
                if let Some(name) = name {
                    name.clone_into(&mut config.name);
                    // It is this model that is measured.
                    config.fallbacks.clear();
                }
                let Some(models) = model::configured(&config, &Metrics::default(), None) else {
                    return Ok(None);
                };
                for (name, finding) in models.look().await {
                    if let Err(wrong) = finding {
                        eprintln!("ralf: model {name}: {wrong}");
                    }
                }
                Ok(Some(models))
            }
        }
    }
}

impl Ready {
    async fn read(&self, text: &str, lang: Option<Lang>) -> Reading {
        match &self.model {
            Some(model) => self.understanding.read_with_model(text, &self.names, lang, model.as_ref()).await,
            None => self.understanding.read(text, &self.names, lang),
        }
    }
}

async fn run_parse(parse: &Parse) -> Result<(), String> {
    let ready = parse.readers.ready().await?;
    if !parse.text.is_empty() {
        answer(&ready, parse, &parse.text.join(" ")).await;
        return Ok(());
    }
    for line in std::io::stdin().lines() {
        answer(&ready, parse, &line.map_err(|error| format!("standard input: {error}"))?).await;
    }
    Ok(())
}

async fn answer(ready: &Ready, parse: &Parse, text: &str) {
    let began = Instant::now();
    let reading = ready.read(text, parse.lang).await;
    let ms = began.elapsed().as_secs_f64() * 1_000.0;
    if parse.readers.json {
        println!("{}", reading.to_json(text, ms));
    } else {
        show(&reading, text);
    }
}

fn show(reading: &Reading, text: &str) {
    println!("{text}");
    for outcome in std::iter::once(&reading.outcome).chain(&reading.more) {
        match outcome {
            Outcome::Intent(intent) => println!("  → {} {:?}", intent.name, intent.slots),
            Outcome::Ask(ask) => {
                println!("  ? {} {:?}: {}", ask.intent, ask.slots, ask.question.get(reading.lang))
            }
            Outcome::None(reason) => println!("  – {reason}"),
        }
    }
    for trace in &reading.trace {
        println!("    {}: {}", trace.reader, trace.said);
    }
}

async fn run_eval(eval: &Eval) -> Result<(), String> {
    let ready = eval.readers.ready().await?;
    let cases = cases(&read(&eval.file)?).map_err(|error| format!("{}: {error}", eval.file.display()))?;
    let report = match &ready.model {
        Some(model) => evaluate_with_model(&ready.understanding, &ready.names, &cases, model.as_ref()).await,
        None => evaluate(&ready.understanding, &ready.names, &cases),
    };
    if eval.readers.json {
        println!("{}", report.to_json());
    } else {
        println!("{report}");
    }
    Ok(())
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}
