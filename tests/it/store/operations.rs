//! States move by compare-and-swap, votes count once a person, a target has one operation.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use ralf::approval::{Course, Terms, Who};
use ralf::clock::Clock;
use ralf::plan::{Plan, Risk, Step, Task};
use ralf::store::{Operation, State, Store, Vote};

use super::on_both;

/// An operation that waits for its approval.
pub(crate) fn operation(id: &str, diff: &str) -> Operation {
    let slots = BTreeMap::from([("service".to_owned(), "jellyfin".to_owned())]);
    let task = Task {
        operation: id.into(),
        intent: "deploy_service".into(),
        action: "deploy".into(),
        service: Some("jellyfin".into()),
        hosts: vec!["node-1".into()],
        slots: slots.clone(),
    };
    let plan = Plan {
        executor: "ansible".into(),
        executor_version: "2.19".into(),
        task,
        targets: vec!["service:jellyfin@node-1".into()],
        risk: Risk::Low,
        steps: vec![Step { title: "Write it".into(), host: "node-1".into(), changes: true }],
        diff: diff.into(),
        artefact: "a".repeat(64),
        observed: "b".repeat(64),
        policy_version: "p".into(),
        effects: Default::default(),
        secrets: Vec::new(),
        rescue: Vec::new(),
    };
    Operation {
        id: id.into(),
        state: State::AwaitingApproval,
        room_id: "!room:lab.local".into(),
        speaker: "core".into(),
        lang: "de".into(),
        ask_event: "$ask".into(),
        sentence: "Installiere Jellyfin".into(),
        understood: "grammar".into(),
        requester: "@admin:lab.local".into(),
        intent: "deploy_service".into(),
        slots,
        bot: "infra".into(),
        digest: plan.digest().full().to_owned(),
        plan,
        folder: "/nowhere".into(),
        terms: Terms {
            rule: "default".into(),
            approvals: 1,
            approvers: vec![Who::Role("approver".into())],
            also: vec![],
            power: 0,
            self_approval: true,
            expiry_ms: 900_000,
            wait_ms: 0,
            second_factor: false,
            escalation: None,
        },
        course: Course::default(),
        created_ts: 1_000,
        expires_ts: 901_000,
        proposal_txn: format!("txn-{id}"),
        proposal_event: None,
        progress_txn: None,
        outcome: None,
    }
}

async fn insert(store: &Store, op: &Operation) {
    let mut tx = store.begin().await.expect("a write");
    tx.insert_operation(op).await.expect("inserted");
    tx.commit().await.expect("committed");
}

async fn swap(store: &Store, id: &str, from: State, to: State) -> bool {
    let mut tx = store.begin().await.expect("a write");
    let moved = tx.swap_state(id, from, to, 0).await.expect("tried");
    tx.commit().await.expect("committed");
    moved
}

fn vote(person: &str, verdict: &str, event: &str) -> Vote {
    let user_id = format!("@{person}:lab.local");
    Vote {
        person: person.into(),
        user_id,
        verdict: verdict.into(),
        event_id: event.into(),
        ts: 1,
        room: "!room".into(),
    }
}

on_both! {
    async fn an_operation_comes_back_as_it_was(database: Database) {
        let (store, _rows) = database.open(&Clock::System).await;
        let op = operation("abcde1", "+ ä \"quoted\"\n- \u{1f600}");
        insert(&store, &op).await;
        assert_eq!(store.operation("abcde1").await.expect("read"), Some(op.clone()));
        assert_eq!(store.operation_like("abcd").await.expect("read"), Some(op));
        insert(&store, &operation("abcdf2", "")).await;
        assert_eq!(store.operation_like("abcd").await.expect("read"), None, "two begin so");
        assert_eq!(store.operation_like("abcd%").await.expect("read"), None, "no pattern");
    }

    async fn one_of_many_swaps_wins(database: Database) {
        let (store, _rows) = database.open(&Clock::System).await;
        insert(&store, &operation("abc", "")).await;
        let swaps = join_all((0..10).map(|n| {
            let to = if n % 2 == 0 { State::Approved } else { State::Denied };
            swap(&store, "abc", State::AwaitingApproval, to)
        }));
        assert_eq!(swaps.await.into_iter().filter(|moved| *moved).count(), 1);
        assert!(!swap(&store, "abc", State::AwaitingApproval, State::Cancelled).await);
        assert!(!swap(&store, "none", State::AwaitingApproval, State::Cancelled).await);
    }

    async fn a_person_has_one_vote(database: Database) {
        let (store, _rows) = database.open(&Clock::System).await;
        let mut tx = store.begin().await.expect("a write");
        for vote in [vote("eva", "approve", "$1"), vote("jo", "approve", "$2"), vote("eva", "deny", "$3")] {
            tx.vote("abc", &vote).await.expect("voted");
        }
        assert!(!tx.withdraw("$1").await.expect("tried"), "the earlier vote was replaced");
        tx.commit().await.expect("committed");
        let mut votes = store.votes("abc").await.expect("read");
        votes.sort_by(|a, b| a.person.cmp(&b.person));
        assert_eq!(votes, [vote("eva", "deny", "$3"), vote("jo", "approve", "$2")]);
        assert_eq!(store.operation_voted_by("$2").await.expect("read"), Some(("abc".into(), "!room".into())));
        let mut tx = store.begin().await.expect("a write");
        assert!(tx.withdraw("$2").await.expect("tried"));
        tx.commit().await.expect("committed");
        assert_eq!(store.votes("abc").await.expect("read").len(), 1);
    }

    async fn a_target_is_leased_to_one_operation(database: Database) {
        let (store, _rows) = database.open(&Clock::System).await;
        let targets = |target: &str| vec![target.to_owned()];
        let mut tx = store.begin().await.expect("a write");
        let ab = targets("service:a@b");
        assert_eq!(tx.rival("one", &ab).await.expect("read"), None);
        tx.lease_targets("one", &ab, 7).await.expect("free");
        tx.lease_targets("one", &ab, 8).await.expect("its own");
        assert_eq!(tx.lease_of("one", &ab).await.expect("read"), Some(8), "the old token is worth nothing");
        assert_eq!(tx.rival("one", &ab).await.expect("read"), None, "nobody is their own rival");
        for target in ["service:a@b", "host:b"] {
            let rival = tx.rival("two", &targets(target)).await.expect("read");
            assert_eq!(rival.as_deref(), Some("one"), "a host overlaps with what runs on it: {target}");
        }
        assert_eq!(tx.rival("two", &targets("service:a@c")).await.expect("read"), None);
        let both = vec!["service:a@b".to_owned(), "service:x@y".to_owned()];
        assert_eq!(tx.lease_of("one", &both).await.expect("read"), None, "all or nothing");
        tx.release_targets("one").await.expect("released");
        assert_eq!(tx.rival("two", &ab).await.expect("read"), None);
        tx.commit().await.expect("committed");
    }

    async fn the_proposal_is_found_by_the_event_it_was_sent_as(database: Database) {
        let (store, _rows) = database.open(&Clock::System).await;
        insert(&store, &operation("abc", "")).await;
        assert_eq!(store.operation_proposed_by("$proposal").await.expect("read"), None);
        let mut tx = store.begin().await.expect("a write");
        tx.sent("txn-abc", "$proposal", true).await.expect("noted");
        tx.commit().await.expect("committed");
        let found = store.operation_proposed_by("$proposal").await.expect("read").expect("found");
        assert_eq!((found.id.as_str(), found.proposal_event.as_deref()), ("abc", Some("$proposal")));
    }
}
