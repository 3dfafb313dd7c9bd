//! Runs a program over a message: every pair of step and place is tried once, so time is bounded by their product.

use super::{Instr, Program};
use crate::names::{Edge, Kind, Lattice, Sort};
use crate::text::Text;

/// A slot and what fills it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Filled {
    pub(crate) slot: String,
    pub(crate) edge: Edge,
}

/// What a message offers to the templates.
pub(crate) struct Matcher<'a> {
    pub(crate) text: &'a Text,
    pub(crate) lattice: &'a Lattice,
    /// Whether an edge may fill a slot.
    pub(crate) fits: &'a dyn Fn(&str, &Edge) -> bool,
    /// The least sure reading of a stretch that is still let in.
    pub(crate) allow: Sort,
    /// Whether a "*" may pass over the name of a service: not in a template that asks for a change of another.
    pub(crate) passes_names: bool,
    /// Places where a sentence may end, besides the end.
    pub(crate) ends: &'a [bool],
}

impl Matcher<'_> {
    /// Fills a template from a place on; nothing when it does not match to the end.
    pub(crate) fn run(&self, program: &Program, start: usize) -> Option<Vec<Filled>> {
        self.attempt(program, start, true).map(|found| found.0)
    }

    /// Fills a template from a place on, wherever it ends.
    pub(crate) fn run_open(&self, program: &Program, start: usize) -> Option<(Vec<Filled>, usize)> {
        self.attempt(program, start, false)
    }

    fn attempt(&self, program: &Program, start: usize, whole: bool) -> Option<(Vec<Filled>, usize)> {
        let width = self.text.tokens.len() + 1;
        let mut run = Run {
            on: self,
            program,
            failed: vec![false; program.code.len() * width],
            width,
            whole,
            filled: Vec::new(),
        };
        let end = run.go(0, start)?;
        Some((run.filled, end))
    }
}

struct Run<'a> {
    on: &'a Matcher<'a>,
    program: &'a Program,
    failed: Vec<bool>,
    width: usize,
    whole: bool,
    filled: Vec<Filled>,
}

impl Run<'_> {
    fn go(&mut self, pc: usize, at: usize) -> Option<usize> {
        let key = pc * self.width + at;
        if self.failed[key] {
            return None;
        }
        let found = self.step(pc, at);
        if found.is_none() {
            self.failed[key] = true;
        }
        found
    }

    fn step(&mut self, pc: usize, at: usize) -> Option<usize> {
        let tokens = &self.on.text.tokens;
        let program = self.program;
        let taken = match &program.code[pc] {
            Instr::Done => {
                let over = at == tokens.len() || self.on.ends.get(at).copied().unwrap_or(false);
                if over || !self.whole {
                    return Some(at);
                }
                None
            }
            Instr::Jump(to) => return self.go(*to, at),
            Instr::Split(ways) => return ways.iter().find_map(|way| self.go(*way, at)),
            Instr::Word(words) => {
                let hit = tokens.get(at).is_some_and(|t| words.contains(&t.norm));
                if hit { self.go(pc + 1, at + 1) } else { None }
            }
            Instr::Prefix(words) => {
                let hit =
                    tokens.get(at).is_some_and(|t| words.iter().any(|w| t.norm.starts_with(w.as_str())));
                if hit { self.go(pc + 1, at + 1) } else { None }
            }
            Instr::Gap => {
                let here = self.go(pc + 1, at);
                // What takes the force from a command is never passed over, nor another clause, nor another name.
                let named = || {
                    let sure = |e: &&Edge| e.sort <= Sort::Ambiguous && e.kind == Kind::Service;
                    self.on.lattice.at(at).iter().any(|e| sure(&e))
                };
                let plain = tokens.get(at).is_some_and(|t| !crate::mood::weakens(&t.norm));
                let plain = plain && (self.on.passes_names || !named());
                if here.is_none() && plain { self.go(pc, at + 1) } else { here }
            }
            Instr::Slot(names) => self.slot(names, pc, at),
        };
        taken.or_else(|| if tokens.get(at).is_some_and(|t| t.skip) { self.go(pc, at + 1) } else { None })
    }

    fn slot(&mut self, names: &[String], pc: usize, at: usize) -> Option<usize> {
        let on = self.on;
        for edge in on.lattice.at(at).iter().filter(|e| e.sort <= on.allow) {
            for name in names.iter().filter(|n| (on.fits)(n, edge)) {
                let depth = self.filled.len();
                self.filled.push(Filled { slot: name.clone(), edge: edge.clone() });
                if let Some(end) = self.go(pc + 1, edge.end) {
                    return Some(end);
                }
                self.filled.truncate(depth);
            }
        }
        None
    }
}
