//! What can be wrong in `[alerts]`.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use ruma::UserId;

use super::alerts::{Alerts, Maintenance};
use super::{Person, Problem};
use crate::alerts::quiet::{Weekly, Zone};

type People = BTreeMap<String, Person>;

impl Alerts {
    pub(super) fn validate(&self, people: &People, problems: &mut Vec<Problem>) {
        let loki = self.loki.as_ref().map(|loki| &loki.url);
        for (name, url) in [
            ("alerts.alertmanager", self.alertmanager.as_ref()),
            ("alerts.prometheus", self.prometheus.as_ref()),
            ("alerts.loki.url", loki),
        ] {
            if url.is_some_and(|url| !matches!(url.scheme(), "http" | "https")) {
                problems.push(Problem::at(name, "must begin with `http://` or `https://`"));
            }
        }
        if self.poll < SignedDuration::from_secs(1) {
            problems.push(Problem::at("alerts.poll", "must be one second at least; write `10s`"));
        }
        for (name, time) in [("alerts.repeat", self.repeat), ("alerts.reopen_within", self.reopen_within)] {
            not_negative(name, time, problems);
        }
        if self.watchdog.within <= SignedDuration::ZERO {
            problems.push(Problem::at("alerts.watchdog.within", "must be more than nothing; write `5m`"));
        }
        if self.most_a_minute == 0 {
            problems.push(Problem::at("alerts.most_a_minute", "must be 1 at least; write `20`"));
        }
        zone("alerts.time_zone", self.time_zone.as_deref(), problems);
        if self.loki.as_ref().is_some_and(|loki| loki.query.trim().is_empty()) {
            problems
                .push(Problem::at("alerts.loki.query", r#"is empty; write such as `{host="{instance}"}`"#));
        }
        for (n, labels) in self.correlate.iter().enumerate() {
            if labels.is_empty() || !labels.iter().all(|label| is_label(label)) {
                let message = r#"must be a list of labels; write such as `["cluster", "job"]`"#;
                problems.push(Problem::at(&format!("alerts.correlate.{n}"), message));
            }
        }
        self.validate_json(problems);
        self.validate_rules(people, problems);
    }

    fn validate_json(&self, problems: &mut Vec<Problem>) {
        for (name, mapping) in &self.json {
            if name.is_empty() || name.contains('/') {
                problems.push(Problem::at(
                    "alerts.json",
                    "a mapping's name is part of a path: leave out slashes",
                ));
            }
            for (key, pointer) in [("alerts", &mapping.alerts), ("status", &mapping.status)] {
                if pointer.as_ref().is_some_and(|at| !at.is_empty() && !at.starts_with('/')) {
                    problems.push(Problem::at(
                        &format!("alerts.json.{name}.{key}"),
                        "must be a JSON pointer: write `/status` rather than `status`",
                    ));
                }
            }
        }
    }

    fn validate_rules(&self, people: &People, problems: &mut Vec<Problem>) {
        for (n, rule) in self.owners.iter().enumerate() {
            everybody(&format!("alerts.owners.{n}.mention"), &rule.mention, people, problems);
        }
        for (n, rule) in self.escalation.iter().enumerate() {
            not_negative(&format!("alerts.escalation.{n}.after"), rule.after, problems);
            everybody(&format!("alerts.escalation.{n}.to"), &rule.to, people, problems);
        }
        for (n, window) in self.maintenance.iter().enumerate() {
            maintenance(&format!("alerts.maintenance.{n}"), window, problems);
        }
        for (n, rule) in self.heal.iter().enumerate() {
            let field = format!("alerts.heal.{n}");
            if rule.intent.trim().is_empty() {
                problems.push(Problem::at(&format!("{field}.intent"), "is empty; write `restart_service`"));
            }
            for (slot, text) in &rule.slots {
                template(&format!("{field}.slots.{slot}"), text, problems);
            }
            if let Some(host) = &rule.host {
                template(&format!("{field}.host"), host, problems);
            }
            if let Some(by) = &rule.by {
                somebody(&format!("{field}.by"), by, people, problems);
            }
        }
    }
}

fn not_negative(field: &str, time: SignedDuration, problems: &mut Vec<Problem>) {
    if time.is_negative() {
        problems.push(Problem::at(field, "can't be negative; write such as `10m`"));
    }
}

pub(super) fn zone(field: &str, name: Option<&str>, problems: &mut Vec<Problem>) {
    if let Some(name) = name.filter(|name| Zone::named(name).is_none()) {
        let message = format!("names no time zone: {name:?}; write such as `Europe/Berlin` or `UTC`");
        problems.push(Problem::at(field, message));
    }
}

fn everybody(field: &str, names: &[String], people: &People, problems: &mut Vec<Problem>) {
    if names.is_empty() {
        problems.push(Problem::at(field, "is empty: list at least one name of `[people]` or Matrix id"));
    }
    names.iter().for_each(|name| somebody(field, name, people, problems));
}

fn somebody(field: &str, name: &str, people: &People, problems: &mut Vec<Problem>) {
    if !people.contains_key(name) && UserId::parse(name).is_err() {
        let message =
            format!("names nobody: {name:?} is neither in `[people]` nor a Matrix id such as `@you:server`");
        problems.push(Problem::at(field, message));
    }
}

fn maintenance(field: &str, window: &Maintenance, problems: &mut Vec<Problem>) {
    zone(&format!("{field}.time_zone"), window.time_zone.as_deref(), problems);
    match (&window.weekly, window.from, window.until) {
        (Some(weekly), None, None) => {
            if let Err(error) = Weekly::parse(weekly, Zone::system()) {
                problems.push(Problem::at(&format!("{field}.weekly"), error.to_string()));
            }
        }
        (Some(_), ..) => {
            let message = "stands beside `from` or `until`: make two entries of them";
            problems.push(Problem::at(&format!("{field}.weekly"), message));
        }
        (None, from, Some(until)) if from.is_some_and(|from| until <= from) => {
            problems.push(Problem::at(&format!("{field}.until"), "must be later than `from`"));
        }
        (None, _, None) => {
            let message = "is missing: write when it ends, such as `2026-01-31T06:00:00Z`, or `weekly = \"sun 02:00-04:00\"`";
            problems.push(Problem::at(&format!("{field}.until"), message));
        }
        (None, _, Some(_)) => {}
    }
}

fn is_label(name: &str) -> bool {
    name.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic())
        && name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
}

/// `{label}`: braces belong to labels only.
fn template(field: &str, text: &str, problems: &mut Vec<Problem>) {
    let mut parts = text.split('{');
    let before = parts.next().unwrap_or_default();
    let label =
        |part: &str| part.split_once('}').is_some_and(|(name, rest)| is_label(name) && !rest.contains('}'));
    if before.contains('}') || !parts.all(label) {
        let message = format!("has braces without a label in them: {text:?}; write such as `{{instance}}`");
        problems.push(Problem::at(field, message));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(section: &str) -> Vec<String> {
        let alerts: Alerts = toml::from_str(section).expect("the right form");
        let mut problems = Vec::new();
        alerts.validate(&People::new(), &mut problems);
        problems.into_iter().map(|problem| problem.field).collect()
    }

    #[test]
    fn what_is_right_has_no_problems() {
        let section = r#"
            time_zone = "Europe/Berlin"
            correlate = [["cluster", "job"]]
            owners = [{ match = "severity>=critical", mention = ["@ann:lab.local"] }]
            escalation = [{ match = "{}", after = "10m", to = ["@bob:lab.local"] }]
            maintenance = [
                { match = "job=backup", weekly = "so 02:00-04:00", time_zone = "America/New_York" },
                { match = "job=backup", until = "2026-01-31T06:00:00Z" },
            ]
            heal = [{ match = "alertname=Down", intent = "restart_service", slots = { service = "{service}" } }]
        "#;
        assert_eq!(fields(section), Vec::<String>::new());
    }

    #[test]
    fn each_problem_names_its_entry() {
        for (section, field) in [
            (r#"time_zone = "Europe/Bielefeld""#, "alerts.time_zone"),
            (r#"repeat = "-1h""#, "alerts.repeat"),
            (r#"reopen_within = "-1s""#, "alerts.reopen_within"),
            (r#"watchdog = { within = "0s" }"#, "alerts.watchdog.within"),
            ("most_a_minute = 0", "alerts.most_a_minute"),
            ("correlate = [[]]", "alerts.correlate.0"),
            (r#"loki = { url = "ftp://x", query = "q" }"#, "alerts.loki.url"),
            (r#"loki = { url = "http://x", query = " " }"#, "alerts.loki.query"),
            (r#"owners = [{ match = "", mention = [] }]"#, "alerts.owners.0.mention"),
            (r#"owners = [{ match = "", mention = ["ann"] }]"#, "alerts.owners.0.mention"),
            (r#"escalation = [{ match = "", after = "1m", to = [] }]"#, "alerts.escalation.0.to"),
            (r#"escalation = [{ match = "", after = "-1m", to = ["@a:b"] }]"#, "alerts.escalation.0.after"),
            (r#"maintenance = [{ match = "" }]"#, "alerts.maintenance.0.until"),
            (r#"maintenance = [{ match = "", weekly = "sun" }]"#, "alerts.maintenance.0.weekly"),
            (r#"maintenance = [{ match = "", weekly = "sun 2-25" }]"#, "alerts.maintenance.0.weekly"),
            (
                r#"maintenance = [{ match = "", weekly = "sun 2-4", until = "2026-01-31T06:00:00Z" }]"#,
                "alerts.maintenance.0.weekly",
            ),
            (
                r#"maintenance = [{ match = "", from = "2026-02-01T00:00:00Z", until = "2026-01-31T06:00:00Z" }]"#,
                "alerts.maintenance.0.until",
            ),
            (
                r#"maintenance = [{ match = "", weekly = "sun 2-4", time_zone = "X/Y" }]"#,
                "alerts.maintenance.0.time_zone",
            ),
            (
                r#"heal = [{ match = "", intent = "restart_service", slots = { service = "{a b}" } }]"#,
                "alerts.heal.0.slots.service",
            ),
            (r#"heal = [{ match = "", intent = "x", host = "{" }]"#, "alerts.heal.0.host"),
            (r#"heal = [{ match = "", intent = "x", by = "ann" }]"#, "alerts.heal.0.by"),
            (r#"heal = [{ match = "", intent = " " }]"#, "alerts.heal.0.intent"),
        ] {
            assert_eq!(fields(section), [field], "{section}");
        }
    }
}
