//! Reading a wish.

use jiff::civil::Time;

use super::clause::Conditions;
use super::words::{self, Word};
use super::{Clause, Wish, WishError};
use crate::alerts::Severity;
use crate::alerts::matcher::{Cursor, Operator};
use crate::alerts::quiet::{Digest, Quiet, Zone, clock};

/// In milliseconds.
const REPEAT: std::ops::RangeInclusive<i64> = 60_000..=30 * 86_400_000;

const DASHES: [char; 3] = ['-', '–', '—'];

/// A wish of which a part has been read.
struct Reader<'a> {
    cursor: Cursor<'a>,
    zone: &'a Zone,
    everything: bool,
    wanted: Conditions,
    /// Where each begins, and what it says.
    excepted: Vec<(usize, Conditions)>,
    /// Whether conditions belong to the last exception.
    excepting: bool,
    quiet: Option<(Time, Time, Zone)>,
    unless: Option<(usize, Severity)>,
    digest: Option<Digest>,
    repeat: Option<i64>,
    mention: bool,
    /// The bare words that were taken for names of things.
    things: Vec<String>,
}

/// The wish, and the bare words in it that were taken for names of things.
pub(super) fn wish(text: &str, zone: &Zone) -> Result<(Wish, Vec<String>), WishError> {
    let mut reader = Reader {
        cursor: Cursor::new(text)?,
        zone,
        everything: false,
        wanted: Conditions::default(),
        excepted: Vec::new(),
        excepting: false,
        quiet: None,
        unless: None,
        digest: None,
        repeat: None,
        mention: false,
        things: Vec::new(),
    };
    while reader.step()? {}
    let things = std::mem::take(&mut reader.things);
    Ok((reader.finish()?, things))
}

impl Reader<'_> {
    fn conditions(&mut self) -> &mut Conditions {
        match self.excepted.last_mut() {
            Some((_, except)) if self.excepting => except,
            _ => &mut self.wanted,
        }
    }

    fn step(&mut self) -> Result<bool, WishError> {
        self.cursor.skip_separators();
        if self.cursor.is_at_end() {
            return Ok(false);
        }
        let at = self.cursor.place();
        if let Some(matchers) = self.cursor.braced()? {
            self.everything |= matchers.is_empty() && !self.excepting;
            matchers.into_iter().for_each(|matcher| self.conditions().matcher(matcher));
            return Ok(true);
        }
        if self.cursor.is_at_matcher() {
            let matcher = self.cursor.matcher()?;
            self.conditions().matcher(matcher);
            return Ok(true);
        }
        match self.word()? {
            Word::Clause(Clause::Except) => {
                self.excepting = true;
                self.excepted.push((at, Conditions::default()));
            }
            Word::Clause(clause) => {
                self.excepting = false;
                match clause {
                    Clause::Quiet => self.quiet(at)?,
                    Clause::Unless => self.unless(at)?,
                    Clause::Digest => self.digest(at)?,
                    Clause::Repeat => self.repeat(at)?,
                    Clause::Except => {}
                }
            }
            Word::Everything => self.everything |= !self.excepting,
            Word::Mention => self.mention = true,
            Word::Or => self.conditions().or(),
            Word::On => self.conditions().on(),
            Word::Filler => {}
            Word::Severity(severity) => self.conditions().severity(severity),
            Word::Alert(name) => self.conditions().alert(name),
            Word::Thing(name) => self.conditions().thing(name),
            Word::Odd(word) => return Err(WishError::Unexpected { at, word }),
        }
        Ok(true)
    }

    fn word(&mut self) -> Result<Word, WishError> {
        let (text, quoted) = self.cursor.word()?;
        let word = if quoted { Word::Thing(text) } else { words::word(&text) };
        if let Word::Thing(name) = &word
            && !quoted
        {
            self.things.push(name.clone());
        }
        Ok(word)
    }

    /// The next word and its place, if it is no matcher and in no quotes.
    fn plain(&mut self) -> Result<Option<(usize, String)>, WishError> {
        self.cursor.skip_separators();
        if self.cursor.is_at_end() || self.cursor.is_at_matcher() {
            return Ok(None);
        }
        let at = self.cursor.place();
        let (text, quoted) = self.cursor.word()?;
        Ok((!quoted).then_some((at, text)))
    }

    fn quiet(&mut self, at: usize) -> Result<(), WishError> {
        if self.quiet.is_some() {
            return Err(WishError::Twice { at, clause: Clause::Quiet });
        }
        let mut times = Vec::new();
        while times.len() < 2 {
            times.extend(self.times(Clause::Quiet)?);
        }
        let [from, until] = times[..] else { return Err(WishError::NoHours { at }) };
        if from == until {
            return Err(WishError::NoHours { at });
        }
        let zone = self.zone()?;
        self.quiet = Some((from, until, zone));
        self.except_severity()
    }

    /// `außer bei kritisch` behind quiet hours: what breaks through them.
    fn except_severity(&mut self) -> Result<(), WishError> {
        let before = self.cursor.clone();
        if let Some((at, text)) = self.plain()?
            && words::word(&text) == Word::Clause(Clause::Except)
        {
            while let Some((_, text)) = self.plain()? {
                match words::word(&text) {
                    Word::Filler | Word::On => {}
                    Word::Severity(severity) => return self.set_unless(at, severity),
                    _ => break,
                }
            }
        }
        self.cursor = before;
        Ok(())
    }

    fn unless(&mut self, at: usize) -> Result<(), WishError> {
        loop {
            self.cursor.skip_separators();
            let here = self.cursor.place();
            if self.cursor.is_at_matcher() {
                let matcher = self.cursor.matcher()?;
                let word = matcher.to_string();
                let right = matcher.name() == "severity"
                    && matches!(matcher.operator(), Operator::AtLeast | Operator::Equal);
                let severity = words::severity(matcher.value()).filter(|_| right);
                return self.set_unless(at, severity.ok_or(WishError::Severity { at: here, word })?);
            }
            let incomplete = WishError::Incomplete { at: here, clause: Clause::Unless };
            let (here, text) = self.plain()?.ok_or(incomplete)?;
            match words::word(&text) {
                Word::Filler | Word::On => {}
                Word::Severity(severity) => return self.set_unless(at, severity),
                _ => return Err(WishError::Severity { at: here, word: text }),
            }
        }
    }

    fn set_unless(&mut self, at: usize, severity: Severity) -> Result<(), WishError> {
        match self.unless.replace((at, severity)) {
            Some(_) => Err(WishError::Twice { at, clause: Clause::Unless }),
            None => Ok(()),
        }
    }

    fn digest(&mut self, at: usize) -> Result<(), WishError> {
        if self.digest.is_some() {
            return Err(WishError::Twice { at, clause: Clause::Digest });
        }
        let here = self.cursor.place();
        let time = loop {
            match self.times(Clause::Digest)?[..] {
                [] => {}
                [time] => break time,
                _ => return Err(WishError::Time { at: here, word: "-".into(), clause: Clause::Digest }),
            }
        };
        self.digest = Some(Digest::new(time, self.zone()?));
        Ok(())
    }

    /// The times in the next word: none in `from`, two in `22:00-07:00`.
    fn times(&mut self, clause: Clause) -> Result<Vec<Time>, WishError> {
        let here = self.cursor.place();
        let Some((at, mut text)) = self.plain()? else {
            return Err(WishError::Incomplete { at: here, clause });
        };
        if matches!(
            text.to_lowercase().as_str(),
            "until" | "till" | "bis" | "um" | "between" | "zwischen" | "ab" | "@"
        ) {
            return Ok(Vec::new());
        }
        if text.bytes().all(|b| b.is_ascii_digit() || b == b':') {
            let before = self.cursor.clone();
            match self.plain()? {
                Some((_, half)) if ["am", "pm"].contains(&half.to_lowercase().as_str()) => {
                    text.push_str(&half)
                }
                _ => self.cursor = before,
            }
        }
        let is_link = matches!(
            words::word(&text),
            Word::Filler | Word::Or | Word::On | Word::Everything | Word::Clause(Clause::Digest)
        );
        if is_link {
            return Ok(Vec::new());
        }
        let times = text.split(DASHES).filter(|part| !part.is_empty()).map(clock);
        times.collect::<Option<Vec<Time>>>().ok_or(WishError::Time { at, word: text.clone(), clause })
    }

    /// The zone that may stand behind a time.
    fn zone(&mut self) -> Result<Zone, WishError> {
        let mut before = self.cursor.clone();
        while let Some((at, text)) = self.plain()? {
            if text.eq_ignore_ascii_case("uhr") {
                before = self.cursor.clone();
                continue;
            }
            let name = text.trim_matches(['(', ')']);
            let is_path = name.contains('/') && name.starts_with(char::is_alphabetic) && !name.contains(':');
            // `UTC`, `EST5EDT`, `Japan`: a host's name is seldom written so.
            let is_name =
                name.starts_with(|c: char| c.is_ascii_uppercase()) || matches!(name, "utc" | "local");
            if !is_path && !is_name {
                break;
            }
            match Zone::named(name) {
                Some(zone) => return Ok(zone),
                None if is_path => return Err(WishError::Zone { at, name: name.to_owned() }),
                None => break,
            }
        }
        self.cursor = before;
        Ok(self.zone.clone())
    }

    fn repeat(&mut self, at: usize) -> Result<(), WishError> {
        if self.repeat.is_some() {
            return Err(WishError::Twice { at, clause: Clause::Repeat });
        }
        let (at, mut text) = loop {
            let here = self.cursor.place();
            let incomplete = WishError::Incomplete { at: here, clause: Clause::Repeat };
            let (at, text) = self.plain()?.ok_or(incomplete)?;
            let is_link = matches!(words::word(&text), Word::Filler | Word::Everything | Word::On);
            if !is_link && !matches!(text.to_lowercase().as_str(), "after" | "nach") {
                break (at, text);
            }
        };
        if matches!(text.to_lowercase().as_str(), "never" | "nie" | "niemals") {
            self.repeat = Some(0);
            return Ok(());
        }
        if text.bytes().all(|b| b.is_ascii_digit()) {
            let before = self.cursor.clone();
            match self.plain()? {
                Some((_, unit)) if words::is_unit(&unit) => text.push_str(&unit),
                _ => self.cursor = before,
            }
        }
        let time = words::milliseconds(&text).filter(|ms| REPEAT.contains(ms));
        self.repeat = Some(time.ok_or(WishError::Duration { at, word: text })?);
        Ok(())
    }

    fn finish(self) -> Result<Wish, WishError> {
        if self.wanted.is_empty() && self.excepted.is_empty() && !self.everything {
            return Err(WishError::Empty);
        }
        let mut except = Vec::with_capacity(self.excepted.len());
        for (at, conditions) in self.excepted {
            if conditions.is_empty() {
                return Err(WishError::Incomplete { at, clause: Clause::Except });
            }
            except.push(conditions.excepted()?);
        }
        let quiet = match (self.quiet, self.unless) {
            (Some((from, until, zone)), unless) => Quiet::new(from, until, zone, unless.map(|(_, it)| it)),
            (None, Some((at, _))) => return Err(WishError::UnlessWithoutQuiet { at }),
            (None, None) => None,
        };
        let (digest, repeat, mention) = (self.digest, self.repeat, self.mention);
        Ok(Wish { matchers: self.wanted.wanted()?, except, quiet, digest, repeat, mention })
    }
}
