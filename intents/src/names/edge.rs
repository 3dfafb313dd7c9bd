//! A stretch of a message that can fill a slot.

/// What a stretch of text can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    Service,
    Host,
    Alert,
    Secret,
    Scope,
    Severity,
    Count,
    Duration,
    /// `yesterday`, `today` or a date.
    Day,
    Version,
    /// The id of a snapshot, or `latest`.
    Snapshot,
    /// The number or id of an operation.
    Operation,
    /// Alertmanager's matchers as they are written.
    Matcher,
    /// "alles", "everything".
    All,
    /// "it", "ihn": something named elsewhere in the message.
    Pronoun,
}

/// How sure the reading of a stretch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Sort {
    /// Stands in the inventory, or says its value itself.
    Exact,
    /// Several things, each of them meant ("grafana und jellyfin").
    Each,
    /// One spelling for several things.
    Ambiguous,
    /// Nearly a name.
    Fuzzy,
    /// No name that is known.
    Unknown,
}

/// A stretch of tokens that can fill a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edge {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) kind: Kind,
    pub(crate) sort: Sort,
    /// The canonical value; several for [`Sort::Each`], [`Sort::Ambiguous`] and [`Sort::Fuzzy`].
    pub(crate) values: Vec<String>,
    /// What was written.
    pub(crate) written: String,
}

impl Edge {
    pub(crate) fn len(&self) -> usize {
        self.end - self.start
    }
}
