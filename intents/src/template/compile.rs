//! Tree → program for the matcher.

use super::Node;
use crate::text::{is_skippable, variants};

/// One step of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Instr {
    /// One of these folded words.
    Word(Vec<String>),
    /// A word that begins with one of these.
    Prefix(Vec<String>),
    /// Fills one of these slots.
    Slot(Vec<String>),
    Split(Vec<usize>),
    Jump(usize),
    /// Passes over any words.
    Gap,
    Done,
}

/// A compiled template.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) code: Vec<Instr>,
    /// Words of which one has to be in the message, whole or as its beginning; empty when there are none.
    pub(crate) needs: Vec<(String, bool)>,
    /// The number of words that are given, at least.
    pub(crate) words: usize,
}

impl Program {
    pub(crate) fn new(node: &Node) -> Self {
        let mut code = Vec::new();
        emit(node, &mut code, only_small(node));
        code.push(Instr::Done);
        Self { code, needs: needs(node).unwrap_or_default(), words: least_words(node) }
    }
}

fn emit(node: &Node, code: &mut Vec<Instr>, exact: bool) {
    match node {
        Node::Word(word, open) => {
            let spellings = variants(word);
            // What the matcher passes over in a message need not be said.
            if *open {
                code.push(Instr::Prefix(spellings));
            } else if exact || !spellings.iter().any(|s| is_skippable(s)) {
                code.push(Instr::Word(spellings));
            }
        }
        Node::Gap => code.push(Instr::Gap),
        Node::Slot(names) => code.push(Instr::Slot(names.clone())),
        Node::Seq(parts) => parts.iter().for_each(|p| emit(p, code, exact)),
        Node::Opt(inner) => {
            let split = code.len();
            code.push(Instr::Done);
            emit(inner, code, exact);
            code[split] = Instr::Split(vec![split + 1, code.len()]);
        }
        Node::Alt(alts) => {
            let split = code.len();
            code.push(Instr::Done);
            let (mut starts, mut jumps) = (Vec::new(), Vec::new());
            for alt in alts {
                starts.push(code.len());
                // "(ein|auf)": an alternative of small words alone has to be said, or it would stand for nothing.
                emit(alt, code, exact || only_small(alt));
                jumps.push(code.len());
                code.push(Instr::Done);
            }
            let end = code.len();
            code[split] = Instr::Split(starts);
            for jump in jumps {
                code[jump] = Instr::Jump(end);
            }
        }
    }
}

/// Whether a part is made of words alone that a template passes over.
fn only_small(node: &Node) -> bool {
    match node {
        Node::Word(word, open) => !open && variants(word).iter().any(|s| is_skippable(s)),
        Node::Seq(parts) => !parts.is_empty() && parts.iter().all(only_small),
        _ => false,
    }
}

/// The rarest-looking set of words that every sentence of a template has one of.
fn needs(node: &Node) -> Option<Vec<(String, bool)>> {
    match node {
        Node::Word(word, open) => {
            let spellings = variants(word);
            (*open || !spellings.iter().any(|s| is_skippable(s)))
                .then(|| spellings.into_iter().map(|s| (s, *open)).collect())
        }
        Node::Slot(_) | Node::Opt(_) | Node::Gap => None,
        Node::Seq(parts) => parts.iter().filter_map(needs).min_by_key(|set| {
            let shortest = set.iter().map(|w| w.0.len()).min().unwrap_or(0);
            (usize::from(shortest < 4), set.len())
        }),
        Node::Alt(alts) => {
            let mut out = Vec::new();
            for alt in alts {
                out.extend(needs(alt)?);
            }
            out.sort();
            out.dedup();
            Some(out)
        }
    }
}

fn least_words(node: &Node) -> usize {
    match node {
        Node::Word(word, open) => usize::from(*open || !variants(word).iter().any(|s| is_skippable(s))),
        Node::Slot(_) | Node::Opt(_) | Node::Gap => 0,
        Node::Seq(parts) => parts.iter().map(least_words).sum(),
        Node::Alt(alts) => alts.iter().map(least_words).min().unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    #[test]
    fn a_template_knows_what_it_needs() {
        let program = Program::new(
            &parse("[bitte] (starte|boote) {service} neu", &std::collections::BTreeMap::new()).unwrap(),
        );
        assert_eq!(program.needs, [("boote".to_owned(), false), ("starte".to_owned(), false)]);
        assert_eq!(program.words, 2);
    }
}
