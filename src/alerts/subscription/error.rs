//! What can be wrong with a wish.

use crate::alerts::MatcherError;

/// Why a text is no wish. Places are in characters from the beginning; `Display` is English.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WishError {
    /// Nothing says which alerts.
    #[error(
        "which alerts? Write `everything`, `critical`, a name such as `jellyfin`, or `severity>=warning job=~\"node.*\"`"
    )]
    Empty,
    /// A matcher that is none.
    #[error(transparent)]
    Matcher(#[from] MatcherError),
    /// A word that has no meaning where it stands.
    #[error("at character {}: `{word}` means nothing here; write such as `severity>=warning except instance=\"pi4\"`", .at + 1)]
    Unexpected {
        /// Where.
        at: usize,
        /// The word.
        word: String,
    },
    /// A clause that says not enough.
    #[error("at character {}: `{clause}` needs more; write such as `{}`", .at + 1, .clause.example())]
    Incomplete {
        /// Where more should be.
        at: usize,
        /// Of what.
        clause: Clause,
    },
    /// A clause that stands there twice.
    #[error("at character {}: `{clause}` stands there already; say it once", .at + 1)]
    Twice {
        /// Where the second one is.
        at: usize,
        /// Which.
        clause: Clause,
    },
    /// A time of day that is none.
    #[error("at character {}: `{word}` is no time of day; write such as `{}`", .at + 1, .clause.example())]
    Time {
        /// Where.
        at: usize,
        /// What stands there.
        word: String,
        /// What the time is for.
        clause: Clause,
    },
    /// Quiet hours that end when they begin.
    #[error("at character {}: quiet hours need two different times; write such as `quiet 22:00-07:00`", .at + 1)]
    NoHours {
        /// Where.
        at: usize,
    },
    /// A time zone that nobody knows.
    #[error("at character {}: `{name}` is no time zone; write such as `Europe/Berlin`", .at + 1)]
    Zone {
        /// Where.
        at: usize,
        /// The name.
        name: String,
    },
    /// A severity that nobody knows.
    #[error("at character {}: `{word}` is no severity; write `info`, `warning`, `error` or `critical`", .at + 1)]
    Severity {
        /// Where.
        at: usize,
        /// The word.
        word: String,
    },
    /// A time between repetitions that is none, is below a minute or above a month.
    #[error("at character {}: `{word}` is no time between one minute and 30 days; write such as `repeat 2h`, or `repeat never`", .at + 1)]
    Duration {
        /// Where.
        at: usize,
        /// What stands there.
        word: String,
    },
    /// A severity that breaks through quiet hours that there are none of.
    #[error("at character {}: `unless` belongs to quiet hours; write such as `quiet 22:00-07:00 unless critical`", .at + 1)]
    UnlessWithoutQuiet {
        /// Where.
        at: usize,
    },
}

impl WishError {
    /// Where, in characters from the beginning.
    pub fn at(&self) -> usize {
        match self {
            Self::Empty => 0,
            Self::Matcher(error) => error.at,
            Self::Unexpected { at, .. }
            | Self::Incomplete { at, .. }
            | Self::Twice { at, .. }
            | Self::Time { at, .. }
            | Self::NoHours { at }
            | Self::Zone { at, .. }
            | Self::Severity { at, .. }
            | Self::Duration { at, .. }
            | Self::UnlessWithoutQuiet { at } => *at,
        }
    }
}

/// A part of a wish that can stand there once, or needs more words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Clause {
    /// Which not.
    Except,
    /// Quiet hours.
    Quiet,
    /// What breaks through them.
    Unless,
    /// A digest.
    Digest,
    /// How often it notifies again.
    Repeat,
}

impl Clause {
    /// Its English keyword.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Except => "except",
            Self::Quiet => "quiet",
            Self::Unless => "unless",
            Self::Digest => "digest",
            Self::Repeat => "repeat",
        }
    }

    /// What to write, in English.
    pub fn example(self) -> &'static str {
        match self {
            Self::Except => "except instance=\"pi4\"",
            Self::Quiet => "quiet 22:00-07:00",
            Self::Unless => "unless critical",
            Self::Digest => "digest 08:00",
            Self::Repeat => "repeat 2h",
        }
    }
}

impl std::fmt::Display for Clause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
