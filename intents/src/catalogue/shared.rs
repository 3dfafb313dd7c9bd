//! What all intents share: rules, polite beginnings and ends; and sentences that are none of our business.

use super::error::Mistakes;
use super::spec::Line;
use super::{Bilingual, CatalogueError};
use crate::Lang;
use crate::template::{Rules, parse};
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// The shared part of the grammar.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shared {
    rules: Bilingual<Rules>,
    /// What may stand before a request.
    pub(crate) opening: Bilingual<Vec<Line>>,
    /// What may stand after it.
    pub(crate) closing: Bilingual<Vec<Line>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    rules: Bilingual<BTreeMap<String, Spanned<String>>>,
    #[serde(default)]
    opening: Bilingual<Vec<Spanned<String>>>,
    #[serde(default)]
    closing: Bilingual<Vec<Spanned<String>>>,
}

impl Shared {
    pub(crate) fn rules(&self, lang: Lang) -> &Rules {
        self.rules.get(lang)
    }

    pub(super) fn add(&mut self, file: &str, text: &str) -> Result<(), CatalogueError> {
        let mut wrong = Mistakes::new(file, text);
        let raw: File = match toml::from_str(text) {
            Ok(raw) => raw,
            Err(error) => {
                wrong.toml(&error);
                return wrong.or(None);
            }
        };
        for (lang, into) in [(Lang::De, &mut self.rules.de), (Lang::En, &mut self.rules.en)] {
            resolve(raw.rules.get(lang), into, &mut wrong);
        }
        let mut lines = |all: &[Spanned<String>], rules: &Rules, into: &mut Vec<Line>| {
            for line in all {
                let (text, at) = (line.get_ref(), line.span().start);
                match parse(text, rules) {
                    Ok(node) => into.push(Line { text: text.clone(), node, at: wrong.line(at) }),
                    Err(message) => wrong.at(at, message),
                }
            }
        };
        lines(&raw.opening.de, &self.rules.de, &mut self.opening.de);
        lines(&raw.opening.en, &self.rules.en, &mut self.opening.en);
        lines(&raw.closing.de, &self.rules.de, &mut self.closing.de);
        lines(&raw.closing.en, &self.rules.en, &mut self.closing.en);
        wrong.or(Some(()))
    }
}

/// Rules may use one another, in whatever order they stand.
fn resolve(raw: &BTreeMap<String, Spanned<String>>, into: &mut Rules, wrong: &mut Mistakes<'_>) {
    let mut open: Vec<(&String, &Spanned<String>)> = raw.iter().collect();
    while !open.is_empty() {
        let before = open.len();
        let mut failed = Vec::new();
        open.retain(|(name, rule)| match parse(rule.get_ref(), into) {
            Ok(node) => {
                into.insert((*name).clone(), node);
                false
            }
            Err(message) => {
                failed.push((rule.span().start, message));
                true
            }
        });
        if open.len() == before {
            return failed.into_iter().for_each(|(at, message)| wrong.at(at, message));
        }
    }
}

/// Sentences that are none of our business.
#[derive(Debug, Clone, Default)]
pub(crate) struct NoneSpec {
    pub(crate) examples: Bilingual<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoneFile {
    examples: Bilingual<Vec<String>>,
}

impl NoneSpec {
    pub(super) fn add(&mut self, file: &str, text: &str) -> Result<(), CatalogueError> {
        let mut wrong = Mistakes::new(file, text);
        let raw: NoneFile = match toml::from_str(text) {
            Ok(raw) => raw,
            Err(error) => {
                wrong.toml(&error);
                return wrong.or(None);
            }
        };
        self.examples.de.extend(raw.examples.de);
        self.examples.en.extend(raw.examples.en);
        Ok(())
    }
}
