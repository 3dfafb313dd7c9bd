//! Who wants to know of what: a subscription, and the wish in it as people say it.
//!
//! ```text
//! severity>=warning job=~"node.*" except instance="pi4" quiet 22:00-07:00 Europe/Berlin unless critical
//! kritische Alarme von pi4 und pi5, ruhe 22 bis 7 Uhr, sammeln um 08:00
//! ```

mod clause;
mod error;
mod parse;
#[cfg(test)]
mod tests;
mod words;

use std::fmt;
use std::str::FromStr;

use jiff::civil::Time;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use error::{Clause, WishError};

use super::Matchers;
use super::quiet::{Digest, Quiet, Zone};

/// A subscription as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// Its id; people use `n`.
    pub id: String,
    /// Where it is told.
    pub room_id: String,
    /// Its number in that room.
    pub n: i64,
    /// The bot that tells it.
    pub bot: String,
    /// The language that it was asked for in: `de` or `en`.
    pub lang: String,
    /// Who asked for it (Matrix id).
    pub owner: String,
    /// Whether it is the owner's own, in a direct chat.
    pub personal: bool,
    /// What is wanted.
    pub wish: Wish,
}

/// What somebody wants to be told, and when. It is stored as the text that it prints.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wish {
    /// Which alerts; without conditions all.
    pub matchers: Matchers,
    /// Which of them not: those that one of these matches.
    pub except: Vec<Matchers>,
    /// When they are kept for later.
    pub quiet: Option<Quiet>,
    /// When they are told all at once.
    pub digest: Option<Digest>,
    /// After how many milliseconds an incident that nobody acknowledged notifies again, instead of the configured time; zero for
    /// never.
    pub repeat: Option<i64>,
    /// Whether the owner is mentioned.
    pub mention: bool,
}

impl Wish {
    /// The wish of that text, without the word `subscribe`. Times of a text that names no zone are those of `zone`.
    ///
    /// # Errors
    /// What can't be understood, where, and what to write instead.
    pub fn parse(text: &str, zone: &Zone) -> Result<Self, WishError> {
        Ok(parse::wish(text, zone)?.0)
    }

    /// The wish of a whole sentence, and the bare words in it that were taken for names of hosts, services or whatever an alert is
    /// about: whoever knows the names can tell whether it was understood.
    ///
    /// # Errors
    /// As [`Wish::parse`].
    pub fn of_sentence(text: &str, zone: &Zone) -> Result<(Self, Vec<String>), WishError> {
        parse::wish(text, zone)
    }
}

/// `22:00`.
fn hour(time: Time) -> impl fmt::Display {
    time.strftime("%H:%M")
}

impl fmt::Display for Wish {
    /// Text that parses to the same, whatever the zone of the reader.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.matchers.is_empty() {
            f.write_str("everything")?;
        } else {
            write!(f, "{}", self.matchers)?;
        }
        for except in &self.except {
            write!(f, " except {except}")?;
        }
        if let Some(quiet) = &self.quiet {
            write!(f, " quiet {}-{} {}", hour(quiet.from()), hour(quiet.until()), quiet.zone())?;
            if let Some(unless) = &quiet.unless {
                // `alert` is a severity, too, but not when it is said.
                let said = words::word(unless.as_str()) == words::Word::Severity(unless.clone());
                write!(f, " unless {}{}", if said { "" } else { "severity>=" }, unless.as_str())?;
            }
        }
        if let Some(digest) = &self.digest {
            write!(f, " digest {} {}", hour(digest.at()), digest.zone())?;
        }
        match self.repeat {
            Some(0) => f.write_str(" repeat never")?,
            Some(ms) => write!(f, " repeat {}", words::duration(ms))?,
            None => {}
        }
        if self.mention {
            f.write_str(" mention")?;
        }
        Ok(())
    }
}

impl FromStr for Wish {
    type Err = WishError;

    fn from_str(text: &str) -> Result<Self, WishError> {
        Self::parse(text, &Zone::system())
    }
}

impl Serialize for Wish {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Wish {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
