//! Explicit commands: `!ralf WORD …`, and without `!ralf` in a direct chat.
//!
//! ```text
//! command = [ "!ralf" ] word [ id ] [ rest ]
//! ```

use std::sync::Arc;

use ralf_intents::{Intent, Lang, Outcome, Slots};

use super::decide::{self, Decision};
use super::{Answer, Talk, act, alerts, answer, look};
use crate::approval::{Verdict, World as _};
use crate::config::Role;
use crate::house::House;
use crate::inbound::lanes::{HandleError, Handled};
use crate::report::messages;
use crate::secrets::hide;

/// A command as it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Command {
    word: Word,
    /// As it was typed.
    typed: String,
    /// What follows the word.
    rest: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Help,
    Status,
    Decide(Decision),
    Why,
    History,
    Whoami,
    Policy,
    Alerts(alerts::Word),
    Unknown,
}

/// Each command by its English and its German word, and the language that the word tells.
const WORDS: &[(&str, Option<Lang>, Word)] = &[
    ("help", Some(Lang::En), Word::Help),
    ("hilfe", Some(Lang::De), Word::Help),
    ("status", None, Word::Status),
    ("approve", Some(Lang::En), Word::Decide(Decision::Vote(Verdict::Approve))),
    ("genehmige", Some(Lang::De), Word::Decide(Decision::Vote(Verdict::Approve))),
    ("deny", Some(Lang::En), Word::Decide(Decision::Vote(Verdict::Deny))),
    ("ablehnen", Some(Lang::De), Word::Decide(Decision::Vote(Verdict::Deny))),
    ("cancel", Some(Lang::En), Word::Decide(Decision::Cancel)),
    ("abbrechen", Some(Lang::De), Word::Decide(Decision::Cancel)),
    ("why", Some(Lang::En), Word::Why),
    ("warum", Some(Lang::De), Word::Why),
    ("history", Some(Lang::En), Word::History),
    ("verlauf", Some(Lang::De), Word::History),
    ("whoami", Some(Lang::En), Word::Whoami),
    ("werbinich", Some(Lang::De), Word::Whoami),
    ("policy", Some(Lang::En), Word::Policy),
    ("regeln", Some(Lang::De), Word::Policy),
    ("subscribe", Some(Lang::En), Word::Alerts(alerts::Word::Subscribe)),
    ("abonniere", Some(Lang::De), Word::Alerts(alerts::Word::Subscribe)),
    ("unsubscribe", Some(Lang::En), Word::Alerts(alerts::Word::Unsubscribe)),
    ("abbestelle", Some(Lang::De), Word::Alerts(alerts::Word::Unsubscribe)),
    ("subscriptions", Some(Lang::En), Word::Alerts(alerts::Word::Subscriptions)),
    ("abos", Some(Lang::De), Word::Alerts(alerts::Word::Subscriptions)),
    ("ack", Some(Lang::En), Word::Alerts(alerts::Word::Ack)),
    ("quittiere", Some(Lang::De), Word::Alerts(alerts::Word::Ack)),
    ("silence", Some(Lang::En), Word::Alerts(alerts::Word::Silence)),
    ("stumm", Some(Lang::De), Word::Alerts(alerts::Word::Silence)),
    ("alerts", Some(Lang::En), Word::Alerts(alerts::Word::Alerts)),
    ("alarme", Some(Lang::De), Word::Alerts(alerts::Word::Alerts)),
    ("freeze", Some(Lang::En), Word::Decide(Decision::Freeze)),
    ("einfrieren", Some(Lang::De), Word::Decide(Decision::Freeze)),
    ("unfreeze", Some(Lang::En), Word::Decide(Decision::Unfreeze)),
    ("auftauen", Some(Lang::De), Word::Decide(Decision::Unfreeze)),
    ("incident", Some(Lang::En), Word::Alerts(alerts::Word::Incident)),
    ("vorfall", Some(Lang::De), Word::Alerts(alerts::Word::Incident)),
    ("resolve", Some(Lang::En), Word::Decide(Decision::Resolve)),
    ("klären", Some(Lang::De), Word::Decide(Decision::Resolve)),
    ("breakglass", Some(Lang::En), Word::Decide(Decision::BreakGlass)),
    ("notfall", Some(Lang::De), Word::Decide(Decision::BreakGlass)),
    ("test", Some(Lang::En), Word::Alerts(alerts::Word::Test)),
    ("teste", Some(Lang::De), Word::Alerts(alerts::Word::Test)),
    ("extend", Some(Lang::En), Word::Alerts(alerts::Word::Extend)),
    ("verlängere", Some(Lang::De), Word::Alerts(alerts::Word::Extend)),
    ("expire", Some(Lang::En), Word::Alerts(alerts::Word::Expire)),
    ("beende", Some(Lang::De), Word::Alerts(alerts::Word::Expire)),
];

/// Reads a command. Without `!ralf` only in a direct chat, and only when the first word is one.
pub(super) fn parse(text: &str, direct: bool) -> Option<Command> {
    let explicit = without_prefix(text);
    let line = explicit.or(direct.then_some(text))?.trim();
    let (typed, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let found = WORDS.iter().find(|(word, ..)| *word == typed.to_lowercase());
    let word = match (found, explicit.is_some()) {
        (Some((.., word)), _) => *word,
        (None, true) if typed.is_empty() => Word::Help,
        // `!ralf restart grafana`: a sentence behind the prefix is read as one.
        (None, true) if !rest.is_empty() => return None,
        (None, true) => Word::Unknown,
        (None, false) => return None,
    };
    if explicit.is_none() && !is_whole(word, rest.trim()) {
        return None;
    }
    Some(Command { word, typed: typed.to_owned(), rest: rest.trim().to_owned() })
}

/// Whether a line of a direct chat is this command, and not a sentence that begins with its word: "why did you do that?",
/// "status of grafana", "cancel that".
fn is_whole(word: Word, rest: &str) -> bool {
    let words = rest.split_whitespace().count();
    match word {
        Word::Help | Word::History | Word::Whoami | Word::Policy => words == 0,
        Word::Status => words < 2,
        Word::Why => words < 2 || alerts::is_alert(rest),
        Word::Alerts(word) => alerts::is_whole(word, rest),
        Word::Decide(Decision::Freeze | Decision::Unfreeze) | Word::Unknown => true,
        Word::Decide(_) => {
            let small =
                "that|this|it|the|my|das|dies|es|den|die|der|mein|meine|bitte|please|alles|everything";
            let first = rest.split_whitespace().next().unwrap_or_default().to_lowercase();
            !small.split('|').any(|word| word == first)
        }
    }
}

/// What follows `!ralf`.
pub(super) fn without_prefix(text: &str) -> Option<&str> {
    let rest = text.get(..5).filter(|head| head.eq_ignore_ascii_case("!ralf")).map(|_| &text[5..])?;
    (rest.is_empty() || rest.starts_with(char::is_whitespace)).then_some(rest)
}

/// Runs a command.
pub(super) async fn run(
    house: &Arc<House>,
    seq: i64,
    mut talk: Talk,
    command: Command,
) -> Result<Handled, HandleError> {
    let told =
        WORDS.iter().find(|(word, ..)| *word == command.typed.to_lowercase()).and_then(|(_, lang, _)| *lang);
    talk.lang = told.unwrap_or(talk.lang);
    let lang = talk.lang;
    let answer = match command.word {
        Word::Help => Answer::Say(messages::help(lang)),
        Word::Status => {
            let look = Intent { name: "show_status".into(), slots: Slots::new(), changes: false };
            let looks = |outcome: &Outcome| match outcome {
                Outcome::Intent(intent) => intent.name == look.name,
                Outcome::Ask(ask) => ask.intent == look.name,
                Outcome::None(_) => false,
            };
            if command.rest.is_empty() {
                return act::on(house, seq, talk, vec![Outcome::Intent(look)], None).await;
            }
            match house.inventory().await {
                Err(error) => Answer::Say(messages::no_inventory(lang, &error.to_string())),
                Ok((_, names)) => {
                    // Names are known by case and alias as they are in any sentence.
                    let sentence = format!("status {}", command.rest);
                    let reading = house.understanding().await.read(&sentence, &names, Some(lang));
                    let outcomes: Vec<Outcome> = [reading.outcome].into_iter().chain(reading.more).collect();
                    if outcomes.iter().all(looks) {
                        return act::on(house, seq, talk, outcomes, None).await;
                    }
                    Answer::Say(messages::unknown_name(lang, &hide(&command.rest)))
                }
            }
        }
        Word::Decide(decision) => {
            return decide::run(house, seq, talk, decision, (&command.typed, &command.rest)).await;
        }
        Word::Why => {
            let is_operation =
                !command.rest.is_empty() && house.store.operation_like(&command.rest).await?.is_some();
            let alert = if is_operation { None } else { alerts::why(house, &talk, &command.rest).await? };
            match alert {
                Some(answer) => answer,
                None => {
                    look::explain(house, &talk, Some(command.rest.as_str()).filter(|id| !id.is_empty()))
                        .await?
                }
            }
        }
        Word::History => Answer::Say(messages::history(lang, &house.store.operations_recent(10).await?)),
        Word::Whoami => {
            let (rules, user) = (&house.rules, talk.asker.as_str());
            let standing = house.standing(&talk.room, talk.bot.name()).await?;
            let has = |role: &Role| rules.has_role(user, *role, &standing);
            let roles: Vec<Role> = Role::ALL.into_iter().filter(has).collect();
            let glass = rules.may_break_glass(user, &standing).is_ok();
            Answer::Say(messages::whoami(lang, user, rules.person(user), &roles, glass))
        }
        Word::Policy => {
            let standing = house.standing(&talk.room, talk.bot.name()).await?;
            Answer::Say(messages::policy(lang, &house.rules, &talk.asker, &standing))
        }
        Word::Alerts(word) => alerts::run(house, &talk, word, &command.rest).await?,
        Word::Unknown => Answer::Say(messages::unknown_command(lang, &command.typed)),
    };
    answer::commit(house, seq, &talk, vec![answer], None).await?;
    Ok(Handled::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str, direct: bool) -> Option<Word> {
        parse(text, direct).map(|command| command.word)
    }

    #[test]
    fn commands_want_their_prefix_outside_of_direct_chats() {
        assert_eq!(word("!ralf hilfe", false), Some(Word::Help));
        assert_eq!(word("!RALF Status", false), Some(Word::Status));
        assert_eq!(word("!ralf", false), Some(Word::Help));
        assert_eq!(word("hilfe", false), None);
        assert_eq!(word("hilfe", true), Some(Word::Help));
        assert_eq!(word("!ralfi hilfe", false), None);
        assert_eq!(word("!ralf flurb", false), Some(Word::Unknown));
        assert_eq!(word("!ralf restart grafana", false), None);
        assert_eq!(word("!ralf klären x", false), Some(Word::Decide(Decision::Resolve)));
    }

    #[test]
    fn sentences_of_a_direct_chat_are_no_commands() {
        for said in [
            "warum hast du das gemacht?",
            "why did you do that?",
            "status von grafana",
            "cancel that",
            "silence DiskFull for 2h",
            "beende grafana",
            "teste jellyfin",
            "unsubscribe from critical alerts",
        ] {
            assert_eq!(word(said, true), None, "{said}");
        }
        assert_eq!(word("warum 3f6h", true), Some(Word::Why));
        assert_eq!(word("why DiskFull instance=pi4", true), Some(Word::Why));
        assert_eq!(word("status grafana", true), Some(Word::Status));
        assert_eq!(word("deny 3f6h too late", true), Some(Word::Decide(Decision::Vote(Verdict::Deny))));
    }
}
