//! What has happened in the rooms, as far as the person at the terminal needs it: which lines to show for an event,
//! which proposals are open, whether a question waits. Pure: JSON in, lines out.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// Something to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    /// Somebody said something.
    Said { who: String, room: String, text: String },
    /// A message was edited: what is new in it. News of a proposal stay, those of anything else replace each other.
    Changed { event: String, who: String, text: String, stays: bool },
    /// A reaction.
    Reacted { who: String, key: String },
}

/// An operation that waits for votes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Proposal {
    pub(super) room: String,
    pub(super) event: String,
    pub(super) operation: String,
}

/// How far an operation is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stage {
    pub(super) state: String,
    pub(super) given: u64,
}

impl Stage {
    /// Whether it has come to its end.
    pub(super) fn is_final(&self) -> bool {
        !["asking", "awaiting_approval", "approved", "running"].contains(&self.state.as_str())
    }

    fn waits(&self) -> bool {
        self.state == "awaiting_approval"
    }
}

/// The rooms as they were seen.
pub(super) struct View {
    me: String,
    /// Names by Matrix id: the bots', the people's.
    names: BTreeMap<String, String>,
    bots: BTreeSet<String>,
    /// Names by room id.
    rooms: BTreeMap<String, String>,
    /// What messages say now, by event.
    texts: BTreeMap<String, String>,
    /// What they are about: the message that is answered or the thread's root, by event.
    about: BTreeMap<String, String>,
    proposals: Vec<Proposal>,
    stages: BTreeMap<String, Stage>,
    /// Threads in which a bot asked something, by room.
    questions: BTreeMap<String, String>,
}

impl View {
    pub(super) fn new(info: &crate::lab::LabJson) -> Self {
        let people = info.users.iter().map(|(name, user)| (user.user_id.clone(), name.clone()));
        let bots = info.bots.iter().map(|(name, id)| (id.clone(), format!("ralf-{name}")));
        Self {
            me: info.users.get("admin").map(|user| user.user_id.clone()).unwrap_or_default(),
            names: people.chain(bots).collect(),
            bots: info.bots.values().cloned().collect(),
            rooms: info.rooms.iter().map(|(name, id)| (id.clone(), name.clone())).collect(),
            texts: BTreeMap::new(),
            about: BTreeMap::new(),
            proposals: Vec::new(),
            stages: BTreeMap::new(),
            questions: BTreeMap::new(),
        }
    }

    /// The latest proposal that waits for votes.
    pub(super) fn open_proposal(&self) -> Option<&Proposal> {
        self.proposals
            .iter()
            .rev()
            .find(|proposal| self.stages.get(&proposal.operation).is_some_and(Stage::waits))
    }

    /// How far an operation is.
    pub(super) fn stage(&self, operation: &str) -> Option<&Stage> {
        self.stages.get(operation)
    }

    /// The thread of a question that waits for an answer.
    pub(super) fn question(&self, room: &str) -> Option<&str> {
        self.questions.get(room).map(String::as_str)
    }

    /// The question is answered, or left alone.
    pub(super) fn close_question(&mut self, room: &str) {
        self.questions.remove(room);
    }

    pub(super) fn is_bot(&self, user: &str) -> bool {
        self.bots.contains(user)
    }

    /// Whether an event belongs to what followed from another one.
    pub(super) fn follows(&self, event: &str, from: &str) -> bool {
        let mut event = event;
        // Each step goes back in time, but what strangers write may go in circles.
        for _ in 0..20 {
            match self.about.get(event) {
                Some(earlier) if earlier == from => return true,
                Some(earlier) => event = earlier,
                None => return false,
            }
        }
        false
    }

    /// Takes note of an event and says what to show of it.
    pub(super) fn take(&mut self, room: &str, event: &Value) -> Option<Line> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (id, sender) = (text(&event["event_id"]), text(&event["sender"]));
        let content = &event["content"];
        let relation = &content["m.relates_to"];
        let kind = relation["rel_type"].as_str().unwrap_or_default();
        let target = [&relation["event_id"], &relation["m.in_reply_to"]["event_id"]];
        let target = target.iter().find_map(|id| id.as_str()).map(str::to_owned);
        if let Some(target) = &target {
            self.about.insert(id.clone(), target.clone());
        }
        let who = self.names.get(&sender).cloned().unwrap_or_else(|| sender.clone());
        match event["type"].as_str()? {
            "m.reaction" => {
                let key = text(&relation["key"]);
                // A bot's reactions to its own message are the buttons under it.
                let button = self.is_bot(&sender) && self.texts.contains_key(&target?);
                (!button && sender != self.me && !key.is_empty()).then_some(Line::Reacted { who, key })
            }
            "m.room.message" if kind == "m.replace" => {
                let target = target?;
                let new = &content["m.new_content"];
                self.note(room, &target, new, false);
                let body = text(&new["body"]);
                let old = self.texts.insert(target.clone(), body.clone())?;
                let text = fresh_lines(&old, &body);
                let stays = self.proposals.iter().any(|proposal| proposal.event == target);
                (sender != self.me && !text.is_empty()).then_some(Line::Changed {
                    event: target,
                    who,
                    text,
                    stays,
                })
            }
            "m.room.message" => {
                let body = text(&content["body"]);
                if self.is_bot(&sender) {
                    self.texts.insert(id.clone(), body.clone());
                    self.note(room, &id, content, true);
                    if content["org.ralf.question"].is_object() {
                        let thread = if kind == "m.thread" { target } else { None };
                        self.questions.insert(room.to_owned(), thread.unwrap_or(id));
                    }
                }
                if sender == self.me || body.is_empty() {
                    return None;
                }
                let room = self.rooms.get(room).cloned().unwrap_or_else(|| room.to_owned());
                Some(Line::Said { who, room, text: body })
            }
            _ => None,
        }
    }

    fn note(&mut self, room: &str, event: &str, content: &Value, new: bool) {
        let field = &content["org.ralf.operation"];
        let (Some(operation), Some(state)) = (field["id"].as_str(), field["state"].as_str()) else { return };
        let given = field["approvals"]["given"].as_u64().unwrap_or_default();
        let stage = Stage { state: state.to_owned(), given };
        if new && stage.waits() && !self.stages.contains_key(operation) {
            let proposal =
                Proposal { room: room.to_owned(), event: event.to_owned(), operation: operation.to_owned() };
            self.proposals.push(proposal);
        }
        // What is over stays over, in whatever order its messages come.
        if !self.stages.get(operation).is_some_and(Stage::is_final) {
            self.stages.insert(operation.to_owned(), stage);
        }
    }
}

/// The lines of `new` that `old` did not have.
fn fresh_lines(old: &str, new: &str) -> String {
    let before: BTreeSet<&str> = old.lines().collect();
    new.lines().filter(|line| !before.contains(line)).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::lab::{LabJson, UserInfo};

    fn view() -> View {
        let user =
            UserInfo { user_id: "@admin:l".into(), password: String::new(), access_token: String::new() };
        let mut info = LabJson {
            homeserver: String::new(),
            server_name: "l".into(),
            ralf: String::new(),
            config: "c".into(),
            database: String::new(),
            users: [("admin".to_owned(), user)].into(),
            rooms: [("ops".to_owned(), "!ops".to_owned())].into(),
            bots: BTreeMap::new(),
            fleet: BTreeMap::new(),
            as_token: String::new(),
            hs_token: String::new(),
            webhook_token: String::new(),
            registration_shared_secret: String::new(),
            ollama: None,
            prometheus: None,
            alertmanager: None,
            pids: BTreeMap::new(),
        };
        info.bots.insert("core".into(), "@ralf-core:l".into());
        View::new(&info)
    }

    fn message(id: &str, body: &str, state: &str, relation: Value) -> Value {
        let field = json!({"id": "op", "state": state, "approvals": {"needed": 1, "given": 0}});
        let mut content = json!({"msgtype": "m.text", "body": body, "m.relates_to": relation});
        let place = if relation["rel_type"] == "m.replace" {
            content["m.new_content"] = json!({"body": body});
            &mut content["m.new_content"]
        } else {
            &mut content
        };
        if !state.is_empty() {
            place["org.ralf.operation"] = field;
        }
        json!({"type": "m.room.message", "event_id": id, "sender": "@ralf-core:l", "content": content})
    }

    #[test]
    fn a_proposal_opens_and_its_edits_show_what_is_new() {
        let mut view = view();
        let reply = json!({"m.in_reply_to": {"event_id": "$ask"}});
        let said = view.take("!ops", &message("$p", "Plan\nState: waiting", "awaiting_approval", reply));
        assert!(matches!(said, Some(Line::Said { who, .. }) if who == "ralf-core"));
        assert_eq!(view.open_proposal().unwrap().event, "$p");
        assert!(view.follows("$p", "$ask") && !view.follows("$p", "$other"));

        let button = json!({"type": "m.reaction", "event_id": "$b", "sender": "@ralf-core:l",
            "content": {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$p", "key": "✅"}}});
        assert_eq!(view.take("!ops", &button), None);

        let replace = json!({"rel_type": "m.replace", "event_id": "$p"});
        let changed = view.take("!ops", &message("$e", "Plan\nState: running", "running", replace.clone()));
        assert!(matches!(changed, Some(Line::Changed { text, stays: true, .. }) if text == "State: running"));
        assert_eq!(view.open_proposal(), None);
        view.take("!ops", &message("$f", "Plan\nState: done", "succeeded", replace.clone()));
        assert!(view.stage("op").unwrap().is_final());
        view.take("!ops", &message("$g", "Plan\nState: late", "running", replace));
        assert!(view.stage("op").unwrap().is_final());
    }

    #[test]
    fn a_question_waits_in_its_thread() {
        let mut view = view();
        let mut asked = message("$q", "Where?", "", json!({"rel_type": "m.thread", "event_id": "$ask"}));
        asked["content"]["org.ralf.question"] = json!({"id": "q"});
        view.take("!ops", &asked);
        assert_eq!(view.question("!ops"), Some("$ask"));
        view.close_question("!ops");
        assert_eq!(view.question("!ops"), None);
    }
}
