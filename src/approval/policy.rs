//! The policy, applied: which terms a request gets, and whose voice counts under them. Pure: what is needed of the world
//! comes in as [`Standing`].

mod here;
mod strict;
mod voters;

pub use here::Here;
pub use voters::{Never, Refusal};

use std::collections::{HashMap, HashSet};

use jiff::SignedDuration;
use ruma::ServerName;

use super::{Escalation, Freeze, Terms, Who};
use crate::config::{Config, Pattern, Policy, Raise, Role, Rule};
use crate::plan::{Plan, Risk, canonical, hex};

/// The rules in force.
#[derive(Debug)]
pub struct Rules {
    server: String,
    /// Matrix id → index in `people`.
    ids: HashMap<String, usize>,
    people: Vec<Known>,
    /// Homeservers whose people may decide.
    servers: HashSet<String>,
    policy: Policy,
    /// The terms of each of the policy's rules, and behind them those without a rule.
    terms: Vec<Terms>,
    version: String,
}

/// A person of `[people]`.
#[derive(Debug)]
struct Known {
    name: String,
    ids: Vec<String>,
    roles: Vec<Role>,
}

/// What a request is about, as far as rules can ask.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// The intent's name.
    pub intent: &'a str,
    /// The bot that the intent belongs to, by its short name.
    pub bot: &'a str,
    /// The risk, raised by the policy: see [`Rules::risk`].
    pub risk: Risk,
    /// The plan's targets.
    pub targets: &'a [String],
}

impl Rules {
    /// The rules of a configuration.
    pub fn new(config: &Config, server: &ServerName) -> Self {
        let policy = config.policy.clone();
        let mut ids = HashMap::new();
        let mut people = Vec::new();
        for (name, person) in &config.people {
            ids.extend(person.ids.iter().map(|id| (id.to_string(), people.len())));
            people.push(Known {
                name: name.clone(),
                ids: person.ids.iter().map(ToString::to_string).collect(),
                roles: person.roles.clone(),
            });
        }
        let servers = if policy.servers.is_empty() {
            let theirs = config.people.values().flat_map(|person| &person.ids);
            theirs.map(|id| id.server_name().to_string()).chain([server.to_string()]).collect()
        } else {
            policy.servers.iter().cloned().collect()
        };
        let mut terms: Vec<Terms> =
            policy.rules.iter().enumerate().map(|(n, rule)| of(&policy, rule, rule.title(n))).collect();
        terms.push(of(&policy, &Rule::default(), "default".to_owned()));
        let version = version(config);
        Self { server: server.to_string(), ids, people, servers, policy, terms, version }
    }

    /// The hash of people and policy: it changes when either does. A freeze is no change.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Why nothing is dispatched at the moment, if the configuration says so.
    pub fn frozen(&self) -> Option<&str> {
        self.policy.freeze.as_deref()
    }

    /// The freeze in force at `now` (milliseconds since the epoch): the one that somebody said, else the configuration's.
    pub fn freeze(&self, said: Option<&Freeze>, now: i64) -> Option<Freeze> {
        let by_config = || {
            let reason = self.frozen()?.to_owned();
            Some(Freeze { by: "policy.freeze".into(), reason, until_ts: None })
        };
        said.filter(|freeze| freeze.holds(now)).cloned().or_else(by_config)
    }

    /// How long an operation that somebody broke the glass for may wait for its start, in milliseconds.
    pub fn break_glass_expiry_ms(&self) -> i64 {
        ms(self.policy.break_glass_expiry)
    }

    /// A plan's risk: what its executor says, raised by the policy and never lowered.
    pub fn risk(&self, plan: &Plan, intent: &str) -> Risk {
        let holds = |raise: &&Raise| {
            named(raise.executors.as_ref(), &plan.executor)
                && named(raise.actions.as_ref(), &plan.task.action)
                && named(raise.intents.as_ref(), intent)
                && touches(raise.targets.as_ref(), &plan.targets)
        };
        let raised = self.policy.raise.iter().filter(holds).map(|raise| raise.to);
        let destroying = plan.destroys().then_some(self.policy.destroying);
        // What changes something is more than looking, whatever its executor calls it: looking may go unasked.
        let effects = plan.effects;
        let changing = plan.changes() || plan.destroys() || effects.create > 0 || effects.change > 0;
        let changing = changing.then_some(Risk::Low);
        raised.chain(destroying).chain(changing).fold(plan.risk, Risk::max)
    }

    /// The Matrix ids of `[people]` that are meant, whatever room they are in; power is not looked at.
    pub fn ids_of(&self, who: &[Who]) -> Vec<String> {
        let meant = |person: &Known| {
            who.iter().any(|who| match who {
                Who::Role(name) => Role::named(name).is_some_and(|role| person.roles.contains(&role)),
                Who::Person(name) => *name == person.name,
                Who::Power(_) => false,
            })
        };
        self.people.iter().filter(|person| meant(person)).flat_map(|person| person.ids.clone()).collect()
    }

    /// Every Matrix id of `[people]`.
    pub fn everybody(&self) -> impl Iterator<Item = &str> {
        self.ids.keys().map(String::as_str)
    }

    /// What it takes to approve a request.
    pub fn terms(&self, about: &About<'_>) -> Terms {
        self.terms[self.decides(about)].clone()
    }

    /// The terms of all rules in their order, and behind them those without a rule.
    pub fn all_terms(&self) -> &[Terms] {
        &self.terms
    }

    /// The index of the terms that apply.
    fn decides(&self, about: &About<'_>) -> usize {
        let holds = |rule: &Rule| {
            rule.risk.as_ref().is_none_or(|risks| risks.contains(&about.risk))
                && named(rule.intents.as_ref(), about.intent)
                && named(rule.bots.as_ref(), about.bot)
                && touches(rule.targets.as_ref(), about.targets)
        };
        self.policy.rules.iter().position(holds).unwrap_or(self.policy.rules.len())
    }
}

/// Whether a condition on names holds: it is not given, or it has the name.
fn named(condition: Option<&Vec<String>>, name: &str) -> bool {
    condition.is_none_or(|names| names.iter().any(|n| n == name))
}

/// Whether a condition on targets holds: it is not given, or it stands for one of them.
fn touches(condition: Option<&Vec<Pattern>>, targets: &[String]) -> bool {
    condition.is_none_or(|patterns| targets.iter().any(|target| patterns.iter().any(|p| p.matches(target))))
}

/// A rule's terms.
fn of(policy: &Policy, rule: &Rule, title: String) -> Terms {
    Terms {
        rule: title,
        approvals: if rule.auto_approve { 0 } else { rule.approvals },
        approvers: rule.approvers.clone(),
        also: Vec::new(),
        power: policy.power,
        self_approval: rule.self_approval,
        expiry_ms: ms(rule.expiry.unwrap_or(policy.expiry)),
        wait_ms: ms(rule.wait),
        second_factor: rule.second_factor,
        escalation: rule
            .escalate_after
            .map(|after| Escalation { after_ms: ms(after), to: rule.escalate_to.clone() }),
    }
}

fn ms(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// SHA-256 over people and policy.
fn version(config: &Config) -> String {
    use sha2::{Digest as _, Sha256};
    let people: Vec<String> =
        config.people.iter().map(|(name, p)| format!("{name} {:?} {:?}", p.ids, p.roles)).collect();
    let policy = format!("{:?}", Policy { freeze: None, ..config.policy.clone() });
    hex(&Sha256::digest(canonical(&(people, policy))))[..16].to_owned()
}

#[cfg(test)]
mod tests;
