//! A new intent is a new file: in a folder of one's own it adds to the catalogue or replaces a part of it.

use ralf_intents::{Catalogue, Inventory, Names, Understanding};

const WAKE: &str = r#"
name = "wake_host"
bot = "infra"
changes = false
plan = "wake"

[does]
de = "Weckt einen Knoten übers Netz"
en = "Wakes a node over the network"

[[slots]]
name = "host"
type = "host"
required = true
[slots.question]
de = "Welchen Knoten soll ich wecken?"
en = "Which node shall I wake?"

[templates]
de = ["(wecke|weck) {host} [auf]", "{host} (wecken|aufwecken)"]
en = ["(wake|wake up) {host}", "wake {host} up"]

[cues]
de = ["weck*"]
en = ["wake"]

[examples]
de = ["Weck bitte den {host} auf"]
en = ["wake up the {host} please"]
"#;

#[test]
fn a_file_adds_an_intent() {
    let dir = std::env::temp_dir().join(format!("ralf-catalogue-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("wake_host.toml"), WAKE).unwrap();
    let catalogue = Catalogue::load(&dir).unwrap();
    std::fs::write(dir.join("wake_host.toml"), WAKE.replace("(wake|", "(wake|{nobody}|")).unwrap();
    let error = Catalogue::load(&dir).unwrap_err();
    std::fs::remove_dir_all(&dir).unwrap();
    assert_eq!(error.line(), 21, "{error}");
    assert!(error.file().ends_with("wake_host.toml"), "{error}");

    assert_ne!(catalogue.hash(), Catalogue::builtin().unwrap().hash());
    let understanding = Understanding::new(catalogue);
    let names =
        Names::new(&Inventory::from_json(r#"{"hosts": {"nas": {}}, "services": {"jellyfin": {}}}"#).unwrap());
    for text in ["Wecke das NAS auf", "could you wake up the nas please"] {
        let reading = understanding.read(text, &names, None);
        let intent = reading.intent().unwrap_or_else(|| panic!("{text}: {reading:#?}"));
        assert_eq!((intent.name.as_str(), intent.slots["host"].as_str()), ("wake_host", "nas"), "{text}");
    }
    let asked = understanding.read("weck jellyfinn auf", &names, None);
    assert!(asked.intent().is_none(), "{asked:#?}");
}

#[test]
fn all_eighteen_are_there_and_say_whether_they_change_anything() {
    let catalogue = Catalogue::builtin().unwrap();
    let changing: Vec<&str> = catalogue.intents().filter(|i| i.changes).map(|i| i.name.as_str()).collect();
    assert_eq!(catalogue.intents().count(), 18);
    assert_eq!(
        changing,
        [
            "deploy_service",
            "remove_service",
            "restart_service",
            "restore_backup",
            "rollback_service",
            "rotate_secret",
            "run_backup",
            "scale_service",
            "update_service",
        ]
    );
    for intent in catalogue.intents() {
        for slot in intent.slots.iter().filter(|s| s.required || intent.one_of.contains(&s.name)) {
            assert!(slot.question.is_some(), "{} asks nothing for {}", intent.name, slot.name);
        }
    }
}

#[test]
fn the_schema_knows_every_key() {
    let schema: serde_json::Value = serde_json::from_str(include_str!("../catalogue.schema.json")).unwrap();
    let keys: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/catalogue")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with('_') || name == "none.toml" {
            continue;
        }
        let table: toml::Table = std::fs::read_to_string(&path).unwrap().parse().unwrap();
        for key in table.keys() {
            assert!(keys.contains(&key), "{name}: {key}");
        }
        assert!(
            Catalogue::builtin().unwrap().get(name.trim_end_matches(".toml")).is_some(),
            "{name} is not listed"
        );
    }
}
