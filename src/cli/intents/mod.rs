//! `ralf intents`: what sentences become, how well, and the form of the catalogue's files.

mod eval;
mod parse;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Subcommand};
use ralf_intents::{Catalogue, Inventory, Lang, Model, Names, Reading, Understanding};

use crate::config::Config;
use crate::metrics::Metrics;
use crate::model;

/// What to do with sentences.
#[derive(Subcommand)]
pub(super) enum Command {
    /// Show what a sentence becomes, and why; without one, every line of standard input
    Parse(parse::Parse),
    /// Measure on sentences whose meaning is known: JSON lines of text, intent, slots, lang?, kind?
    Eval(eval::Eval),
    /// Print the JSON schema of the catalogue's files, for editors
    Schema,
}

#[derive(Args)]
struct Readers {
    /// What can be named, as JSON
    #[arg(long, value_name = "FILE")]
    inventory: Option<PathBuf>,
    /// `none` leaves the model out, whatever the configuration says; otherwise the model's name
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// A configuration whose `[model]` is asked where the other readers are in doubt, and whose `[intents]` are known
    #[arg(short = 'c', long = "config", value_name = "FILE")]
    config: Option<PathBuf>,
    /// A folder with intents of one's own, instead of the configuration's
    #[arg(long, value_name = "DIR")]
    catalogue: Option<PathBuf>,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

/// Runs it; exit 2 when something was given that can't be used.
pub(super) async fn main(command: Command) -> ExitCode {
    let done = match command {
        Command::Parse(parse) => parse::run(&parse).await,
        Command::Eval(eval) => eval::run(&eval).await,
        Command::Schema => {
            print!("{}", ralf_intents::catalogue_schema());
            Ok(())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.contains('\n') => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
        Err(error) => {
            eprintln!("ralf: {error}");
            ExitCode::from(2)
        }
    }
}

/// What reads sentences, besides a model.
struct Ready {
    understanding: Understanding,
    names: Names,
}

impl Ready {
    async fn read(&self, text: &str, lang: Option<Lang>, model: Option<&dyn Model>) -> Reading {
        match model {
            Some(model) => self.understanding.read_with_model(text, &self.names, lang, model).await,
            None => self.understanding.read(text, &self.names, lang),
        }
    }
}

impl Readers {
    fn ready(&self) -> Result<Ready, String> {
        let inventory = match &self.inventory {
            None => Inventory::default(),
            Some(path) => {
                Inventory::from_json(&read(path)?).map_err(|error| format!("{}: {error}", path.display()))?
            }
        };
        let catalogue = match (&self.catalogue, &self.config) {
            (Some(folder), _) => Catalogue::load(folder),
            (None, Some(config)) => load(config)?.intents.catalogue(),
            (None, None) => Catalogue::builtin(),
        };
        let catalogue = catalogue.map_err(|error| error.to_string())?;
        Ok(Ready { understanding: Understanding::new(catalogue), names: Names::new(&inventory) })
    }

    fn model(&self) -> Result<Option<Arc<dyn Model>>, String> {
        configured("--model", self.model.as_deref(), self.config.as_deref())
    }
}

/// The model of a configuration, by another name if one is given; none for `none`, and without either.
fn configured(
    flag: &str,
    name: Option<&str>,
    config: Option<&Path>,
) -> Result<Option<Arc<dyn Model>>, String> {
    match (name, config) {
        (Some("none"), _) | (None, None) => Ok(None),
        (Some(name), None) => Err(format!(
            "{flag} {name}: give a configuration with -c that says where it is, or `{flag} none`"
        )),
        (name, Some(path)) => {
            let mut config = load(path)?.model;
            if let Some(name) = name {
                name.clone_into(&mut config.name);
                // It is this model that is measured.
                config.fallbacks.clear();
            }
            match model::configured(&config, &Metrics::default(), None) {
                None if name.is_some() => Err(format!(
                    "{flag} {}: {} has `[model] provider = \"none\"`: write `ollama` or `openai` and its url",
                    config.name,
                    path.display()
                )),
                model => Ok(model),
            }
        }
    }
}

fn load(path: &Path) -> Result<Config, String> {
    Config::load(path).map_err(|error| error.to_string())
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}
