//! Alertmanager's matchers, and two kinds of our own besides: `severity>=warning`, and `about="pi4"` for whatever an alert calls
//! the host or service that it is about.
//!
//! ```text
//! {job=~"node.*", instance!="pi4"}      as Alertmanager writes it
//! severity>=warning job=~node.* pi=“4”  as people type it
//! ```

mod alertmanager;
mod fault;
mod pattern;
mod read;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use regex::Regex;
use serde::{Deserialize, Serialize, Serializer};

pub use alertmanager::Untranslatable;
pub use fault::{MatcherError, MatcherFault};
pub(super) use read::Cursor;

use super::{Labels, Severity};

/// Conditions on labels, all of which must hold. None at all hold for every alert.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Matchers(Vec<Matcher>);

/// One condition.
#[derive(Debug, Clone)]
pub struct Matcher {
    name: String,
    operator: Operator,
    value: String,
    /// Compiled from `value`, for the two operators that need it.
    regex: Option<Regex>,
    /// The place of `value`, for the four that compare it.
    bound: u8,
}

/// How a label is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`
    Regex,
    /// `!~`
    NotRegex,
    /// `>=`, on `severity` only, as the other three.
    AtLeast,
    /// `>`
    Above,
    /// `<=`
    AtMost,
    /// `<`
    Below,
}

/// The name that stands for all of [`ABOUT_LABELS`].
const ABOUT: &str = "about";

/// The labels in which exporters, Grafana, Uptime Kuma and Docker name a host or a service, and the alert's own name.
const ABOUT_LABELS: [&str; 10] = [
    "instance",
    "host",
    "node",
    "service",
    "job",
    "nodename",
    "exported_instance",
    "container",
    "name",
    "alertname",
];

impl Operator {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Regex => "=~",
            Self::NotRegex => "!~",
            Self::AtLeast => ">=",
            Self::Above => ">",
            Self::AtMost => "<=",
            Self::Below => "<",
        }
    }

    fn compares(self) -> bool {
        matches!(self, Self::AtLeast | Self::Above | Self::AtMost | Self::Below)
    }

    /// Whether something of place `rank` stands so to something of place `bound`.
    fn orders(self, rank: u8, bound: u8) -> bool {
        match self {
            Self::AtLeast => rank >= bound,
            Self::Above => rank > bound,
            Self::AtMost => rank <= bound,
            Self::Below => rank < bound,
            _ => false,
        }
    }
}

impl Matcher {
    /// A condition from its parts.
    ///
    /// # Errors
    /// A name that is none, a regular expression that is none, an order of something else than severities.
    pub fn new(name: &str, operator: Operator, value: &str) -> Result<Self, MatcherFault> {
        if !read::is_name(name) {
            return Err(MatcherFault::NoName);
        }
        let (mut value, mut regex, mut bound) = (value.to_owned(), None, 0);
        if operator.compares() {
            if name != "severity" {
                return Err(MatcherFault::NoOrder { name: name.to_owned() });
            }
            let severity = Severity::known(&value).ok_or(MatcherFault::NoSeverity { word: value })?;
            value = severity.as_str().to_owned();
            bound = severity.rank();
        } else if matches!(operator, Operator::Regex | Operator::NotRegex) {
            let compiled = pattern::compile(&value, name == ABOUT);
            regex = Some(compiled.map_err(|why| MatcherFault::NoPattern { why })?);
        }
        Ok(Self { name: name.to_owned(), operator, value, regex, bound })
    }

    /// That one of `names` is what the alert is about (`label` is `about`), or the value of that label.
    pub(super) fn one_of(label: &str, names: &[String]) -> Result<Self, MatcherFault> {
        match names {
            [name] => Self::new(label, Operator::Equal, name),
            names => {
                let escaped: Vec<String> = names.iter().map(|name| regex::escape(name)).collect();
                Self::new(label, Operator::Regex, &escaped.join("|"))
            }
        }
    }

    /// The label.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it is compared.
    pub fn operator(&self) -> Operator {
        self.operator
    }

    /// What it is compared with.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Whether it holds; a label that is missing is empty.
    pub fn matches(&self, labels: &Labels) -> bool {
        match self.operator {
            Operator::Equal | Operator::Regex => self.hits(labels),
            Operator::NotEqual | Operator::NotRegex => !self.hits(labels),
            order => {
                let label = labels.get(&self.name).map_or("", String::as_str);
                order.orders(Severity::rank_of(label), self.bound)
            }
        }
    }

    fn hits(&self, labels: &Labels) -> bool {
        if self.name == ABOUT {
            return ABOUT_LABELS.iter().any(|label| {
                labels.get(*label).is_some_and(|value| {
                    let host = value.split_once(':').map(|(host, _)| host);
                    self.is(value) || label.ends_with("instance") && host.is_some_and(|host| self.is(host))
                })
            });
        }
        self.is(labels.get(&self.name).map_or("", String::as_str))
    }

    fn is(&self, value: &str) -> bool {
        match &self.regex {
            Some(regex) => regex.is_match(value),
            None if self.name == ABOUT => self.value.eq_ignore_ascii_case(value),
            None => self.value == value,
        }
    }
}

impl Matchers {
    /// Whether all hold; a label that is missing is empty.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.0.iter().all(|matcher| matcher.matches(labels))
    }

    /// That every label is exactly as here.
    pub fn exactly(labels: &Labels) -> Self {
        let equal = |(name, value): (&String, &String)| Matcher::new(name, Operator::Equal, value).ok();
        Self(labels.iter().filter_map(equal).collect())
    }

    /// The conditions.
    pub fn iter(&self) -> std::slice::Iter<'_, Matcher> {
        self.0.iter()
    }

    /// Whether there is no condition, so that every alert matches.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Vec<Matcher>> for Matchers {
    fn from(matchers: Vec<Matcher>) -> Self {
        Self(matchers)
    }
}

impl FromStr for Matchers {
    type Err = MatcherError;

    fn from_str(text: &str) -> Result<Self, MatcherError> {
        read::matchers(text).map(Self)
    }
}

impl TryFrom<String> for Matchers {
    type Error = MatcherError;

    fn try_from(text: String) -> Result<Self, MatcherError> {
        text.parse()
    }
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, self.operator, &self.value) == (&other.name, other.operator, &other.value)
    }
}

impl Eq for Matcher {}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.name, self.operator.as_str())?;
        if self.operator.compares() {
            return f.write_str(&self.value);
        }
        let escaped = self.value.replace('\\', r"\\").replace('\n', r"\n").replace('"', r#"\""#);
        write!(f, "\"{escaped}\"")
    }
}

impl fmt::Display for Matchers {
    /// Text that parses to the same; `{}` for none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("{}");
        }
        for (n, matcher) in self.0.iter().enumerate() {
            write!(f, "{}{matcher}", if n == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

impl Serialize for Matchers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
