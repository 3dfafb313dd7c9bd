//! Every text that a person reads, in both languages, as snapshots.

use std::collections::BTreeMap;

use ralf_intents::Lang;

use super::*;
use crate::approval::{Escalation, Freeze, Glass, Never, Operation, Refusal, State, Vote, Who};
use crate::approval::{Rules, Standing};
use crate::audit::Entry;
use crate::config::Config;
use crate::config::Role;
use crate::execution::{Outcome, Progress};
use crate::plan::{Effects, Plan, Risk, SecretUse, Step, Task};
use crate::report::Text;

pub(super) fn operation(action: &str, state: State) -> Operation {
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

const NOW: i64 = 1_795_260_060_000;

fn freeze(reason: &str) -> Freeze {
    Freeze { by: "@admin:lab.local".into(), reason: reason.into(), until_ts: Some(NOW + 7_200_000) }
}

/// With all that a plan and its terms can have.
fn rich(state: State) -> Operation {
    let mut op = operation("deploy", state);
    op.plan.effects = Effects { create: 2, change: 1, replace: 0, destroy: 1 };
    op.plan.secrets = vec![SecretUse { reference: "vault://kv/db#password".into(), version: "3".into() }];
    op.plan.rescue =
        vec![Step { title: "Delete the new program file".into(), host: "node-2".into(), changes: true }];
    op.plan.task.slots.insert("version".into(), "10.9".into());
    op.terms.self_approval = false;
    op.terms.wait_ms = 300_000;
    op.terms.second_factor = true;
    op.terms.approvers.push(Who::Power(50));
    op.terms.escalation = Some(Escalation { after_ms: 600_000, to: vec![Who::Person("admin".into())] });
    op.course.undoes = Some("3f6h8k2m4n".into());
    op
}

fn glassed() -> Operation {
    let mut op = operation("restart", State::Running);
    op.course.glass = Some(Glass { by: "@admin:lab.local".into(), reason: "es brennt".into() });
    op
}

fn board(freeze: Option<Freeze>) -> Board<'static> {
    let open = |state, waits_for: Option<&str>, wait_ms| {
        let mut op = operation("deploy", state);
        op.course.waits_for = waits_for.map(str::to_owned);
        op.terms.wait_ms = wait_ms;
        Open { op, given: 1 }
    };
    let open = vec![
        open(State::AwaitingApproval, None, 0),
        open(State::Approved, Some("3f6h8k2m4n"), 0),
        open(State::Approved, Some("time"), 300_000),
        open(State::Running, Some("frozen"), 0),
        open(State::NeedsOperator, None, 0),
    ];
    Board { open, freeze, now: NOW, ..Board::default() }
}

/// A whole story.
fn told(lang: Lang) -> Text {
    let mut op = rich(State::Superseded);
    op.course.reason = Some("zu spät am Abend".into());
    op.course.escalated = true;
    op.outcome = Some(Outcome {
        success: false,
        rolled_back: false,
        facts: vec!["node-2: done: Start jellyfin".into()],
        log: "/log".into(),
    });
    let vote = Vote {
        person: "admin".into(),
        user_id: "@admin:lab.local".into(),
        verdict: "approve".into(),
        event_id: "$vote".into(),
        ts: NOW,
        room: "!ops".into(),
    };
    let entry = |seq, kind: &str, event: &str, detail: &str| Entry {
        seq,
        ts: NOW + seq,
        kind: kind.into(),
        operation: op.id.clone(),
        actor: if event.is_empty() { "ralf".into() } else { "@admin:lab.local".into() },
        event_id: event.into(),
        detail: detail.into(),
        prev: "p".into(),
        hash: "h".into(),
    };
    let entries = [
        entry(1, "proposed", "$ask", "{}"),
        entry(2, "vote", "$vote", "approve"),
        entry(3, "approved", "$vote", ""),
        entry(4, "superseded", "", "by 9c9c9c9c9c"),
    ];
    let story = Story {
        op: &op,
        votes: &[vote],
        entries: &entries,
        instead_of: Some("1a1a1a1a1a".into()),
        undone_by: Some("2b2b2b2b2b".into()),
        output: "2026-11-21T10:00:00Z node-2 changed  Start jellyfin\n",
    };
    let (text, file) = why(lang, &story);
    assert_eq!(file, None);
    assert!(text.plain().contains(&op.digest) && text.plain().contains("$vote"));
    text
}

/// What the gate says.
fn gate(lang: Lang) -> Vec<(&'static str, Text)> {
    let waiting = operation("deploy", State::AwaitingApproval);
    let mut waits = waiting.clone();
    waits.terms.wait_ms = 300_000;
    let (admin, guest) = ("@admin:lab.local", "@guest:lab.local");
    let never_ = Never { rule: "removals".into(), needed: 2, could: vec!["admin".into()], asker: None };
    let refused = |why| vote_refused(lang, guest, why);
    vec![
        ("refused, no approver", refused(Refusal::NotApprover)),
        ("refused, no emergency", refused(Refusal::NotEmergency)),
        ("refused, power", refused(Refusal::TooLittlePower)),
        ("refused, away", refused(Refusal::NotJoined)),
        ("refused, foreign", refused(Refusal::ForeignServer)),
        ("refused, guest", refused(Refusal::Guest)),
        ("refused, bot", refused(Refusal::Bot)),
        ("refused, room", refused(Refusal::RoomReplaced)),
        ("second factor", second_factor(lang)),
        ("glass", glass(lang, &waiting, admin, "es brennt")),
        ("glass, not for loops", glass_not_for_loops(lang)),
        ("glass wants a reason", glass_wants_reason(lang, &waiting.id)),
        ("reason", reason(lang, admin, "zu spät am Abend")),
        ("room gone", room_gone(lang, &waiting)),
        ("reminder", reminder(lang, &waiting, 0)),
        ("reminder, one missing", reminder(lang, &waiting, 1)),
        ("escalated", escalated(lang, &waiting)),
        ("frozen", frozen(lang, &freeze("Updates laufen"))),
        ("freeze begins", freeze_begins(lang, &freeze("Updates laufen"), NOW)),
        (
            "freeze begins, by config",
            freeze_begins(
                lang,
                &Freeze { by: "policy.freeze".into(), reason: String::new(), until_ts: None },
                NOW,
            ),
        ),
        ("freeze ends", freeze_ends(lang, true)),
        ("freeze ends, there was none", freeze_ends(lang, false)),
        ("frozen by config", frozen_by_config(lang, "Umzug")),
        ("may not freeze", may_not_freeze(lang)),
        ("waits", super::waits(lang, &waits)),
        ("reopened", reopened(lang)),
        ("tightened", tightened(lang, &waiting)),
        ("stopping", stopping(lang, admin)),
        ("head", Text::new().small(&head(lang, 42, "0123456789abcdef"))),
        ("never", never(lang, &waiting, &never_)),
        (
            "rolled back",
            final_report(
                lang,
                &operation("deploy", State::RolledBack),
                &Outcome {
                    success: false,
                    rolled_back: true,
                    facts: vec!["node-2: jellyfin did not answer".into()],
                    log: "/log".into(),
                },
            ),
        ),
        ("not shown yet", not_shown_yet(lang)),
        ("not as approved", Text::new().line(not_as_approved(lang))),
    ]
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
        ("no operation here", no_operation_here(lang)),
        ("unknown command", unknown_command(lang, "flurb")),
        ("id wanted", id_wanted(lang, "approve")),
        ("no such operation", no_such_operation(lang, "abcd")),
        ("no self approval", no_self_approval(lang)),
        ("too late", too_late(lang, &op("deploy", State::Succeeded))),
        ("may not cancel", may_not_cancel(lang)),
        ("not to resolve", not_to_resolve(lang)),
        ("whoami", whoami(lang, admin, Some("admin"), &[Role::Approver, Role::Emergency], true)),
        ("whoami, guest", whoami(lang, "@guest:lab.local", None, &[], false)),
        ("policy, approver", rules_for("@bob:lab.local", &rules)),
        ("policy, asker elsewhere", rules_for("@alice:example.org", &rules)),
        ("policy, second group", rules_for("@dave:lab.local", &rules)),
        ("policy, foreigner", rules_for("@eve:evil.org", &rules)),
        ("policy of the lab", rules_for("@admin:lab.local", &lab)),
        ("history, empty", history(lang, &[])),
        ("history", history(lang, std::slice::from_ref(&waiting))),
        ("why", told(lang)),
        (
            "status",
            status(
                lang,
                &Board { found: vec![("jellyfin".into(), "node-2".into(), true)], ..Board::default() },
            ),
        ),
        ("status, nothing runs, much waits", status(lang, &board(None))),
        ("status, frozen", status(lang, &board(Some(freeze("Updates laufen"))))),
        ("status of one", status(lang, &Board { asked: Some("jellyfin"), ..Board::default() })),
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
        ("proposal with everything", proposal(lang, &rich(State::AwaitingApproval), &[], NOW)),
        ("proposal, glass", proposal(lang, &glassed(), &[], NOW)),
        ("nothing to undo", nothing_to_undo(lang, "jellyfin")),
        ("cannot undo a restart", cannot_undo(lang, &op("restart", State::Succeeded))),
        ("cannot undo a change", cannot_undo(lang, &op("deploy", State::Succeeded))),
        ("cannot undo else", cannot_undo(lang, &op("scale", State::Succeeded))),
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
    let texts = texts.into_iter().chain(gate(lang));
    let times = regex::Regex::new(
        r"\d\d\.\d\d\.(?:\d{4})? ?\d\d:\d\d(?::\d\d)?|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d|\d\d:\d\d:\d\d",
    );
    let times = times.expect("a pattern");
    texts.map(|(name, text)| format!("── {name}\n{}\n", times.replace_all(text.plain(), "⟨time⟩"))).collect()
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

#[test]
fn a_long_step_list_goes_into_a_file_and_nothing_is_cut() {
    let mut op = operation("deploy", State::AwaitingApproval);
    let step = |n: usize| Step {
        title: format!("Step {n} <\u{202e}x>"),
        host: "node-2".into(),
        changes: n.is_multiple_of(2),
    };
    op.plan.steps = (0..400).map(step).collect();
    op.plan.diff = "+\"a\" line of a long diff\n".repeat(3_000);
    let files = attachments(&op);
    assert_eq!(files.len(), 2);
    let said = proposal(Lang::De, &op, &[], 0);
    for file in &files {
        let hash = crate::plan::hex(&<sha2::Sha256 as sha2::Digest>::digest(&file.text));
        assert!(said.plain().contains(&hash) && said.plain().contains(&file.name), "{}", said.plain());
    }
    assert!(files[0].text.contains("Step 399") && files[0].text.contains("⟨U+202E⟩"), "{}", files[0].text);
    assert!(!said.plain().contains("[…+"), "{}", said.plain());
}

#[test]
fn a_long_story_is_whole_in_its_file() {
    let mut op = rich(State::Failed);
    op.outcome = Some(Outcome {
        success: false,
        rolled_back: false,
        facts: (0..200).map(|n| format!("node-{n}: {}", "x".repeat(300))).collect(),
        log: "/log".into(),
    });
    let story =
        Story { op: &op, votes: &[], entries: &[], instead_of: None, undone_by: None, output: "one\ntwo\n" };
    let (text, file) = why(Lang::En, &story);
    let file = file.expect("it is long");
    assert!(text.plain().contains(&file.name) && !text.plain().contains("[…+"), "{}", text.plain());
    assert!(text.build().to_string().len() < 60_000);
    assert!(
        file.text.contains("node-199: xxx")
            && file.text.contains(&"x".repeat(300))
            && file.text.contains("two")
    );
}
