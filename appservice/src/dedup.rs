//! Remembering transactions in memory, for echo bots and tests.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Mutex, PoisonError},
};

use ruma::{events::AnyTimelineEvent, serde::Raw};

use crate::Transaction;

/// Remembers the last transaction ids and event ids, in memory only.
///
/// A restart forgets everything, so a transaction that was acknowledged in vain or repeated across
/// a restart is lost or handled twice. A program that must not do so keeps the ids in its database;
/// see [`Handler::transaction`](crate::Handler::transaction).
#[derive(Debug)]
pub struct MemoryLog {
    capacity: usize,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    transactions: Ids,
    events: Ids,
}

impl Default for MemoryLog {
    /// Remembers 10,000 ids of each sort.
    fn default() -> Self {
        Self::new(10_000)
    }
}

impl MemoryLog {
    /// Remembers `capacity` transaction ids and as many event ids.
    pub fn new(capacity: usize) -> Self {
        Self { capacity, seen: Mutex::default() }
    }

    /// Claims the transaction, and gives its events that are new. None at all if it came before.
    ///
    /// From then on the transaction is taken over: return `Ok` whatever comes of the work, because a
    /// repetition brings nothing. An event without a readable event id counts as new.
    pub fn claim(&self, transaction: Transaction) -> Vec<Raw<AnyTimelineEvent>> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if !seen.transactions.insert(transaction.id, self.capacity) {
            return Vec::new();
        }
        let mut events = transaction.events;
        events.retain(|event| match event.get_field::<String>("event_id") {
            Ok(Some(id)) => seen.events.insert(id, self.capacity),
            _ => true,
        });
        events
    }
}

/// A set that forgets its oldest member.
#[derive(Debug, Default)]
struct Ids {
    known: HashSet<String>,
    order: VecDeque<String>,
}

impl Ids {
    fn insert(&mut self, id: String, capacity: usize) -> bool {
        if !self.known.insert(id.clone()) {
            return false;
        }
        self.order.push_back(id);
        if self.order.len() > capacity
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::MemoryLog;
    use crate::Transaction;

    fn transaction(id: &str, body: &str) -> Transaction {
        Transaction::parse(id.to_owned(), body.as_bytes()).expect("a transaction")
    }

    #[test]
    fn repetitions_give_nothing() {
        let log = MemoryLog::default();
        let body = r#"{"events":[{"event_id":"$a"},{"event_id":"$b"},7]}"#;
        assert_eq!(log.claim(transaction("1", body)).len(), 3);
        assert_eq!(log.claim(transaction("1", body)).len(), 0);
        let body = r#"{"events":[{"event_id":"$b"},{"event_id":"$c"}]}"#;
        assert_eq!(log.claim(transaction("2", body)).len(), 1);
    }

    #[test]
    fn the_oldest_is_forgotten() {
        let log = MemoryLog::new(2);
        let body = r#"{"events":[7]}"#;
        for id in ["1", "2", "3"] {
            assert_eq!(log.claim(transaction(id, body)).len(), 1);
        }
        assert_eq!(log.claim(transaction("3", body)).len(), 0);
        assert_eq!(log.claim(transaction("1", body)).len(), 1);
    }
}
