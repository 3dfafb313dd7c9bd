//! The lab's language model: a server of the house, or an Ollama of the lab's own.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::LabError;
use super::cache::Cache;
use super::matrix::http_client;
use super::progress::Progress;
use super::ready::SignOfLife;
use super::state::State;
use super::supervise::{Orphans, Program};
use super::weights::{CHAT, EMBEDDING, environment, is_up};
use crate::config;

/// Its name among a lab's programs.
pub(super) const NAME: &str = "ollama";

/// Where the lab's model comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Model {
    /// A server that runs anyway, with what it has.
    Theirs { url: String, chat: String, embedding: Option<String> },
    /// A server that the lab starts.
    Ours {
        program: PathBuf,
        /// A folder for `OLLAMA_MODELS`.
        store: PathBuf,
    },
}

/// The server that answers at `host`, which is written as `OLLAMA_HOST` is; else what one of the lab's own needs.
pub(super) async fn find(cache: &Cache, host: Option<&str>, progress: Progress) -> Result<Model, LabError> {
    if let Some(url) = host.map(str::trim).filter(|host| !host.is_empty()).map(address) {
        let http = http_client()?;
        if is_up(&http, &url).await {
            return theirs(&http, url, progress).await;
        }
        progress.line(&format!("No Ollama answers at {url} (OLLAMA_HOST): the lab starts one of its own"));
    }
    let program = cache.ollama(progress).await?;
    let store = cache.models(&program, progress).await?;
    Ok(Model::Ours { program, store })
}

impl Model {
    /// Where it answers.
    pub(super) fn url(&self, state: &State) -> String {
        match self {
            Self::Theirs { url, .. } => url.clone(),
            Self::Ours { .. } => format!("http://127.0.0.1:{}", state.ollama_port()),
        }
    }

    /// How it shows that it is up.
    pub(super) fn sign_of_life(&self, state: &State) -> SignOfLife {
        let url = format!("{}/api/version", self.url(state));
        SignOfLife { of: "Ollama", url, log: state.folder.join("logs/ollama.log") }
    }

    /// How it is started, if that is the lab's business.
    pub(super) fn program(&self, state: &State) -> Option<Program> {
        let Self::Ours { program, store } = self else { return None };
        let folder = state.folder.join("ollama");
        Some(Program {
            name: NAME.into(),
            program: program.clone(),
            arguments: vec!["serve".into()],
            environment: environment(state.ollama_port(), store, &folder),
            folder,
            log: state.folder.join("logs/ollama.log"),
            final_code: None,
            orphans: Orphans::Group,
            grace: Duration::from_secs(5),
        })
    }

    /// Its part of the configuration.
    pub(super) fn config(&self, state: &State) -> String {
        let text = |value: &str| toml::Value::String(value.to_owned());
        let (chat, embedding, more) = match self {
            Self::Theirs { chat, embedding, url } => {
                // Whoever names a server on another machine wants it asked.
                let more = if is_here(url) { "" } else { "may_see = [\"talk\", \"lab\", \"logs\"]" };
                (chat.as_str(), embedding.as_deref(), more)
            }
            // It is back in a moment.
            Self::Ours { .. } => (CHAT, Some(EMBEDDING), "rest = \"1s\""),
        };
        let embedding =
            embedding.map(|name| format!("embedding_name = {}\n", text(name))).unwrap_or_default();
        format!(
            "\n[model]\nprovider = \"ollama\"\nurl = {}\nname = {}\n{embedding}timeout = \"30s\"\n{more}\n",
            text(&self.url(state)),
            text(chat),
        )
    }
}

/// Whether an address is this machine's own.
fn is_here(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| config::Model { url, ..config::Model::default() }.is_loopback())
}

/// The address that `OLLAMA_HOST` means.
fn address(host: &str) -> String {
    let (scheme, rest) = host.split_once("://").unwrap_or(("", host));
    let rest = rest.trim_end_matches('/');
    let rest = if rest.starts_with(':') { format!("127.0.0.1{rest}") } else { rest.to_owned() };
    let full = format!("{}://{rest}", if scheme.is_empty() { "http" } else { scheme });
    // With a scheme that has no usual port, none is left out.
    let has_port = Url::parse(&format!("ollama://{rest}")).is_ok_and(|url| url.port().is_some());
    if scheme.is_empty() && !has_port { format!("{full}:11434") } else { full }
}

#[derive(Deserialize)]
struct Tags {
    models: Vec<Tag>,
}

#[derive(Deserialize)]
struct Tag {
    name: String,
    /// The server that does the work in this one's stead.
    #[serde(default)]
    remote_host: Option<String>,
}

impl Tag {
    /// Whether its work stays on the server; the lab gives nothing to a third one.
    fn stays(&self) -> bool {
        self.remote_host.as_ref().is_none_or(String::is_empty) && !config::is_handed_on(&self.name)
    }
}

#[derive(Deserialize)]
struct Shown {
    #[serde(default)]
    capabilities: Vec<String>,
}

/// What to use of a server that runs anyway: our own models if it has them, else the first one for each purpose.
async fn theirs(http: &reqwest::Client, url: String, progress: Progress) -> Result<Model, LabError> {
    let (mut chats, mut embeddings) = (Vec::new(), Vec::new());
    let asked = async {
        let tags = http.get(format!("{url}/api/tags")).send().await?.error_for_status()?;
        let tags = tags.json::<Tags>().await?.models;
        for Tag { name, .. } in tags.into_iter().filter(Tag::stays) {
            let shown = http.post(format!("{url}/api/show")).json(&json!({ "model": name })).send().await?;
            let shown: Shown = shown.error_for_status()?.json().await?;
            // An older server names no capabilities.
            if shown.capabilities.iter().any(|one| one == "embedding")
                || shown.capabilities.is_empty() && name.contains("embed")
            {
                embeddings.push(name);
            } else {
                chats.push(name);
            }
        }
        Ok(())
    };
    asked.await.map_err(|source| LabError::Unreachable { what: format!("Ollama at {url}"), source })?;
    let embedding = pick(embeddings, EMBEDDING);
    let Some(chat) = pick(chats, CHAT) else { return Err(LabError::NoModel(url)) };
    let with =
        embedding.as_ref().map_or("no embeddings".to_owned(), |name| format!("embeddings by `{name}`"));
    progress.line(&format!("The Ollama at {url} (OLLAMA_HOST) is used as it is: model `{chat}`, {with}"));
    Ok(Model::Theirs { url, chat, embedding })
}

fn pick(names: Vec<String>, ours: &str) -> Option<String> {
    let wanted = names.iter().find(|name| name.split(':').next() == Some(ours)).cloned();
    wanted.or_else(|| names.into_iter().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_hosts_as_ollama_does() {
        for (host, url) in [
            ("127.0.0.1:11999", "http://127.0.0.1:11999"),
            ("gpu.lan", "http://gpu.lan:11434"),
            ("gpu.lan:80", "http://gpu.lan:80"),
            ("[::1]:80", "http://[::1]:80"),
            (":8080", "http://127.0.0.1:8080"),
            ("http://gpu.lan:11434/", "http://gpu.lan:11434"),
            ("https://models.example.org", "https://models.example.org"),
        ] {
            assert_eq!(address(host), url);
        }
    }

    #[test]
    fn leaves_what_works_elsewhere_alone() {
        let tags = json!({"models": [
            {"name": "big", "remote_host": "https://ollama.com:443"},
            {"name": "gpt-oss:120b-cloud"},
            {"name": "glm:cloud"},
            {"name": "here", "remote_host": ""},
            {"name": "cloudy:1b"},
        ]});
        let tags: Tags = serde_json::from_value(tags).unwrap();
        let names: Vec<String> = tags.models.into_iter().filter(Tag::stays).map(|tag| tag.name).collect();
        assert_eq!(names, ["here", "cloudy:1b"]);
    }

    #[test]
    fn says_what_may_be_seen_only_of_another_machine() {
        for (url, here) in [
            ("http://127.0.0.1:11434", true),
            ("http://localhost:1", true),
            ("http://[::1]:1", true),
            ("http://gpu.lan:11434", false),
            ("http://0.0.0.0:11434", false),
        ] {
            assert_eq!(is_here(url), here, "{url}");
        }
    }

    #[test]
    fn prefers_its_own_models_and_takes_others() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(pick(names(&["qwen3:8b", "smol:latest"]), CHAT).as_deref(), Some("smol:latest"));
        assert_eq!(pick(names(&["qwen3:8b", "smollm:1b"]), CHAT).as_deref(), Some("qwen3:8b"));
        assert_eq!(pick(Vec::new(), CHAT), None);
    }
}
