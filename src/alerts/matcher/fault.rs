//! What can be wrong with a text of matchers.

/// Why a text is no list of matchers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at character {}: {message}", .at + 1)]
pub struct MatcherError {
    /// Where, in characters from the beginning.
    pub at: usize,
    /// What is wrong, in English, and what to write instead.
    pub message: String,
    /// The same for a program, and for another language.
    pub fault: MatcherFault,
}

impl MatcherError {
    pub(in crate::alerts) fn new(at: usize, fault: MatcherFault) -> Self {
        Self { at, message: fault.to_string(), fault }
    }
}

/// What is wrong. Its `Display` is English.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MatcherFault {
    /// Something else stands where a label's name should.
    #[error("here should be a label's name: letters, digits and `_`, such as `job=\"node\"`")]
    NoName,
    /// A name without a comparison.
    #[error("after `{name}` comes `=`, `!=`, `=~` or `!~`, such as `{name}=\"…\"`")]
    NoOperator {
        /// The name.
        name: String,
    },
    /// A comparison that other languages have.
    #[error("`{written}` compares nothing here: write `{instead}`")]
    WrongOperator {
        /// What was written.
        written: &'static str,
        /// What to write.
        instead: &'static str,
    },
    /// A quote that does not end.
    #[error("this quote has no end: put `\"` behind the value")]
    NoEnd,
    /// A quote amid a value.
    #[error("a quote amid a value: put quotes around the whole value, and `\\\"` for one inside")]
    QuoteInside,
    /// A value that looks like the next condition.
    #[error(
        "is `{value}` the value of `{name}`? Write `{name}=\"\"` for an empty one, or quotes around the value"
    )]
    LooksLikeMatcher {
        /// The label.
        name: String,
        /// What follows.
        value: String,
    },
    /// An order of something without one.
    #[error("only `severity` can be compared with `<` and `>`, not `{name}`: write `{name}=\"…\"`")]
    NoOrder {
        /// The label.
        name: String,
    },
    /// A severity that nobody knows the place of.
    #[error("`{word}` is no severity: write `info`, `warning`, `error` or `critical`")]
    NoSeverity {
        /// What was written.
        word: String,
    },
    /// A regular expression that is none, or a too large one.
    #[error("this regular expression can't be read ({why}): write such as `node.*` or `pi[0-9]+`")]
    NoPattern {
        /// What is wrong with it.
        why: String,
    },
    /// Too much text.
    #[error("that is too long: at most {most} characters")]
    TooLong {
        /// How many there may be.
        most: usize,
    },
}
