//! One schedule: people, processes, the homeserver and the machines take turns at random; then everything comes to rest.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use ralf::approval::{GateError, State, gate};
use ralf::store::StoreError;

use crate::executor::{WISHES, work};
use crate::judge::{self, APPROVE, DENY};
use crate::memory::Memory;
use crate::people::{EMERGENCY, INFRA, OPS, ROOMS, USERS, room};
use crate::truth::{Inbox, Policy, Shared, Truth, What};
use crate::world::{Process, handle, send};

type Work = Pin<Box<dyn Future<Output = Result<(), GateError>> + Send>>;

/// What a process is doing.
struct Task {
    /// What for: nothing else begins for the same while it goes on.
    key: String,
    number: u64,
    work: Work,
}

impl Task {
    fn poll(&mut self, shared: &Shared) -> Poll<Result<(), GateError>> {
        shared.lock().seen.task = self.number;
        self.work.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }
}

/// A process that is alive, or thinks so.
struct Alive {
    process: Process,
    tasks: Vec<Task>,
}

/// A schedule in progress.
pub(crate) struct Schedule<'a> {
    shared: Shared,
    policies: &'a [Policy],
    alive: Vec<Alive>,
}

/// Runs the schedule of a seed; gives what it found broken.
pub(crate) fn run(seed: u64, policies: &[Policy]) -> Vec<(u8, String)> {
    let mut truth = Truth::new(seed);
    truth.rooms = BTreeMap::from(ROOMS.map(|key| (key, room())));
    let shared = Shared::new(truth);
    let mut schedule = Schedule { shared: shared.clone(), policies, alive: Vec::new() };
    schedule.start();
    schedule.wish();
    let turns = 60 + shared.lock().rng.below(160);
    for _ in 0..turns {
        schedule.turn();
        if !shared.lock().seen.violations.is_empty() {
            break;
        }
    }
    schedule.settle();
    let mut truth = shared.lock();
    judge::at_rest(&mut truth);
    std::mem::take(&mut truth.seen.violations)
}

impl Schedule<'_> {
    fn below(&self, n: usize) -> usize {
        self.shared.lock().rng.below(n)
    }

    /// A process takes over: whoever served before finds out when it writes.
    fn start(&mut self) {
        let usual = self.below(4) > 0;
        let policy = if usual { 0 } else { self.below(self.policies.len()) };
        let token = {
            let mut truth = self.shared.lock();
            truth.db.next_token += 1;
            truth.db.serving = truth.db.next_token;
            truth.db.serving
        };
        let rules = self.policies[policy].clone();
        let process = Process { store: Memory { shared: self.shared.clone(), token, rules } };
        let mut alive = Alive { process: process.clone(), tasks: Vec::new() };
        alive.begin("tighten", async move { gate::tighten(&process).await });
        self.alive.push(alive);
    }

    fn turn(&mut self) {
        match self.below(100) {
            0..=55 => self.poll(),
            56..=71 => self.begin(),
            72..=81 => self.deliver(),
            82..=89 => self.person(),
            90..=94 => work(&mut self.shared.lock()),
            95 | 96 => self.time(),
            97 => self.kill(),
            98 => self.around(),
            _ => self.wish(),
        }
    }

    /// One task goes on a little.
    fn poll(&mut self) {
        let at = self.below(self.alive.len());
        let Some(alive) = self.alive.get_mut(at) else { return };
        if alive.tasks.is_empty() {
            return self.begin();
        }
        let which = self.shared.lock().rng.below(alive.tasks.len());
        let done = match alive.tasks[which].poll(&self.shared) {
            Poll::Pending => return,
            Poll::Ready(done) => done,
        };
        alive.tasks.swap_remove(which);
        if matches!(done, Err(GateError::Store(StoreError::Fenced))) {
            self.alive.remove(at);
            if self.alive.is_empty() {
                self.start();
            }
        }
    }

    /// A process begins something.
    fn begin(&mut self) {
        let at = self.below(self.alive.len());
        let what = self.below(10);
        let Some(alive) = self.alive.get_mut(at) else { return };
        let process = alive.process.clone();
        match what {
            0..=3 => alive.listen(&self.shared),
            4..=6 => alive.operate(&self.shared),
            7 => alive.begin("tick", async move { gate::tick(&process).await }),
            _ => {
                for key in ROOMS {
                    let process = process.clone();
                    let waits = self.shared.lock().db.outbox.iter().any(|row| !row.sent && row.room == key);
                    if waits {
                        alive.begin(&format!("send {key}"), send(process, key));
                    }
                }
            }
        }
    }

    /// The homeserver pushes what is new, and sometimes what is not.
    fn deliver(&mut self) {
        let mut truth = self.shared.lock();
        let truth = &mut *truth;
        let room = *truth.rng.pick(&ROOMS);
        let at = truth.delivered.get(room).copied().unwrap_or(0);
        let again = truth.rng.one_in(10);
        let from = if again { truth.rng.below(at + 1) } else { at };
        let new: Vec<_> =
            truth.stream.iter().enumerate().skip(from).filter(|(_, e)| e.room == room).take(4).collect();
        let mut events: Vec<_> = new.iter().map(|(_, event)| (*event).clone()).collect();
        let last = new.last().map(|(n, _)| n + 1);
        let redactions: Vec<String> = truth
            .stream
            .iter()
            .filter_map(|event| match &event.what {
                What::Redaction { target } => Some(target.clone()),
                _ => None,
            })
            .collect();
        for event in &mut events {
            // A homeserver gives away nothing of what is redacted.
            if redactions.contains(&event.id) && !matches!(event.what, What::Redaction { .. }) {
                event.what = What::Ours;
            }
        }
        let mixed = events.iter().all(|event| !matches!(event.what, What::Redaction { .. } | What::Rights));
        if mixed && truth.rng.one_in(6) {
            events.reverse();
        }
        for event in events {
            if !truth.db.inbox.iter().any(|row| row.event.id == event.id) {
                truth.db.inbox.push(Inbox { event, handled: false });
            }
        }
        if let Some(last) = last {
            truth.delivered.insert(room, last.max(at));
        }
    }

    /// A person wishes something.
    fn wish(&mut self) {
        let mut truth = self.shared.lock();
        if truth.db.operations.len() > 5 {
            return;
        }
        let (user, ..) = *truth.rng.pick(&USERS[..5]);
        let kind = truth.rng.below(WISHES.len());
        let hostile = truth.rng.one_in(4);
        let origin = truth.rng.one_in(6).then_some("schedule nightly");
        let room = if truth.rng.one_in(4) { INFRA } else { OPS };
        truth.happens(room, user, What::Ask { kind, hostile, origin });
    }

    /// Somebody does something about an operation.
    fn person(&mut self) {
        let mut truth = self.shared.lock();
        let truth = &mut *truth;
        let ids: Vec<String> = truth.db.operations.keys().cloned().collect();
        if ids.is_empty() {
            return;
        }
        let id = truth.rng.pick(&ids).clone();
        let Some(row) = truth.db.operations.get(&id).cloned() else { return };
        let room = if row.op.room_id == OPS { OPS } else { INFRA };
        let elsewhere = if truth.rng.one_in(10) { INFRA } else { room };
        let (user, ..) = *truth.rng.pick(&USERS);
        let approver = truth.rng.pick(&["@alice:lab", "@alice2:lab", "@bob:lab", "@carol:lab"]).to_owned();
        let user = if truth.rng.one_in(3) { user } else { approver };
        let proposal =
            row.op.proposal_event.clone().or_else(|| truth.sent.get(&row.op.proposal_txn).cloned());
        let what = match truth.rng.below(24) {
            0..=9 => {
                let Some(proposal) = proposal else { return };
                let wrong = truth.rng.one_in(8);
                let target = if wrong { row.op.ask_event.clone() } else { proposal };
                let deny = truth.rng.one_in(10);
                let key = if deny { *truth.rng.pick(&DENY) } else { *truth.rng.pick(&APPROVE) };
                What::Reaction { target, key }
            }
            10 | 11 => What::Approve { op: id },
            12 => What::Deny { op: id, reason: "not now" },
            13 => What::Cancel { op: id },
            14 | 15 => {
                // Somebody takes a vote of theirs back.
                let mine: Vec<String> = truth
                    .stream
                    .iter()
                    .filter(|e| matches!(e.what, What::Reaction { .. }) && e.room == room)
                    .map(|e| e.id.clone())
                    .collect();
                if mine.is_empty() {
                    return;
                }
                What::Redaction { target: truth.rng.pick(&mine).clone() }
            }
            16 => What::Redaction { target: row.op.ask_event.clone() },
            17 => What::Edit,
            18 | 19 => {
                let reason = if truth.rng.one_in(4) { "" } else { "the house is cold" };
                let by = if truth.rng.one_in(3) { user } else { EMERGENCY };
                truth.happens(elsewhere, by, What::Glass { op: id, reason });
                return;
            }
            20 => {
                let until = truth.rng.one_in(2).then_some(truth.now + 10_000);
                What::Freeze { until }
            }
            21 | 22 => What::Unfreeze,
            _ => What::Resolve { op: id, done: truth.rng.one_in(2) },
        };
        truth.happens(elsewhere, user, what);
    }

    /// Time goes by.
    fn time(&mut self) {
        let mut truth = self.shared.lock();
        let step = *truth.rng.pick(&[500, 3_000, 8_000, 25_000]);
        truth.now += step;
    }

    /// A process dies, or another one takes over while it lives.
    fn kill(&mut self) {
        if self.below(3) > 0 {
            self.alive.clear();
        }
        self.start();
    }

    /// Rights, rooms, machines and disks change.
    fn around(&mut self) {
        let mut truth = self.shared.lock();
        let truth = &mut *truth;
        let room = if truth.rng.one_in(3) { INFRA } else { OPS };
        let (user, ..) = *truth.rng.pick(&USERS[..4]);
        let what = truth.rng.below(16);
        let Some(there) = truth.rooms.get_mut(room) else { return };
        match what {
            0..=4 => {
                there.members.remove(user);
            }
            5..=8 => {
                there.members.insert(user.to_owned(), 0);
            }
            9..=11 => {
                there.members.insert(user.to_owned(), 50);
            }
            12 => there.upgraded = true,
            13 | 14 => {
                // Somebody changes a machine by hand.
                *truth.lab.versions.entry("service:a@n1".into()).or_insert(0) += 1;
                return;
            }
            _ => {
                // A disk lies: the stored plan is not the one that was shown.
                let waiting =
                    [State::AwaitingApproval, State::Approved].map(|state| truth.in_state(state)).concat();
                if let Some(id) = waiting.first()
                    && let Some(row) = truth.db.operations.get_mut(id)
                {
                    row.op.plan.task.hosts = vec!["n9".into()];
                }
                return;
            }
        }
        truth.happens(room, user, What::Rights);
    }

    /// No more faults and no more wishes: everything comes to its end.
    fn settle(&mut self) {
        self.shared.lock().settling = true;
        self.alive.clear();
        self.start();
        {
            let mut truth = self.shared.lock();
            truth.happens(OPS, "@bob:lab", What::Unfreeze);
        }
        for round in 0..40 {
            for _ in 0..6 {
                self.deliver();
            }
            for _ in 0..3 {
                let alive = &mut self.alive[0];
                alive.listen(&self.shared);
                alive.operate(&self.shared);
                let process = alive.process.clone();
                alive.begin("tick", async move { gate::tick(&process).await });
                for key in ROOMS {
                    let process = alive.process.clone();
                    alive.begin(&format!("send {key}"), send(process, key));
                }
                self.finish();
            }
            let mut truth = self.shared.lock();
            truth.now += if round < 3 { 100 } else { 30_000 };
            let asked = truth.in_state(State::NeedsOperator);
            for id in asked {
                truth.happens(OPS, "@bob:lab", What::Resolve { op: id, done: true });
            }
            let rest = truth.db.operations.values().all(|row| row.op.state.is_final());
            let read = truth.db.inbox.iter().all(|row| row.handled);
            let delivered = ROOMS.iter().all(|room| {
                let at = truth.delivered.get(room).copied().unwrap_or(0);
                truth.stream.iter().skip(at).all(|event| event.room != *room)
            });
            let sent = truth.db.outbox.iter().all(|row| row.sent);
            if rest && read && delivered && sent {
                return;
            }
            if self.alive.is_empty() {
                drop(truth);
                self.start();
            }
        }
    }

    /// Polls everything to its end, the machines with it.
    fn finish(&mut self) {
        let mut polls = 0;
        while let Some(alive) = self.alive.first_mut() {
            if alive.tasks.is_empty() || polls > 4_000 {
                return;
            }
            let mut n = 0;
            while n < alive.tasks.len() {
                polls += 1;
                match alive.tasks[n].poll(&self.shared) {
                    Poll::Pending => n += 1,
                    Poll::Ready(_) => drop(alive.tasks.swap_remove(n)),
                }
            }
            work(&mut self.shared.lock());
        }
    }
}

impl Alive {
    fn begin(&mut self, key: &str, work: impl Future<Output = Result<(), GateError>> + Send + 'static) {
        if !self.tasks.iter().any(|task| task.key == key) {
            let number = {
                let mut truth = self.process.store.shared.lock();
                truth.steps += 1;
                truth.steps
            };
            self.tasks.push(Task { key: key.to_owned(), number, work: Box::pin(work) });
        }
    }

    /// The first event of each room that waits; wishes go on beside the lane.
    fn listen(&mut self, shared: &Shared) {
        for room in ROOMS {
            let next = {
                let truth = shared.lock();
                let mut waiting = truth
                    .db
                    .inbox
                    .iter()
                    .enumerate()
                    .filter(|(_, row)| !row.handled && row.event.room == room);
                waiting
                    .find(|(seq, row)| {
                        let wish = matches!(row.event.what, What::Ask { .. });
                        !(wish && self.tasks.iter().any(|task| task.key == format!("ask {seq}")))
                    })
                    .map(|(seq, row)| (seq, row.event.clone()))
            };
            let Some((seq, event)) = next else { continue };
            let process = self.process.clone();
            let wish = matches!(event.what, What::Ask { .. });
            let key = if wish { format!("ask {seq}") } else { format!("lane {room}") };
            self.begin(&key, handle(process, seq, event));
        }
    }

    /// Dispatches what is approved and takes up what was dispatched; now and then twice at once.
    fn operate(&mut self, shared: &Shared) {
        let (approved, cut, twice) = {
            let mut truth = shared.lock();
            let cut = [State::Dispatched, State::Running, State::Unknown]
                .map(|state| truth.in_state(state))
                .concat();
            (truth.in_state(State::Approved), cut, truth.rng.below(8))
        };
        for (id, state) in
            approved.into_iter().map(|id| (id, true)).chain(cut.into_iter().map(|id| (id, false)))
        {
            let process = self.process.clone();
            let busy = self.tasks.iter().any(|task| task.key == format!("work {id}"));
            let key = match twice {
                0 => format!("again {id}"),
                _ => format!("work {id}"),
            };
            if state {
                self.begin(&key, async move { gate::dispatch(&process, &id).await });
            } else if !busy {
                self.begin(&key, async move { gate::adopt(&process, &id).await });
            }
        }
    }
}
