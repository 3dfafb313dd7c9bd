//! `[model]` and `[[model.fallbacks]]`: the language models behind the grammar.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jiff::SignedDuration;
use ralf_intents::Class;
use serde::Deserialize;
use url::{Host, Url};

use super::{Problem, Secret, secret};

/// What kind of server answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Ollama's own API.
    Ollama,
    /// An OpenAI-compatible API: vLLM, exo, llama.cpp.
    Openai,
    /// No model: the grammar and the built-in classifier alone.
    None,
    /// Nothing was said, which comes to the same.
    #[default]
    #[serde(skip)]
    Unsaid,
}

impl Provider {
    fn is_some(self) -> bool {
        matches!(self, Self::Ollama | Self::Openai)
    }
}

/// `[model]`, and one of `[[model.fallbacks]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Model {
    /// Which API; `none` by default.
    pub provider: Provider,
    /// Its address.
    pub url: Url,
    /// The model's name there.
    pub name: String,
    /// A second model for embeddings, if any.
    pub embedding_name: Option<String>,
    /// The bearer token that the server wants, if it wants one.
    pub token: Option<Secret>,
    /// A file that holds it.
    pub token_file: Option<PathBuf>,
    /// What the server may see; everything by default when it is on this machine, else to be said.
    pub may_see: Option<BTreeSet<Class>>,
    /// How long one answer may take.
    pub timeout: SignedDuration,
    /// How long a server that failed is left alone, before it is looked at again.
    pub rest: SignedDuration,
    /// The most tokens that the server may be given and give in one day (UTC).
    pub tokens_per_day: Option<u64>,
    /// The ones that are asked, in this order, when this one can't or may not be.
    pub fallbacks: Vec<Model>,
}

impl Default for Model {
    fn default() -> Self {
        Self {
            provider: Provider::Unsaid,
            url: Url::parse("http://127.0.0.1:11434").expect("a constant"),
            name: String::new(),
            embedding_name: None,
            token: None,
            token_file: None,
            may_see: None,
            timeout: SignedDuration::from_secs(30),
            rest: SignedDuration::from_secs(30),
            tokens_per_day: None,
            fallbacks: Vec::new(),
        }
    }
}

impl Model {
    /// All servers in the order in which they are asked; none when there is no model.
    pub fn servers(&self) -> impl Iterator<Item = &Model> {
        std::iter::once(self).chain(&self.fallbacks).filter(|server| server.provider.is_some())
    }

    /// The tokens of all servers.
    pub(super) fn tokens(&self) -> impl Iterator<Item = &Secret> {
        std::iter::once(self).chain(&self.fallbacks).filter_map(|server| server.token.as_ref())
    }

    /// Whether the server is on this machine, and does the work itself as far as its models' names tell.
    pub fn is_here(&self) -> bool {
        self.is_loopback() && self.handed_on().is_none()
    }

    /// Whether the address is this machine's own.
    pub fn is_loopback(&self) -> bool {
        match self.url.host() {
            Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
            None => false,
        }
    }

    /// Whether the server may see texts of a class, as far as the configuration says.
    pub fn lets_see(&self, class: Class) -> bool {
        self.may_see.as_ref().map_or_else(|| self.is_here(), |classes| classes.contains(&class))
    }

    pub(super) fn resolve(&mut self, folder: &Path, problems: &mut Vec<Problem>) {
        self.resolve_one("model", folder, problems);
        for (n, server) in self.fallbacks.iter_mut().enumerate() {
            server.resolve_one(&format!("model.fallbacks.{n}"), folder, problems);
        }
    }

    fn resolve_one(&mut self, at: &str, folder: &Path, problems: &mut Vec<Problem>) {
        let (token, file) = (&mut self.token, self.token_file.as_ref());
        secret::resolve(&format!("{at}.token"), token, file, folder, false, problems);
    }

    pub(super) fn validate(&self, problems: &mut Vec<Problem>) {
        if !self.provider.is_some() && !self.fallbacks.is_empty() {
            let said = "is `none`, but there are fallbacks: make the first of them `[model]` itself";
            problems.push(Problem::at("model.provider", said));
        } else if self.provider == Provider::Unsaid && self.says_anything() {
            let said = "is missing, so that no model is asked: write `ollama`, `openai` or `none`";
            problems.push(Problem::at("model.provider", said));
        }
        self.validate_one("model", problems);
        let first = self.servers().find_map(|server| server.embedding_name.as_deref());
        for (n, server) in self.fallbacks.iter().enumerate() {
            let at = format!("model.fallbacks.{n}");
            if !server.provider.is_some() {
                let said = "is missing: write `ollama` or `openai`";
                problems.push(Problem::at(&format!("{at}.provider"), said));
            }
            if !server.fallbacks.is_empty() {
                let said =
                    "can't be here: write all fallbacks one after another, each as `[[model.fallbacks]]`";
                problems.push(Problem::at(&format!("{at}.fallbacks"), said));
            }
            if let (Some(first), Some(other)) = (first, server.embedding_name.as_deref())
                && first != other
            {
                let said = format!(
                    "is `{other}`, but all servers need the same one, and before it stands `{first}`"
                );
                problems.push(Problem::at(&format!("{at}.embedding_name"), said));
            }
            server.validate_one(&at, problems);
        }
    }

    fn validate_one(&self, at: &str, problems: &mut Vec<Problem>) {
        let mut wrong = |key: &str, said: String| problems.push(Problem::at(&format!("{at}.{key}"), said));
        if !self.timeout.is_positive() {
            wrong("timeout", "must be longer than nothing, such as `30s`".into());
        }
        if !self.rest.is_positive() {
            wrong("rest", "must be longer than nothing, such as `30s`".into());
        }
        if self.tokens_per_day == Some(0) {
            wrong("tokens_per_day", "must be 1 or more; leave it out where there is no limit".into());
        }
        if !self.provider.is_some() {
            return;
        }
        if self.name.is_empty() {
            wrong("name", "is missing: write the model's name, such as `qwen3:8b`".into());
        }
        if !["http", "https"].contains(&self.url.scheme()) {
            wrong("url", "must begin with http:// or https://".into());
        }
        if !self.url.username().is_empty() || self.url.password().is_some() {
            wrong(
                "url",
                "holds a password: write the server's token into a file that `token_file` names".into(),
            );
        }
        match &self.may_see {
            None => {
                if let Some(why) = self.why_it_leaves() {
                    wrong(
                        "may_see",
                        format!("is missing: {why}; nothing leaves this one unless you say what: {HOW}"),
                    );
                }
            }
            Some(classes) if classes.is_empty() => {
                wrong("may_see", format!("lets the server see nothing, so it can never be asked: {HOW}"));
            }
            Some(_) if !self.lets_see(Class::Talk) => {
                let said = "lacks \"talk\": all that a model is asked holds what people write, so it would never be asked";
                wrong("may_see", format!("{said}: {HOW}"));
            }
            Some(_) => {}
        }
    }

    /// Why texts would leave this machine, if they would.
    fn why_it_leaves(&self) -> Option<String> {
        if !self.is_loopback() {
            return Some(format!("{} is another machine", self.url.host_str().unwrap_or("this")));
        }
        self.handed_on().map(|name| format!("Ollama hands the work of `{name}` on to another machine"))
    }

    /// The one of its models whose work Ollama hands on to another machine, if there is one.
    fn handed_on(&self) -> Option<&str> {
        let mut names = std::iter::once(self.name.as_str()).chain(self.embedding_name.as_deref());
        names.find(|name| is_handed_on(name))
    }

    /// Whether anything was said that only a server needs.
    fn says_anything(&self) -> bool {
        !self.name.is_empty()
            || self.embedding_name.is_some()
            || self.may_see.is_some()
            || self.token.is_some()
            || self.token_file.is_some()
    }
}

/// Whether a name is one of those under which Ollama hands work on to another machine, over either of its APIs.
pub fn is_handed_on(name: &str) -> bool {
    name.ends_with("-cloud") || name.ends_with(":cloud")
}

const HOW: &str = "`may_see = [\"talk\"]` for what people write, \"lab\" for names and states of the lab, \"logs\" for alerts and log lines";
