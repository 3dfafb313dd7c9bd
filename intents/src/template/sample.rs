//! Draws sentences from a template, for training and for tests.

use super::Node;

/// A small generator of numbers that are the same on every machine (xorshift).
#[derive(Debug, Clone)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below `n` (0 when `n` is 0).
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 11) % (n.max(1) as u64)).unwrap_or(0)
    }
}

/// One sentence of a template; `fill` gives the text for a slot.
pub(crate) fn sample(
    node: &Node,
    rng: &mut Rng,
    fill: &mut dyn FnMut(&[String], &mut Rng) -> String,
) -> String {
    let mut words = Vec::new();
    walk(node, rng, fill, &mut words);
    words.join(" ")
}

fn walk(
    node: &Node,
    rng: &mut Rng,
    fill: &mut dyn FnMut(&[String], &mut Rng) -> String,
    out: &mut Vec<String>,
) {
    match node {
        Node::Word(word, _) => out.push(word.clone()),
        Node::Gap => {}
        Node::Slot(names) => out.push(fill(names, rng)),
        Node::Seq(parts) => parts.iter().for_each(|p| walk(p, rng, fill, out)),
        Node::Alt(alts) => {
            let i = rng.below(alts.len());
            if let Some(alt) = alts.get(i) {
                walk(alt, rng, fill, out);
            }
        }
        Node::Opt(inner) => {
            if rng.below(3) == 0 {
                walk(inner, rng, fill, out);
            }
        }
    }
}
