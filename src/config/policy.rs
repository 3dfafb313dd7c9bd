//! `[policy]`: what needs whose consent.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use ralf_intents::Catalogue;
use serde::Deserialize;

use super::{Person, Problem, Role};

/// `[policy]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// How long a proposal waits, for all rules without their own.
    pub expiry: SignedDuration,
    /// The first rule that names the intent decides; without one, [`Rule::default`] does.
    pub rules: Vec<Rule>,
}

impl Default for Policy {
    fn default() -> Self {
        Self { expiry: SignedDuration::from_mins(15), rules: Vec::new() }
    }
}

/// One `[[policy.rules]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rule {
    /// Intents it is about.
    pub intents: Vec<String>,
    /// How many different people must approve.
    pub approvals: u32,
    /// Whether the asker may be one of them.
    pub self_approval: bool,
    /// How long the proposal waits.
    pub expiry: Option<SignedDuration>,
}

impl Default for Rule {
    fn default() -> Self {
        Self { intents: Vec::new(), approvals: 1, self_approval: true, expiry: None }
    }
}

impl Policy {
    /// The rule for an intent.
    pub fn rule(&self, intent: &str) -> Rule {
        self.rules.iter().find(|rule| rule.intents.iter().any(|i| i == intent)).cloned().unwrap_or_default()
    }

    /// How long a proposal for this intent waits, in milliseconds.
    pub fn expiry_ms(&self, intent: &str) -> i64 {
        let expiry = self.rule(intent).expiry.unwrap_or(self.expiry);
        i64::try_from(expiry.as_millis()).unwrap_or(i64::MAX)
    }

    pub(super) fn validate(&self, people: &BTreeMap<String, Person>, problems: &mut Vec<Problem>) {
        if !self.expiry.is_positive() {
            problems.push(Problem::at("policy.expiry", "must be longer than nothing, such as `15m`"));
        }
        let approvers = people.values().filter(|p| p.roles.contains(&Role::Approver)).count();
        if approvers == 0 {
            problems.push(Problem::at(
                "people",
                "has nobody with the role \"approver\": nothing could ever be approved; add `[people.you]` with `ids = [\"@you:domain\"]` and `roles = [\"approver\"]`",
            ));
        }
        let known = Catalogue::builtin().ok();
        for (n, rule) in self.rules.iter().enumerate() {
            let at = |key: &str| format!("policy.rules.{n}.{key}");
            if rule.intents.is_empty() {
                problems
                    .push(Problem::at(&at("intents"), "is empty: name the intents that this rule is about"));
            }
            for intent in &rule.intents {
                if known.as_ref().is_some_and(|known| known.get(intent).is_none()) {
                    problems.push(Problem::at(
                        &at("intents"),
                        format!("has {intent:?}, and there is no such intent"),
                    ));
                }
            }
            if rule.approvals == 0 {
                problems.push(Problem::at(
                    &at("approvals"),
                    "must be 1 or more: nothing changes the lab unasked",
                ));
            }
            // An approver who asks needs others when the asker does not count.
            let wanted = rule.approvals as usize + usize::from(!rule.self_approval);
            if approvers > 0 && wanted > approvers {
                problems.push(Problem::at(
                    &at("approvals"),
                    format!(
                        "wants {} people{}, but only {approvers} in [people] have the role \"approver\": such a request could never be approved",
                        rule.approvals,
                        if rule.self_approval { "" } else { " besides the asker" },
                    ),
                ));
            }
        }
    }
}
