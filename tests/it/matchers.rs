//! Our matchers against Alertmanager's own: `amtool` tells which routes an alert takes.

use std::process::Command;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use ralf::alerts::{Labels, Matcher, Matchers, Operator};

use crate::monitoring::programs;

/// How many lists of matchers, and how many alerts each of them is asked about.
const ROUTES: usize = 60;
const ALERTS: usize = 40;

fn run(command: &mut Command) -> String {
    let output = command.output().expect("a program that starts");
    let (said, wrong) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {said}{wrong}");
    said.into_owned()
}

/// A condition that fits the alerts often enough, with what people get wrong.
fn matcher() -> impl Strategy<Value = Matcher> {
    let name = || proptest::sample::select(vec!["job", "instance", "severity", "a_1", "missing"]);
    let equal = prop_oneof![Just(Operator::Equal), Just(Operator::NotEqual)];
    let regex = prop_oneof![Just(Operator::Regex), Just(Operator::NotRegex)];
    let patterns = vec![
        "",
        ".*",
        ".+",
        "node.*",
        "node|pi4",
        "(?i)NODE.*",
        r"pi\d",
        r"pi[\d-]+",
        r"\w+",
        r"\W+",
        r"[^\d]+",
        "a{",
        "a{2}",
        "a{,2}",
        "[a[]+",
        "a|",
        "[a&&b]+",
        "[]a]+",
        r"\Qa.b\E",
        "no",
        "^node$",
        "n(od)?e",
        r"\S+:\d+",
        "[[:alpha:]]+",
        r"\pL+",
        "a)|(pi4",
        r"\bnode\b.*",
        r".*\B4",
        "a.b",
        "(?s)a.b",
        r"\x61+",
        "[a-c-]+",
        "x*",
        r"a\.b",
        "[+--]+",
        "info|warning",
        r#"say "hi""#,
        "ä.",
        "[^a]",
        r"\<a",
        "(?:pi)4",
        "(?P<n>pi)4",
    ];
    let order = prop_oneof![
        Just(Operator::AtLeast),
        Just(Operator::Above),
        Just(Operator::AtMost),
        Just(Operator::Below)
    ];
    let severity = proptest::sample::select(vec!["none", "info", "warning", "error", "critical"]);
    prop_oneof![
        3 => (name(), equal, value()).prop_map(|(name, operator, value)| Matcher::new(name, operator, &value)),
        4 => (name(), regex, proptest::sample::select(patterns))
            .prop_map(|(name, operator, value)| Matcher::new(name, operator, value)),
        2 => (order, severity).prop_map(|(operator, value)| Matcher::new("severity", operator, value)),
    ]
    .prop_map(|matcher| matcher.expect("a matcher"))
}

fn value() -> impl Strategy<Value = String> {
    let common = vec![
        "",
        "node",
        "node-1",
        "NODE",
        "pi4",
        "pi4:9100",
        "a",
        "aa",
        "a{",
        "a{,2}",
        "a[",
        "a&b",
        "]",
        "ä",
        "äb",
        "٣",
        "a\nb",
        "a.b",
        "axb",
        r"a\nb",
        r"\",
        r"\\",
        r#"say "hi""#,
        "a, b",
        "{a}",
        "x=y",
        "a~b",
        ",",
        "<a",
        "-",
        "info",
        "warning",
        "Critical",
        " page ",
        "odd",
        "error",
    ];
    prop_oneof![9 => proptest::sample::select(common).prop_map(str::to_owned), 1 => r#"[a-c"\\ ={},~!é-]{1,5}"#]
}

fn alert() -> impl Strategy<Value = Labels> {
    let name = proptest::sample::select(vec!["job", "instance", "severity", "a_1"]).prop_map(str::to_owned);
    proptest::collection::btree_map(name, value(), 1..5)
}

/// A value as amtool and its configuration read it, by the rules of the exposition format.
fn escaped(value: &str) -> String {
    value.replace('\\', r"\\").replace('\n', r"\n").replace('"', r#"\""#)
}

/// A configuration with a route for each list, all of which are tried.
fn config(lists: &[Matchers]) -> String {
    let mut receivers = String::from("receivers:\n- name: none\n");
    let mut routes = String::from("route:\n  receiver: none\n  routes:\n");
    for (n, list) in lists.iter().enumerate() {
        receivers.push_str(&format!("- name: r{n}\n"));
        routes.push_str(&format!("  - receiver: r{n}\n    continue: true\n    matchers:\n"));
        for matcher in list.iter() {
            // An order of severities is translated; all others are given as we write them.
            let written = match matcher.operator() {
                Operator::Equal | Operator::NotEqual | Operator::Regex | Operator::NotRegex => {
                    matcher.to_string()
                }
                _ => {
                    let (name, value, _, is_equal) = matcher.alertmanager().expect("an order");
                    format!("{name}{}\"{}\"", if is_equal { "=~" } else { "!~" }, escaped(&value))
                }
            };
            routes.push_str(&format!("    - '{}'\n", written.replace('\'', "''")));
        }
    }
    routes + receivers.as_str()
}

#[tokio::test]
async fn an_alert_takes_the_same_routes_in_alertmanager() {
    let mut runner = TestRunner::deterministic();
    let mut some = |count: usize| -> Vec<Matchers> {
        let lists = proptest::collection::vec(proptest::collection::vec(matcher(), 1..4), count);
        let lists = lists.new_tree(&mut runner).expect("lists").current();
        lists.into_iter().map(Matchers::from).collect()
    };
    let lists = some(ROUTES);
    let alerts = proptest::collection::vec(alert(), ALERTS);
    let alerts = alerts.new_tree(&mut runner).expect("alerts").current();

    let amtool = programs().await.amtool();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("alertmanager.yml");
    std::fs::write(&file, config(&lists)).expect("a file");
    let (mut taken, mut not) = (0, 0);
    for alert in alerts {
        let mut command = Command::new(&amtool);
        command.args(["config", "routes", "test"]).arg(format!("--config.file={}", file.display())).arg("--");
        command.args(alert.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))));
        let said = run(&mut command);
        let theirs: Vec<&str> = said.trim().split(',').filter(|name| *name != "none").collect();
        for (n, list) in lists.iter().enumerate() {
            let ours = list.matches(&alert);
            assert_eq!(theirs.contains(&format!("r{n}").as_str()), ours, "{list} on {alert:?}");
            *(if ours { &mut taken } else { &mut not }) += 1;
        }
    }
    assert!(taken > ALERTS && not > ALERTS, "{taken} routes taken, {not} not: these alerts show nothing");
}
