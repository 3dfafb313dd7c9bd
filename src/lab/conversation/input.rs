//! What is typed into the conversation.
//!
//! ```text
//! +  -               approve, deny the latest open proposal
//! /approver +        another person does it; /as NAME … is the long form, and takes sentences too
//! /room health       go on in another room        /help  /quit
//! anything else      is said in the room, or in the thread of an open question; /new says it outside of the thread
//! ```

/// One typed line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Input {
    /// Nothing.
    Empty,
    /// To be said by a person (admin, if none is named); `fresh` leaves an open question alone.
    Say { who: Option<String>, text: String, fresh: bool },
    /// To approve or deny the latest open proposal.
    Vote { who: Option<String>, approve: bool },
    /// Another room.
    Room(String),
    /// The list of these.
    Help,
    /// The end.
    Quit,
    /// No such thing, and what to write.
    Wrong(String),
}

pub(super) const HELP: &str = "\
  Write a sentence:  Installiere Jellyfin auf node-2  ·  restart jellyfin please
  +   approve the latest open proposal        -   deny it
  /approver +   the second person does it; /guest …, /as NAME … speak for others
  /room ops|health|infra|planner|sec   go on in another room
  /new …   do not answer the open question, but say something new
  /quit   end (Ctrl-D and Ctrl-C as well)";

/// Reads a line. `people` are the names that a line can be said for, `rooms` the rooms.
pub(super) fn parse<'a>(
    line: &str,
    people: impl Iterator<Item = &'a String> + Clone,
    rooms: impl Iterator<Item = &'a String> + Clone,
) -> Input {
    let line = line.trim();
    let Some(command) = line.strip_prefix('/') else { return act(None, line, false) };
    let (word, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
    let rest = rest.trim();
    let list = |names: &mut dyn Iterator<Item = &'a String>| names.cloned().collect::<Vec<_>>().join(", ");
    match word {
        "help" | "hilfe" | "?" => Input::Help,
        "quit" | "exit" | "q" => Input::Quit,
        "new" => act(None, rest, true),
        "room" | "raum" if rooms.clone().any(|room| room == rest) => Input::Room(rest.to_owned()),
        "room" | "raum" => Input::Wrong(format!("/room takes one of {}", list(&mut rooms.clone()))),
        "as" => {
            let (who, what) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            if people.clone().any(|name| name == who) {
                act(Some(who.to_owned()), what.trim(), false)
            } else {
                Input::Wrong(format!("/as takes one of {}", list(&mut people.clone())))
            }
        }
        who if people.clone().any(|name| name == who) => act(Some(who.to_owned()), rest, false),
        _ => Input::Wrong(format!("there is no /{word}; /help shows what there is")),
    }
}

fn act(who: Option<String>, text: &str, fresh: bool) -> Input {
    match text {
        "" if who.is_none() => Input::Empty,
        "" => Input::Wrong("what shall be said or done? Such as /approver +".to_owned()),
        "+" => Input::Vote { who, approve: true },
        "-" => Input::Vote { who, approve: false },
        text => Input::Say { who, text: text.to_owned(), fresh },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Input {
        let people = ["admin", "approver"].map(String::from);
        let rooms = ["ops", "health"].map(String::from);
        parse(line, people.iter(), rooms.iter())
    }

    #[test]
    fn reads_what_is_typed() {
        let say = |who: Option<&str>, text: &str, fresh| Input::Say {
            who: who.map(Into::into),
            text: text.into(),
            fresh,
        };
        assert_eq!(read(" Installiere Jellyfin "), say(None, "Installiere Jellyfin", false));
        assert_eq!(read("!ralf status"), say(None, "!ralf status", false));
        assert_eq!(read("+"), Input::Vote { who: None, approve: true });
        assert_eq!(read("/approver +"), Input::Vote { who: Some("approver".into()), approve: true });
        assert_eq!(read("/as approver -"), Input::Vote { who: Some("approver".into()), approve: false });
        assert_eq!(read("/as admin hello there"), say(Some("admin"), "hello there", false));
        assert_eq!(read("/new status"), say(None, "status", true));
        assert_eq!(read("/room health"), Input::Room("health".into()));
        assert_eq!(read(""), Input::Empty);
        for wrong in ["/room attic", "/as nobody +", "/dance", "/approver"] {
            assert!(matches!(read(wrong), Input::Wrong(_)), "{wrong}");
        }
    }
}
