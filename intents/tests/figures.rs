//! Keeps the figures: sentences that neither catalogue nor classifier was made from.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use ralf_intents::eval::{Report, cases, evaluate};
use ralf_intents::{Catalogue, Inventory, Names, Understanding};

fn run(lines: &str) -> Report {
    let names = Names::new(&Inventory::from_json(include_str!("data/inventory.json")).unwrap());
    let understanding = Understanding::new(Catalogue::builtin().unwrap());
    evaluate(&understanding, &names, &cases(lines).unwrap())
}

fn keeps(name: &str, report: &Report, right: f64, asked: f64) {
    println!("{name}\n{report}");
    let ours = &report.ours;
    assert!(ours.share(ours.right).share >= right, "{name}: right {:?}", ours.share(ours.right));
    assert!(ours.share(ours.asked).share <= asked, "{name}: asked {:?}", ours.share(ours.asked));
    let changing = report.all.share(report.all.wrong_changing).share;
    assert!(changing <= 0.005, "{name}: wrong and changing {changing}");
    let (de, en) = (&report.by_lang["de"], &report.by_lang["en"]);
    let apart = (de.share(de.right).share - en.share(en.right).share).abs();
    assert!(apart <= 0.03, "{name}: German and English are {apart} apart");
}

#[test]
fn the_development_set() {
    keeps("dev", &run(include_str!("data/dev.jsonl")), 0.95, 0.05);
}

#[test]
fn the_test_set() {
    keeps("test", &run(include_str!("data/test.jsonl")), 0.90, 0.10);
}

#[test]
fn a_line_that_is_no_case_is_named() {
    let lines =
        "\u{feff}{\"text\": \"a\", \"intent\": \"none\"}\n\n{\"text\": 1}\nnothing\n{\"text\": \"a\"}";
    let error = cases(lines).unwrap_err();
    assert_eq!(error.0.iter().map(|e| e.line).collect::<Vec<_>>(), [3, 4, 5], "{error}");
    assert!(error.to_string().contains("line 5: missing field `intent` at column 13"), "{error}");
}
