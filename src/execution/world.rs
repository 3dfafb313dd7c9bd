//! The house as the gate sees it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ruma::RoomId;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::{Executor, Outcome, Progress};
use crate::approval::{GateError, Operation, Rules, Standing, World};
use crate::bots::Bot;
use crate::house::House;
use crate::report::{messages, say};
use crate::store::{Store, sent};

/// A progress message is edited at most this often.
const EDIT_PAUSE: Duration = Duration::from_secs(2);
/// Above this the whole log is attached.
const MANY_FACTS: usize = 8;
const LOG_SIZE: u64 = 4_000;

impl World for House {
    type Store = Store;

    fn store(&self) -> &Store {
        &self.store
    }

    fn rules(&self) -> &Rules {
        &self.rules
    }

    fn executor(&self, name: &str) -> Option<Arc<dyn Executor>> {
        self.executors.get(name).cloned()
    }

    async fn standing(&self, room: &str, speaker: &str) -> Result<Standing, GateError> {
        let unknown = |error: &dyn std::fmt::Display| GateError::Standing(error.to_string());
        let bot = Bot::named(speaker).unwrap_or(Bot::Core);
        let room = RoomId::parse(room).map_err(|error| unknown(&error))?;
        let state = match self.client(bot).full_state(&room).await {
            Ok(state) => state,
            // We are not let in: for us there is nobody.
            Err(error) if error.is_permanent() => {
                return Ok(Standing { upgraded: true, ..Standing::default() });
            }
            Err(error) => return Err(unknown(&error)),
        };
        let mut there = standing(&state);
        // A homeserver shows who has left the room as it was then.
        if !there.members.contains_key(bot.user_id(&self.server).as_str()) {
            return Ok(Standing { upgraded: true, ..Standing::default() });
        }
        // Power means something only where not everybody can have it by making a room.
        if !self.rooms().own.contains_key(room.as_str()) {
            there.members.values_mut().for_each(|power| *power = 0);
        }
        Ok(there)
    }

    async fn fresh_folder(&self, id: &str) -> std::io::Result<PathBuf> {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = self.run_folder(id);
        tokio::fs::create_dir_all(&folder).await?;
        tokio::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).await?;
        Ok(folder)
    }

    fn new_operation_id(&self) -> String {
        Self::new_operation_id(self)
    }

    fn new_txn_id(&self) -> String {
        crate::clock::new_id()
    }

    fn progress(&self, op: &Operation) -> mpsc::Sender<Progress> {
        let (sender, reports) = mpsc::channel(64);
        tokio::spawn(follow(self.store.clone(), op.clone(), reports));
        sender
    }

    fn hide(&self, text: &str) -> String {
        crate::secrets::hide(text).into_owned()
    }

    fn shown(&self, outcome: &Outcome) -> (Outcome, bool) {
        let size = std::fs::metadata(&outcome.log).map_or(0, |log| log.len());
        let attach = size > 0 && (!outcome.success || outcome.facts.len() > MANY_FACTS || size > LOG_SIZE);
        let mut shown = outcome.clone();
        if shown.facts.len() > MANY_FACTS {
            shown.facts.truncate(MANY_FACTS);
            shown.facts.push("…".into());
        }
        (shown, attach)
    }
}

/// Edits the progress message as reports come in, not too often; the last one always.
async fn follow(store: Store, op: Operation, mut reports: mpsc::Receiver<Progress>) {
    let mut last: Option<Instant> = None;
    let mut waiting: Option<Progress> = None;
    loop {
        let due = last.map_or_else(Instant::now, |last| last + EDIT_PAUSE);
        tokio::select! {
            report = reports.recv() => match report {
                Some(report) => waiting = Some(report),
                None => break,
            },
            () = tokio::time::sleep_until(due), if waiting.is_some() => {
                if let Some(report) = waiting.take() {
                    show(&store, &op, &report);
                    last = Some(Instant::now());
                }
            }
        }
    }
    if let Some(report) = waiting {
        show(&store, &op, &report);
    }
}

fn show(store: &Store, op: &Operation, report: &Progress) {
    let Some(txn_id) = &op.progress_txn else { return };
    let needed = usize::try_from(op.terms.approvals).unwrap_or(0);
    let text = messages::progress(op.lang(), op, report)
        .notice()
        .with("org.ralf.operation", messages::field(op, needed))
        .edit_of(&sent(txn_id));
    store.say_volatile(say::message(op, text.build()));
}

/// Who is in a room with which power, from its state events (spec: `m.room.power_levels`, and room version 12 for its
/// creators).
fn standing(state: &[Value]) -> Standing {
    let of = |kind: &str| state.iter().find(|event| event["type"] == kind && event["state_key"] == "");
    let levels = of("m.room.power_levels").map(|event| &event["content"]);
    let create = of("m.room.create");
    let mut creators: Vec<&str> = Vec::new();
    if let Some(create) = create {
        creators.extend(create["sender"].as_str());
        let more = create["content"]["additional_creators"].as_array();
        creators.extend(more.into_iter().flatten().filter_map(Value::as_str));
    }
    let version = create.and_then(|create| create["content"]["room_version"].as_str()).unwrap_or("1");
    let privileged = version.parse::<u32>().is_ok_and(|version| version >= 12);
    let default = levels.and_then(|levels| level(&levels["users_default"])).unwrap_or(0);
    let power = |user: &str| match levels {
        _ if privileged && creators.contains(&user) => i64::MAX,
        Some(levels) => level(&levels["users"][user]).unwrap_or(default),
        // Without the event the creator alone has power (spec: 100).
        None if creators.contains(&user) => 100,
        None => 0,
    };
    let joined = state
        .iter()
        .filter(|event| event["type"] == "m.room.member" && event["content"]["membership"] == "join");
    let members = joined.filter_map(|event| event["state_key"].as_str());
    Standing {
        members: members.map(|user| (user.to_owned(), power(user))).collect(),
        upgraded: of("m.room.tombstone")
            .is_some_and(|event| event["content"].as_object().is_some_and(|content| !content.is_empty())),
    }
}

/// Old rooms have levels as text.
fn level(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn room(version: &str, levels: Option<Value>) -> Standing {
        let member = |user: &str, membership: &str| json!({"type": "m.room.member", "state_key": user, "content": {"membership": membership}});
        let mut state = vec![
            json!({"type": "m.room.create", "state_key": "", "sender": "@a:x", "content": {"room_version": version, "additional_creators": ["@b:x"]}}),
            member("@a:x", "join"),
            member("@b:x", "join"),
            member("@c:x", "join"),
            member("@d:x", "leave"),
        ];
        state.extend(
            levels.map(|content| json!({"type": "m.room.power_levels", "state_key": "", "content": content})),
        );
        standing(&state)
    }

    #[test]
    fn power_is_what_the_room_says() {
        let levels = json!({"users": {"@a:x": 100, "@c:x": "50"}, "users_default": 5});
        let members = room("11", Some(levels.clone())).members;
        assert_eq!(members, [("@a:x".into(), 100), ("@b:x".into(), 5), ("@c:x".into(), 50)].into());
        let members = room("12", Some(levels)).members;
        assert_eq!(
            members,
            [("@a:x".into(), i64::MAX), ("@b:x".into(), i64::MAX), ("@c:x".into(), 50)].into()
        );
        assert_eq!(room("10", None).members["@a:x"], 100);
        assert_eq!(room("10", None).members["@c:x"], 0);
    }
}
