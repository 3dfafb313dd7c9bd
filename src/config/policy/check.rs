//! What is wrong with a policy. One under which a request could never be approved is wrong.

use std::collections::BTreeSet;

use ralf_intents::Catalogue;
use ruma::ServerName;

use super::{Policy, Rule, conditions};
use crate::approval::{Rules, Terms};
use crate::config::{Config, Problem, Role};
use crate::plan::Risk;

/// Collects what is wrong, each with its field.
pub(super) struct Check<'a> {
    pub(super) config: &'a Config,
    /// What there is to be said; unknown when the catalogue has mistakes of its own, which are told elsewhere.
    pub(super) catalogue: Option<Catalogue>,
    problems: &'a mut Vec<Problem>,
}

/// Checks `[policy]`, and `[people]` as far as the policy is concerned.
pub(in crate::config) fn validate(config: &Config, problems: &mut Vec<Problem>) {
    let policy = &config.policy;
    let mut check = Check { config, catalogue: config.intents.catalogue().ok(), problems };
    check.general(policy);
    for (n, raise) in policy.raise.iter().enumerate() {
        let at = |key: &str| format!("policy.raise.{n}.{key}");
        check.names(&at("executors"), raise.executors.as_ref());
        check.names(&at("actions"), raise.actions.as_ref());
        check.intents(&at("intents"), raise.intents.as_ref());
        check.targets(&at("targets"), raise.targets.as_ref());
        if raise.to == Risk::Read {
            check.wrong(&at("to"), "raises nothing: write \"low\", \"medium\" or \"high\"");
        }
    }
    let mut titles = BTreeSet::from(["default".to_owned()]);
    for (n, rule) in policy.rules.iter().enumerate() {
        check.rule(n, rule);
        if !titles.insert(rule.title(n)) || rule.name.as_ref().is_some_and(|name| name.trim().is_empty()) {
            let field = format!("policy.rules.{n}.name");
            check.wrong(&field, "must be a name of its own: another rule is called so, or nothing is");
        }
        if let Some(by) = policy.rules[..n].iter().position(|earlier| conditions::cover(earlier, rule)) {
            let by = policy.rules[by].title(by);
            let said =
                format!("can never decide: {by:?} before it holds wherever it does; put it before that");
            check.wrong(&format!("policy.rules.{n}"), said);
        }
    }
    if let Ok(server) = ServerName::parse(&config.homeserver.domain) {
        check.resolvable(&Rules::new(config, &server));
    }
}

impl Check<'_> {
    pub(super) fn wrong(&mut self, field: &str, message: impl Into<String>) {
        self.problems.push(Problem::at(field, message));
    }

    fn general(&mut self, policy: &Policy) {
        for (field, duration, example) in [
            ("policy.expiry", policy.expiry, "15m"),
            ("policy.break_glass_expiry", policy.break_glass_expiry, "10m"),
        ] {
            if !duration.is_positive() {
                self.wrong(field, format!("must be longer than nothing, such as `{example}`"));
            }
        }
        if policy.freeze.as_ref().is_some_and(|reason| reason.trim().is_empty()) {
            self.wrong(
                "policy.freeze",
                "is empty: write why nothing is started; without a freeze leave it out",
            );
        }
        for (role, level) in &policy.roles {
            if *level < 1 {
                let field = format!("policy.roles.{}", role.as_str());
                self.wrong(&field, "would give the role to everybody in a room: write 1 or more, such as 50");
            }
        }
        for (n, pattern) in policy.ignore.iter().enumerate() {
            if !pattern.as_str().starts_with(['@', '*']) {
                self.wrong(
                    &format!("policy.ignore.{n}"),
                    format!(
                        "can't be a Matrix id: {:?} must begin with @, such as `@telegram_*`",
                        pattern.as_str()
                    ),
                );
            }
        }
        for (n, server) in policy.servers.iter().enumerate() {
            if ServerName::parse(server).is_err() {
                self.wrong(
                    &format!("policy.servers.{n}"),
                    "is no server name: write it as in `@you:domain`, without @ and colon",
                );
            }
        }
        let approvers = self.config.people.values().filter(|p| p.roles.contains(&Role::Approver)).count();
        // A rule without conditions may leave nothing to the one that wants approvers.
        let all = policy.rules.iter().any(Rule::is_about_everything);
        if approvers == 0 && !all && !policy.roles.contains_key(&Role::Approver) {
            self.wrong(
                "people",
                "has nobody with the role \"approver\": nothing could ever be approved; add `[people.you]` with `ids = [\"@you:domain\"]` and `roles = [\"approver\"]`",
            );
        }
    }

    /// No rule may wait for people who can't exist.
    fn resolvable(&mut self, rules: &Rules) {
        for (name, person) in &self.config.people {
            let unheard = person.ids.iter().all(|id| rules.unheard(id.as_str()).is_some());
            if unheard && !person.roles.is_empty() {
                self.wrong(
                    &format!("people.{name}.ids"),
                    "has nobody whose voice could count: the ids are those of bots, bridges (`policy.ignore`), guests, or of servers that `policy.servers` does not name",
                );
            }
        }
        if self.problems.iter().any(|problem| problem.field.starts_with("people")) {
            return;
        }
        for (n, terms) in rules.all_terms().iter().take(self.config.policy.rules.len()).enumerate() {
            // Who could approve is only worth asking when the rule says what it means.
            let scope = format!("policy.rules.{n}.");
            if !self.problems.iter().any(|problem| problem.field.starts_with(&scope)) {
                self.people_for(rules, &format!("{scope}approvals"), terms);
            }
        }
    }

    /// Enough people for one rule, whoever asks.
    fn people_for(&mut self, rules: &Rules, field: &str, terms: &Terms) {
        let people = match terms.approvals {
            1 => "1 person".to_owned(),
            n => format!("{n} people"),
        };
        if let Some(never) = rules.never(terms, "", None) {
            let could = never.could.len();
            let said = format!(
                "wants {people}, but only {could} in [people] could approve: such a request could never be approved; add people to `approvers`, give more of them the role \"approver\", or ask for fewer"
            );
            return self.wrong(field, said);
        }
        let asker = self.config.people.values().filter_map(|person| person.ids.first());
        let never = asker.filter_map(|id| rules.never(terms, id.as_str(), None)).next();
        if let Some(never) = never {
            let (asker, could) = (never.asker.unwrap_or_default(), never.could.len());
            let said = format!(
                "wants {people} besides the asker, but only {could} could approve when {asker} asks: such a request could never be approved; add an approver, ask for fewer, or write `self_approval = true`"
            );
            self.wrong(field, said);
        }
    }
}
