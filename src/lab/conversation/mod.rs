//! The conversation with R.A.L.F. in a terminal, by a person's own Matrix client.

mod input;
mod person;
mod screen;
mod view;
mod waiting;

use std::collections::BTreeMap;
use std::future::Future;
use std::io::{BufRead, IsTerminal};
use std::pin::pin;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::{LabError, LabJson, Progress};
use input::{Input, parse};
use person::{Incoming, Person};
use screen::Screen;
use view::View;
use waiting::{Expected, Waiting};

const ME: &str = "admin";

/// Talks until the input ends, `/quit` is typed, or `ended` is over.
pub(super) async fn interactive(
    info: &LabJson,
    ended: impl Future<Output = Result<(), LabError>>,
) -> Result<(), LabError> {
    let mut talk = Talk::open(info).await?;
    let piped = !std::io::stdin().is_terminal();
    let mut typed = read_lines();
    let mut ended = pin!(ended);
    let mut waiting: Option<Waiting> = None;
    talk.screen.remark(
        "You are @admin in the ops room. Write a sentence; + approves, - denies, /help shows the rest.",
    );
    talk.prompt();
    loop {
        let deadline = waiting.as_ref().map(|waiting| waiting.deadline(&talk.view));
        tokio::select! {
            ended = &mut ended => return ended,
            Some(incoming) = talk.incoming.recv() => {
                talk.show(&incoming);
                if let Some(waiting) = &mut waiting {
                    waiting.see(&talk.view, &incoming);
                }
            }
            () = until(deadline) => if waiting.take().is_some_and(|waiting| !waiting.came()) {
                talk.screen.remark("(nobody answered)");
            },
            // From a pipe, a line is read once the answer to the one before it is complete.
            line = typed.recv(), if waiting.is_none() => {
                let Some(line) = line else { return Ok(()) };
                if piped && !line.trim().is_empty() {
                    talk.screen.remark(&format!("› {}", line.trim()));
                }
                match talk.act(&line).await? {
                    Acted::Quit => return Ok(()),
                    Acted::Expects(expected) if piped => waiting = Some(Waiting::new(expected)),
                    _ => {}
                }
                talk.screen.typed();
            }
        }
    }
}

/// Says one thing in the ops room and shows what comes back.
pub(super) async fn say(info: &LabJson, text: &str) -> Result<(), LabError> {
    let mut talk = Talk::open(info).await?;
    let event = talk.say(ME, text, true).await?;
    let mut waiting = Waiting::new(Expected::Answer { event: event.clone() });
    loop {
        tokio::select! {
            Some(incoming) = talk.incoming.recv() => {
                let line = talk.take(&incoming);
                waiting.see(&talk.view, &incoming);
                let id = match &incoming {
                    Incoming::Event { event, .. } => event["event_id"].as_str().unwrap_or_default(),
                    _ => "",
                };
                if let Some(line) = line.filter(|_| talk.view.follows(id, &event)) {
                    talk.screen.show(&line, &talk.room);
                }
            }
            () = until(Some(waiting.deadline(&talk.view))) => break,
        }
    }
    if !waiting.came() {
        Progress::stderr().line("Nobody answered: what addresses no bot and asks for nothing is left alone.");
    }
    Ok(())
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// Lines of standard input. A thread of its own reads them, because nothing can interrupt that reading.
fn read_lines() -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel(1);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

enum Acted {
    Nothing,
    Expects(Expected),
    Quit,
}

struct Talk {
    info: LabJson,
    view: View,
    screen: Screen,
    people: BTreeMap<String, Person>,
    incoming: mpsc::Receiver<Incoming>,
    /// The room that one is in, by name.
    room: String,
}

impl Talk {
    /// Signs in and takes note of what was said before.
    async fn open(info: &LabJson) -> Result<Self, LabError> {
        let person = Person::sign_in(info, ME).await?;
        let incoming = person.follow();
        let people = [(ME.to_owned(), person)].into();
        let view = View::new(info);
        let mut talk = Self {
            info: info.clone(),
            view,
            screen: Screen::new(),
            people,
            incoming,
            room: "ops".to_owned(),
        };
        let before = async {
            while let Some(incoming) = talk.incoming.recv().await {
                match incoming {
                    Incoming::Ready => return true,
                    incoming => drop(talk.take(&incoming)),
                }
            }
            false
        };
        match tokio::time::timeout(Duration::from_secs(30), before).await {
            Ok(true) => Ok(talk),
            _ => Err(LabError::Conversation("Synapse did not answer /sync within 30 s".into())),
        }
    }

    fn room_id(&self) -> String {
        self.info.rooms.get(&self.room).cloned().unwrap_or_default()
    }

    fn prompt(&mut self) {
        let prompt = if self.view.question(&self.room_id()).is_some() {
            format!("{ME}@{} (answer)", self.room)
        } else {
            format!("{ME}@{}", self.room)
        };
        self.screen.prompt(&prompt);
    }

    fn take(&mut self, incoming: &Incoming) -> Option<view::Line> {
        match incoming {
            Incoming::Event { room, event, .. } => self.view.take(room, event),
            _ => None,
        }
    }

    fn show(&mut self, incoming: &Incoming) {
        let asked = self.view.question(&self.room_id()).is_some();
        if let Some(line) = self.take(incoming) {
            self.screen.show(&line, &self.room);
        }
        if asked != self.view.question(&self.room_id()).is_some() {
            self.prompt();
        }
    }

    async fn act(&mut self, line: &str) -> Result<Acted, LabError> {
        match parse(line, self.info.users.keys(), self.info.rooms.keys()) {
            Input::Empty => {}
            Input::Quit => return Ok(Acted::Quit),
            Input::Help => self.screen.remark(input::HELP),
            Input::Wrong(text) => self.screen.remark(&text),
            Input::Room(room) => {
                self.room = room;
                self.prompt();
            }
            Input::Say { who, text, fresh } => {
                let event = self.say(who.as_deref().unwrap_or(ME), &text, fresh).await?;
                self.prompt();
                return Ok(Acted::Expects(Expected::Answer { event }));
            }
            Input::Vote { who, approve } => return self.vote(who.as_deref().unwrap_or(ME), approve).await,
        }
        Ok(Acted::Nothing)
    }

    /// Says something in the room, to the room's bot; in the thread of an open question, unless it is something new.
    async fn say(&mut self, who: &str, text: &str, fresh: bool) -> Result<String, LabError> {
        let room = self.room_id();
        let thread = self.view.question(&room).filter(|_| !fresh && who == ME).map(str::to_owned);
        self.view.close_question(&room);
        // In the ops room core listens to all that is said; elsewhere a bot wants to be spoken to.
        let mention = self.info.bots.get(&self.room).cloned();
        self.person(who).await?.say(&room, text, thread.as_deref(), mention.as_deref()).await
    }

    async fn vote(&mut self, who: &str, approve: bool) -> Result<Acted, LabError> {
        let Some(proposal) = self.view.open_proposal().cloned() else {
            self.screen.remark("There is no open proposal.");
            return Ok(Acted::Nothing);
        };
        let Some(before) = self.view.stage(&proposal.operation).cloned() else { return Ok(Acted::Nothing) };
        let key = if approve { "✅" } else { "❌" };
        match self.person(who).await?.react(&proposal.room, &proposal.event, key).await {
            Ok(_) => {}
            // The same person twice, or a room that the person is not in.
            Err(LabError::Conversation(why)) => {
                self.screen.remark(&why);
                return Ok(Acted::Nothing);
            }
            Err(error) => return Err(error),
        }
        let operation = proposal.operation;
        Ok(Acted::Expects(Expected::Decision { proposal: proposal.event, operation, before }))
    }

    async fn person(&mut self, name: &str) -> Result<Person, LabError> {
        if let Some(person) = self.people.get(name) {
            return Ok(person.clone());
        }
        let person = Person::sign_in(&self.info, name).await?;
        self.people.insert(name.to_owned(), person.clone());
        Ok(person)
    }
}
