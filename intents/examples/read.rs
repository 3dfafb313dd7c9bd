//! Reads sentences from standard input and prints what each becomes: `cargo run -p ralf-intents --example read INVENTORY.json`.

use ralf_intents::{Catalogue, Inventory, Names, Understanding};
use std::io::BufRead as _;
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::args().nth(1).ok_or("which inventory?")?;
    let names = Names::new(&Inventory::from_json(&std::fs::read_to_string(file)?)?);
    let understanding = Understanding::new(Catalogue::builtin()?);
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let start = Instant::now();
        let reading = understanding.read(&line, &names, None);
        println!("{}", reading.to_json(&line, start.elapsed().as_secs_f64() * 1e3));
    }
    Ok(())
}
