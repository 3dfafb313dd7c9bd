//! The first reader: sentence templates. Right or silent.

use crate::Lang;
use crate::catalogue::{Catalogue, IntentSpec, Line};
use crate::names::{Edge, Kind, Lattice, Sort};
use crate::template::{Filled, Index, Instr, Matcher, Program, beginnings};
use crate::text::Text;
use std::collections::HashSet;

/// All templates of a catalogue, compiled.
#[derive(Debug, Clone)]
pub(crate) struct Grammar {
    programs: Vec<Entry>,
    index: Index,
    /// Templates that need no word.
    always: Vec<usize>,
    opening: Vec<Program>,
    closing: Vec<Program>,
    words: HashSet<String>,
    prefixes: HashSet<String>,
}

#[derive(Debug, Clone)]
struct Entry {
    intent: usize,
    lang: Lang,
    text: String,
    program: Program,
}

/// A template that fits a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) intent: usize,
    pub(crate) lang: Lang,
    pub(crate) template: String,
    pub(crate) filled: Vec<Filled>,
    /// Words of the template itself.
    pub(crate) words: usize,
}

impl Grammar {
    pub(crate) fn new(catalogue: &Catalogue) -> Self {
        let mut grammar = Self {
            programs: Vec::new(),
            index: Index::default(),
            always: Vec::new(),
            opening: Vec::new(),
            closing: Vec::new(),
            words: HashSet::new(),
            prefixes: HashSet::new(),
        };
        for (intent, spec) in catalogue.intents().enumerate() {
            for lang in Lang::ALL {
                for line in spec.templates.get(lang) {
                    grammar.add(intent, lang, line);
                }
                for line in spec.examples.get(lang).iter().chain(spec.cues.get(lang)) {
                    let program = Program::new(&line.node);
                    grammar.learn(&program);
                }
            }
        }
        for lang in Lang::ALL {
            let compile = |lines: &[Line]| lines.iter().map(|l| Program::new(&l.node)).collect::<Vec<_>>();
            grammar.opening.extend(compile(catalogue.shared.opening.get(lang)));
            grammar.closing.extend(compile(catalogue.shared.closing.get(lang)));
            for sentence in catalogue.none.examples.get(lang) {
                grammar.words.extend(crate::text::tokens(sentence).into_iter().map(|t| t.norm));
            }
        }
        let all: Vec<Program> = grammar.opening.iter().chain(&grammar.closing).cloned().collect();
        all.iter().for_each(|p| grammar.learn(p));
        grammar
    }

    fn add(&mut self, intent: usize, lang: Lang, line: &Line) {
        let program = Program::new(&line.node);
        let id = self.programs.len();
        self.learn(&program);
        if program.needs.is_empty() {
            self.always.push(id);
        }
        self.index.add(&program, id);
        self.programs.push(Entry { intent, lang, text: line.text.clone(), program });
    }

    fn learn(&mut self, program: &Program) {
        for instr in &program.code {
            match instr {
                Instr::Word(words) => self.words.extend(words.iter().cloned()),
                Instr::Prefix(words) => self.prefixes.extend(words.iter().cloned()),
                _ => {}
            }
        }
    }

    /// Whether a folded word belongs to the catalogue's language, so that it is no misspelt name.
    pub(crate) fn is_word(&self, word: &str) -> bool {
        self.words.contains(word) || beginnings(word).any(|beginning| self.prefixes.contains(beginning))
    }

    /// The templates that fit a whole message, when nothing less sure than `allow` may fill a slot.
    pub(crate) fn read(
        &self,
        specs: &[&IntentSpec],
        text: &Text,
        lattice: &Lattice,
        allow: Sort,
    ) -> Vec<Found> {
        let ends = self.ends(text, lattice);
        let starts = self.starts(text, lattice);
        let mut out: Vec<Found> = Vec::new();
        for id in self.candidates(text) {
            let entry = &self.programs[id];
            let spec = specs[entry.intent];
            let fits = |slot: &str, edge: &Edge| fits(spec, slot, edge);
            let passes_names = !spec.changes;
            let matcher = Matcher { text, lattice, fits: &fits, allow, passes_names, ends: &ends };
            let Some(filled) = starts.iter().find_map(|start| matcher.run(&entry.program, *start)) else {
                continue;
            };
            if !out.iter().any(|f| f.intent == entry.intent && same(&f.filled, &filled)) {
                let (template, words) = (entry.text.clone(), entry.program.words);
                out.push(Found { intent: entry.intent, lang: entry.lang, template, filled, words });
            }
        }
        out
    }

    fn candidates(&self, text: &Text) -> Vec<usize> {
        let mut ids = self.index.candidates(text);
        ids.extend(&self.always);
        ids.sort_unstable();
        ids
    }

    /// Where a request can begin: at the start, and after what may stand before it.
    pub(crate) fn starts(&self, text: &Text, lattice: &Lattice) -> Vec<usize> {
        let mut starts = vec![0];
        let mut next = 0;
        while next < starts.len() && starts.len() < 8 {
            let at = starts[next];
            next += 1;
            for program in &self.opening {
                if let Some((_, end)) = polite(text, lattice).run_open(program, at)
                    && end < text.tokens.len()
                    && !starts.contains(&end)
                {
                    starts.push(end);
                }
            }
        }
        starts
    }

    /// Where a request can end: at the end, and before what may stand after it.
    fn ends(&self, text: &Text, lattice: &Lattice) -> Vec<bool> {
        let len = text.tokens.len();
        let mut ends = vec![false; len + 1];
        ends[len] = true;
        for at in (len.saturating_sub(8)..len).rev() {
            let passed = text.tokens[at].skip && ends[at + 1];
            ends[at] = passed
                || self.closing.iter().any(|program| {
                    polite(text, lattice).run_open(program, at).is_some_and(|(_, end)| end > at && ends[end])
                });
        }
        ends
    }
}

fn polite<'a>(text: &'a Text, lattice: &'a Lattice) -> Matcher<'a> {
    Matcher { text, lattice, fits: &|_, _| false, allow: Sort::Exact, passes_names: true, ends: &[] }
}

/// Whether a stretch can fill a slot of an intent.
pub(crate) fn fits(spec: &IntentSpec, slot: &str, edge: &Edge) -> bool {
    let Some(slot) = spec.slot(slot) else { return false };
    slot.kind.kinds().contains(&edge.kind) || (edge.kind == Kind::All && slot.everything.is_some())
}

fn same(a: &[Filled], b: &[Filled]) -> bool {
    a.len() == b.len()
        && a.iter().all(|x| {
            b.iter().any(|y| x.slot == y.slot && x.edge.values == y.edge.values && x.edge.sort == y.edge.sort)
        })
}
