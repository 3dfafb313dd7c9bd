//! Hostile text takes no more time than its length explains.

use ralf_intents::{Catalogue, Inventory, Names, Understanding};
use std::time::{Duration, Instant};

/// Eight times the text may take this many times as long: what is quadratic takes 64 times as long.
const RATIO: u32 = 30;
/// What a busy machine adds.
const SLACK: Duration = Duration::from_millis(150);

#[test]
fn time_grows_with_the_length_and_no_faster() {
    let names = Names::new(&Inventory::from_json(include_str!("data/inventory.json")).unwrap());
    let understanding = Understanding::new(Catalogue::builtin().unwrap());
    let least = |text: &str| {
        let once = || {
            let start = Instant::now();
            let reading = understanding.read(text, &names, None);
            (start.elapsed(), reading)
        };
        (0..3).map(|_| once()).min_by_key(|(took, _)| *took).unwrap()
    };
    let parts = [
        "starte ",
        "a",
        "grafana und ",
        "grafana, ",
        "(",
        "von der ",
        "\u{202e}🦀\u{200b}",
        "severity=\"critical\" ",
        "1 ",
        "1.",
        "1:",
        "neu ",
        "postgres passwort von ",
        "eine stunde und ",
        "anderthalb ",
        "\"grafana\" ",
        "\"",
        "'",
        "`",
        "„",
        "```\n",
        "> ",
        "x,",
        "-",
        "node-",
        "e\u{301}\u{301}",
        "ß",
        "İ",
        "und dann grafana neu starten ",
        "wenn es nicht ",
        "bitte mal ",
        "kannst du ",
        "{service} ",
        "\\",
        "a=",
        "https://",
        "\r\n",
        "\0",
    ];
    for part in parts {
        let text = |bytes: usize| part.repeat(bytes / part.len());
        let (short, _) = least(&text(12_500));
        let (long, reading) = least(&text(100_000));
        assert!(long <= short * RATIO + SLACK, "{part:?}: {short:?} for 12.5 kB, {long:?} for 100 kB");
        assert!(reading.intent().is_none(), "{part:?}: nobody asks for anything in 100 kB: {reading:#?}");
    }
}

/// What a command may be long at most is the longest that templates are matched on: the most work.
#[test]
fn the_longest_commands_are_read_in_bounded_time() {
    let names = Names::new(&Inventory::from_json(include_str!("data/inventory.json")).unwrap());
    let understanding = Understanding::new(Catalogue::builtin().unwrap());
    let time = |text: &str| {
        let once = || {
            let start = Instant::now();
            let _ = understanding.read(text, &names, None);
            start.elapsed()
        };
        (0..3).map(|_| once()).min().unwrap()
    };
    let plain = time("starte grafana auf nas neu");
    for part in [
        "grafana und jellyfin ",
        "starte grafana neu und ",
        "kannst du bitte ",
        "postgres passwort von ",
        "eine stunde und ",
        "zeig logs von grafana seit gestern, ",
        "scale grafana to 3 and ",
        "grafanna jelyfin ",
        "\"restart grafana\" ",
    ] {
        let words = part.split_whitespace().count();
        let text = part.repeat(115 / words);
        // Twenty-odd times the words, and lists, clauses and matches grow with their square.
        let took = time(&text);
        assert!(
            took <= plain * 2_000 + SLACK,
            "{part:?}: {plain:?} for a plain command, {took:?} for {} words",
            words * (115 / words)
        );
    }
}
