//! Every text that a person reads, in both languages, as snapshots.

use std::collections::BTreeMap;

use ralf_intents::Lang;

use super::*;
use crate::approval::{Rules, Standing};
use crate::config::Config;
use crate::execution::{Outcome, Progress};
use crate::plan::{Plan, Risk, Step, Task};
use crate::report::Text;
use crate::store::{Operation, State};

fn operation(action: &str, state: State) -> Operation {
    let slots = BTreeMap::from([
        ("service".to_owned(), "jellyfin".to_owned()),
        ("node".to_owned(), "node-2".to_owned()),
    ]);
    let step = |title: &str, changes| Step { title: title.into(), host: "node-2".into(), changes };
    let plan = Plan {
        executor: "ansible".into(),
        executor_version: "ansible-core 2.19.14".into(),
        task: Task {
            operation: "7k2m9xq4tb".into(),
            intent: format!("{action}_service"),
            action: action.into(),
            service: Some("jellyfin".into()),
            hosts: vec!["node-2".into()],
            slots: slots.clone(),
        },
        targets: vec!["service:jellyfin@node-2".into()],
        risk: Risk::Low,
        steps: vec![
            step("Write its program file", true),
            step("Start jellyfin", true),
            step("Wait until jellyfin answers", false),
        ],
        diff: "--- jellyfin.conf\n+++ jellyfin.conf\n@@ -0,0 +1 @@\n+[program:jellyfin]\n".into(),
        artefact: "aa".into(),
        observed: "bb".into(),
        policy_version: "cc".into(),
        effects: Default::default(),
        secrets: Vec::new(),
        rescue: Vec::new(),
    };
    Operation {
        id: "7k2m9xq4tb".into(),
        state,
        room_id: "!ops".into(),
        speaker: "core".into(),
        lang: "de".into(),
        ask_event: "$ask".into(),
        sentence: "Installiere Jellyfin auf node-2".into(),
        understood: "grammar: deploy_service".into(),
        requester: "@admin:lab.local".into(),
        intent: format!("{action}_service"),
        slots,
        bot: "infra".into(),
        digest: plan.digest().full().into(),
        plan,
        folder: "/runs/7k2m9xq4tb".into(),
        terms: crate::approval::Terms {
            rule: "removals".into(),
            approvals: 2,
            approvers: vec![crate::approval::Who::Role("approver".into())],
            also: vec![],
            power: 0,
            self_approval: true,
            expiry_ms: 900_000,
            wait_ms: 0,
            second_factor: false,
            escalation: None,
        },
        course: Default::default(),
        created_ts: 1_795_260_000_000,
        expires_ts: 1_795_260_900_000,
        proposal_txn: "T".into(),
        proposal_event: Some("$proposal".into()),
        progress_txn: None,
        outcome: None,
    }
}

const RICH: &str = include_str!("../../approval/policy/tests/rich.toml");
const LAB: &str = concat!(
    "[people.admin]\nids = [\"@admin:lab.local\"]\nroles = [\"approver\"]\n",
    "[people.other]\nids = [\"@other:lab.local\"]\nroles = [\"approver\"]\n",
    include_str!("../../../config/lab/policy.toml")
);

fn rules_of(policy: &str) -> Rules {
    Rules::new(&Config::for_test(policy), ruma::server_name!("lab.local"))
}

/// Everybody who asks, with some power, and nobody else.
fn standing() -> Standing {
    let there =
        ["@bob:lab.local", "@alice:example.org", "@dave:lab.local", "@eve:evil.org", "@admin:lab.local"];
    Standing { members: there.map(|user| (user.to_owned(), 20)).into(), upgraded: false }
}

fn all(lang: Lang) -> String {
    let op = |action: &str, state| operation(action, state);
    let waiting = op("deploy", State::AwaitingApproval);
    let outcome = Outcome {
        success: false,
        rolled_back: false,
        facts: vec!["node-2: Start jellyfin: no such file".into()],
        log: "/log".into(),
    };
    let admin = "@admin:lab.local";
    let by = [admin.to_owned()];
    let rules = rules_of(RICH);
    let lab = rules_of(LAB);
    let rules_for = |user: &str, rules: &Rules| policy(lang, rules, user, &standing());
    let texts: Vec<(&str, Text)> = vec![
        ("help", help(lang)),
        ("not ours", not_ours(lang)),
        ("negated", not_now(lang, NotNow::Negated)),
        ("report", not_now(lang, NotNow::Report)),
        ("how to", not_now(lang, NotNow::HowTo)),
        ("later", not_now(lang, NotNow::Later)),
        ("no executor", no_executor(lang, "scale_service")),
        ("unknown command", unknown_command(lang, "flurb")),
        ("not built", not_built(lang, "subscribe")),
        ("id wanted", id_wanted(lang, "approve")),
        ("no such operation", no_such_operation(lang, "abcd")),
        ("may not vote", may_not_vote(lang, "@guest:lab.local")),
        ("no self approval", no_self_approval(lang)),
        ("too late", too_late(lang, &op("deploy", State::Succeeded))),
        ("may not cancel", may_not_cancel(lang)),
        ("not to resolve", not_to_resolve(lang)),
        ("whoami", whoami(lang, admin, Some("admin"), true)),
        ("whoami, guest", whoami(lang, "@guest:lab.local", None, false)),
        ("policy, approver", rules_for("@bob:lab.local", &rules)),
        ("policy, asker elsewhere", rules_for("@alice:example.org", &rules)),
        ("policy, second group", rules_for("@dave:lab.local", &rules)),
        ("policy, foreigner", rules_for("@eve:evil.org", &rules)),
        ("policy of the lab", rules_for("@admin:lab.local", &lab)),
        ("history, empty", history(lang, &[])),
        ("why", why(lang, &waiting, &[])),
        ("status", status(lang, &[("jellyfin".into(), "node-2".into(), true, String::new())], &[], None)),
        ("status, nothing", status(lang, &[], std::slice::from_ref(&waiting), None)),
        ("status of one", status(lang, &[], &[], Some("jellyfin"))),
        ("no inventory", no_inventory(lang, "services.toml:3: unknown field")),
        ("question", question(lang, "?", &["node-1".into(), "node-2".into()])),
        ("question, open", question(lang, "?", &[])),
        ("greeting", greeting("Ralf")),
        ("declined", Text::new().line(declined(lang))),
        ("set aside", set_aside(lang)),
        ("dead letter", dead_letter(lang, "!room", "M_FORBIDDEN")),
        ("proposal", proposal(lang, &waiting, &[], 1_795_260_000_000)),
        ("proposal, one vote", proposal(lang, &waiting, &by, 1_795_260_860_000)),
        ("proposal, done", proposal(lang, &op("deploy", State::Succeeded), &by, 0)),
        ("already so", already_so(lang, &waiting)),
        ("planning failed", planning_failed(lang, "Installiere X", "node-2: unreachable")),
        ("decided", decided(lang, &by)),
        ("counted", counted(lang, 1, 2)),
        ("queued", queued(lang, "other")),
        ("denied", denied(lang, admin, "zu spät")),
        ("expired", expired(lang, &waiting)),
        ("cancelled", cancelled(lang, admin)),
        ("stale", stale(lang)),
        ("progress", progress(lang, &waiting, &Progress { done: 2, total: 5, now: "Start jellyfin".into() })),
        ("succeeded", final_report(lang, &op("deploy", State::Succeeded), &outcome)),
        ("restarted", final_report(lang, &op("restart", State::Succeeded), &outcome)),
        ("removed", final_report(lang, &op("remove", State::Succeeded), &outcome)),
        ("failed", final_report(lang, &op("deploy", State::Failed), &outcome)),
        ("unknown", final_report(lang, &op("deploy", State::NeedsOperator), &outcome)),
        ("resolved", resolved(lang, &op("deploy", State::Failed), admin)),
        ("never began", Text::new().line(never_began(lang))),
        ("meanwhile so", Text::new().line(meanwhile_so(lang))),
    ];
    texts.into_iter().map(|(name, text)| format!("── {name}\n{}\n", text.plain())).collect()
}

#[test]
fn german() {
    insta::assert_snapshot!(all(Lang::De));
}

#[test]
fn english() {
    insta::assert_snapshot!(all(Lang::En));
}

#[test]
fn a_long_diff_goes_into_a_file_that_is_named_by_its_hash() {
    let mut op = operation("deploy", State::AwaitingApproval);
    op.plan.diff = "+a line of a long diff\n".repeat(3_000);
    assert!(long_diff(&op).is_some());
    let content = proposal(Lang::En, &op, &[], 0).build().to_string();
    assert!(content.len() < 40_000, "{} bytes", content.len());
    let hash = crate::plan::hex(&<sha2::Sha256 as sha2::Digest>::digest(&op.plan.diff));
    assert!(content.contains(&hash) && content.contains("plan-7k2m9xq4tb.diff"));
}
