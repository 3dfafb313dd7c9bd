//! What changed since the last round. Pure: what was seen goes in, and what is worth words comes out.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::alerts::Labels;

/// So many rounds in a row something has to be the same before it counts: one failed look is no news.
const ROUNDS: u32 = 2;
/// The same for an alert that does not get through: it may be on its way for a while.
const ON_THE_WAY: u32 = 3;

/// A part of ours, or something that we stand on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Part {
    Homeserver,
    /// A language model, by its name.
    Model(String),
    /// An executor, by its name.
    Executor(String),
    Inbox,
    Outbox,
    Alertmanager,
    Prometheus,
    /// The way of an alert from Prometheus to Alertmanager, by the alert's name.
    Route(String),
}

impl Part {
    /// How many rounds in a row it has to fail before that counts.
    fn patience(&self) -> u32 {
        if matches!(self, Self::Route(_)) { ON_THE_WAY } else { ROUNDS }
    }
}

/// What is wrong with a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Trouble {
    /// It fails, and with what.
    Fails(String),
    /// Its oldest entry waits for so many milliseconds.
    Waits(i64),
}

/// How a part looked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sight {
    Well,
    Wrong(Trouble),
    /// Nobody can say just now.
    Unknown,
}

/// What one round saw.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    /// Milliseconds since the epoch.
    pub(super) ts: i64,
    /// Every part there is.
    pub(super) parts: BTreeMap<Part, Sight>,
    /// The names of alerts that fire in Prometheus and that Alertmanager does not know; nothing when one of them was not asked.
    pub(super) unrouted: Option<BTreeSet<String>>,
    /// Prometheus' targets, and whether they are up; nothing when it was not asked.
    pub(super) targets: Option<BTreeMap<String, Target>>,
    /// The latest messages that were given up and that nobody was told of.
    pub(super) dead: BTreeSet<String>,
    /// Incidents that ended since the last round and that nobody was told of.
    pub(super) ended: Vec<String>,
}

/// A target as one round saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) up: bool,
    /// An alert fires about it, or is about to: that tells of it.
    pub(super) covered: bool,
}

/// What is remembered of a round for the next one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Snapshot {
    /// When it was, milliseconds since the epoch.
    pub(super) ts: i64,
    /// Parts that are not well, or were told not to be.
    pub(super) parts: BTreeMap<String, Look>,
    pub(super) targets: BTreeMap<String, TargetLook>,
    pub(super) dead: BTreeSet<String>,
    pub(super) ended: Vec<String>,
    /// What is still to be told, and since when it waits.
    pub(super) waiting: Vec<Change>,
    /// Since when whatever is told next is new.
    pub(super) since_ts: i64,
}

/// How a part has looked lately.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Look {
    pub(super) part: Part,
    /// What is wrong with it now.
    pub(super) trouble: Option<Trouble>,
    /// In how many rounds it has been so.
    rounds: u32,
    /// Whether it counts as failing.
    pub(super) raised: bool,
}

/// How a target has looked lately.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TargetLook {
    pub(super) up: bool,
    rounds: u32,
    /// Whether it counts as down, and if so whether that was for us to tell.
    down: Option<bool>,
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Change {
    /// A part fails.
    Fails(Part, Trouble),
    /// A part is well again.
    Well(Part),
    /// A target is down, and no alert tells of it.
    Down(String),
    /// Such a target is up again.
    Up(String),
    /// An incident ended that nobody was told of.
    Ended(String),
    /// So many messages were given up.
    Lost(u64),
}

impl Snapshot {
    /// What is to be remembered, given what was before.
    pub(super) fn after(before: Option<&Self>, seen: Seen) -> Self {
        let mut parts = BTreeMap::new();
        let known: Vec<&Look> = before.into_iter().flat_map(|before| before.parts.values()).collect();
        let mut sights = seen.parts;
        match seen.unrouted {
            Some(names) => {
                let wrong =
                    |name: &String| format!("Prometheus fires {name}, and Alertmanager has not heard of it");
                sights.extend(
                    names
                        .iter()
                        .map(|name| (Part::Route(name.clone()), Sight::Wrong(Trouble::Fails(wrong(name))))),
                );
            }
            None => {
                let routes = known.iter().filter(|look| matches!(look.part, Part::Route(_)));
                sights.extend(routes.map(|look| (look.part.clone(), Sight::Unknown)));
            }
        }
        // What there is no more is no trouble any more.
        for look in &known {
            sights.entry(look.part.clone()).or_insert(Sight::Well);
        }
        for (part, sight) in sights {
            let was = known.iter().find(|look| look.part == part).copied();
            if let Some(look) = look(part, sight, was) {
                parts.insert(name(&look.part), look);
            }
        }
        let targets = match seen.targets {
            None => before.map(|before| before.targets.clone()).unwrap_or_default(),
            Some(targets) => targets
                .into_iter()
                .map(|(name, target)| {
                    let was = before.map(|before| before.targets.get(&name).copied());
                    let look = target_look(target, was);
                    (name, look)
                })
                .collect(),
        };
        Self {
            ts: seen.ts,
            parts,
            targets,
            dead: seen.dead,
            ended: seen.ended,
            waiting: Vec::new(),
            since_ts: before.map_or(seen.ts, |before| {
                if before.waiting.is_empty() { before.ts } else { before.since_ts }
            }),
        }
    }

    /// How much is wrong.
    pub(super) fn problems(&self) -> u64 {
        let parts = self.parts.values().filter(|look| look.trouble.is_some()).count();
        (parts + self.targets.values().filter(|target| !target.up).count()) as u64
    }
}

/// The part's name as a key.
fn name(part: &Part) -> String {
    serde_json::to_string(part).unwrap_or_default()
}

/// How a part looks now; nothing when there is nothing to say about it.
fn look(part: Part, sight: Sight, was: Option<&Look>) -> Option<Look> {
    let trouble = match sight {
        Sight::Unknown => return was.cloned(),
        Sight::Well => None,
        Sight::Wrong(trouble) => Some(trouble),
    };
    let same = was.filter(|was| was.trouble.is_some() == trouble.is_some());
    let rounds = same.map_or(1, |was| was.rounds.saturating_add(1));
    let was_raised = was.is_some_and(|was| was.raised);
    let enough = rounds >= if trouble.is_some() { part.patience() } else { ROUNDS };
    let raised = if enough { trouble.is_some() } else { was_raised };
    (raised || trouble.is_some()).then_some(Look { part, trouble, rounds, raised })
}

/// How a target looks now. `was` is nothing in the very first round, when everything is as it is.
fn target_look(target: Target, was: Option<Option<TargetLook>>) -> TargetLook {
    let up = target.up;
    let Some(was) = was else { return TargetLook { up, rounds: ROUNDS, down: (!up).then_some(false) } };
    let was = was.unwrap_or(TargetLook { up: true, rounds: ROUNDS, down: None });
    let rounds = if was.up == up { was.rounds.saturating_add(1) } else { 1 };
    let down = match (rounds >= ROUNDS, up) {
        (false, _) => was.down,
        (true, true) => None,
        (true, false) => was.down.or(Some(!target.covered)),
    };
    TargetLook { up, rounds, down }
}

/// What is different now.
pub(super) fn judge(before: &Snapshot, now: &Snapshot) -> Vec<Change> {
    let mut changes = Vec::new();
    for (name, look) in &now.parts {
        let was_raised = before.parts.get(name).is_some_and(|was| was.raised);
        if let (true, false, Some(trouble)) = (look.raised, was_raised, &look.trouble) {
            changes.push(Change::Fails(look.part.clone(), trouble.clone()));
        }
    }
    for (name, was) in before.parts.iter().filter(|(_, was)| was.raised) {
        if !now.parts.get(name).is_some_and(|look| look.raised) {
            changes.push(Change::Well(was.part.clone()));
        }
    }
    for (name, look) in &now.targets {
        match (before.targets.get(name).and_then(|was| was.down), look.down) {
            (None, Some(true)) => changes.push(Change::Down(name.clone())),
            (Some(true), None) => changes.push(Change::Up(name.clone())),
            _ => {}
        }
    }
    changes.extend(now.ended.iter().cloned().map(Change::Ended));
    match now.dead.difference(&before.dead).count() {
        0 => {}
        lost => changes.push(Change::Lost(lost as u64)),
    }
    changes
}

/// What was kept for later together with what is new: what came and went meanwhile is left out.
pub(super) fn together(waiting: &[Change], new: Vec<Change>) -> Vec<Change> {
    let mut all = waiting.to_vec();
    for change in new {
        let opposite = |other: &Change| match (other, &change) {
            (Change::Fails(part, _), Change::Well(same)) | (Change::Well(part), Change::Fails(same, _)) => {
                part == same
            }
            (Change::Down(target), Change::Up(same)) | (Change::Up(target), Change::Down(same)) => {
                target == same
            }
            _ => false,
        };
        if let Some(n) = all.iter().position(opposite) {
            all.remove(n);
        } else if let (Change::Lost(more), Some(Change::Lost(lost))) =
            (&change, all.iter_mut().find(|other| matches!(other, Change::Lost(_))))
        {
            *lost += more;
        } else {
            all.push(change);
        }
    }
    all
}

/// Whether an alert of Prometheus' may be one that Alertmanager knows: labels may be added, changed or left out on the way, so it is
/// one of that name with which no label disagrees.
pub(super) fn is_known(alert: &Labels, known: &[&Labels]) -> bool {
    known.iter().any(|known| {
        known.get("alertname") == alert.get("alertname")
            && alert.iter().all(|(name, value)| known.get(name).is_none_or(|there| there == value))
    })
}

/// Whether an alert is about a target: its instance, or its whole job.
pub(super) fn is_about(alert: &Labels, job: &str, instance: &str) -> bool {
    let says = |label, value| alert.get(label).map(|said| said == value);
    match (says("job", job), says("instance", instance)) {
        (Some(false), _) | (_, Some(false)) | (None, None) => false,
        (_, Some(true)) | (Some(true), None) => true,
    }
}
