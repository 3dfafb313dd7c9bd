//! What holds for every policy.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use ruma::server_name;

use super::{RICH, rules};
use crate::approval::policy::strict::stricter;
use crate::approval::{Escalation, Rules, Standing, Terms, Who};
use crate::config::{Config, Pattern, Raise};
use crate::plan::{Effects, Plan, Risk, Step, Task};

const USERS: [&str; 9] = [
    "@alice:lab.local",
    "@alice:example.org",
    "@bob:lab.local",
    "@carol:example.org",
    "@dave:lab.local",
    "@mod:lab.local",
    "@eve:evil.org",
    "@ralf-core:lab.local",
    "@telegram_x:lab.local",
];

fn who() -> impl Strategy<Value = Who> {
    let person = |name: &str| Who::Person(name.into());
    prop_oneof![
        Just(Who::Role("approver".into())),
        Just(Who::Role("emergency".into())),
        Just(person("alice")),
        Just(person("bob")),
        Just(person("dave")),
        (0..120i64).prop_map(Who::Power),
    ]
}

prop_compose! {
    fn terms()(
        approvals in 0..4u32,
        approvers in prop::collection::vec(who(), 0..3),
        power in 0..100i64,
        (self_approval, second_factor) in (any::<bool>(), prop::bool::weighted(0.2)),
        (expiry_ms, wait_ms) in (1..100i64, 0..100i64),
        escalation in prop::option::of((1..100i64, prop::collection::vec(who(), 1..3))),
    ) -> Terms {
        let escalation = escalation.map(|(after_ms, to)| Escalation { after_ms, to });
        let rule = "any".to_owned();
        Terms { rule, approvals, approvers, also: Vec::new(), power, self_approval, expiry_ms, wait_ms, second_factor, escalation }
    }
}

prop_compose! {
    fn standing()(there in subsequence(USERS.to_vec(), 0..=USERS.len()), powers in prop::collection::vec(-10..130i64, USERS.len()), upgraded in prop::bool::weighted(0.1)) -> Standing {
        Standing { members: there.into_iter().map(str::to_owned).zip(powers).collect(), upgraded }
    }
}

prop_compose! {
    fn plan()(
        risk in risk(),
        action in select(vec!["restart", "deploy"]),
        target in select(vec!["host:node-1", "service:db@node-2", "service:web@node-1"]),
        changes in any::<bool>(),
        (create, change, replace, destroy) in (0..2u32, 0..2u32, 0..2u32, 0..2u32),
    ) -> Plan {
        let task = Task {
            operation: "o".into(),
            intent: "restart_service".into(),
            action: action.into(),
            service: None,
            hosts: Vec::new(),
            slots: Default::default(),
        };
        Plan {
            executor: "ansible".into(),
            executor_version: String::new(),
            task,
            targets: vec![target.into()],
            risk,
            steps: vec![Step { title: "s".into(), host: "h".into(), changes }],
            diff: String::new(),
            artefact: String::new(),
            observed: String::new(),
            policy_version: String::new(),
            effects: Effects { create, change, replace, destroy },
            secrets: Vec::new(),
            rescue: Vec::new(),
        }
    }
}

fn risk() -> impl Strategy<Value = Risk> {
    select(vec![Risk::Read, Risk::Low, Risk::Medium, Risk::High])
}

prop_compose! {
    fn raise()(
        action in prop::option::of(select(vec!["restart", "deploy"])),
        target in prop::option::of(select(vec!["*", "host:*", "service:*@node-1"])),
        to in risk(),
    ) -> Raise {
        Raise {
            executors: None,
            actions: action.map(|action| vec![action.to_owned()]),
            intents: None,
            targets: target.map(|target| vec![Pattern::from(target)]),
            to,
        }
    }
}

thread_local! {
    static RULES: Rules = rules(RICH);
}

proptest! {
    #[test]
    fn the_terms_in_force_are_never_looser(
        (then, now, standing) in (terms(), terms(), standing()),
        (asker, escalated) in (select(USERS.to_vec()), any::<bool>()),
    ) {
        let both = stricter(&then, &now);
        for one in [&then, &now] {
            prop_assert!(both.approvals >= one.approvals && both.power >= one.power);
            prop_assert!(both.expiry_ms <= one.expiry_ms && both.wait_ms >= one.wait_ms);
            prop_assert!(both.self_approval <= one.self_approval && both.second_factor >= one.second_factor);
            let after = |terms: &Terms| terms.escalation.as_ref().map_or(i64::MAX, |e| e.after_ms);
            prop_assert!(after(&both) >= after(one));
        }
        RULES.with(|rules| {
            for user in USERS {
                let may = |terms: &Terms| rules.may_approve(terms, escalated, asker, user, &standing).is_ok();
                prop_assert!(!may(&both) || may(&then) && may(&now), "{user} may, and would not by each");
                // Nobody is shut out for another reason than that one of the two does.
                let called = then.escalation.is_some() == now.escalation.is_some();
                prop_assert!(may(&both) || !called || !may(&then) || !may(&now), "{user} may not, and would by each");
            }
            Ok(())
        })?;
        prop_assert_eq!(stricter(&then, &then), then.clone());
        prop_assert_eq!(stricter(&both, &now), both);
    }

    #[test]
    fn the_risk_is_never_lowered(plan in plan(), raise in prop::collection::vec(raise(), 0..4), destroying in risk()) {
        let mut config = BASE.with(Clone::clone);
        config.policy.raise = raise;
        config.policy.destroying = destroying;
        let risk = Rules::new(&config, server_name!("lab.local")).risk(&plan, "restart_service");
        prop_assert!(risk >= plan.risk);
        prop_assert!(!plan.destroys() || risk >= destroying);
        prop_assert!(risk > Risk::Read || !plan.changes(), "what changes something is not reading");
    }

    #[test]
    fn being_one_person_is_an_equivalence(a in select(USERS.to_vec()), b in select(USERS.to_vec()), c in select(USERS.to_vec())) {
        RULES.with(|rules| {
            prop_assert!(rules.same_person(a, a));
            prop_assert_eq!(rules.same_person(a, b), rules.same_person(b, a));
            prop_assert!(!rules.same_person(a, b) || !rules.same_person(b, c) || rules.same_person(a, c));
            Ok(())
        })?;
    }

    #[test]
    fn a_quorum_counts_people(
        (terms, standing) in (terms(), standing()),
        voters in prop::collection::vec(select(USERS.to_vec()), 0..20),
        (asker, escalated) in (select(USERS.to_vec()), any::<bool>()),
    ) {
        RULES.with(|rules| {
            let holding = rules.holding(&terms, escalated, asker, voters.iter().copied(), &standing);
            let mut people: Vec<&str> = Vec::new();
            for voter in &voters {
                if !people.iter().any(|known| rules.same_person(known, voter)) {
                    people.push(voter);
                }
            }
            prop_assert!(holding.len() <= people.len());
            // A request that can never be approved never is.
            let never = rules.never(&terms, asker, Some(&standing));
            prop_assert!(never.is_none() || holding.len() < terms.approvals as usize);
            // Who may approve may deny.
            let deny: BTreeSet<String> = voters.iter().filter_map(|v| rules.may_deny(&terms, escalated, asker, v, &standing).ok()).collect();
            prop_assert!(holding.is_subset(&deny));
            Ok(())
        })?;
    }
}

thread_local! {
    static BASE: Config = Config::for_test(RICH);
}
