//! The policy as `ralf check` explains it.

use std::fmt::Write as _;

use ralf_intents::Lang;
use ruma::ServerName;

use crate::approval::{Rules, Terms, Who};
use crate::config::{Config, Role, Rule};
use crate::report::messages::{conditions, span};

const HEAD: [&str; 8] = ["rule", "covers", "approvals", "of", "asker", "expires", "waits", "escalates"];

/// Who may decide about what, as a table.
pub(super) fn policy(config: &Config, server: &ServerName) -> String {
    let rules = Rules::new(config, server);
    let mut text = general(config, &rules);
    let rows: Vec<[String; 8]> = rules.explained().map(|(rule, terms)| row(rule, terms)).collect();
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([HEAD[column].len()]).max().unwrap_or_default()
    };
    let widths: [usize; 8] = std::array::from_fn(width);
    for row in std::iter::once(&HEAD.map(str::to_owned)).chain(&rows) {
        let cells: String = row
            .iter()
            .zip(widths)
            .fold(String::new(), |line, (cell, width)| format!("{line}  {cell:width$}"));
        let _ = writeln!(text, "{}", cells.trim_end());
    }
    for terms in rules.all_terms().iter().filter(|terms| terms.second_factor) {
        let _ = writeln!(
            text,
            "  note: {:?} demands a second factor, which nobody can give before there are encrypted rooms: its requests can only be denied or expire",
            terms.rule
        );
    }
    text
}

fn general(config: &Config, rules: &Rules) -> String {
    let policy = rules.policy();
    let mut text = String::new();
    for (name, person) in &config.people {
        let roles: Vec<&str> = person.roles.iter().map(|role| role.as_str()).collect();
        let ids: Vec<String> = person.ids.iter().map(ToString::to_string).collect();
        let roles = if roles.is_empty() { "no role".to_owned() } else { roles.join(", ") };
        let _ = writeln!(text, "  person      {name} ({roles}): {}", ids.join(", "));
    }
    for (role, level) in &policy.roles {
        let _ = writeln!(text, "  role        {} has also who has power {level} in the room", role.as_str());
    }
    let _ = writeln!(text, "  policy      version {}", rules.version());
    if policy.power != 0 {
        let _ = writeln!(text, "  power       an approver needs {} in the room", policy.power);
    }
    if let Some(reason) = rules.frozen() {
        let _ = writeln!(text, "  frozen      nothing is started: {reason}");
    }
    for raise in &policy.raise {
        let condition = [
            ("executor", raise.executors.clone()),
            ("action", raise.actions.clone()),
            ("intent", raise.intents.clone()),
            ("target", raise.targets.as_ref().map(|t| t.iter().map(ToString::to_string).collect())),
        ];
        let given =
            condition.into_iter().filter_map(|(key, values)| Some(format!("{key} {}", values?.join(", "))));
        let given: Vec<String> = given.collect();
        let when = if given.is_empty() { "everything".to_owned() } else { given.join(" · ") };
        let _ = writeln!(text, "  risk        at least {} for {when}", raise.to.as_str());
    }
    let _ = writeln!(
        text,
        "  risk        at least {} for what destroys or replaces things",
        policy.destroying.as_str()
    );
    let glass = config.people.iter().filter(|(_, person)| person.roles.contains(&Role::Emergency));
    let glass: Vec<&str> = glass.map(|(name, _)| name.as_str()).collect();
    let who = if glass.is_empty() { "nobody by name".to_owned() } else { glass.join(", ") };
    let _ = writeln!(text, "  emergency   {who}, for {}", span(rules.break_glass_expiry_ms()));
    text
}

fn row(rule: Option<&Rule>, terms: &Terms) -> [String; 8] {
    let covers = rule.map_or_else(|| "everything else".to_owned(), |rule| conditions(Lang::En, rule));
    let mut cells =
        [terms.rule.clone(), covers, "none".into(), "".into(), "".into(), "".into(), "".into(), "".into()];
    if terms.approvals == 0 {
        return cells;
    }
    let who = |whos: &[Who]| whos.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
    let factor = if terms.second_factor { " + second factor" } else { "" };
    cells[2] = format!("{}{factor}", terms.approvals);
    cells[3] = who(&terms.approvers);
    cells[4] = if terms.self_approval { "counts" } else { "does not" }.into();
    cells[5] = span(terms.expiry_ms);
    cells[6] = if terms.wait_ms > 0 { span(terms.wait_ms) } else { "–".into() };
    cells[7] = match &terms.escalation {
        Some(called) => format!("after {} to {}", span(called.after_ms), who(&called.to)),
        None => "–".into(),
    };
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_explained() {
        let config = Config::for_test(include_str!("../approval/policy/tests/rich.toml"));
        let server = ruma::server_name!("lab.local");
        let version = Rules::new(&config, server).version().to_owned();
        insta::assert_snapshot!(policy(&config, server).replace(&version, "VERSION"));
    }
}
