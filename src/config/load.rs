//! From a file and the environment to a checked [`Config`], with the line of whatever is wrong.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use toml::{Table, Value};
use toml_edit::Document;

use super::Config;

const PREFIX: &str = "RALF_";

/// One wrong field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Dotted path of the field, such as `policy.rules.0.approvals`.
    pub field: String,
    /// What is wrong and what to write instead; reads on after the field's name.
    pub message: String,
    /// `file:line`, or the environment variable that said it.
    pub place: String,
}

impl Problem {
    pub(super) fn at(field: &str, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into(), place: String::new() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: `{}` {}", self.place, self.field, self.message)
    }
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file itself can't be read.
    #[error("{}: can't be read; give its path with -c", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no TOML.
    #[error("{place}: this is no TOML: {message}")]
    Syntax {
        /// `file:line`
        place: String,
        /// What the parser says.
        message: String,
    },
    /// Fields are wrong.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Wrong(Vec<Problem>),
}

pub(super) fn load(
    path: &Path,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Config, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
    let source = Source::new(path, &text, environment)?;
    let mut config = source.deserialize()?;
    let mut problems = Vec::new();
    let folder =
        std::path::absolute(path).ok().and_then(|p| p.parent().map(Path::to_owned)).unwrap_or_default();
    config.resolve(&folder, &mut problems);
    config.validate(&mut problems);
    if problems.is_empty() {
        return Ok(config);
    }
    for problem in &mut problems {
        problem.place = source.place(&problem.field);
    }
    Err(ConfigError::Wrong(problems))
}

/// The file as it stands and what the environment lays over it.
struct Source<'a> {
    path: &'a Path,
    text: &'a str,
    document: Document<&'a str>,
    /// Dotted field → (variable, value).
    overrides: BTreeMap<String, (String, String)>,
}

impl<'a> Source<'a> {
    fn new(
        path: &'a Path,
        text: &'a str,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let document = Document::parse(text).map_err(|error| ConfigError::Syntax {
            place: format!("{}:{}", path.display(), line(text, error.span().map_or(0, |s| s.start))),
            message: error.message().to_owned(),
        })?;
        let overrides = environment
            .into_iter()
            .filter_map(|(name, value)| {
                let (section, key) = name.strip_prefix(PREFIX)?.split_once("__")?;
                let field = format!("{section}__{key}").replace("__", ".").to_lowercase();
                Some((field, (name, value)))
            })
            .collect();
        Ok(Self { path, text, document, overrides })
    }

    fn deserialize(&self) -> Result<Config, ConfigError> {
        let mut table: Table = toml::from_str(self.text).map_err(|error| ConfigError::Syntax {
            place: format!(
                "{}:{}",
                self.path.display(),
                line(self.text, error.span().map_or(0, |s| s.start))
            ),
            message: error.message().to_owned(),
        })?;
        for (field, (_, value)) in &self.overrides {
            set(&mut table, field, Value::String(value.clone()));
        }
        // A variable is text; where the field wants a number, a truth value or a list, it is read as TOML.
        let mut typed = Vec::new();
        loop {
            let error = match serde_path_to_error::deserialize(Value::Table(table.clone())) {
                Ok(config) => return Ok(config),
                Err(error) => error,
            };
            // `rules[0].approvals` → `rules.0.approvals`
            let mut field = error.path().to_string().replace('[', ".").replace(']', "");
            if field == "." {
                field.clear();
            }
            // A key that can't be one has no name of its own: `policy.roles.?`.
            field.truncate(field.trim_end_matches(".?").len());
            let overridden =
                self.overrides.keys().find(|f| field == **f || field.starts_with(&format!("{f}.")));
            if let Some(field) = overridden.filter(|f| !typed.contains(*f)).cloned()
                && let Ok(parsed) = format!("v = {}", self.overrides[&field].1).parse::<Table>()
                && let Some(value) = parsed.get("v")
            {
                set(&mut table, &field, value.clone());
                typed.push(field);
                continue;
            }
            return Err(ConfigError::Wrong(vec![self.wrong(&field, &error.into_inner())]));
        }
    }

    fn wrong(&self, field: &str, error: &toml::de::Error) -> Problem {
        let message = error.message().trim();
        let (field, said) = if let Some(name) = quoted(message, "unknown field `") {
            let full = if field.ends_with(name) || field.is_empty() && name.is_empty() {
                field.to_owned()
            } else {
                format!("{field}.{name}").trim_start_matches('.').to_owned()
            };
            let known = message.split_once("expected ").map_or("", |(_, rest)| rest);
            (full, format!("is unknown; known here: {}", known.trim_start_matches("one of ")))
        } else if let Some(name) = quoted(message, "missing field `") {
            let full = format!("{field}.{name}").trim_start_matches('.').to_owned();
            (full, "is missing: it has no default".to_owned())
        } else {
            (field.to_owned(), format!("is wrong: {message}"))
        };
        Problem { place: self.place(&field), field, message: said }
    }

    /// `file:line` of a field or of the nearest thing around it; the variable's name if the environment said it.
    fn place(&self, field: &str) -> String {
        let inside = |said: &&String| {
            field == *said || said.starts_with(&format!("{field}.")) || field.starts_with(&format!("{said}."))
        };
        let in_file = self.document.as_item().as_table_like().is_some_and(|t| t.contains_key(field));
        if let Some((_, (variable, _))) = self.overrides.iter().find(|(said, _)| inside(said) && !in_file) {
            return format!("environment variable {variable}");
        }
        let mut item = self.document.as_item();
        let mut offset = 0;
        for part in field.split('.') {
            let named = item.as_table_like().and_then(|table| table.get_key_value(part));
            let (next, span) = match named {
                Some((key, next)) => (Some(next), key.span().or_else(|| next.span())),
                None => {
                    let next = part.parse::<usize>().ok().and_then(|index| item.get(index));
                    (next, next.and_then(toml_edit::Item::span))
                }
            };
            let Some(next) = next else { break };
            offset = span.map_or(offset, |span| span.start);
            item = next;
        }
        format!("{}:{}", self.path.display(), line(self.text, offset))
    }
}

fn set(table: &mut Table, field: &str, value: Value) {
    let mut parts: Vec<&str> = field.split('.').collect();
    let Some(last) = parts.pop() else { return };
    let mut table = table;
    for part in parts {
        let entry = table.entry(part).or_insert_with(|| Value::Table(Table::new()));
        match entry {
            Value::Table(inner) => table = inner,
            _ => return,
        }
    }
    table.insert(last.to_owned(), value);
}

fn quoted<'m>(message: &'m str, before: &str) -> Option<&'m str> {
    message.split_once(before)?.1.split_once('`').map(|(name, _)| name)
}

fn line(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|b| **b == b'\n').count() + 1
}
