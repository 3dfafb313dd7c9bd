//! What is to be said is committed with its cause, and waits until it is sent.

use ralf::clock::Clock;
use ralf::store::{NewMessage, Store, sent};
use serde_json::json;

use super::on_both;

fn message(text: &str) -> NewMessage {
    NewMessage {
        room_id: "!room:lab.local".into(),
        bot: "core".into(),
        kind: "m.room.message".into(),
        content: json!({"msgtype": "m.text", "body": text}),
    }
}

async fn say(store: &Store, text: &str) -> String {
    let mut tx = store.begin().await.expect("a write");
    let txn_id = tx.say(message(text)).await.expect("queued");
    tx.commit().await.expect("committed");
    txn_id
}

on_both! {
    async fn a_message_is_handed_over_when_it_is_committed(database: Database) {
        let (store, mut rows) = database.open(&Clock::System).await;
        let mut dropped = store.begin().await.expect("a write");
        dropped.say(message("never")).await.expect("queued");
        drop(dropped);
        let mut tx = store.begin().await.expect("a write");
        let (first, second) = (tx.say(message("a")).await.expect("queued"), tx.say(message("b")).await.expect("queued"));
        assert!(rows.try_recv().is_err(), "nothing is said before the commit");
        tx.commit().await.expect("committed");
        assert_eq!([rows.try_recv().expect("a").txn_id, rows.try_recv().expect("b").txn_id], [first.clone(), second.clone()]);
        assert!(rows.try_recv().is_err());
        assert_ne!(first, second);
        let waiting = store.waiting_messages().await.expect("read");
        assert_eq!(waiting.iter().map(|row| &row.txn_id).collect::<Vec<_>>(), [&first, &second]);
        assert!(waiting[0].body.contains(&format!("\"org.ralf.txn\":\"{first}\"")), "its own echo is known by it");
    }

    async fn what_is_sent_waits_no_more_and_is_known_by_its_event(database: Database) {
        let (store, _rows) = database.open(&Clock::System).await;
        let (first, second) = (say(&store, "a").await, say(&store, "b").await);
        let mut tx = store.begin().await.expect("a write");
        tx.sent(&first, "$sent", true).await.expect("noted");
        tx.commit().await.expect("committed");
        assert_eq!(store.event_of(&first).await.expect("read").as_deref(), Some("$sent"));
        assert!(!store.is_pending(&first).await.expect("read") && store.is_pending(&second).await.expect("read"));
        assert_eq!(store.outbox_depth().await.expect("read").0, 1);
        assert_eq!(sent(&first), format!("$sent:{first}"));
    }

    async fn a_message_that_is_given_up_stays_visible(database: Database) {
        let (store, _rows) = database.open(&Clock::System).await;
        let (first, second) = (say(&store, "a").await, say(&store, "b").await);
        store.unsent(&first, "busy", false).await.expect("noted");
        store.unsent(&second, "forbidden", true).await.expect("noted");
        let waiting = store.waiting_messages().await.expect("read");
        assert_eq!(waiting.iter().map(|row| (row.txn_id.as_str(), row.attempts)).collect::<Vec<_>>(), [(first.as_str(), 1)]);
        let dead = store.dead_letters(10).await.expect("read");
        assert_eq!(dead, [(second, "!room:lab.local".to_owned(), "forbidden".to_owned())]);
    }

    async fn a_body_is_fixed_once_for_all_tries(database: Database) {
        let (store, _rows) = database.open(&Clock::System).await;
        let txn_id = say(&store, "a").await;
        store.fix_body(&txn_id, "m.room.message", "{\"url\":\"mxc://x\"}").await.expect("fixed");
        assert_eq!(store.waiting_messages().await.expect("read")[0].body, "{\"url\":\"mxc://x\"}");
    }

    async fn the_order_survives_a_new_process(database: Database) {
        let (store, _rows) = database.open(&Clock::System).await;
        let lease = store.acquire("first", || {}).await.expect("the lease");
        let mut all = vec![say(&store, "a").await, say(&store, "b").await];
        drop(lease);
        let (store, _rows) = database.open(&Clock::System).await;
        let _lease = store.acquire("second", || {}).await.expect("the lease");
        all.push(say(&store, "c").await);
        let waiting: Vec<String> = store.waiting_messages().await.expect("read").into_iter().map(|row| row.txn_id).collect();
        assert_eq!(waiting, all);
    }
}
