//! The form of an intent's file, and what can be wrong with it.

use super::error::Mistakes;
use super::spec::Line;
use super::{Bilingual, CatalogueError, IntentSpec, RiskSource, Shared, Slot, SlotType, Text};
use crate::Lang;
use crate::template::{Node, parse};
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

const BOTS: [&str; 5] = ["core", "health", "infra", "planner", "sec"];

type Lines = Bilingual<Vec<Spanned<String>>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: Spanned<String>,
    bot: Spanned<String>,
    changes: bool,
    #[serde(default)]
    risk: Option<Spanned<RiskSource>>,
    #[serde(default)]
    plan: Option<Spanned<String>>,
    does: Text,
    #[serde(default)]
    slots: Vec<RawSlot>,
    #[serde(default)]
    one_of: Vec<Spanned<String>>,
    #[serde(default)]
    templates: Lines,
    #[serde(default)]
    cues: Lines,
    #[serde(default)]
    examples: Lines,
    #[serde(default)]
    counter_examples: Lines,
    #[serde(default)]
    replies: BTreeMap<String, Reply>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSlot {
    name: Spanned<String>,
    #[serde(rename = "type")]
    kind: SlotType,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    everything: Option<String>,
    #[serde(default)]
    question: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reply {
    de: Spanned<String>,
    en: Spanned<String>,
}

impl IntentSpec {
    pub(super) fn parse(file: &str, text: &str, shared: &Shared) -> Result<Self, CatalogueError> {
        let mut wrong = Mistakes::new(file, text);
        let raw: File = match toml::from_str(text) {
            Ok(raw) => raw,
            Err(error) => {
                wrong.toml(&error);
                return wrong.or(None);
            }
        };
        raw.check(&mut wrong);
        let lines = [
            (&raw.templates, "templates"),
            (&raw.cues, "cues"),
            (&raw.examples, "examples"),
            (&raw.counter_examples, "counter_examples"),
        ];
        let [templates, cues, examples, counter_examples] =
            lines.map(|(lines, key)| raw.lines(lines, key, shared, &mut wrong));
        let own_words = |lines: Vec<Line>| lines.into_iter().map(|line| line.text).collect();
        let spec = Self {
            risk: raw.risk(),
            name: raw.name.into_inner(),
            file: file.to_owned(),
            bot: raw.bot.into_inner(),
            changes: raw.changes,
            plan: raw.plan.map(Spanned::into_inner),
            does: raw.does,
            slots: raw.slots.into_iter().map(RawSlot::into).collect(),
            one_of: raw.one_of.into_iter().map(Spanned::into_inner).collect(),
            counter_examples: Bilingual {
                de: own_words(counter_examples.de),
                en: own_words(counter_examples.en),
            },
            replies: raw.replies.into_iter().map(|(name, reply)| (name, reply.into())).collect(),
            templates,
            cues,
            examples,
        };
        wrong.or(Some(spec))
    }
}

impl File {
    fn risk(&self) -> RiskSource {
        let usual = if self.changes { RiskSource::Executor } else { RiskSource::Read };
        self.risk.as_ref().map_or(usual, |risk| *risk.get_ref())
    }

    fn has_slot(&self, name: &str) -> bool {
        self.slots.iter().any(|slot| slot.name.get_ref() == name)
    }

    fn check(&self, wrong: &mut Mistakes<'_>) {
        if !is_name(self.name.get_ref()) || self.name.get_ref() == "none" {
            let name = self.name.get_ref();
            wrong.at(
                self.name.span().start,
                format!("`{name}` cannot be the name of an intent: write a-z, 0-9 and `_`"),
            );
        }
        if !BOTS.contains(&self.bot.get_ref().as_str()) {
            let (bot, all) = (self.bot.get_ref(), BOTS.join(", "));
            wrong.at(self.bot.span().start, format!("there is no bot `{bot}`; there are {all}"));
        }
        if let Some(risk) = &self.risk
            && self.changes != (*risk.get_ref() == RiskSource::Executor)
        {
            let said = if self.changes {
                "what changes the homelab is planned and approved: write `risk = \"executor\"`, or `changes = false`"
            } else {
                "an executor's plan changes the homelab: write `changes = true`, or `risk = \"read\"`"
            };
            wrong.at(risk.span().start, said);
        }
        if let Some(plan) = &self.plan
            && !is_name(plan.get_ref())
        {
            let said = format!("`{}` cannot be the name of a plan: write a-z, 0-9 and `_`", plan.get_ref());
            wrong.at(plan.span().start, said);
        }
        for (n, slot) in self.slots.iter().enumerate() {
            slot.check(wrong);
            if self.slots[..n].iter().any(|other| other.name.get_ref() == slot.name.get_ref()) {
                let said = format!("there are two slots `{}`", slot.name.get_ref());
                wrong.at(slot.name.span().start, said);
            }
        }
        for slot in self.one_of.iter().filter(|slot| !self.has_slot(slot.get_ref())) {
            let said = format!("`one_of` names `{}`, which is no slot", slot.get_ref());
            wrong.at(slot.span().start, said);
        }
        for text in self.replies.values().flat_map(|reply| [&reply.de, &reply.en]) {
            for name in placeholders(text.get_ref()).filter(|name| !self.has_slot(name)) {
                wrong.at(text.span().start, format!("the reply has `{{{name}}}`, which is no slot"));
            }
        }
        if self.templates.de.is_empty() && self.templates.en.is_empty() {
            wrong.at(0, "there are no `[templates]`: nothing could be said to mean it");
        }
    }

    /// Parses sentences; each language needs some, if there are any.
    fn lines(
        &self,
        all: &Lines,
        key: &str,
        shared: &Shared,
        wrong: &mut Mistakes<'_>,
    ) -> Bilingual<Vec<Line>> {
        let mut out = Bilingual { de: Vec::new(), en: Vec::new() };
        for (lang, other, into) in [(Lang::De, Lang::En, &mut out.de), (Lang::En, Lang::De, &mut out.en)] {
            if let (None, Some(first)) = (all.get(lang).first(), all.get(other).first()) {
                wrong.at(first.span().start, format!("`{key}` has no `{lang}`: write it in both languages"));
            }
            for line in all.get(lang) {
                let (text, at) = (line.get_ref(), line.span().start);
                match parse(text, shared.rules(lang)).and_then(|node| self.slots_exist(&node).map(|()| node))
                {
                    Ok(node) => into.push(Line { text: text.clone(), node, at: wrong.line(at) }),
                    Err(message) => wrong.at(at, message),
                }
            }
        }
        out
    }

    fn slots_exist(&self, node: &Node) -> Result<(), String> {
        match node {
            Node::Word(..) | Node::Gap => Ok(()),
            Node::Slot(names) => match names.iter().find(|name| !self.has_slot(name)) {
                Some(name) => Err(format!("the intent has no slot `{name}`")),
                None => Ok(()),
            },
            Node::Seq(parts) | Node::Alt(parts) => parts.iter().try_for_each(|part| self.slots_exist(part)),
            Node::Opt(inner) => self.slots_exist(inner),
        }
    }
}

impl RawSlot {
    fn check(&self, wrong: &mut Mistakes<'_>) {
        if !is_name(self.name.get_ref()) {
            let said =
                format!("`{}` cannot be the name of a slot: write a-z, 0-9 and `_`", self.name.get_ref());
            wrong.at(self.name.span().start, said);
        }
    }
}

impl From<RawSlot> for Slot {
    fn from(raw: RawSlot) -> Self {
        let RawSlot { name, kind, required, everything, question } = raw;
        Self { name: name.into_inner(), kind, required, everything, question }
    }
}

impl From<Reply> for Text {
    fn from(reply: Reply) -> Self {
        Self { de: reply.de.into_inner(), en: reply.en.into_inner() }
    }
}

/// What can stand in a table, in a file's name and in a rule of the policy.
fn is_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    !name.is_empty() && name.len() <= 64 && name.bytes().all(plain)
}

/// The names in braces.
fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
}
