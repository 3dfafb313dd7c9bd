//! What the pages about alerts and the example say to write can be written.

use std::collections::BTreeSet;

use ralf::alerts::Wish;
use ralf::config::Config;

use crate::config::{GOOD, file, said};

const PAGES: [&str; 3] = [
    include_str!("../../docs/src/alerts.md"),
    include_str!("../../docs/src/incidents.md"),
    include_str!("../../docs/src/alert-rules.md"),
];
const EXAMPLE: &str = include_str!("../../config/ralf.example.toml");

/// The good configuration with the people of the pages, and this.
fn load(section: &str) -> Config {
    let good = GOOD.replace("people.admin", "people.alice").replace("people.eva", "people.bob");
    let file = file(&format!("{good}\n{section}"));
    std::fs::write(file.path.with_file_name("webhook_token"), "0123456789abcdef".repeat(4)).expect("written");
    match Config::load_with(&file.path, []) {
        Ok(config) => config,
        Err(error) => panic!("{error}\n{section}"),
    }
}

/// The part of the example about alerts.
fn example() -> &'static str {
    let (_, after) = EXAMPLE.split_once("\n# --- Alerts ---").expect("its beginning");
    let (_, part) = after.split_once('\n').expect("its first line");
    part.split_once("\n# --- ").expect("its end").0
}

/// With the lines that begin like this taken out of their comments.
fn uncommented(text: &str, like: &str) -> String {
    let like = regex::Regex::new(like).expect("an expression");
    text.lines().map(|line| like.replace(line, "$1").into_owned() + "\n").collect()
}

#[test]
fn every_piece_of_configuration_on_the_pages_is_right() {
    let mut pieces = 0;
    for page in PAGES {
        for block in page.split("```toml\n").skip(1) {
            load(block.split_once("```").expect("its end").0);
            pieces += 1;
        }
    }
    assert!(pieces > 5, "{pieces}");
}

#[test]
fn every_wish_on_the_page_can_be_read() {
    let code = regex::Regex::new("`([^`]+)`").expect("an expression");
    let rows = ["| which |", "| which not |", "| quiet hours |", "| once a day |"];
    let mut wishes = 0;
    for line in PAGES[1].lines().filter(|line| rows.iter().any(|row| line.starts_with(row))) {
        for found in code.captures_iter(line) {
            for wish in [found[1].to_owned(), format!("everything {}", &found[1])] {
                let is_whole = line.starts_with("| which |") || wish.starts_with("everything");
                assert!(!is_whole || wish.parse::<Wish>().is_ok(), "{wish}: {:?}", wish.parse::<Wish>());
            }
            wishes += 1;
        }
    }
    assert_eq!(wishes, 10);
    let german = "kritische Alarme von pi4 und pi5, ruhe 22 bis 7 Uhr, sammeln um 08:00";
    assert!(PAGES[1].contains(german) && german.parse::<Wish>().is_ok());
}

#[test]
fn the_example_shows_the_defaults_and_its_tables_are_right() {
    let defaults = load(&uncommented(example(), "^# ([a-z_]+ = .*)$"));
    assert_eq!(format!("{:?}", defaults.alerts), format!("{:?}", load("").alerts));
    let with_tables = load(&uncommented(example(), r"^#  +(\S.*)$")).alerts;
    let counts = [
        usize::from(with_tables.loki.is_some()),
        with_tables.owners.len(),
        with_tables.escalation.len(),
        with_tables.maintenance.len(),
        with_tables.heal.len(),
        with_tables.json.len(),
    ];
    assert_eq!(counts, [1, 1, 1, 2, 1, 1]);
}

#[test]
fn the_example_and_the_page_of_the_configuration_name_every_key() {
    let page = include_str!("../../docs/src/configuration.md");
    let quoted = regex::Regex::new("`([a-z_]+)`").expect("an expression");
    let mut keys = BTreeSet::new();
    // An unknown key is answered by all that are known.
    for wrong in [
        "[alerts]\nx = 1",
        "[alerts.loki]\nurl = 'http://x'\nquery = 'x'\nx = 1",
        "[alerts.watchdog]\nx = 1",
        "[[alerts.owners]]\nmatch = ''\nmention = []\nx = 1",
        "[[alerts.escalation]]\nmatch = ''\nafter = '1m'\nto = []\nx = 1",
        "[[alerts.maintenance]]\nmatch = ''\nx = 1",
        "[[alerts.heal]]\nmatch = ''\nintent = ''\nx = 1",
        "[alerts.json.y]\nname = ''\nx = 1",
    ] {
        let said = said(&format!("{GOOD}\n{wrong}"), &[]);
        let known: Vec<String> = quoted.captures_iter(&said).map(|found| found[1].to_owned()).collect();
        assert!(known.len() > 1, "{said}");
        keys.extend(known.into_iter().filter(|key| key != "x"));
    }
    assert!(keys.len() > 35, "{keys:?}");
    for key in keys {
        let shown =
            regex::Regex::new(&format!(r"(?m)(\b{key} = |\balerts\.{key}\b)")).expect("an expression");
        assert!(shown.is_match(example()), "{key} is not in the example");
        let named = regex::Regex::new(&format!(r"`([a-z_.]+\.)?{key}[`.]")).expect("an expression");
        assert!(named.is_match(page), "{key} is not in configuration.md");
    }
}
