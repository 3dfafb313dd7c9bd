//! Templates that stand in two intents.

use super::{Catalogue, Finding, IntentSpec};
use crate::Lang;
use std::collections::HashMap;

impl Catalogue {
    /// Templates of one's own files that are another intent's, word for word: nobody could say which one is meant.
    pub(super) fn duplicates(&self) -> Vec<Finding> {
        let mut known: HashMap<(Lang, String), &IntentSpec> = HashMap::new();
        for (lang, spec) in
            Lang::ALL.into_iter().flat_map(|lang| self.intents().map(move |spec| (lang, spec)))
        {
            if !self.own.contains(&spec.name) {
                known.extend(spec.templates.get(lang).iter().map(|line| ((lang, same(&line.text)), spec)));
            }
        }
        let mut found = Vec::new();
        for (lang, spec) in
            Lang::ALL.into_iter().flat_map(|lang| self.own().map(move |(spec, _)| (lang, spec)))
        {
            for line in spec.templates.get(lang) {
                let first = *known.entry((lang, same(&line.text))).or_insert(spec);
                if first.name != spec.name {
                    let message =
                        format!("`{}` is a template of `{}` already ({})", line.text, first.name, first.file);
                    found.push(Finding { file: spec.file.clone(), line: line.at, message });
                }
            }
        }
        found
    }
}

fn same(text: &str) -> String {
    text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}
