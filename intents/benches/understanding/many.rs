//! A catalogue of many intents: copies of the built-in ones, in each of which names and most words are others.

use ralf_intents::Catalogue;
use toml::{Table, Value};

/// Name and text of the files that make of the built-in intents so many.
pub(crate) fn files(intents: usize) -> Vec<(String, String)> {
    let builtin = Catalogue::builtin().expect("a sound catalogue");
    let sources: Vec<(String, Table)> = builtin
        .sources()
        .filter(|(file, _)| *file != "none.toml")
        .map(|(file, text)| (file.to_owned(), text.parse().expect("TOML")))
        .collect();
    let mut files = Vec::new();
    let mut left = intents - builtin.intents().count();
    for copy in 0_u8.. {
        if left == 0 {
            break;
        }
        let letter = |n: u8| char::from(b'a' + n % 26);
        let mark = format!("x{}{}", letter(copy / 26), letter(copy));
        for (file, table) in &sources {
            if file.starts_with('_') {
                files.push((format!("_{mark}.toml"), rules(table, &mark)));
            } else if left > 0 {
                left -= 1;
                files.push((format!("{mark}_{file}"), intent(table, &mark)));
            }
        }
    }
    files
}

fn intent(table: &Table, mark: &str) -> String {
    let mut table = table.clone();
    let name = table["name"].as_str().unwrap_or_default();
    let name = format!("{mark}_{name}");
    table.insert("name".into(), name.into());
    for key in ["templates", "cues", "examples", "counter_examples"] {
        if let Some(lines) = table.get_mut(key) {
            other_words(lines, mark);
        }
    }
    table.to_string()
}

fn rules(table: &Table, mark: &str) -> String {
    let mut rules = Table::new();
    for (lang, named) in table["rules"].as_table().into_iter().flatten() {
        let mut mine = Table::new();
        for (name, rule) in named.as_table().into_iter().flatten() {
            let mut rule = rule.clone();
            other_words(&mut rule, mark);
            mine.insert(format!("{name}_{mark}"), rule);
        }
        rules.insert(lang.clone(), mine.into());
    }
    Table::from_iter([("rules".to_owned(), Value::Table(rules))]).to_string()
}

fn other_words(value: &mut Value, mark: &str) {
    match value {
        Value::String(text) => *text = other(text, mark),
        Value::Array(all) => all.iter_mut().for_each(|one| other_words(one, mark)),
        Value::Table(all) => all.iter_mut().for_each(|(_, one)| other_words(one, mark)),
        _ => {}
    }
}

/// Verbs and nouns become other ones; small words and slots stay, if anything else is there; rules are the copy's own.
fn other(text: &str, mark: &str) -> String {
    let out = marked(text, mark, 5);
    if out == text { marked(text, mark, 1) } else { out }
}

fn marked(text: &str, mark: &str, least: usize) -> String {
    let (mut out, mut word, mut inside) = (String::new(), String::new(), None);
    for c in text.chars().chain([' ']) {
        match (inside, c) {
            (None, c) if c.is_alphanumeric() => {
                word.push(c);
                continue;
            }
            (None, '{') => inside = Some('}'),
            (None, '<') => inside = Some('>'),
            (Some(end), c) if c == end => {
                if c == '>' {
                    out.push('_');
                    out.push_str(mark);
                }
                inside = None;
            }
            _ => {}
        }
        if word.chars().count() >= least {
            word.push_str(mark);
        }
        out.push_str(&word);
        word.clear();
        out.push(c);
    }
    out.trim_end().to_owned()
}
