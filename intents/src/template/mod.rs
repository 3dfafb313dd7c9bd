//! Sentence templates: `(starte|boote) {service} [wieder] (neu|durch)`.
//!
//! | form | means |
//! | --- | --- |
//! | `word` | this word, whatever its case and umlauts |
//! | `word*` | a word that begins so |
//! | `(a\|b c)` | one of them |
//! | `[a]` | a or nothing; holds no slot |
//! | `(a;b;c)` | all of them, in any order |
//! | `{slot}`, `{a\|b}` | a slot of the intent; one of two slots |
//! | `<rule>` | a rule shared by all intents of a language |

mod compile;
mod index;
mod matcher;
mod parse;
mod sample;

pub(crate) use compile::{Instr, Program};
pub(crate) use index::{Index, beginnings};
pub(crate) use matcher::{Filled, Matcher};
pub(crate) use parse::{Node, Rules, parse};
pub(crate) use sample::{Rng, sample};
