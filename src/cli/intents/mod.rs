//! `ralf intents`: what sentences become, how well, and the form of the catalogue's files.

mod eval;
mod parse;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Subcommand};
use ralf_intents::{Aids, Catalogue, Inventory, Lang, Model as _, Names, Reading, Sense, Understanding};
use tokio_util::task::AbortOnDropHandle;

use crate::config::Config;
use crate::metrics::Metrics;
use crate::model::{self, Router};

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
    /// `none` leaves the language model out, whatever the configuration says; otherwise its name
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Leave the configuration's embedding model out
    #[arg(long, requires = "config")]
    no_embeddings: bool,
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
    async fn read(&self, text: &str, lang: Option<Lang>, helpers: &Helpers) -> Reading {
        self.understanding.read_with(text, &self.names, lang, helpers.aids()).await
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

    /// Who is asked besides the built-in readers; a model that can't be asked is told on standard error.
    async fn helpers(&self, ready: &Ready) -> Result<Helpers, String> {
        let config = self.config.as_deref();
        let found = helpers("--model", self.model.as_deref(), config, self.no_embeddings, ready).await?;
        for wrong in &found.wrong {
            eprintln!("ralf: {wrong}");
        }
        Ok(found)
    }
}

/// The models that are asked besides the built-in readers.
#[derive(Default)]
struct Helpers {
    model: Option<Arc<Router>>,
    sense: Option<Sense>,
    /// The servers behind either, and whoever looks again at those that failed.
    servers: Option<(Arc<Router>, AbortOnDropHandle<()>)>,
    /// What is wrong with them.
    wrong: Vec<String>,
}

impl Helpers {
    fn aids(&self) -> Aids<'_> {
        Aids { sense: self.sense.as_ref(), model: self.model.as_deref().map(|model| model as _) }
    }

    fn name(&self) -> &str {
        match (&self.model, &self.sense) {
            (Some(model), _) => model.name(),
            (None, Some(sense)) => sense.name(),
            (None, None) => "none",
        }
    }

    /// Waits for servers that failed, no longer than so long; whether they can be asked.
    async fn back(&self, at_most: Duration) -> bool {
        match &self.servers {
            Some((servers, _)) => servers.back(at_most).await,
            None => true,
        }
    }
}

/// The models of a configuration, by another name if one is given. `none` leaves its embedding model; without a configuration
/// there is nobody.
async fn helpers(
    flag: &str,
    name: Option<&str>,
    config: Option<&Path>,
    no_embeddings: bool,
    ready: &Ready,
) -> Result<Helpers, String> {
    let path = match (name, config) {
        (Some("none") | None, None) => return Ok(Helpers::default()),
        (Some(name), None) => {
            return Err(format!(
                "{flag} {name}: give a configuration with -c that says where it is, or `{flag} none`"
            ));
        }
        (_, Some(path)) => path,
    };
    let config = load(path)?;
    let mut model = config.model;
    if no_embeddings {
        model.embedding_name = None;
        model.fallbacks.iter_mut().for_each(|server| server.embedding_name = None);
    }
    let embeddings_alone = name == Some("none");
    if embeddings_alone && model.servers().all(|server| server.embedding_name.is_none()) {
        return Ok(Helpers::default());
    }
    if let Some(name) = name.filter(|_| !embeddings_alone) {
        name.clone_into(&mut model.name);
        // It is this model that is measured.
        model.fallbacks.clear();
    }
    let Some(models) = model::configured(&model, &Metrics::default(), None) else {
        return match name {
            None => Ok(Helpers::default()),
            Some(name) => Err(format!(
                "{flag} {name}: {} has `[model] provider = \"none\"`: write `ollama` or `openai` and its url",
                path.display()
            )),
        };
    };
    let looks = models.look().await;
    let mut wrong: Vec<String> = looks
        .into_iter()
        // Whoever is not asked to read may keep to no schema.
        .filter(|_| !embeddings_alone)
        .filter_map(|(name, look)| Some(format!("model {name}: {}", look.err()?)))
        .collect();
    let watch = AbortOnDropHandle::new(tokio::spawn({
        let models = Arc::clone(&models);
        async move { models.watch().await }
    }));
    if models.embedding_name().is_some() && wrong.is_empty() {
        eprintln!(
            "ralf: the embedding model is asked what the catalogue means; the first time this takes a minute or two"
        );
    }
    let sense = match model::sense(&models, ready.understanding.catalogue(), config.executors.runs.as_deref())
        .await
    {
        Ok(sense) => sense,
        Err(error) => {
            wrong.push(format!("embeddings: {error}"));
            None
        }
    };
    let servers = Some((Arc::clone(&models), watch));
    Ok(Helpers { model: (!embeddings_alone).then_some(models), sense, servers, wrong })
}

fn load(path: &Path) -> Result<Config, String> {
    Config::load(path).map_err(|error| error.to_string())
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}
