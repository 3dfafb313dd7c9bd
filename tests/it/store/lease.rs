//! One process serves; the next takes over at once when it dies, and after twelve seconds when it only stands still.

use std::time::Duration;

use ralf::clock::Clock;
use ralf::store::StoreError;
use tokio::sync::oneshot;

use super::{events, on_both};

const PATIENCE: Duration = Duration::from_secs(20);

on_both! {
    async fn a_standby_takes_over_at_once_when_the_lease_is_dropped(database: Database) {
        let (first, _rows) = database.open(&Clock::System).await;
        let lease = first.acquire("first", || {}).await.expect("the lease");
        let (second, _rows) = database.open(&Clock::System).await;
        let (stands_by, standing_by) = oneshot::channel();
        let standby = tokio::spawn(async move {
            let lease = second.acquire("second", || stands_by.send(()).expect("somebody waits")).await.expect("the lease");
            (second, lease)
        });
        standing_by.await.expect("it stands by");
        first.take_in(events(&[1])).await.expect("the first one works on");
        let token = lease.token();
        drop(lease);
        let (second, lease) = tokio::time::timeout(PATIENCE, standby).await.expect("in time").expect("no panic");
        assert!(lease.token() > token, "the token grows");
        let fenced = first.take_in(events(&[2])).await;
        assert!(matches!(fenced, Err(StoreError::Fenced)), "{fenced:?}");
        let rows = second.take_in(events(&[1, 2])).await.expect("taken in");
        assert_eq!(rows.len(), 1, "it sees what the first one wrote");
        let waiting = second.waiting_events().await.expect("read");
        assert!(waiting[0].seq < waiting[1].seq && waiting[1].event_id == "$e2", "it counts on: {waiting:?}");
    }

    async fn a_holder_that_stands_still_loses_the_lease_after_twelve_seconds(database: Database) {
        let clock = Clock::manual(1_000_000);
        let (first, _rows) = database.open(&clock).await;
        let lease = first.acquire("first", || {}).await.expect("the lease");
        let (second, _rows) = database.open(&clock).await;
        clock.advance(12_000);
        let early = tokio::time::timeout(Duration::from_millis(400), second.acquire("second", || {})).await;
        assert!(early.is_err(), "twelve seconds are not more than twelve seconds");
        clock.advance(1);
        let taken = tokio::time::timeout(PATIENCE, second.acquire("second", || {})).await.expect("in time").expect("the lease");
        assert!(taken.token() > lease.token());
        assert!(matches!(first.begin().await.map(|_| ()), Err(StoreError::Fenced)), "the old one can't write");
        assert!(matches!(first.remember("a", "b").await, Err(StoreError::Fenced)));
        assert!(matches!(first.failed_event(1, "x", true).await, Err(StoreError::Fenced)));
        second.remember("a", "c").await.expect("the new one can");
        assert_eq!(first.recall("a").await.expect("reading is free").as_deref(), Some("c"));
        // It notices by itself, too, when it next renews.
        let told = tokio::time::timeout(PATIENCE, lease.keep()).await.expect("in time");
        assert!(matches!(told, StoreError::Fenced));
    }

    async fn a_write_that_began_before_the_takeover_does_not_land_after_it(database: Database) {
        let clock = Clock::manual(1_000_000);
        let (first, _rows) = database.open(&clock).await;
        let _lease = first.acquire("first", || {}).await.expect("the lease");
        let (second, _rows) = database.open(&clock).await;
        clock.advance(13_000);
        let mut tx = first.begin().await.expect("still the holder");
        tx.remember("who", "first").await.expect("written");
        let takeover = tokio::spawn(async move {
            let lease = second.acquire("second", || {}).await.expect("the lease");
            second.remember("who", "second").await.expect("written");
            (second, lease)
        });
        // The takeover has to wait for the write or to undo it; either way the new holder has the last word.
        tokio::task::yield_now().await;
        let _ = tx.commit().await;
        let (second, _lease) = tokio::time::timeout(PATIENCE, takeover).await.expect("in time").expect("no panic");
        assert_eq!(second.recall("who").await.expect("read").as_deref(), Some("second"));
        assert!(matches!(first.remember("who", "first").await, Err(StoreError::Fenced)));
        assert_eq!(second.recall("who").await.expect("read").as_deref(), Some("second"));
    }

    async fn a_third_one_does_not_take_the_lease_when_the_frozen_one_ends(database: Database) {
        let clock = Clock::manual(1_000_000);
        let (first, _rows) = database.open(&clock).await;
        let frozen = first.acquire("first", || {}).await.expect("the lease");
        let (second, _rows) = database.open(&clock).await;
        clock.advance(12_001);
        let lease = second.acquire("second", || {}).await.expect("the lease");
        drop(frozen);
        // The lock is free now, but the second one is well.
        let (third, _rows) = database.open(&clock).await;
        let early = tokio::time::timeout(Duration::from_millis(500), third.acquire("third", || {})).await;
        assert!(early.is_err(), "the second one has the lease, if not the lock");
        let kept = tokio::spawn(async move { lease.keep().await });
        // Time for it to take the lock, too.
        tokio::time::sleep(Duration::from_secs(4)).await;
        let early = tokio::time::timeout(Duration::from_millis(500), third.acquire("third", || {})).await;
        assert!(early.is_err(), "the second one is well");
        second.remember("a", "b").await.expect("it still serves");
        kept.abort();
    }
}
