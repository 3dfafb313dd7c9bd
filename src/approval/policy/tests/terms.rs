//! Risk × intent × target × bot → terms.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ralf_intents::Catalogue;

use super::{LAB, RICH, rules};
use crate::approval::{About, Rules, Terms, Who};
use crate::bots::Bot;
use crate::plan::Risk;

const RISKS: [Risk; 4] = [Risk::Read, Risk::Low, Risk::Medium, Risk::High];
const TARGETS: [&[&str]; 5] = [
    &["service:web@node-2"],
    &["service:web@node-1"],
    &["host:node-1"],
    &["service:web@node-1", "service:web@node-2"],
    &[],
];

/// Every combination as one letter of the legend above it.
fn table(rules: &Rules) -> String {
    let mut legend: Vec<Terms> = Vec::new();
    let mut letter = |terms: Terms| {
        let known = legend.iter().position(|l| *l == terms).unwrap_or_else(|| {
            legend.push(terms);
            legend.len() - 1
        });
        char::from(b'A' + u8::try_from(known).unwrap())
    };
    let mut rows = String::new();
    for spec in Catalogue::builtin().unwrap().intents() {
        // Bots for which everything is the same stand in one row.
        let mut cells: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for bot in Bot::ALL {
            let mut row = String::new();
            for targets in TARGETS {
                let targets: Vec<String> = targets.iter().map(|t| (*t).to_owned()).collect();
                for risk in RISKS {
                    let about = About { intent: &spec.name, bot: bot.name(), risk, targets: &targets };
                    row.push(letter(rules.terms(&about)));
                }
                row.push(' ');
            }
            cells.entry(row).or_default().push(bot.name());
        }
        for (row, bots) in cells {
            let bots = if bots.len() == Bot::ALL.len() { "any bot".to_owned() } else { bots.join(",") };
            writeln!(rows, "{:17} {bots:25} {}", spec.name, row.trim_end()).unwrap();
        }
    }
    let mut text = String::new();
    for (n, terms) in legend.iter().enumerate() {
        writeln!(text, "{} {}", char::from(b'A' + u8::try_from(n).unwrap()), line(terms)).unwrap();
    }
    text.push_str("\nread, low, medium, high risk on: ");
    for targets in TARGETS {
        write!(text, "[{}] ", targets.join(" ")).unwrap();
    }
    format!("{}\n{rows}", text.trim_end())
}

fn line(terms: &Terms) -> String {
    let who = |whos: &[Who]| whos.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | ");
    let mut line = format!(
        "{}: {} of {}, power {}, {}, expires {}s, waits {}s",
        terms.rule,
        terms.approvals,
        who(&terms.approvers),
        terms.power,
        if terms.self_approval { "asker too" } else { "not the asker" },
        terms.expiry_ms / 1000,
        terms.wait_ms / 1000,
    );
    if terms.second_factor {
        line.push_str(", second factor");
    }
    if let Some(then) = &terms.escalation {
        write!(line, ", after {}s {} too", then.after_ms / 1000, who(&then.to)).unwrap();
    }
    line
}

#[test]
fn of_the_lab() {
    insta::assert_snapshot!(table(&rules(LAB)));
}

#[test]
fn of_a_rich_policy() {
    insta::assert_snapshot!(table(&rules(RICH)));
}

#[test]
fn nothing_but_reading_goes_unasked() {
    for policy in [LAB, RICH, "[people.a]\nids = [\"@a:lab.local\"]\nroles = [\"approver\"]\n"] {
        let rules = rules(policy);
        let catalogue = Catalogue::builtin().unwrap();
        // One that no rule can know, too.
        let intents = catalogue.intents().map(|spec| spec.name.as_str()).chain(["an_intent_of_ones_own"]);
        for intent in intents {
            for (bot, risk) in Bot::ALL.iter().flat_map(|bot| RISKS.map(|risk| (bot, risk))) {
                let about = About { intent, bot: bot.name(), risk, targets: &[] };
                assert!(rules.terms(&about).approvals > 0 || risk == Risk::Read, "{about:?}");
            }
        }
    }
}
