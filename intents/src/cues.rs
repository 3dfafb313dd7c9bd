//! Words and turns that point to an intent, wherever they stand: a reader that votes, but never fills a slot.

use crate::Lang;
use crate::catalogue::Catalogue;
use crate::names::{Lattice, Sort};
use crate::template::{Index, Matcher, Program};
use crate::text::Text;

/// The compiled cues of a catalogue.
#[derive(Debug, Clone)]
pub(crate) struct Cues {
    programs: Vec<(usize, Program, String)>,
    index: Index,
}

/// A cue that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cue {
    pub(crate) intent: usize,
    pub(crate) text: String,
    /// The words it names.
    pub(crate) words: usize,
}

impl Cues {
    pub(crate) fn new(catalogue: &Catalogue) -> Self {
        let mut programs = Vec::new();
        for (intent, spec) in catalogue.intents().enumerate() {
            for lang in Lang::ALL {
                programs.extend(
                    spec.cues.get(lang).iter().map(|c| (intent, Program::new(&c.node), c.text.clone())),
                );
            }
        }
        let mut index = Index::default();
        programs.iter().enumerate().for_each(|(id, (_, program, _))| index.add(program, id));
        Self { programs, index }
    }

    /// The best cue of each intent that a message has one of, strongest first.
    pub(crate) fn read(&self, text: &Text, lattice: &Lattice) -> Vec<Cue> {
        let matcher =
            Matcher { text, lattice, fits: &|_, _| false, allow: Sort::Exact, passes_names: true, ends: &[] };
        let mut out: Vec<Cue> = Vec::new();
        for id in self.index.candidates(text) {
            let (intent, program, cue) = &self.programs[id];
            let found = (0..text.tokens.len())
                .any(|at| !lattice.covers(at) && matcher.run_open(program, at).is_some());
            if !found {
                continue;
            }
            match out.iter_mut().find(|c| c.intent == *intent) {
                Some(best) if best.words >= program.words => {}
                Some(best) => *best = Cue { intent: *intent, text: cue.clone(), words: program.words },
                None => out.push(Cue { intent: *intent, text: cue.clone(), words: program.words }),
            }
        }
        out.sort_by_key(|c| std::cmp::Reverse(c.words));
        out
    }
}
