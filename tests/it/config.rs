//! A wrong configuration: every wrong field is named with file and line, and with what to write instead.

use std::path::PathBuf;

use ralf::config::Config;

const GOOD: &str = r##"[homeserver]
url = "http://127.0.0.1:8008"
domain = "lab.local"

[appservice]
listen = "127.0.0.1:9000"
as_token = "0123456789abcdef0123456789abcdef"
hs_token = "fedcba9876543210fedcba9876543210"

[database]
url = "sqlite:ralf.db"

[model]
provider = "none"

[rooms]
ops = "#ralf-ops:lab.local"

[people.admin]
ids = ["@admin:lab.local"]
roles = ["approver"]

[people.eva]
ids = ["@eva:lab.local"]
roles = ["approver"]

[policy]
expiry = "15m"

[[policy.rules]]
intents = ["remove_service"]
approvals = 2
"##;

struct File {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn file(text: &str) -> File {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ralf.toml");
    std::fs::write(&path, text).expect("written");
    File { _folder: folder, path }
}

/// What is said about a configuration, with the folder left out of it.
fn said(text: &str, environment: &[(&str, &str)]) -> String {
    let file = file(text);
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let error = Config::load_with(&file.path, environment).expect_err("it is wrong");
    let folder = format!("{}/", file.path.parent().expect("a folder").display());
    error.to_string().replace(&folder, "")
}

/// The good configuration with one text in place of another.
fn with(old: &str, new: &str) -> String {
    assert!(GOOD.contains(old), "{old:?} is not in it");
    GOOD.replacen(old, new, 1)
}

#[test]
fn the_good_one_is_good() {
    let file = file(GOOD);
    let config = Config::load_with(&file.path, []).expect("it is right");
    assert_eq!(config.policy.rule("remove_service").approvals, 2);
    assert!(config.database.url.ends_with("/ralf.db"), "relative to the file: {}", config.database.url);
}

#[test]
fn each_wrong_field_is_named_with_its_place_and_what_to_write() {
    // Old text, new text, where, and words that must be said.
    let cases: &[(&str, &str, &str, &[&str])] = &[
        ("listen = ", "lisen = ", "ralf.toml:6: `appservice.lisen`", &["unknown", "listen"]),
        ("[model]", "[modell]", "ralf.toml:13: `modell`", &["unknown", "model"]),
        ("domain = \"lab.local\"", "", "ralf.toml:1: `homeserver.domain`", &["missing"]),
        ("\"http://127.0.0.1:8008\"", "8008", "ralf.toml:2: `homeserver.url`", &["wrong", "string"]),
        ("\"http://127.0.0.1:8008\"", "\"127.0.0.1:8008\"", "ralf.toml:2: `homeserver.url`", &["URL"]),
        ("\"http://127.0.0.1:8008\"", "\"ftp://127.0.0.1\"", "ralf.toml:2: `homeserver.url`", &["http://"]),
        ("domain = \"lab.local\"", "domain = \"@lab\"", "ralf.toml:3: `homeserver.domain`", &["server name"]),
        ("\"127.0.0.1:9000\"", "\"9000\"", "ralf.toml:6: `appservice.listen`", &["127.0.0.1:9000"]),
        (
            "as_token = \"0123456789abcdef0123456789abcdef\"",
            "",
            "ralf.toml:5: `appservice.as_token`",
            &["missing", "as_token_file"],
        ),
        (
            "\"0123456789abcdef0123456789abcdef\"",
            "\"changeme\"",
            "ralf.toml:7: `appservice.as_token`",
            &["random"],
        ),
        (
            "\"fedcba9876543210fedcba9876543210\"",
            "\"0123456789abcdef0123456789abcdef\"",
            "ralf.toml:8: `appservice.hs_token`",
            &["different"],
        ),
        (
            "hs_token =",
            "as_token_file = \"t\"\nhs_token =",
            "`appservice.as_token`",
            &["given twice", "as_token_file"],
        ),
        ("\"sqlite:ralf.db\"", "\"mysql://x\"", "ralf.toml:11: `database.url`", &["sqlite:", "postgres:"]),
        (
            "provider = \"none\"",
            "provider = \"gpt\"",
            "ralf.toml:14: `model.provider`",
            &["ollama", "openai", "none"],
        ),
        ("provider = \"none\"", "provider = \"ollama\"", "`model.name`", &["missing"]),
        ("\"#ralf-ops:lab.local\"", "\"ralf-ops\"", "ralf.toml:17: `rooms.ops`", &["#alias:domain", "!id"]),
        (
            "\"@admin:lab.local\"",
            "\"admin\"",
            "ralf.toml:20: `people.admin.ids`",
            &["\"admin\" is no Matrix id", "@name:server"],
        ),
        ("[\"@admin:lab.local\"]", "[]", "ralf.toml:20: `people.admin.ids`", &["empty"]),
        (
            "\"@eva:lab.local\"",
            "\"@admin:lab.local\"",
            "ralf.toml:24: `people.eva.ids`",
            &["belongs to admin"],
        ),
        (
            "roles = [\"approver\"]",
            "roles = [\"king\"]",
            "ralf.toml:21: `people.admin.roles.0`",
            &["approver", "emergency"],
        ),
        ("\"15m\"", "\"bald\"", "ralf.toml:28: `policy.expiry`", &["wrong"]),
        ("\"15m\"", "\"0s\"", "ralf.toml:28: `policy.expiry`", &["15m"]),
        (
            "approvals = 2",
            "approvals = 3",
            "ralf.toml:32: `policy.rules.0.approvals`",
            &["3 people", "only 2", "never be approved"],
        ),
        ("approvals = 2", "approvals = 0", "ralf.toml:32: `policy.rules.0.approvals`", &["1 or more"]),
        (
            "approvals = 2",
            "approvals = \"two\"",
            "ralf.toml:32: `policy.rules.0.approvals`",
            &["wrong", "two"],
        ),
        (
            "approvals = 2",
            "aprovals = 2",
            "ralf.toml:32: `policy.rules.0.aprovals`",
            &["unknown", "approvals"],
        ),
        ("[\"remove_service\"]", "[]", "ralf.toml:31: `policy.rules.0.intents`", &["empty"]),
    ];
    let mut wrong = Vec::new();
    for (old, new, place, words) in cases {
        let said = said(&with(old, new), &[]);
        if !said.starts_with("ralf.toml:")
            || !said.contains(place)
            || words.iter().any(|word| !said.contains(word))
        {
            wrong.push(format!("{old:?} → {new:?}\n  wants {place} … {words:?}\n  says  {said}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let text = with("\"15m\"", "\"0s\"")
        .replace("\"127.0.0.1:9000\"", "\"x\"")
        .replace("approvals = 2", "approvals = 9");
    let said = said(&text, &[]);
    let fields: Vec<&str> = said.lines().filter_map(|line| line.split('`').nth(1)).collect();
    assert_eq!(fields, ["appservice.listen", "policy.expiry", "policy.rules.0.approvals"], "{said}");
}

#[test]
fn a_variable_is_named_when_it_is_what_is_wrong() {
    for (name, value, field) in [
        ("RALF_POLICY__EXPIRY", "bald", "policy.expiry"),
        ("RALF_HOMESERVER__URL", "nowhere", "homeserver.url"),
        ("RALF_APPSERVICE__LISTEN", "x", "appservice.listen"),
        ("RALF_APPSERVICE__LISEN", "x", "appservice.lisen"),
        ("RALF_NONSENSE__KEY", "x", "nonsense"),
    ] {
        let said = said(GOOD, &[(name, value)]);
        assert!(said.contains(name) && said.contains(&format!("`{field}`")), "{name}={value}: {said}");
    }
}

#[test]
fn variables_win_and_others_are_none_of_our_business() {
    let file = file(GOOD);
    let environment = [
        ("RALF_POLICY__EXPIRY", "5s"),
        ("RALF_LAB_CACHE", "/x"),
        ("RALF_APPSERVICE__LEGACY_PATHS", "true"),
        ("PATH", "/bin"),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let config = Config::load_with(&file.path, environment).expect("it is right");
    assert_eq!(config.policy.expiry_ms("deploy_service"), 5_000);
    assert!(config.appservice.legacy_paths);
}

#[test]
fn a_token_can_lie_in_a_file() {
    let text = with("as_token = \"0123456789abcdef0123456789abcdef\"", "as_token_file = \"as\"");
    let missing = said(&text, &[]);
    assert!(missing.contains("`appservice.as_token_file`") && missing.contains("can't be read"), "{missing}");
    let file = file(&text);
    std::fs::write(file.path.with_file_name("as"), "00112233445566778899aabbccddeeff\n").expect("written");
    let config = Config::load_with(&file.path, []).expect("it is right");
    assert_eq!(config.appservice.as_token.expect("a token").expose(), "00112233445566778899aabbccddeeff");
}

#[test]
fn what_is_no_toml_or_not_there() {
    let said = said(&with("domain = ", "domain "), &[]);
    assert!(said.starts_with("ralf.toml:3: this is no TOML"), "{said}");
    let nowhere =
        Config::load_with(std::path::Path::new("/nowhere/ralf.toml"), []).expect_err("it is not there");
    assert!(
        nowhere.to_string().contains("/nowhere/ralf.toml") && nowhere.to_string().contains("-c"),
        "{nowhere}"
    );
}
