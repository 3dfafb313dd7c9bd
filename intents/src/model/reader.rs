//! Asks the model where the other readers are in doubt, and checks what it says.

use super::{Model, prompt, prompt_hash, prompt_version};
use crate::Lang;
use crate::ask;
use crate::catalogue::IntentSpec;
use crate::ground::ground;
use crate::names::Names;
use crate::reading::{Candidate, NoneReason, Outcome, Reading, Slots, Trace};
use crate::sense::{Sense, spoken};
use crate::understanding::{Draft, Message, Understanding};
use serde::Deserialize;

/// How many intents the model chooses among.
const SHORTLIST: usize = 5;

/// Who may be asked besides the built-in readers.
#[derive(Clone, Copy, Default)]
pub struct Aids<'a> {
    /// What a sentence means.
    pub sense: Option<&'a Sense>,
    /// A language model, where doubt is left.
    pub model: Option<&'a dyn Model>,
}

impl Aids<'_> {
    /// Whether there is anybody.
    #[must_use]
    pub fn is_some(&self) -> bool {
        self.sense.is_some() || self.model.is_some()
    }
}

impl std::fmt::Debug for Aids<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Aids")
            .field("sense", &self.sense)
            .field("model", &self.model.map(Model::name))
            .finish()
    }
}

#[derive(Debug, Deserialize)]
struct Answer {
    intent: String,
    #[serde(default)]
    slots: Slots,
}

impl Understanding {
    /// Reads a message; where grammar, cues and classifier are in doubt, a model is asked.
    ///
    /// The model only chooses among intents of the catalogue. Its slots are checked against inventory and message, and for
    /// what changes the homelab another reader has to agree; else the person is asked. When it fails, the reading is the one without it.
    pub async fn read_with_model(
        &self,
        text: &str,
        names: &Names,
        hint: Option<Lang>,
        model: &dyn Model,
    ) -> Reading {
        self.read_with(text, names, hint, Aids { model: Some(model), sense: None }).await
    }

    /// Reads a message; where grammar, cues and classifier are in doubt, an embedding model is asked what it means, and
    /// then a language model. What can't be asked is passed over.
    pub async fn read_with(&self, text: &str, names: &Names, hint: Option<Lang>, aids: Aids<'_>) -> Reading {
        let (mut message, draft) = self.open(text, names, hint);
        let mut reading = self.resolve(&message, draft, hint);
        if crate::suspect::is_suspect(&message.text.raw) {
            return reading;
        }
        if let Some(sense) = aids.sense.filter(|_| is_loose(&reading)) {
            reading = self.with_sense(&mut message, reading, hint, sense).await;
        }
        let Some(model) = aids.model.filter(|_| in_doubt(&reading, &message)) else { return reading };
        let shortlist = shortlist(&reading, &message);
        let asked = model.complete(prompt::request(&shortlist, &message.text.raw, reading.lang)).await;
        let said = match asked {
            Ok(said) => said,
            Err(why) => {
                note(&mut reading, "model", why.to_string());
                return reading;
            }
        };
        for why in &said.passed_over {
            note(&mut reading, "model", format!("passed over: {why}"));
        }
        note(&mut reading, "prompt", format!("version {}, sha256 {}", prompt_version(), prompt_hash()));
        match read(&said.text) {
            Ok(answer) => self.weigh(&mut reading, &message, &shortlist, &answer, &said.model),
            Err(why) => note(&mut reading, "model", format!("{}: {why}", said.model)),
        }
        reading
    }

    /// Reads a message again, with what an embedding model makes of it.
    async fn with_sense(
        &self,
        message: &mut Message<'_>,
        mut before: Reading,
        hint: Option<Lang>,
        sense: &Sense,
    ) -> Reading {
        match sense.classify(&spoken(&message.text, &message.lattice)).await {
            Err(why) => {
                note(&mut before, "embeddings", format!("{}: {why}", sense.name()));
                before
            }
            Ok(meant) => {
                message.weigh(&meant);
                let mut draft = Draft::new(before.lang);
                let (name, p) =
                    message.meant.map_or(("none", 0.0), |class| (message.name(class), meant[class]));
                draft.note("embeddings", format!("{}: {name} {p:.2}", sense.name()));
                self.resolve(message, draft, hint)
            }
        }
    }

    fn weigh(
        &self,
        reading: &mut Reading,
        message: &Message<'_>,
        shortlist: &[&IntentSpec],
        answer: &Answer,
        model: &str,
    ) {
        note(reading, "model", format!("{model}: {} {:?}", answer.intent, answer.slots));
        let Some(spec) = shortlist.iter().find(|s| s.name == answer.intent) else {
            // It finds nothing: a question is dropped when the classifier thought so, too.
            if answer.intent == "none" && message.none() >= 0.3 {
                note(reading, "agreement", "model and classifier find nothing for us");
                reading.outcome = Outcome::None(NoneReason::NotOurs);
            }
            return;
        };
        let mut outcomes = ground(spec, &message.text, &message.lattice, message.names);
        if let [Outcome::Ask(asked)] = outcomes.as_slice()
            && let Some(choice) = asked.missing.as_ref().and_then(|slot| {
                // Of several values that the message names, the model may choose one; it may not bring its own.
                let said = answer.slots.get(slot)?;
                asked.options.iter().find(|o| o.slots.get(slot) == Some(said) && names_it(message, said))
            })
        {
            let mut slots = asked.slots.clone();
            slots.extend(choice.slots.clone());
            outcomes = vec![crate::resolve::complete(spec, slots, message.names)];
        }
        let at = message.specs.iter().position(|s| s.name == spec.name);
        // A small model says anything; for a change a reader has to stand beside it that finds the same likeliest. Where the
        // others found nothing for us, a word alone is not enough for that.
        let nothing = matches!(reading.outcome, Outcome::None(_));
        let likeliest = message.ranked()[0].0;
        let seconded = at.is_some_and(|i| {
            let enough = if message.has_cue(i) && !nothing { 0.35 } else { 0.5 };
            likeliest == i && message.scores[i] >= enough
        });
        let question = message.text.mark == Some('?') && !crate::resolve::polite_question(&message.text);
        if spec.changes && (!seconded || question) {
            note(reading, "agreement", "no second reader agrees with the model");
            let options: Vec<(String, Slots)> = outcomes.iter().filter_map(crate::resolve::parts).collect();
            reading.outcome = Outcome::Ask(ask::which(self.catalogue(), &options, reading.lang));
        } else {
            note(
                reading,
                "agreement",
                if spec.changes { "the model and another reader agree" } else { "the model decides" },
            );
            let mut all = outcomes.into_iter();
            reading.outcome = all.next().unwrap_or(Outcome::None(NoneReason::NotOurs));
            reading.more = all.collect();
        }
        reading.candidates.retain(|c| c.intent != spec.name);
        reading.candidates.insert(0, Candidate { intent: spec.name.clone(), confidence: 0.9 });
    }
}

fn note(reading: &mut Reading, reader: &str, said: impl Into<String>) {
    reading.trace.push(Trace { reader: reader.to_owned(), said: said.into() });
}

/// Whether no template fitted, so that it was for the classifier to say.
fn is_loose(reading: &Reading) -> bool {
    reading.trace.iter().any(|t| t.reader == "classifier" && t.said.ends_with("known)"))
}

/// Whether a model could help: not where a name is missing, not where the mood is clear.
fn in_doubt(reading: &Reading, message: &Message<'_>) -> bool {
    match &reading.outcome {
        Outcome::Intent(_) => false,
        Outcome::Ask(ask) => ask.missing.is_none() && !ask.options.is_empty() && !refused(reading),
        Outcome::None(NoneReason::NotOurs) => {
            !message.text.tokens.is_empty() && (message.none() < 0.9 || !message.cues.is_empty())
        }
        Outcome::None(_) => false,
    }
}

/// Whether a command was understood and held back on purpose: no model talks that away.
fn refused(reading: &Reading) -> bool {
    let held = ["a question, not a request", "no second reader finds", "it looks like code"];
    reading.trace.iter().any(|t| t.reader == "agreement" && held.iter().any(|h| t.said.starts_with(h)))
}

/// The intents that are likely enough, best first.
fn shortlist<'a>(reading: &Reading, message: &Message<'a>) -> Vec<&'a IntentSpec> {
    let mut out: Vec<&IntentSpec> = Vec::new();
    let asked = reading.ask().into_iter().flat_map(|a| a.options.iter().filter_map(|o| o.intent.as_deref()));
    let wanted: Vec<&IntentSpec> =
        asked.filter_map(|name| message.specs.iter().find(|s| s.name == name).copied()).collect();
    let ranked = message.ranked().into_iter().filter_map(|(class, _)| message.specs.get(class).copied());
    let cued = message.cues.iter().map(|c| message.specs[c.intent]);
    for spec in wanted.into_iter().chain(cued.take(2)).chain(ranked) {
        if out.len() < SHORTLIST && !out.iter().any(|s| s.name == spec.name) {
            out.push(spec);
        }
    }
    out
}

/// Whether the message itself names a value.
fn names_it(message: &Message<'_>, value: &str) -> bool {
    message.lattice.iter().any(|e| e.values.iter().any(|v| v == value))
}

/// The first JSON object of an answer.
fn read(said: &str) -> Result<Answer, String> {
    let start = said.find('{').ok_or("no JSON in the answer")?;
    let mut objects = serde_json::Deserializer::from_str(&said[start..]).into_iter::<Answer>();
    objects.next().ok_or("no JSON in the answer")?.map_err(|e| e.to_string())
}
