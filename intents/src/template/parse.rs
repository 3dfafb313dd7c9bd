//! Text of a template → tree.

use std::collections::BTreeMap;

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    /// A word as it was written; `true` when only its beginning is given.
    Word(String, bool),
    /// One of these slots.
    Slot(Vec<String>),
    Seq(Vec<Node>),
    Alt(Vec<Node>),
    Opt(Box<Node>),
    /// Any words: `*` alone, for cues.
    Gap,
}

/// The rules of a language, by name.
pub(crate) type Rules = BTreeMap<String, Node>;

/// Reads a template.
pub(crate) fn parse(text: &str, rules: &Rules) -> Result<Node, String> {
    let mut parser = Parser { chars: text.chars().collect(), at: 0, rules };
    let node = parser.alternatives(None)?;
    check(&node)?;
    Ok(node)
}

struct Parser<'a> {
    chars: Vec<char>,
    at: usize,
    rules: &'a Rules,
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn alternatives(&mut self, close: Option<char>) -> Result<Node, String> {
        let (mut alts, mut any_order) = (vec![self.sequence()?], false);
        loop {
            match self.peek() {
                Some('|') if !any_order => {
                    self.at += 1;
                    alts.push(self.sequence()?);
                }
                Some(';') if any_order || alts.len() == 1 => {
                    any_order = true;
                    self.at += 1;
                    alts.push(self.sequence()?);
                }
                Some('|' | ';') => return Err("`|` and `;` cannot stand in the same group".into()),
                found if found == close => {
                    self.at += usize::from(close.is_some());
                    break;
                }
                Some(c) => return Err(format!("`{c}` closes nothing")),
                None => return Err(format!("`{}` is missing", close.unwrap_or(' '))),
            }
        }
        if any_order {
            if alts.len() > 4 {
                return Err("at most four parts can stand in any order".into());
            }
            return Ok(Node::Alt(orders(&alts)));
        }
        Ok(if alts.len() == 1 { alts.remove(0) } else { Node::Alt(alts) })
    }

    fn sequence(&mut self) -> Result<Node, String> {
        let mut parts = Vec::new();
        while let Some(c) = self.peek() {
            match c {
                '|' | ';' | ')' | ']' => break,
                '(' => {
                    self.at += 1;
                    parts.push(self.alternatives(Some(')'))?);
                }
                '[' => {
                    self.at += 1;
                    let inner = self.alternatives(Some(']'))?;
                    parts.push(Node::Opt(Box::new(inner)));
                }
                '{' => {
                    let name = self.until('}')?;
                    parts.push(Node::Slot(name.split('|').map(|s| s.trim().to_owned()).collect()));
                }
                '<' => {
                    let name = self.until('>')?;
                    let rule = self.rules.get(&name).ok_or_else(|| format!("there is no rule `<{name}>`"))?;
                    parts.push(rule.clone());
                }
                '}' | '>' => return Err(format!("`{c}` closes nothing")),
                _ if c.is_whitespace() || ",.?!:'\"–".contains(c) => self.at += 1,
                _ => parts.extend(self.word()),
            }
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Node::Seq(parts) })
    }

    fn until(&mut self, close: char) -> Result<String, String> {
        let start = self.at + 1;
        let len = self.chars[start..]
            .iter()
            .position(|c| *c == close)
            .ok_or_else(|| format!("`{close}` is missing"))?;
        self.at = start + len + 1;
        Ok(self.chars[start..start + len].iter().collect::<String>().trim().to_owned())
    }

    fn word(&mut self) -> Vec<Node> {
        let start = self.at;
        while self.peek().is_some_and(|c| !c.is_whitespace() && !"()[]{}<>|;*,?!\"".contains(c)) {
            self.at += 1;
        }
        let word: String = self.chars[start..self.at].iter().collect();
        let open = self.peek() == Some('*');
        self.at += usize::from(open);
        // What the tokens of a message are cut into, a template is cut into as well.
        let at = crate::text::tokens(&word);
        if word.is_empty() && open {
            return vec![Node::Gap];
        }
        let last = at.len().saturating_sub(1);
        if at.is_empty() && self.at == start {
            self.at += 1;
        }
        at.into_iter()
            .enumerate()
            .map(|(i, t)| Node::Word(word[t.at].to_owned(), open && i == last))
            .collect()
    }
}

fn orders(parts: &[Node]) -> Vec<Node> {
    if parts.len() < 2 {
        return parts.to_vec();
    }
    let mut out = Vec::new();
    for i in 0..parts.len() {
        let mut rest = parts.to_vec();
        let first = rest.remove(i);
        for tail in orders(&rest) {
            let mut seq = vec![first.clone()];
            match tail {
                Node::Seq(more) => seq.extend(more),
                one => seq.push(one),
            }
            out.push(Node::Seq(seq));
        }
    }
    out
}

/// One template always fills the same slots.
fn check(node: &Node) -> Result<Vec<Vec<String>>, String> {
    match node {
        Node::Word(..) | Node::Gap => Ok(Vec::new()),
        Node::Slot(names) => Ok(vec![names.clone()]),
        Node::Opt(inner) => {
            if let Some(slot) = check(inner)?.first() {
                return Err(format!(
                    "the slot `{{{}}}` stands in an optional: write two templates",
                    slot.join("|")
                ));
            }
            Ok(Vec::new())
        }
        Node::Seq(parts) => {
            let mut slots = Vec::new();
            for part in parts {
                slots.extend(check(part)?);
            }
            slots.sort();
            if slots.windows(2).any(|w| w[0] == w[1]) {
                return Err("a slot stands twice".into());
            }
            Ok(slots)
        }
        Node::Alt(alts) => {
            let first = alts.first().map(check).transpose()?.unwrap_or_default();
            for alt in alts {
                if check(alt)? != first {
                    return Err("the alternatives fill different slots: write two templates".into());
                }
            }
            Ok(first)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_named() {
        for (text, want) in [
            ("(a|b", "`)` is missing"),
            ("a)", "`)` closes nothing"),
            ("[auf {node}]", "stands in an optional"),
            ("({a}|b)", "different slots"),
            ("<nope>", "no rule"),
            ("{a} {a}", "twice"),
            ("{a", "`}` is missing"),
        ] {
            let error = parse(text, &Rules::new()).unwrap_err();
            assert!(error.contains(want), "{text}: {error}");
        }
    }

    #[test]
    fn any_order_becomes_alternatives() {
        let Node::Alt(alts) = parse("(a;b;{c})", &Rules::new()).unwrap() else { panic!() };
        assert_eq!(alts.len(), 6);
    }
}
