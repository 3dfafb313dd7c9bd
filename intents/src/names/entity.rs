//! Finds everything in a message that could fill a slot.

use super::{Edge, Kind, Names, Sort, fuzzy, secret, value};
use crate::text::{QUOTE, Text};

/// All the stretches of a message that can fill slots, by where they start, longest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lattice {
    starts: Vec<Vec<Edge>>,
}

impl Lattice {
    /// Finds them; `is_word` tells which words belong to the language of the catalogue, and so are no misspelt names.
    pub(crate) fn new(text: &Text, names: &Names, is_word: &dyn Fn(&str) -> bool) -> Self {
        let mut lattice = Self { starts: vec![Vec::new(); text.tokens.len()] };
        for start in 0..text.tokens.len() {
            lattice.names_at(text, names, start);
            value::at(text, start, &mut |edge| lattice.add(edge));
        }
        lattice.matchers(text);
        lattice.misspelt(text, names, is_word);
        lattice.with_nouns(text);
        lattice.joined(text);
        for edges in &mut lattice.starts {
            edges.sort_by(|a, b| a.sort.cmp(&b.sort).then(b.len().cmp(&a.len())));
        }
        lattice
    }

    fn add(&mut self, edge: Edge) {
        let known = &mut self.starts[edge.start];
        if !known.contains(&edge) {
            known.push(edge);
        }
    }

    /// The edges that start at a token, best first.
    pub(crate) fn at(&self, start: usize) -> &[Edge] {
        self.starts.get(start).map_or(&[], Vec::as_slice)
    }

    /// All edges.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Edge> {
        self.starts.iter().flatten()
    }

    /// Edges of a kind that are surely names, the longest at each place, without overlaps.
    pub(crate) fn named(&self, kind: Kind) -> Vec<&Edge> {
        let mut out: Vec<&Edge> = Vec::new();
        for edges in &self.starts {
            let best =
                edges.iter().filter(|e| e.kind == kind && e.sort <= Sort::Ambiguous).max_by_key(|e| e.len());
            if let Some(edge) = best
                && out.last().is_none_or(|last| last.end <= edge.start)
            {
                out.push(edge);
            }
        }
        out
    }

    /// Whether a token lies under a sure name.
    pub(crate) fn covers(&self, token: usize) -> bool {
        self.iter().any(|e| {
            e.sort <= Sort::Ambiguous
                && (e.start..e.end).contains(&token)
                && matches!(e.kind, Kind::Service | Kind::Host | Kind::Alert | Kind::Secret)
        })
    }

    fn names_at(&mut self, text: &Text, names: &Names, start: usize) {
        let mut key = String::new();
        for end in start + 1..=(start + names.longest + 1).min(text.tokens.len()) {
            let token = &text.tokens[end - 1];
            if (end - 1 > start && token.breaks.is_some()) || token.norm == QUOTE {
                break;
            }
            key.extend(token.norm.chars().filter(|c| c.is_alphanumeric()));
            let genitive = key.strip_suffix('s').filter(|k| k.len() > 3);
            let found = names.index.get(&key).or_else(|| genitive.and_then(|k| names.index.get(k)));
            let Some(found) = found else { continue };
            if text.tokens[start].skip && end == start + 1 {
                continue;
            }
            let written = text.slice(start..end).to_owned();
            for kind in [Kind::Service, Kind::Host, Kind::Alert, Kind::Secret, Kind::Scope] {
                let values: Vec<String> = found.iter().filter(|f| f.0 == kind).map(|f| f.1.clone()).collect();
                if !values.is_empty() {
                    let sort = if values.len() == 1 { Sort::Exact } else { Sort::Ambiguous };
                    self.add(Edge { start, end, kind, sort, values, written: written.clone() });
                }
            }
        }
        self.secrets_at(text, names, start);
    }

    fn secrets_at(&mut self, text: &Text, names: &Names, start: usize) {
        if !secret::is_part(&names.secrets, &text.tokens[start].norm) {
            return;
        }
        let mut words = Vec::new();
        for end in start + 1..=(start + 7).min(text.tokens.len()) {
            let token = &text.tokens[end - 1];
            let part = secret::is_part(&names.secrets, &token.norm);
            if (end - 1 > start && token.breaks.is_some()) || !(part || secret::is_connector(&token.norm)) {
                break;
            }
            words.push(token.norm.as_str());
            let found = if part { secret::find(&names.secrets, &words) } else { Vec::new() };
            if !found.is_empty() {
                let values: Vec<String> = found.iter().map(|f| f.0.name.clone()).collect();
                let sort = if values.len() == 1 { Sort::Exact } else { Sort::Ambiguous };
                self.add(Edge {
                    start,
                    end,
                    kind: Kind::Secret,
                    sort,
                    values,
                    written: text.slice(start..end).to_owned(),
                });
            }
        }
    }

    /// `severity="critical"` and the like, as Alertmanager writes it.
    fn matchers(&mut self, text: &Text) {
        for found in value::matcher_spans(&text.raw) {
            let inside = |at: &std::ops::Range<usize>| at.start >= found.start && at.end <= found.end;
            let Some(start) = text.tokens.iter().position(|t| inside(&t.at)) else { continue };
            let end = text.tokens.iter().rposition(|t| inside(&t.at)).map_or(start + 1, |i| i + 1);
            let written = text.raw[found.clone()].to_owned();
            let values = vec![written.clone()];
            self.add(Edge { start, end, kind: Kind::Matcher, sort: Sort::Exact, values, written });
        }
    }

    fn misspelt(&mut self, text: &Text, names: &Names, is_word: &dyn Fn(&str) -> bool) {
        let mut start = 0;
        while start < text.tokens.len() {
            let mut end = start + 1;
            while text.tokens.get(end).is_some_and(|t| t.joined) {
                end += 1;
            }
            let group = &text.tokens[start..end];
            let odd = |t: &crate::text::Token| {
                !t.skip && t.norm != QUOTE && t.norm.chars().any(char::is_alphabetic) && !is_word(&t.norm)
            };
            // "Foobar-Dienst": the noun is known, the name is not. "node-7": a name by its number.
            let numbered = |t: &crate::text::Token| t.joined && t.norm.bytes().all(|b| b.is_ascii_digit());
            let stop = start + group.iter().rposition(|t| odd(t) || numbered(t)).map_or(0, |i| i + 1);
            if stop > start
                && (odd(&group[0]) || numbered(&group[stop - start - 1]))
                && !(start..stop).any(|i| self.covers(i))
            {
                let written = text.slice(start..stop).to_owned();
                let key = crate::text::squash(&written);
                for kind in [Kind::Service, Kind::Host, Kind::Alert, Kind::Secret] {
                    let near = names.near(kind, &key, fuzzy::tolerance(&key));
                    let sort = if near.is_empty() { Sort::Unknown } else { Sort::Fuzzy };
                    self.add(Edge { start, end: stop, kind, sort, values: near, written: written.clone() });
                }
            }
            start = end;
        }
    }

    /// "der Dienst grafana", "the grafana container": the noun belongs to the name.
    fn with_nouns(&mut self, text: &Text) {
        let edges: Vec<Edge> = self.iter().cloned().collect();
        let noun =
            |kind: Kind, at: usize| text.tokens.get(at).is_some_and(|t| value::is_noun_for(kind, &t.norm));
        for edge in edges {
            let before = edge
                .start
                .checked_sub(1)
                .filter(|i| noun(edge.kind, *i) && text.tokens[edge.start].breaks.is_none());
            let after =
                (noun(edge.kind, edge.end) && text.tokens[edge.end].breaks.is_none()).then_some(edge.end + 1);
            for (start, end) in [(before, None), (None, after), (before, after)] {
                if start.is_some() || end.is_some() {
                    let (start, end) = (start.unwrap_or(edge.start), end.unwrap_or(edge.end));
                    self.add(Edge { start, end, ..edge.clone() });
                }
            }
        }
    }

    /// "grafana und jellyfin", "nas, pi4 and pi5".
    fn joined(&mut self, text: &Text) {
        for kind in [Kind::Service, Kind::Host, Kind::Alert, Kind::Secret] {
            for start in 0..text.tokens.len() {
                let Some(first) = self.longest(start, kind) else { continue };
                let (mut values, mut end) = (first.values.clone(), first.end);
                while let Some(next) = self.next_in_list(text, end, kind) {
                    end = next.end;
                    if !values.contains(&next.values[0]) {
                        values.push(next.values[0].clone());
                    }
                    let written = text.slice(start..end).to_owned();
                    self.add(Edge { start, end, kind, sort: Sort::Each, values: values.clone(), written });
                }
            }
        }
    }

    fn longest(&self, start: usize, kind: Kind) -> Option<&Edge> {
        self.at(start).iter().filter(|e| e.kind == kind && e.sort == Sort::Exact).max_by_key(|e| e.len())
    }

    fn next_in_list(&self, text: &Text, end: usize, kind: Kind) -> Option<Edge> {
        let mut at = end;
        let mut linked = text.tokens.get(at)?.breaks == Some(',');
        for _ in 0..3 {
            let token = text.tokens.get(at)?;
            let link = matches!(token.norm.as_str(), "und" | "and" | "sowie" | "plus" | "auch");
            if linked && let Some(edge) = self.longest(at, kind) {
                return Some(edge.clone());
            }
            if !(link || token.skip) {
                return None;
            }
            linked |= link;
            at += 1;
        }
        self.longest(at, kind).filter(|_| linked).cloned()
    }
}

/// Other words for the usual compliance scopes.
pub(super) fn scope_aliases(name: &str) -> &'static [&'static str] {
    match name {
        "ssh" => &["ssh-zugang", "ssh-zugänge", "sshd", "ssh access", "ssh config", "ssh-konfiguration"],
        "tls" => &[
            "ssl",
            "https",
            "zertifikate",
            "zertifikat",
            "certificates",
            "certificate",
            "certs",
            "tls-zertifikate",
            "tls certificates",
        ],
        "firewall" => &["firewalls", "firewall-regeln", "firewall rules", "firewallregeln"],
        "containers" => &["container", "docker", "docker-container", "containern"],
        "backups" => &[
            "backup",
            "sicherungen",
            "datensicherung",
            "datensicherungen",
            "backup-richtlinie",
            "sicherungsstrategie",
            "backup-strategie",
        ],
        "gdpr" => &["dsgvo", "datenschutz", "privacy", "data protection", "dsgvo-konformität"],
        "passwords" => &[
            "passwörter",
            "passwort",
            "password",
            "kennwörter",
            "passwortrichtlinie",
            "passwörtern",
            "password policy",
        ],
        "cis" => &["cis-benchmark", "cis benchmark", "cis benchmarks", "cis-benchmarks"],
        _ => &[],
    }
}
