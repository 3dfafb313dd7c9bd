//! A wrong configuration: every wrong field is named with file and line, and with what to write instead.

use std::path::PathBuf;

use ralf::approval::{About, Rules, Terms};
use ralf::config::Config;
use ralf::plan::Risk;
use ruma::server_name;

pub(crate) const GOOD: &str = r##"[homeserver]
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

pub(crate) struct File {
    _folder: tempfile::TempDir,
    pub(crate) path: PathBuf,
}

pub(crate) fn file(text: &str) -> File {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ralf.toml");
    std::fs::write(&path, text).expect("written");
    File { _folder: folder, path }
}

/// What is said about a configuration, with the folder left out of it.
pub(crate) fn said(text: &str, environment: &[(&str, &str)]) -> String {
    let file = file(text);
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let error = Config::load_with(&file.path, environment).expect_err("it is wrong");
    let folder = format!("{}/", file.path.parent().expect("a folder").display());
    error.to_string().replace(&folder, "")
}

/// The good configuration with one text in place of another.
pub(crate) fn with(old: &str, new: &str) -> String {
    assert!(GOOD.contains(old), "{old:?} is not in it");
    GOOD.replacen(old, new, 1)
}

/// What it takes to approve an intent that is about nothing in particular.
fn terms(config: &Config, intent: &str) -> Terms {
    let about = About { intent, bot: "infra", risk: Risk::Low, targets: &[] };
    Rules::new(config, server_name!("lab.local")).terms(&about)
}

#[test]
fn the_good_one_is_good() {
    let file = file(GOOD);
    let config = Config::load_with(&file.path, []).expect("it is right");
    assert_eq!(terms(&config, "remove_service").approvals, 2);
    assert_eq!(terms(&config, "deploy_service").approvals, 1);
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
fn a_policy_that_could_never_be_satisfied_is_refused() {
    // What stands in the rule in place of `approvals = 2`, the field, and words that must be said.
    let rule: &[(&str, &str, &[&str])] = &[
        (
            "approvals = 2\nself_approval = false",
            "32: `policy.rules.0.approvals`",
            &["besides the asker", "only 1", "admin asks"],
        ),
        (
            "approvers = [\"person:eva\"]\napprovals = 2",
            "33: `policy.rules.0.approvals`",
            &["2 people", "only 1"],
        ),
        (
            "approvers = [\"person:eva\"]\nself_approval = false",
            "`policy.rules.0.approvals`",
            &["1 person besides", "eva asks"],
        ),
        ("approvers = [\"person:bob\"]", "32: `policy.rules.0.approvers`", &["no [people.bob]"]),
        ("approvers = [\"king\"]", "32: `policy.rules.0.approvers`", &["no such role", "person:king"]),
        ("approvers = [\"emergency\"]", "32: `policy.rules.0.approvers`", &["breaks the glass"]),
        ("approvers = [\"persn:eva\"]", "32: `policy.rules.0.approvers`", &["persn:eva", "person:NAME"]),
        ("approvers = [\"power:0\"]", "32: `policy.rules.0.approvers`", &["everybody", "power:50"]),
        ("approvers = []", "32: `policy.rules.0.approvers`", &["empty"]),
        ("wait = \"15m\"", "32: `policy.rules.0.wait`", &["too late", "15m"]),
        ("wait = \"2m\"\nexpiry = \"1m\"", "32: `policy.rules.0.wait`", &["too late", "1m"]),
        ("expiry = \"0s\"", "32: `policy.rules.0.expiry`", &["longer than nothing"]),
        ("escalate_after = \"5m\"", "32: `policy.rules.0.escalate_after`", &["escalate_to"]),
        ("escalate_to = [\"approver\"]", "32: `policy.rules.0.escalate_to`", &["escalate_after"]),
        (
            "escalate_after = \"20m\"\nescalate_to = [\"approver\"]",
            "32: `policy.rules.0.escalate_after`",
            &["too late"],
        ),
        (
            "escalate_after = \"5m\"\nescalate_to = [\"person:x\"]",
            "33: `policy.rules.0.escalate_to`",
            &["no [people.x]"],
        ),
        ("auto_approve = true", "32: `policy.rules.0.auto_approve`", &["only reads", "risk = [\"read\"]"]),
        (
            "auto_approve = true\nrisk = [\"read\", \"low\"]",
            "32: `policy.rules.0.auto_approve`",
            &["no other risk"],
        ),
        (
            "auto_approve = true\nrisk = [\"read\"]\napprovals = 2",
            "34: `policy.rules.0.approvals`",
            &["asks nobody"],
        ),
        ("risk = [\"huge\"]", "32: `policy.rules.0.risk.0`", &["read", "high"]),
        ("risk = []", "32: `policy.rules.0.risk`", &["empty"]),
        ("bots = [\"ralf\"]", "32: `policy.rules.0.bots`", &["no such bot", "infra"]),
        ("targets = [\"node-1\"]", "32: `policy.rules.0.targets`", &["host:node-1", "service:*@node-1"]),
        ("name = \"default\"", "32: `policy.rules.0.name`", &["of its own"]),
        (
            "[[policy.rules]]\nintents = [\"remove_service\"]\nrisk = [\"high\"]",
            "32: `policy.rules.1`",
            &["never decide", "rule 1"],
        ),
        ("[[policy.raise]]\nto = \"read\"", "33: `policy.raise.0.to`", &["raises nothing"]),
        (
            "[[policy.raise]]\nintents = [\"dance\"]\nto = \"high\"",
            "33: `policy.raise.0.intents`",
            &["dance"],
        ),
    ];
    let general: &[(&str, &str, &[&str])] = &[
        ("freeze = \"\"", "29: `policy.freeze`", &["why"]),
        ("break_glass_expiry = \"0s\"", "29: `policy.break_glass_expiry`", &["10m"]),
        ("destroying = \"bad\"", "29: `policy.destroying`", &["high"]),
        ("ignore = [\"telegram_*\"]", "29: `policy.ignore.0`", &["@telegram_*"]),
        ("servers = [\"@x\"]", "29: `policy.servers.0`", &["server name"]),
        ("servers = [\"else.where\"]", "20: `people.admin.ids`", &["policy.servers"]),
        ("ignore = [\"@eva:*\"]", "24: `people.eva.ids`", &["policy.ignore"]),
        ("roles = { approver = 0 }", "29: `policy.roles.approver`", &["everybody"]),
        ("roles = { king = 50 }", "29: `policy.roles`", &["approver", "emergency"]),
    ];
    let rule = rule.iter().map(|case| ("approvals = 2", case.0.to_owned(), case));
    let general =
        general.iter().map(|case| ("expiry = \"15m\"", format!("expiry = \"15m\"\n{}", case.0), case));
    let mut wrong = Vec::new();
    for (old, new, (_, place, words)) in rule.chain(general) {
        let said = said(&with(old, &new), &[]);
        if !said.contains(place) || words.iter().any(|word| !said.contains(word)) {
            wrong.push(format!("{new:?}\n  wants {place} … {words:?}\n  says  {said}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_example_is_right_and_shows_the_defaults() {
    let example = include_str!("../../config/ralf.example.toml");
    // `# key = value` shows a default; with all of them written out it says the same.
    let shown = regex::Regex::new(r"(?m)^# ([a-z_]+ = .*)$").expect("an expression");
    let written_out = shown.replace_all(example, "$1");
    let load = |text: &str| {
        let file = file(text);
        let beside = |name: &str| file.path.with_file_name(name);
        for (name, token) in [("as_token", "0123456789abcdef"), ("hs_token", "fedcba9876543210")] {
            std::fs::write(beside(name), token.repeat(2)).expect("written");
        }
        std::fs::create_dir(beside("playbooks")).expect("a folder");
        let config = Config::load_with(&file.path, []).expect("it is right");
        Rules::new(&config, server_name!("example.org")).all_terms().to_vec()
    };
    let terms = load(example);
    let titles: Vec<&str> = terms.iter().map(|terms| terms.rule.as_str()).collect();
    assert_eq!(titles, ["looking", "losing", "working", "default"]);
    assert_ne!(written_out, example);
    assert_eq!(load(&written_out), terms);
}

#[test]
fn every_key_of_the_policy_can_be_given() {
    let text = with(
        "expiry = \"15m\"",
        r#"expiry = "15m"
power = 25
freeze = "holidays"
break_glass_expiry = "5m"
destroying = "medium"
ignore = ["@_*", "@telegram_*"]
servers = ["lab.local", "example.org"]
roles = { approver = 50, emergency = 100 }

[[policy.raise]]
executors = ["ansible"]
actions = ["restart"]
intents = ["restart_service"]
targets = ["host:*"]
to = "high"

[[policy.rules]]
name = "looking"
risk = ["read"]
auto_approve = true

[[policy.rules]]
risk = ["high", "medium"]
intents = ["rotate_secret"]
targets = ["service:*@node-1"]
bots = ["sec"]
approvals = 2
approvers = ["approver", "person:eva", "power:50"]
self_approval = false
expiry = "1h"
wait = "5m"
second_factor = true
escalate_after = "10m"
escalate_to = ["power:100"]
"#,
    );
    let file = file(&text);
    let config = Config::load_with(&file.path, []).expect("it is right");
    let rules = Rules::new(&config, server_name!("lab.local"));
    assert_eq!(rules.frozen(), Some("holidays"));
    let titles: Vec<&str> = rules.all_terms().iter().map(|terms| terms.rule.as_str()).collect();
    assert_eq!(titles, ["looking", "rule 2", "rule 3", "default"]);
    let environment = [("RALF_POLICY__POWER", "50"), ("RALF_POLICY__FREEZE", "moving house")];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let config = Config::load_with(&file.path, environment).expect("it is right");
    assert_eq!((config.policy.power, config.policy.freeze.as_deref()), (50, Some("moving house")));
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
        ("RALF_SCHEDULES__MAIN", "61 * * * *", "schedules.main"),
        ("RALF_SCHEDULES__MAIN", "0 0 30 2 *", "schedules.main"),
        ("RALF_SCHEDULES__TIME_ZONE", "Europe/Bielefeld", "schedules.time_zone"),
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
    assert_eq!(terms(&config, "deploy_service").expiry_ms, 5_000);
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
