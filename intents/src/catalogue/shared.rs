//! What all intents share: rules, polite beginnings and ends; and sentences that are none of our business.

use super::{Bilingual, CatalogueError, Line};
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

    pub(crate) fn add(&mut self, file: &str, text: &str) -> Result<(), CatalogueError> {
        let raw: File = toml::from_str(text).map_err(|e| CatalogueError::toml(file, text, &e))?;
        for (lang, into) in [(Lang::De, &mut self.rules.de), (Lang::En, &mut self.rules.en)] {
            resolve(file, text, raw.rules.get(lang), into)?;
        }
        let lines = |all: &[Spanned<String>], rules: &Rules| -> Result<Vec<Line>, CatalogueError> {
            all.iter()
                .map(|line| {
                    let node = parse(line.get_ref(), rules)
                        .map_err(|message| CatalogueError::at(file, text, line.span().start, message))?;
                    Ok(Line { text: line.get_ref().clone(), node })
                })
                .collect()
        };
        self.opening.de.extend(lines(&raw.opening.de, &self.rules.de)?);
        self.opening.en.extend(lines(&raw.opening.en, &self.rules.en)?);
        self.closing.de.extend(lines(&raw.closing.de, &self.rules.de)?);
        self.closing.en.extend(lines(&raw.closing.en, &self.rules.en)?);
        Ok(())
    }
}

/// Rules may use one another, in whatever order they stand.
fn resolve(
    file: &str,
    text: &str,
    raw: &BTreeMap<String, Spanned<String>>,
    into: &mut Rules,
) -> Result<(), CatalogueError> {
    let mut open: Vec<(&String, &Spanned<String>)> = raw.iter().collect();
    while !open.is_empty() {
        let before = open.len();
        let mut failed = None;
        open.retain(|(name, rule)| match parse(rule.get_ref(), into) {
            Ok(node) => {
                into.insert((*name).clone(), node);
                false
            }
            Err(message) => {
                failed.get_or_insert((rule.span().start, message));
                true
            }
        });
        if let (true, Some((offset, message))) = (open.len() == before, failed) {
            return Err(CatalogueError::at(file, text, offset, message));
        }
    }
    Ok(())
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
    pub(crate) fn add(&mut self, file: &str, text: &str) -> Result<(), CatalogueError> {
        let raw: NoneFile = toml::from_str(text).map_err(|e| CatalogueError::toml(file, text, &e))?;
        self.examples.de.extend(raw.examples.de);
        self.examples.en.extend(raw.examples.en);
        Ok(())
    }
}
