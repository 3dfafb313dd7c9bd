//! What is wrong with one rule, field by field.

use jiff::SignedDuration;

use super::Rule;
use super::check::Check;
use crate::approval::Who;
use crate::bots::Bot;
use crate::config::{Pattern, Role};
use crate::plan::Risk;

impl Check<'_> {
    pub(super) fn rule(&mut self, n: usize, rule: &Rule) {
        let at = |key: &str| format!("policy.rules.{n}.{key}");
        if rule.risk.as_ref().is_some_and(Vec::is_empty) {
            self.wrong(&at("risk"), "is empty: name risks such as \"high\", or leave it out");
        }
        self.intents(&at("intents"), rule.intents.as_ref());
        self.targets(&at("targets"), rule.targets.as_ref());
        self.names(&at("bots"), rule.bots.as_ref());
        for bot in rule.bots.iter().flatten() {
            if Bot::named(bot).is_none() {
                let bots = Bot::ALL.map(Bot::name).join(", ");
                self.wrong(&at("bots"), format!("has {bot:?}, and there is no such bot; there are {bots}"));
            }
        }
        self.whos(&at("approvers"), &rule.approvers);
        if rule.approvers.is_empty() {
            self.wrong(&at("approvers"), "is empty: nobody could approve; the default is [\"approver\"]");
        }
        self.whos(&at("escalate_to"), &rule.escalate_to);
        if rule.auto_approve {
            self.unasked(n, rule);
        } else if rule.approvals == 0 {
            self.wrong(
                &at("approvals"),
                "must be 1 or more: nothing changes the lab unasked; for work that only reads write `auto_approve = true`",
            );
        }
        self.times(n, rule);
    }

    /// Only what changes nothing may go without anybody.
    fn unasked(&mut self, n: usize, rule: &Rule) {
        let at = |key: &str| format!("policy.rules.{n}.{key}");
        if rule.risk.as_deref() != Some(&[Risk::Read]) {
            self.wrong(
                &at("auto_approve"),
                "is for work that only reads: the rule needs `risk = [\"read\"]` and no other risk",
            );
        }
        let others = [
            ("approvals", rule.approvals > 1),
            ("second_factor", rule.second_factor),
            ("escalate_after", rule.escalate_after.is_some()),
        ];
        for (key, given) in others {
            if given {
                self.wrong(
                    &at(key),
                    "does not go with `auto_approve`, which asks nobody: leave one of them out",
                );
            }
        }
    }

    fn times(&mut self, n: usize, rule: &Rule) {
        let at = |key: &str| format!("policy.rules.{n}.{key}");
        let expiry = rule.expiry.unwrap_or(self.config.policy.expiry);
        if rule.expiry.is_some_and(|expiry| !expiry.is_positive()) {
            self.wrong(&at("expiry"), "must be longer than nothing, such as `15m`");
        } else if expiry.is_positive() {
            for (key, time) in [("wait", Some(rule.wait)), ("escalate_after", rule.escalate_after)] {
                if time.is_some_and(|time| time >= expiry) {
                    let said = format!(
                        "comes too late: the request expires after {expiry:#}; make it shorter, or `expiry` longer"
                    );
                    self.wrong(&at(key), said);
                }
            }
        }
        if rule.wait.is_negative() {
            self.wrong(&at("wait"), "must not be negative");
        }
        match (rule.escalate_after, rule.escalate_to.is_empty()) {
            (Some(after), _) if after <= SignedDuration::ZERO => {
                self.wrong(&at("escalate_after"), "must be longer than nothing, such as `5m`");
            }
            (Some(_), true) => {
                self.wrong(&at("escalate_after"), "calls nobody: say in `escalate_to` whom to call");
            }
            (None, false) => {
                self.wrong(&at("escalate_to"), "is never called: say in `escalate_after` when, such as `5m`");
            }
            _ => {}
        }
    }

    pub(super) fn names(&mut self, field: &str, names: Option<&Vec<String>>) {
        if names.is_some_and(Vec::is_empty) {
            self.wrong(field, "is empty: name what this is about, or leave it out");
        }
    }

    pub(super) fn intents(&mut self, field: &str, intents: Option<&Vec<String>>) {
        self.names(field, intents);
        for intent in intents.into_iter().flatten() {
            if self.catalogue.as_ref().is_some_and(|known| known.get(intent).is_none()) {
                self.wrong(field, format!("has {intent:?}, and there is no such intent"));
            }
        }
    }

    pub(super) fn targets(&mut self, field: &str, targets: Option<&Vec<Pattern>>) {
        if targets.is_some_and(Vec::is_empty) {
            self.wrong(field, "is empty: name targets such as \"host:node-1\", or leave it out");
        }
        for pattern in targets.into_iter().flatten() {
            if !pattern.as_str().contains([':', '*']) {
                self.wrong(
                    field,
                    format!(
                        "has {0:?}, which no target is called: write \"host:{0}\", \"service:*@{0}\" or \"service:{0}@*\"",
                        pattern.as_str()
                    ),
                );
            }
        }
    }

    fn whos(&mut self, field: &str, whos: &[Who]) {
        for who in whos {
            match who {
                Who::Role(name) if Role::named(name) == Some(Role::Emergency) => self.wrong(
                    field,
                    "has \"emergency\", which only breaks the glass: give these people the role \"approver\", or name them as \"person:NAME\"",
                ),
                Who::Role(name) if Role::named(name).is_none() => self.wrong(
                    field,
                    format!("has {name:?}, and there is no such role: write \"approver\", \"person:{name}\" or \"power:50\""),
                ),
                Who::Person(name) if !self.config.people.contains_key(name) => {
                    self.wrong(field, format!("has \"person:{name}\", and there is no [people.{name}]"));
                }
                Who::Power(level) if *level < 1 => self.wrong(
                    field,
                    format!("has \"power:{level}\", which is everybody in the room: write 1 or more, such as \"power:50\""),
                ),
                _ => {}
            }
        }
    }
}
