//! What survives every process: the database, the homeserver, the lab, the clock. And what the checker remembers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ralf::approval::{Freeze, Operation, Rules, Standing, State, Vote};
use ralf::audit::Entry;
use ralf::plan::Plan;

use crate::rng::Rng;

/// The one truth, shared by everybody in a schedule.
#[derive(Clone)]
pub(crate) struct Shared(Arc<Mutex<Truth>>);

impl Shared {
    pub(crate) fn new(truth: Truth) -> Self {
        Self(Arc::new(Mutex::new(truth)))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Truth> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) struct Truth {
    pub(crate) rng: Rng,
    pub(crate) now: i64,
    /// Counts everything that happens, to order it.
    pub(crate) steps: u64,
    pub(crate) db: Db,
    pub(crate) rooms: BTreeMap<&'static str, Room>,
    /// All events of all rooms, in the homeserver's order.
    pub(crate) stream: Vec<HsEvent>,
    /// How far each room was delivered.
    pub(crate) delivered: BTreeMap<&'static str, usize>,
    /// Transaction id → event id, as the homeserver remembers it.
    pub(crate) sent: BTreeMap<String, String>,
    pub(crate) lab: Lab,
    pub(crate) seen: Seen,
    /// No more faults: everything comes to its end.
    pub(crate) settling: bool,
    next_id: u64,
}

/// The database.
#[derive(Default)]
pub(crate) struct Db {
    pub(crate) operations: BTreeMap<String, Row>,
    pub(crate) inbox: Vec<Inbox>,
    pub(crate) outbox: Vec<Outbox>,
    pub(crate) leases: Vec<(String, String, i64)>,
    pub(crate) freeze: Option<Freeze>,
    pub(crate) audit: Vec<Entry>,
    /// The token of the process that serves.
    pub(crate) serving: i64,
    pub(crate) next_token: i64,
}

#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) op: Operation,
    pub(crate) votes: Vec<Vote>,
}

pub(crate) struct Inbox {
    pub(crate) event: HsEvent,
    pub(crate) handled: bool,
}

pub(crate) struct Outbox {
    pub(crate) room: String,
    pub(crate) txn: String,
    /// The operation whose proposal it is.
    pub(crate) proposal_of: Option<String>,
    pub(crate) sent: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Room {
    pub(crate) members: BTreeMap<String, i64>,
    pub(crate) upgraded: bool,
}

/// An event of a room.
#[derive(Debug, Clone)]
pub(crate) struct HsEvent {
    pub(crate) id: String,
    pub(crate) room: &'static str,
    pub(crate) sender: String,
    pub(crate) what: What,
}

#[derive(Debug, Clone)]
pub(crate) enum What {
    /// A wish, as it is understood; `hostile` slots come from the sentence.
    Ask {
        kind: usize,
        hostile: bool,
        origin: Option<&'static str>,
    },
    Reaction {
        target: String,
        key: &'static str,
    },
    Redaction {
        target: String,
    },
    /// The asker edits the asking message.
    Edit,
    Approve {
        op: String,
    },
    Deny {
        op: String,
        reason: &'static str,
    },
    Cancel {
        op: String,
    },
    Glass {
        op: String,
        reason: &'static str,
    },
    Resolve {
        op: String,
        done: bool,
    },
    Freeze {
        until: Option<i64>,
    },
    Unfreeze,
    /// A membership, a power level or the room itself changed.
    Rights,
    /// Our own message.
    Ours,
}

/// The machines.
#[derive(Default)]
pub(crate) struct Lab {
    /// Target → how often it was changed.
    pub(crate) versions: BTreeMap<String, u64>,
    /// Run folder → what became of it.
    pub(crate) folders: BTreeMap<String, Folder>,
    /// The journal: which operation really did something, when.
    pub(crate) journal: Vec<(String, u64)>,
}

#[derive(Debug, Clone)]
pub(crate) struct Folder {
    /// The plan as it was rendered.
    pub(crate) artefact: String,
    pub(crate) run: Run,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Run {
    Fresh,
    /// So many steps are left.
    Going {
        operation: String,
        targets: Vec<String>,
        left: u32,
        stop: bool,
    },
    Ended {
        success: bool,
        rolled_back: bool,
    },
    /// The machine went down in the middle.
    CutOff,
}

/// What the checker remembers to judge by.
#[derive(Default)]
pub(crate) struct Seen {
    /// Operation → what was shown and frozen when it was proposed.
    pub(crate) shown: BTreeMap<String, Shown>,
    /// Operation → how often it was claimed.
    pub(crate) claims: BTreeMap<String, u32>,
    /// Operation → how often an executor was started for it.
    pub(crate) applied: BTreeMap<String, u32>,
    /// Operation → how often its end was reported.
    pub(crate) reports: BTreeMap<String, u32>,
    /// The task that goes on now.
    pub(crate) task: u64,
    /// Task → what the homeserver said when it last asked who is in the room; none when it failed.
    pub(crate) standing: BTreeMap<u64, Option<Standing>>,
    /// Event ids whose votes were counted: event → (operation, person) as the checker sees it.
    pub(crate) cast: BTreeSet<(String, String, &'static str)>,
    pub(crate) violations: Vec<(u8, String)>,
}

#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) digest: String,
    pub(crate) plan: Plan,
    pub(crate) executor_risk: ralf::plan::Risk,
    pub(crate) needed: u32,
    pub(crate) self_approval: bool,
    pub(crate) wait_ms: i64,
    pub(crate) expires_ts: i64,
}

impl Truth {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            rng: Rng::new(seed),
            now: 1_000_000,
            steps: 0,
            db: Db { serving: 1, next_token: 100, ..Db::default() },
            rooms: BTreeMap::new(),
            stream: Vec::new(),
            delivered: BTreeMap::new(),
            sent: BTreeMap::new(),
            lab: Lab::default(),
            seen: Seen::default(),
            settling: false,
            next_id: 0,
        }
    }

    pub(crate) fn fresh(&mut self, prefix: &str) -> String {
        self.next_id += 1;
        format!("{prefix}{}", self.next_id)
    }

    /// A person does something in a room; the homeserver gives it an id.
    pub(crate) fn happens(&mut self, room: &'static str, sender: &str, what: What) -> String {
        let id = self.fresh("$e");
        self.stream.push(HsEvent { id: id.clone(), room, sender: sender.to_owned(), what });
        id
    }

    pub(crate) fn violates(&mut self, invariant: u8, what: impl Into<String>) {
        if self.seen.violations.len() < 16 {
            self.seen.violations.push((invariant, what.into()));
        }
    }

    /// Operations in a state.
    pub(crate) fn in_state(&self, state: State) -> Vec<String> {
        let rows = self.db.operations.values().filter(|row| row.op.state == state);
        rows.map(|row| row.op.id.clone()).collect()
    }
}

/// Which policy a process has read.
pub(crate) type Policy = Arc<Rules>;
