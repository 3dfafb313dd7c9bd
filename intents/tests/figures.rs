//! Keeps the figures: sentences that neither catalogue nor classifier was made from.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use ralf_intents::eval::{Report, cases, evaluate};
use ralf_intents::{Catalogue, Inventory, Names, Understanding};

fn run(lines: &str) -> Report {
    let names = Names::new(&Inventory::from_json(include_str!("data/inventory.json")).unwrap());
    let understanding = Understanding::new(Catalogue::builtin().unwrap());
    evaluate(&understanding, &names, &cases(lines).unwrap())
}

/// Shares of a set that are not given away unseen.
struct Bounds {
    right: f64,
    asked: f64,
    wrong_changing: f64,
    foreign_actions: f64,
    languages_apart: f64,
}

fn keeps(name: &str, report: &Report, bounds: &Bounds) {
    println!("{name}\n{report}");
    let (ours, foreign) = (&report.ours, &report.foreign);
    assert!(ours.share(ours.right).share >= bounds.right, "{name}: right {:?}", ours.share(ours.right));
    assert!(ours.share(ours.asked).share <= bounds.asked, "{name}: asked {:?}", ours.share(ours.asked));
    let changing = report.all.share(report.all.wrong_changing).share;
    assert!(changing <= bounds.wrong_changing, "{name}: wrong and changing {changing}");
    let actions = foreign.share(foreign.wrong + foreign.wrong_changing).share;
    assert!(actions <= bounds.foreign_actions, "{name}: foreign sentences that became an action {actions}");
    let (de, en) = (&report.by_lang["de"], &report.by_lang["en"]);
    let apart = (de.share(de.right).share - en.share(en.right).share).abs();
    assert!(apart <= bounds.languages_apart, "{name}: German and English are {apart} apart");
}

const DEV: &str = include_str!("data/dev.jsonl");
const TEST: &str = include_str!("data/test.jsonl");

#[test]
fn the_development_set() {
    let bounds = Bounds {
        right: 0.92,
        asked: 0.07,
        wrong_changing: 0.001,
        foreign_actions: 0.002,
        languages_apart: 0.03,
    };
    keeps("dev", &run(DEV), &bounds);
}

#[test]
fn the_test_set() {
    let bounds = Bounds {
        right: 0.83,
        asked: 0.14,
        wrong_changing: 0.005,
        foreign_actions: 0.02,
        languages_apart: 0.03,
    };
    keeps("test", &run(TEST), &bounds);
}

/// Words alone, with the inventory's names and all numbers taken out: what is left is the sentence's skeleton.
fn skeleton(text: &str, names: &[String]) -> String {
    let mut text = format!(" {} ", text.to_lowercase());
    for name in names {
        text = text.replace(name.as_str(), " @ ");
    }
    let mut slot = false;
    let words = text.split(|c: char| {
        slot = slot && c != '}' || c == '{';
        !(c.is_alphabetic() || c == '@') || slot
    });
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ").replace('@', "")
}

#[test]
fn no_sentence_of_the_sets_is_an_example_of_the_catalogue() {
    let inventory: serde_json::Value = serde_json::from_str(include_str!("data/inventory.json")).unwrap();
    let mut names: Vec<String> = Vec::new();
    for kind in ["services", "hosts"] {
        for (name, thing) in inventory[kind].as_object().unwrap() {
            names.push(name.to_lowercase());
            names.extend(
                thing["aliases"].as_array().into_iter().flatten().map(|a| a.as_str().unwrap().to_lowercase()),
            );
        }
    }
    for kind in ["alerts", "secrets"] {
        names.extend(inventory[kind].as_array().unwrap().iter().map(|n| n.as_str().unwrap().to_lowercase()));
    }
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("catalogue");
    let mut examples = std::collections::HashSet::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let file: toml::Value = toml::from_str(&text).unwrap();
        for lang in ["de", "en"] {
            let lines = file.get("examples").and_then(|e| e.get(lang)).and_then(toml::Value::as_array);
            examples.extend(lines.into_iter().flatten().map(|l| skeleton(l.as_str().unwrap(), &names)));
        }
    }
    assert!(examples.len() > 5_000, "{}", examples.len());
    for set in [DEV, TEST] {
        let cases = cases(set).unwrap();
        let long = |text: &str| text.split(' ').filter(|w| !w.is_empty()).count() > 3;
        let same: Vec<&str> = cases
            .iter()
            .filter(|case| {
                let skeleton = skeleton(&case.text, &names);
                long(&skeleton) && examples.contains(&skeleton)
            })
            .map(|case| case.text.as_str())
            .collect();
        assert!(same.is_empty(), "{same:?}");
    }
}

#[test]
fn a_line_that_is_no_case_is_named() {
    let lines =
        "\u{feff}{\"text\": \"a\", \"intent\": \"none\"}\n\n{\"text\": 1}\nnothing\n{\"text\": \"a\"}";
    let error = cases(lines).unwrap_err();
    assert_eq!(error.0.iter().map(|e| e.line).collect::<Vec<_>>(), [3, 4, 5], "{error}");
    assert!(error.to_string().contains("line 5: missing field `intent` at column 13"), "{error}");
}
