//! The inventory, compiled for finding its names in a text.

mod day;
mod edge;
mod entity;
mod fuzzy;
mod secret;
mod value;

use crate::inventory::Inventory;
use crate::text::{squash, tokens};
use std::collections::HashMap;

pub(crate) use edge::{Edge, Kind, Sort};
pub(crate) use entity::Lattice;
pub(crate) use fuzzy::distance;

/// The names of an [`Inventory`], ready to be looked up; make it once for each inventory.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// Squashed spelling → what it names.
    index: HashMap<String, Vec<(Kind, String)>>,
    /// Squashed spellings, for the search of near ones.
    spellings: Vec<(String, Kind, String)>,
    secrets: Vec<secret::Secret>,
    /// The most tokens a name has.
    longest: usize,
    pub(crate) runs_on: HashMap<String, Vec<String>>,
    all: HashMap<Kind, Vec<String>>,
}

impl Names {
    /// Compiles an inventory.
    #[must_use]
    pub fn new(inventory: &Inventory) -> Self {
        let mut names = Self { longest: 1, ..Self::default() };
        for (name, thing) in &inventory.services {
            names.add(Kind::Service, name, thing.aliases.iter());
            names.runs_on.insert(name.clone(), thing.hosts.clone());
        }
        for (name, thing) in &inventory.hosts {
            names.add(Kind::Host, name, thing.aliases.iter());
        }
        for name in &inventory.alerts {
            names.add(Kind::Alert, name, [].iter());
        }
        for name in &inventory.secrets {
            names.add(Kind::Secret, name, [].iter());
            names.secrets.push(secret::Secret::new(name));
        }
        for name in &inventory.compliance_scopes {
            let aliases: Vec<String> = entity::scope_aliases(name).iter().map(|s| (*s).to_owned()).collect();
            names.add(Kind::Scope, name, aliases.iter());
        }
        names
    }

    fn add<'a>(&mut self, kind: Kind, name: &'a str, aliases: impl Iterator<Item = &'a String>) {
        self.all.entry(kind).or_default().push(name.to_owned());
        for spelling in std::iter::once(name).chain(aliases.map(String::as_str)) {
            let key = squash(spelling);
            if key.is_empty() {
                continue;
            }
            self.longest = self.longest.max(tokens(spelling).len());
            let entry = self.index.entry(key.clone()).or_default();
            if !entry.iter().any(|(k, n)| *k == kind && n == name) {
                entry.push((kind, name.to_owned()));
                self.spellings.push((key, kind, name.to_owned()));
            }
        }
    }

    /// Whether this text is a name, however it is written.
    pub(crate) fn knows(&self, text: &str) -> bool {
        self.index.contains_key(&squash(text))
    }

    /// The secrets that these folded words name, however they stand; other words are passed over.
    pub(crate) fn secrets_in<'a>(&self, words: impl Iterator<Item = &'a str>) -> Vec<String> {
        let said: Vec<&str> = words.filter(|w| secret::is_part(&self.secrets, w)).collect();
        secret::find(&self.secrets, &said).iter().map(|found| found.0.name.clone()).collect()
    }

    /// All names of a kind.
    pub(crate) fn all(&self, kind: Kind) -> &[String] {
        self.all.get(&kind).map_or(&[], Vec::as_slice)
    }

    /// The names of a kind nearest to a word, nearest first.
    pub(crate) fn near(&self, kind: Kind, word: &str, within: usize) -> Vec<String> {
        let key = squash(word);
        let mut found: Vec<(usize, &str)> = self
            .spellings
            .iter()
            .filter(|(_, k, _)| *k == kind)
            .filter_map(|(spelling, _, name)| Some((distance(&key, spelling, within)?, name.as_str())))
            .collect();
        found.sort();
        let mut out: Vec<String> = Vec::new();
        for (_, name) in found {
            if !out.iter().any(|n| n == name) {
                out.push(name.to_owned());
            }
        }
        out
    }
}

impl From<&Inventory> for Names {
    fn from(inventory: &Inventory) -> Self {
        Self::new(inventory)
    }
}
