//! Voter × action → whether the voice counts.

use std::fmt::Write as _;

use super::{LAB, RICH, rules};
use crate::approval::{About, Refusal, Rules, Standing, Terms};
use crate::plan::Risk;

/// Who votes in a request that `@alice:lab.local`, or in the lab `@admin:lab.local`, made.
const VOTERS: [(&str, &str); 19] = [
    ("asker", "@alice:lab.local"),
    ("asker's second id", "@alice:example.org"),
    ("other approver", "@bob:lab.local"),
    ("approver elsewhere", "@carol:example.org"),
    ("listed, no role", "@dave:lab.local"),
    ("the lab's asker", "@admin:lab.local"),
    ("the lab's approver", "@approver:lab.local"),
    ("guest of the house", "@guest:lab.local"),
    ("foreign server", "@eve:evil.org"),
    ("foreign, power 100", "@mallory:evil.org"),
    ("our bot, power 100", "@ralf-core:lab.local"),
    ("our sender", "@_ralf:lab.local"),
    ("bridge's ghost", "@telegram_bob:lab.local"),
    ("other appservice", "@_irc_bob:lab.local"),
    ("guest account", "@12345:lab.local"),
    ("power 50, unlisted", "@mod:lab.local"),
    ("creator of v12", "@creator:lab.local"),
    ("approver, no power", "@weak:lab.local"),
    ("never joined", "@nobody:lab.local"),
];

fn standing() -> Standing {
    let power = |user: &str| match user {
        "@mallory:evil.org" | "@ralf-core:lab.local" => 100,
        "@mod:lab.local" | "@telegram_bob:lab.local" | "@12345:lab.local" => 50,
        "@creator:lab.local" => i64::MAX,
        "@weak:lab.local" | "@guest:lab.local" => 0,
        _ => 10,
    };
    let there = VOTERS.iter().filter(|(who, _)| *who != "never joined");
    let members = there.map(|(_, user)| ((*user).to_owned(), power(user))).collect();
    Standing { members, upgraded: false }
}

fn said(result: Result<String, Refusal>) -> String {
    result.map_or_else(|refusal| format!("{refusal:?}"), |person| format!("ok: {person}"))
}

fn table(rules: &Rules, asker: &str, cases: &[(&str, &Terms, bool)], standing: &Standing) -> String {
    let mut text = String::new();
    for (title, terms, escalated) in cases {
        writeln!(text, "{title}: {} of {:?}", terms.approvals, terms.approvers).unwrap();
        for (who, user) in VOTERS {
            let approve = said(rules.may_approve(terms, *escalated, asker, user, standing));
            let deny = said(rules.may_deny(terms, *escalated, asker, user, standing));
            writeln!(text, "  {who:20} approve {approve:24} deny {deny}").unwrap();
        }
        match rules.never(terms, asker, Some(standing)) {
            Some(never) => writeln!(text, "  never: {never}").unwrap(),
            None => writeln!(text, "  can be approved").unwrap(),
        }
    }
    text.push_str("breaking the glass\n");
    for (who, user) in VOTERS {
        writeln!(text, "  {who:20} {}", said(rules.may_break_glass(user, standing))).unwrap();
    }
    text
}

fn terms(rules: &Rules, intent: &str, bot: &str, risk: Risk, target: &str) -> Terms {
    rules.terms(&About { intent, bot, risk, targets: &[target.to_owned()] })
}

#[test]
fn of_the_lab() {
    let rules = rules(LAB);
    let deploy = terms(&rules, "deploy_service", "infra", Risk::Low, "service:web@node-1");
    let remove = terms(&rules, "remove_service", "infra", Risk::High, "service:web@node-1");
    let cases = [("deploy", &deploy, false), ("remove", &remove, false)];
    insta::assert_snapshot!(table(&rules, "@admin:lab.local", &cases, &standing()));
}

#[test]
fn of_a_rich_policy() {
    // @weak is an approver by name with less power than it takes.
    let rules = rules(&format!(
        "[people.weak]\nids = [\"@weak:lab.local\"]\nroles = [\"approver\", \"emergency\"]\n{RICH}"
    ));
    let deploy = terms(&rules, "deploy_service", "infra", Risk::Low, "service:web@node-2");
    let precious = terms(&rules, "deploy_service", "infra", Risk::High, "host:node-1");
    let secrets = terms(&rules, "rotate_secret", "sec", Risk::High, "secret:db");
    let cases = [
        ("deploy", &deploy, false),
        ("node-1", &precious, false),
        ("node-1, escalated", &precious, true),
        ("secrets, second factor", &secrets, false),
    ];
    insta::assert_snapshot!(table(&rules, "@alice:lab.local", &cases, &standing()));
}

#[test]
fn a_replaced_room_and_an_empty_one() {
    let rules = rules(LAB);
    let deploy = terms(&rules, "deploy_service", "infra", Risk::Low, "service:web@node-1");
    let asker = "@admin:lab.local";
    let replaced = Standing { upgraded: true, ..standing() };
    assert_eq!(rules.may_approve(&deploy, false, asker, asker, &replaced), Err(Refusal::RoomReplaced));
    assert_eq!(rules.may_deny(&deploy, false, asker, asker, &replaced).unwrap(), "admin");
    assert_eq!(rules.may_break_glass("@approver:lab.local", &replaced), Err(Refusal::RoomReplaced));
    let empty = Standing::default();
    assert_eq!(rules.may_approve(&deploy, false, asker, asker, &empty), Err(Refusal::NotJoined));
    assert!(rules.never(&deploy, asker, Some(&empty)).is_some());
    assert_eq!(rules.never(&deploy, asker, None), None);
}

#[test]
fn a_changed_policy_asks_for_both() {
    let rules = rules(RICH);
    let then = terms(&rules, "deploy_service", "infra", Risk::Low, "service:web@node-2");
    // What was low when it was asked for is a matter of three named people now.
    let about = About { intent: "rotate_secret", bot: "sec", risk: Risk::High, targets: &[] };
    let now = Terms { second_factor: false, ..rules.in_force(&then, &about) };
    let may = |user| rules.may_approve(&now, false, "@mod:lab.local", user, &standing());
    assert_eq!(may("@bob:lab.local").unwrap(), "bob");
    assert_eq!(may("@dave:lab.local"), Err(Refusal::NotApprover), "an approver only now");
    assert_eq!(may("@carol:example.org"), Err(Refusal::NotApprover), "an approver only then");
    assert_eq!((now.approvals, now.self_approval, now.expiry_ms), (2, false, 15 * 60_000));
}
