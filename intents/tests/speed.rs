//! Loading and reading stay quick, and hostile text does not change that.

use ralf_intents::{Catalogue, Inventory, Names, Understanding};
use std::time::{Duration, Instant};

#[test]
fn time_is_bounded() {
    let names = Names::new(&Inventory::from_json(include_str!("data/inventory.json")).unwrap());
    let start = Instant::now();
    let understanding = Understanding::new(Catalogue::builtin().unwrap());
    println!("loaded in {:?}", start.elapsed());
    let hostile = [
        "starte ".repeat(1500),
        "a".repeat(10_000),
        "grafana und ".repeat(900),
        "(".repeat(10_000),
        "von der ".repeat(1300),
        "\u{202e}🦀\u{200b}".repeat(2_000),
        "severity=\"critical\" ".repeat(500),
        "1 ".repeat(5_000),
        "neu ".repeat(60) + "starten",
        "postgres passwort von ".repeat(5),
        "eine stunde und ".repeat(600),
        "\"grafana\" ".repeat(1_000),
        "x,".repeat(5_000),
        "und dann grafana neu starten ".repeat(20),
    ];
    for text in &hostile {
        let start = Instant::now();
        let reading = understanding.read(text, &names, None);
        let took = start.elapsed();
        println!(
            "{took:?} {:?}… {:?}",
            text.chars().take(20).collect::<String>(),
            reading.intent().map(|i| &i.name)
        );
        assert!(
            took < Duration::from_secs(2),
            "{took:?} for {:?}",
            &text.chars().take(40).collect::<String>()
        );
    }
}
