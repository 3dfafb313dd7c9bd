//! What the homeserver tells us is taken once, in order, and waits until it is handled.

use futures_util::future::join_all;
use ralf::clock::Clock;
use ralf::store::{InboxRow, Store};

use super::{events, on_both};

fn ids(rows: &[InboxRow]) -> Vec<&str> {
    rows.iter().map(|row| row.event_id.as_str()).collect()
}

async fn handle(store: &Store, row: &InboxRow) -> bool {
    let mut tx = store.begin().await.expect("a write");
    let first = tx.handled(row.seq).await.expect("noted");
    tx.commit().await.expect("committed");
    first
}

on_both! {
    async fn an_event_counts_once_however_often_it_comes(database: Database) {
        let (store, _rows) = database.open(&Clock::manual(1_000)).await;
        assert_eq!(ids(&store.take_in(events(&[1, 2])).await.expect("stored")), ["$e1", "$e2"]);
        assert!(store.take_in(events(&[1, 2])).await.expect("stored").is_empty(), "a redelivered transaction");
        let second = store.take_in(events(&[2, 3, 3, 4])).await.expect("stored");
        assert_eq!(ids(&second), ["$e3", "$e4"], "what was here before, or twice in one, is left out");
        let waiting = store.waiting_events().await.expect("read");
        assert_eq!(ids(&waiting), ["$e1", "$e2", "$e3", "$e4"]);
        assert_eq!(waiting[0].body, "{\"n\":1}");
        assert_eq!(store.inbox_depth().await.expect("read"), (4, Some(1_000)));
    }

    async fn one_of_many_concurrent_deliveries_wins(database: Database) {
        let (store, _rows) = database.open(&Clock::System).await;
        let all = join_all((0..12).map(|_| store.take_in(events(&[1, 2, 3])))).await;
        let mut taken: Vec<_> = all.into_iter().flat_map(|rows| rows.expect("stored")).collect();
        taken.sort_by_key(|row| row.seq);
        assert_eq!(ids(&taken), ["$e1", "$e2", "$e3"]);
        assert_eq!(store.waiting_events().await.expect("read"), taken);
    }

    async fn an_event_that_is_taken_back_while_it_is_handled_leads_to_nothing(database: Database) {
        let (store, _rows) = database.open(&Clock::System).await;
        let rows = store.take_in(events(&[1])).await.expect("stored");
        let mut tx = store.begin().await.expect("a write");
        tx.unheard("!room:lab.local", "$e1").await.expect("noted");
        tx.commit().await.expect("committed");
        assert!(!handle(&store, &rows[0]).await);
        assert!(store.take_in(events(&[1])).await.expect("stored").is_empty());
    }

    async fn handling_counts_once_and_only_when_committed(database: Database) {
        let (store, _rows) = database.open(&Clock::System).await;
        let rows = store.take_in(events(&[1, 2])).await.expect("taken in");
        let mut dropped = store.begin().await.expect("a write");
        assert!(dropped.handled(rows[0].seq).await.expect("noted"));
        drop(dropped);
        assert_eq!(store.waiting_events().await.expect("read").len(), 2, "what is not committed never happened");
        assert!(handle(&store, &rows[0]).await);
        assert!(!handle(&store, &rows[0]).await, "the second time there is nothing to do");
        assert_eq!(ids(&store.waiting_events().await.expect("read")), ["$e2"]);
    }

    async fn poison_is_set_aside_and_a_failure_waits(database: Database) {
        let (store, _rows) = database.open(&Clock::System).await;
        let rows = store.take_in(events(&[1, 2])).await.expect("taken in");
        store.failed_event(rows[0].seq, "once", false).await.expect("noted");
        store.failed_event(rows[1].seq, "for good", true).await.expect("noted");
        let waiting = store.waiting_events().await.expect("read");
        assert_eq!(ids(&waiting), ["$e1"]);
        assert_eq!(waiting[0].attempts, 1);
        assert_eq!(store.poison_count().await.expect("read"), 1);
    }

    async fn a_new_process_finds_what_waits_and_counts_on(database: Database) {
        let clock = Clock::System;
        let (store, _rows) = database.open(&clock).await;
        let lease = store.acquire("first", || {}).await.expect("the lease");
        store.take_in(events(&[1, 2])).await.expect("claimed");
        drop(lease);
        store.close().await;
        let (store, _rows) = database.open(&clock).await;
        let _lease = store.acquire("second", || {}).await.expect("the lease");
        store.take_in(events(&[2, 3])).await.expect("claimed");
        assert!(store.take_in(events(&[1, 2])).await.expect("taken in").is_empty());
        assert_eq!(ids(&store.waiting_events().await.expect("read")), ["$e1", "$e2", "$e3"]);
    }

    async fn what_was_handled_long_ago_is_forgotten_and_what_waits_is_not(database: Database) {
        let clock = Clock::manual(1_000);
        let (store, _rows) = database.open(&clock).await;
        let rows = store.take_in(events(&[1, 2])).await.expect("taken in");
        assert!(handle(&store, &rows[0]).await);
        clock.advance(1_000);
        store.forget_handled(1_500).await.expect("forgotten");
        assert_eq!(ids(&store.waiting_events().await.expect("read")), ["$e2"]);
    }
}
