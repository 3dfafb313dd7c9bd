//! What is odd about the files of one's own, though no mistake: found by trying their sentences on the whole catalogue.

use crate::Lang;
use crate::catalogue::{Finding, IntentSpec, Line, RiskSource, SlotType};
use crate::names::{Names, Sort};
use crate::reading::Outcome;
use crate::stand_in;
use crate::template::Rng;
use crate::text::Text;
use crate::understanding::Understanding;

/// How many sentences of a template are tried.
const TRIALS: usize = 4;

impl Understanding {
    /// Remarks on the intents that did not come with the crate, by file and line: one that replaces a built-in one, one
    /// that cannot lead to a plan or shares a built-in one's, templates whose sentences are another intent's as well, examples that are not read as
    /// what they are examples of.
    #[must_use]
    pub fn remarks(&self) -> Vec<Finding> {
        let names = Names::new(&stand_in::inventory());
        let specs: Vec<&IntentSpec> = self.catalogue().intents().collect();
        let mut rng = Rng::new(17);
        let mut found = Vec::new();
        for (spec, replaces) in self.catalogue().own() {
            let mut note = |line: usize, message: String| {
                found.push(Finding { file: spec.file.clone(), line, message });
            };
            if replaces {
                note(0, format!("`{}` replaces the built-in intent of that name", spec.name));
            }
            if let Some(said) = no_plan(spec) {
                note(0, said);
            }
            if let Some(other) = self.same_plan(&specs, spec) {
                note(
                    0,
                    format!("`{}` plans what `{other}` plans: it also takes what that one takes", spec.name),
                );
            }
            for slot in spec.slots.iter().filter(|slot| slot.required && slot.question.is_none()) {
                note(0, format!("nothing is said to ask for the slot `{}`: give it a `question`", slot.name));
            }
            for lang in Lang::ALL {
                for line in spec.templates.get(lang) {
                    if let Some((text, other)) =
                        self.shared_with(&specs, (spec, line, lang), &names, &mut rng)
                    {
                        note(
                            line.at,
                            format!(
                                "`{}`: “{text}” is also read as `{other}`, so people are asked",
                                line.text
                            ),
                        );
                    }
                }
                for line in spec.examples.get(lang) {
                    if let Some((text, read)) = self.misread((spec, line, lang), &names, &mut rng) {
                        note(line.at, format!("the example “{text}” is {read}, not read as `{}`", spec.name));
                    }
                }
            }
        }
        found.sort();
        found
    }

    /// The built-in intent with the same plan.
    fn same_plan<'s>(&self, specs: &[&'s IntentSpec], spec: &IntentSpec) -> Option<&'s str> {
        let own = |name: &str| self.catalogue().own().any(|(own, _)| own.name == name);
        let plan = spec.plan.as_ref().filter(|_| spec.risk == RiskSource::Executor)?;
        let same = specs.iter().find(|other| other.plan.as_ref() == Some(plan) && !own(&other.name))?;
        Some(&same.name)
    }

    /// A sentence of a template that a template of another intent says, too.
    fn shared_with(
        &self,
        specs: &[&IntentSpec],
        (spec, line, lang): (&IntentSpec, &Line, Lang),
        names: &Names,
        rng: &mut Rng,
    ) -> Option<(String, String)> {
        (0..TRIALS).find_map(|_| {
            let (sentence, _) = stand_in::sentence(spec, &line.node, lang, rng);
            let text = Text::new(&sentence, |s| names.knows(s));
            let lattice = self.lattice(&text, names);
            let found = self.grammar.read(specs, &text, &lattice, Sort::Ambiguous);
            let other =
                found.iter().map(|found| specs[found.intent]).find(|other| other.name != spec.name)?;
            Some((sentence, other.name.clone()))
        })
    }

    /// An example and what it is read as instead.
    fn misread(
        &self,
        (spec, line, lang): (&IntentSpec, &Line, Lang),
        names: &Names,
        rng: &mut Rng,
    ) -> Option<(String, String)> {
        let (sentence, _) = stand_in::sentence(spec, &line.node, lang, rng);
        let read = match self.read(&sentence, names, Some(lang)).outcome {
            Outcome::Intent(intent) if intent.name == spec.name => return None,
            Outcome::Ask(ask) if ask.intent == spec.name => return None,
            Outcome::Intent(intent) => format!("read as `{}`", intent.name),
            Outcome::Ask(ask) => format!("asked about (`{}`?)", ask.intent),
            Outcome::None(reason) => format!("left alone ({reason})"),
        };
        Some((sentence, read))
    }
}

/// Why an intent that changes something never leads to a plan.
fn no_plan(spec: &IntentSpec) -> Option<String> {
    if spec.risk != RiskSource::Executor {
        return None;
    }
    if spec.plan.is_none() {
        return Some(format!("`{}` has no `plan`: no executor can carry it out", spec.name));
    }
    let place = |kind| matches!(kind, SlotType::Service | SlotType::Host | SlotType::Node | SlotType::Target);
    let somewhere = spec.slots.iter().any(|slot| place(slot.kind));
    (!somewhere).then(|| {
        format!(
            "`{}` has no slot of the type `service`, `host`, `node` or `target`: nobody could say where it happens",
            spec.name
        )
    })
}
