//! A new intent is a new file: in a folder of one's own it adds to the catalogue or replaces a part of it.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use ralf_intents::{Catalogue, Inventory, Names, RiskSource, Understanding, catalogue_schema};
use std::path::PathBuf;

const WAKE: &str = r#"name = "wake_host"
bot = "infra"
changes = true
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

[replies.done]
de = "{host} ist wach."
en = "{host} is awake."
"#;

/// A folder of one's own, gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn with(name: &str, files: &[(&str, &str)]) -> Self {
        let dir = std::env::temp_dir().join(format!("ralf-catalogue-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        for (file, text) in files {
            std::fs::write(dir.join(file), text).unwrap();
        }
        Self(dir)
    }

    fn load(&self) -> Catalogue {
        Catalogue::load(&self.0).unwrap_or_else(|error| panic!("{error}"))
    }

    /// File, line and message of each mistake.
    fn mistakes(&self) -> Vec<(String, usize, String)> {
        let Err(error) = Catalogue::load(&self.0) else { panic!("it is taken for a sound catalogue") };
        let name = |file: &str| file.rsplit('/').next().unwrap_or(file).to_owned();
        error.findings().iter().map(|f| (name(&f.file), f.line, f.message.clone())).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn names() -> Names {
    let inventory = r#"{"hosts": {"nas": {}, "node-1": {}}, "services": {"jellyfin": {}}}"#;
    Names::new(&Inventory::from_json(inventory).unwrap())
}

#[test]
fn a_file_adds_an_intent() {
    let folder = Folder::with(
        "adds",
        &[("wake_host.toml", WAKE), (".#wake.toml", "an editor's own"), ("notes.md", "x")],
    );
    let catalogue = folder.load();
    assert_ne!(catalogue.hash(), Catalogue::builtin().unwrap().hash());
    assert_eq!(catalogue.get("wake_host").unwrap().risk, RiskSource::Executor);
    let own: Vec<(&str, bool)> =
        catalogue.own().map(|(spec, replaces)| (spec.name.as_str(), replaces)).collect();
    assert_eq!(own, [("wake_host", false)]);
    let (understanding, names) = (Understanding::new(catalogue), names());
    assert_eq!(understanding.remarks(), []);
    for text in ["Wecke das NAS auf", "could you wake up the nas please"] {
        let reading = understanding.read(text, &names, None);
        let intent = reading.intent().unwrap_or_else(|| panic!("{text}: {reading:#?}"));
        assert_eq!((intent.name.as_str(), intent.slots["host"].as_str()), ("wake_host", "nas"), "{text}");
    }
    let asked = understanding.read("weck jellyfinn auf", &names, None);
    assert!(asked.intent().is_none(), "{asked:#?}");
}

#[test]
fn each_mistake_is_told_with_its_line() {
    // What is written instead of what; the line where it is; a part of what is said.
    let table: &[(&str, &str, usize, &str)] = &[
        ("changes = true", "changes = true true", 3, ""),
        ("bot = \"infra\"", "bot = \"infrared\"", 2, "there is no bot `infrared`; there are core"),
        ("name = \"wake_host\"", "name = \"Wake host\"", 1, "cannot be the name of an intent"),
        ("name = \"wake_host\"", "name = \"none\"", 1, "cannot be the name of an intent"),
        ("plan = \"wake\"", "plan = \"../wake\"", 4, "cannot be the name of a plan"),
        ("plan = \"wake\"", "pla = \"wake\"", 4, "unknown field `pla`"),
        ("plan = \"wake\"", "risk = \"read\"", 4, "write `risk = \"executor\"`, or `changes = false`"),
        ("plan = \"wake\"", "risk = \"none\"", 4, "unknown variant `none`"),
        ("en = \"Wakes a node over the network\"\n", "", 6, "missing field `en`"),
        ("type = \"host\"", "type = \"hots\"", 12, "unknown variant `hots`"),
        ("name = \"host\"", "name = \"the host\"", 11, "cannot be the name of a slot"),
        ("required = true", "required = \"yes\"", 13, "expected a boolean"),
        ("{host} (wecken", "{nobody} (wecken", 19, "no slot `nobody`"),
        ("(wecke|weck)", "(wecke|weck", 19, "`)` is missing"),
        ("[auf]", "[auf {host}]", 19, "stands in an optional"),
        ("(wake|wake up)", "<wake>", 20, "there is no rule `<wake>`"),
        ("en = [\"(wake|wake up) {host}\", \"wake {host} up\"]", "", 19, "`templates` has no `en`"),
        ("en = [\"wake\"]", "", 23, "`cues` has no `en`"),
        ("{host} is awake.", "{hots} is awake.", 32, "`{hots}`, which is no slot"),
        ("en = [\"wake up the {host} please\"]", "en = [\"wake up {hosts}\"]", 28, "no slot `hosts`"),
    ];
    for (n, (before, after, line, said)) in table.iter().enumerate() {
        let text = WAKE.replacen(before, after, 1);
        assert_ne!(text, WAKE, "{before}");
        let folder = Folder::with(&format!("mistake-{n}"), &[("wake_host.toml", &text)]);
        let found = folder.mistakes();
        assert!(
            found.iter().any(|f| f.0 == "wake_host.toml" && f.1 == *line && f.2.contains(said)),
            "{after}: {found:?}"
        );
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    let bad = WAKE
        .replace("bot = \"infra\"", "bot = \"x\"")
        .replace("(wecke|weck)", "(wecke")
        .replace("wake {host} up", "wake {it} up");
    let twice = WAKE
        .replace("[does]", "one_of = [\"service\"]\n[does]")
        .replace("[replies.done]", "[[slots]]\nname = \"host\"\ntype = \"host\"\n[replies.done]");
    let folder = Folder::with(
        "all",
        &[
            ("a.toml", &bad),
            ("b.toml", &twice),
            ("c.toml", "name ="),
            ("_d.toml", "[rules.de]\nx = \"(a\"\ny = \"<z>\"\n"),
        ],
    );
    std::fs::write(folder.0.join("e.toml"), b"name = \"x\"\nbot = \"\xff\"\n").unwrap();
    let found: Vec<(String, usize)> =
        folder.mistakes().into_iter().map(|(file, line, _)| (file, line)).collect();
    let at = |file: &str, line| (file.to_owned(), line);
    assert_eq!(
        found,
        [
            at("_d.toml", 2),
            at("_d.toml", 3),
            at("a.toml", 2),
            at("a.toml", 19),
            at("a.toml", 20),
            at("b.toml", 6),
            at("b.toml", 32),
            at("c.toml", 1),
            at("e.toml", 2)
        ]
    );
}

#[test]
fn a_template_of_another_intent_is_a_mistake() {
    let again = WAKE
        .replace("\"wake {host} up\"", "\"(Restart|reboot)  of {service|host}\"")
        .replace("[templates]", "[[slots]]\nname = \"service\"\ntype = \"service\"\n[templates]");
    let folder = Folder::with("again", &[("wake_host.toml", &again)]);
    let (_, line, message) = folder.mistakes().remove(0);
    assert!(
        line == 23 && message.contains("is a template of `restart_service` already"),
        "{line}: {message}"
    );
    // Two files of one's own: once the intent, once the template.
    let other = WAKE.replace("wake_host", "wake_node");
    let folder = Folder::with("twice", &[("a.toml", WAKE), ("b.toml", &other), ("c.toml", WAKE)]);
    let found = folder.mistakes();
    assert!(
        found.iter().any(|f| f.0 == "b.toml" && f.1 == 19 && f.2.contains("template of `wake_host` already")),
        "{found:?}"
    );
    assert!(
        found.iter().any(|f| f.0 == "c.toml" && f.2.contains("is in") && f.2.contains("a.toml already")),
        "{found:?}"
    );
}

#[test]
fn what_is_odd_is_remarked() {
    let odd = WAKE
        .replace("plan = \"wake\"\n", "")
        .replace("\"wake {host} up\"", "\"wake {host} up\", \"reboot {host}\"")
        .replace("wake up the {host} please", "how is {host} doing?")
        .replace(
            "[slots.question]\nde = \"Welchen Knoten soll ich wecken?\"\nen = \"Which node shall I wake?\"\n",
            "",
        );
    let builtin = include_str!("../catalogue/discover_network.toml");
    let scrap = "name = \"scrap\"\nbot = \"infra\"\nchanges = true\nplan = \"remove\"\n\
                 does = { de = \"a\", en = \"b\" }\nslots = [{ name = \"service\", type = \"service\" }]\n\
                 templates = { de = [\"verschrotte {service}\"], en = [\"scrap {service}\"] }\n";
    let folder =
        Folder::with("odd", &[("wake.toml", &odd), ("discover.toml", builtin), ("scrap.toml", scrap)]);
    let remarks: Vec<String> =
        Understanding::new(folder.load()).remarks().iter().map(ToString::to_string).collect();
    let path = |file: &str| folder.0.join(file).display().to_string();
    let has = |start: String, said: &str| {
        assert!(remarks.iter().any(|r| r.starts_with(&start) && r.contains(said)), "{said}: {remarks:#?}");
    };
    has(format!("{}: ", path("discover.toml")), "replaces the built-in intent");
    has(format!("{}: ", path("scrap.toml")), "plans what `remove_service` plans");
    has(format!("{}: ", path("wake.toml")), "has no `plan`");
    has(format!("{}: ", path("wake.toml")), "give it a `question`");
    has(format!("{}:16: ", path("wake.toml")), "is also read as `restart_service`");
    has(format!("{}:24: ", path("wake.toml")), "not read as `wake_host`");
    // A few of the built-in examples are for the classifier alone.
    let hard = |r: &&String| r.contains("discover.toml") && r.contains("the example");
    assert_eq!(remarks.iter().filter(|r| !hard(r)).count(), 6, "{remarks:#?}");
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let error = Catalogue::load(&std::env::temp_dir().join("no such folder")).unwrap_err();
    assert!(error.to_string().contains("no such folder: can't be read"), "{error}");
}

#[test]
fn all_eighteen_are_there_and_say_whether_they_change_anything() {
    let catalogue = Catalogue::builtin().unwrap();
    let changing: Vec<&str> = catalogue.intents().filter(|i| i.changes).map(|i| i.name.as_str()).collect();
    assert_eq!(catalogue.intents().count(), 18);
    assert_eq!(catalogue.own().count(), 0);
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

fn schema() -> jsonschema::Validator {
    jsonschema::validator_for(&serde_json::from_str(catalogue_schema()).unwrap()).unwrap()
}

fn as_json(toml: &str) -> serde_json::Value {
    serde_json::to_value(toml.parse::<toml::Table>().unwrap()).unwrap()
}

#[test]
fn the_schema_fits_every_file() {
    let schema = schema();
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/catalogue")).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let wrong: Vec<String> =
            schema.iter_errors(&as_json(&text)).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(wrong.is_empty(), "{}: {wrong:#?}", path.display());
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if !name.starts_with('_') && name != "none" {
            assert!(text.contains("\nrisk = "), "{name} says where its risk comes from");
            assert!(Catalogue::builtin().unwrap().get(&name).is_some(), "{name} is not listed in builtin.rs");
        }
    }
    assert!(schema.is_valid(&as_json(WAKE)));
}

#[test]
fn the_schema_rejects_what_the_program_rejects() {
    let schema = schema();
    for (before, after) in [
        ("bot = \"infra\"", "bot = \"infrared\""),
        ("bot = \"infra\"\n", ""),
        ("name = \"wake_host\"", "name = \"Wake host\""),
        ("name = \"wake_host\"", "name = \"none\""),
        ("plan = \"wake\"", "plan = \"../wake\""),
        ("plan = \"wake\"", "pla = \"wake\""),
        ("plan = \"wake\"", "risk = \"read\""),
        ("changes = true", "changes = false\nrisk = \"executor\""),
        ("changes = true", "changes = \"yes\""),
        ("en = \"Wakes a node over the network\"\n", ""),
        ("type = \"host\"", "type = \"hots\""),
        ("type = \"host\"", "type = \"text\""),
        ("type = \"host\"\n", ""),
        ("name = \"host\"", "name = \"the host\""),
        ("required = true", "required = \"yes\""),
        ("en = [\"(wake|wake up) {host}\", \"wake {host} up\"]", ""),
        ("en = [\"wake\"]", "en = []"),
        ("en = [\"wake\"]", "en = [\"\"]"),
        ("en = [\"wake\"]", "en = [1]"),
        ("en = [\"wake\"]", "fr = [\"debout\"]"),
        ("en = \"{host} is awake.\"", ""),
    ] {
        let text = WAKE.replacen(before, after, 1);
        assert_ne!(text, WAKE, "{before}");
        assert!(!schema.is_valid(&as_json(&text)), "{after}");
        if after != "en = [\"\"]" {
            assert!(Catalogue::builtin().unwrap().add("x.toml", &text).is_err(), "{after}");
        }
    }
    assert!(!schema.is_valid(&as_json("[rules.fr]\na = \"b\"")));
    assert!(!schema.is_valid(&as_json("[examples]\nfr = [\"b\"]")));
}
