//! What there is to see: help, status, history, who one is.

use ralf_intents::Lang;

use super::gate::because;
use super::proposal::span;
use super::title;
use crate::approval::{Freeze, Operation, State};
use crate::config::Role;
use crate::report::{Text, t};

/// `help`
pub fn help(lang: Lang) -> Text {
    let (sentences, commands) = match lang {
        Lang::De => (
            [
                "`Installiere Jellyfin auf node-2` – einen Dienst einrichten",
                "`Starte Grafana neu` – einen Dienst neu starten",
                "`Entferne Gitea` – einen Dienst entfernen",
                "`Rolle Jellyfin zurück` – das Letzte an einem Dienst zurücknehmen",
                "`Läuft Jellyfin?` · `Status` – was läuft wo, und was wartet",
            ],
            [
                "`!ralf hilfe` · `!ralf status` · `!ralf verlauf` · `!ralf werbinich` · `!ralf regeln`",
                "`!ralf genehmige ID` · `!ralf ablehnen ID [Grund]` · `!ralf abbrechen ID` · `!ralf warum ID`",
                "`!ralf alarme` · `!ralf vorfall ID` · `!ralf quittiere ID` · `!ralf stumm 2h ID [Grund]` – am Alarm selbst genügt 👀 oder 🔕",
                "`!ralf verlängere N 2h` · `!ralf beende N` – eine Stille verlängern oder beenden",
                "`!ralf abonniere severity>=warning` · `!ralf abos` · `!ralf teste N` · `!ralf abbestelle N` – welche Alarme ich hier melde",
                "`!ralf einfrieren [2h] [Grund]` · `!ralf auftauen` – nichts beginnt, bis es weitergeht",
                "`!ralf notfall ID GRUND` – allein freigeben, mit der Rolle `emergency`",
                "`!ralf klären ID done|not-done [Grund]` – sagen, wie etwas ausging, das unterbrochen wurde",
            ],
        ),
        Lang::En => (
            [
                "`Install Jellyfin on node-2` – set a service up",
                "`Restart Grafana` – restart a service",
                "`Remove Gitea` – take a service away",
                "`Roll back Jellyfin` – undo the last thing done to a service",
                "`Is Jellyfin running?` · `status` – what runs where, and what waits",
            ],
            [
                "`!ralf help` · `!ralf status` · `!ralf history` · `!ralf whoami` · `!ralf policy`",
                "`!ralf approve ID` · `!ralf deny ID [reason]` · `!ralf cancel ID` · `!ralf why ID`",
                "`!ralf alerts` · `!ralf incident ID` · `!ralf ack ID` · `!ralf silence 2h ID [reason]` – on the alert itself 👀 or 🔕 is enough",
                "`!ralf extend N 2h` · `!ralf expire N` – lengthen or end a silence",
                "`!ralf subscribe severity>=warning` · `!ralf subscriptions` · `!ralf test N` · `!ralf unsubscribe N` – which alerts I report here",
                "`!ralf freeze [2h] [reason]` · `!ralf unfreeze` – nothing begins until it goes on",
                "`!ralf breakglass ID REASON` – approve alone, with the role `emergency`",
                "`!ralf resolve ID done|not-done [reason]` – say how something ended that was cut off",
            ],
        ),
    };
    Text::new()
        .head(t(lang, "Das kann ich für dich tun", "What I can do for you"))
        .list(sentences)
        .line(t(
            lang,
            "Bevor sich etwas ändert, zeige ich den Plan. Er läuft erst, wenn ihn jemand mit ✅ freigibt; ❌ lehnt ihn ab, der Grund passt in den Thread.",
            "Before anything changes I show the plan. It runs only when somebody approves it with ✅; ❌ denies it, and the reason goes into the thread.",
        ))
        .head(t(lang, "Befehle", "Commands"))
        .list(commands)
}

/// A state in words.
pub fn state(lang: Lang, state: State) -> &'static str {
    let (de, en) = match state {
        State::AwaitingApproval => ("wartet auf Freigabe", "waiting for approval"),
        State::Approved => ("freigegeben", "approved"),
        State::Dispatched | State::Running => ("läuft", "running"),
        State::Succeeded => ("erledigt", "done"),
        State::Failed => ("fehlgeschlagen", "failed"),
        State::RolledBack => ("zurückgerollt", "rolled back"),
        State::Denied => ("abgelehnt", "denied"),
        State::Expired => ("verfallen", "expired"),
        State::Superseded => ("überholt", "superseded"),
        State::Cancelled => ("abgebrochen", "cancelled"),
        State::Unknown | State::NeedsOperator => ("ungewiss", "unknown"),
    };
    t(lang, de, en)
}

/// A time of day in the house, without the year.
fn brief(ts: i64) -> String {
    jiff::Timestamp::from_millisecond(ts).map_or_else(
        |_| "?".to_owned(),
        |ts| ts.to_zoned(jiff::tz::TimeZone::system()).strftime("%d.%m. %H:%M").to_string(),
    )
}

/// Something that waits or runs.
#[derive(Debug)]
pub struct Open {
    /// The operation.
    pub op: Operation,
    /// How many approvals it has.
    pub given: usize,
}

/// All that `status` tells.
#[derive(Debug, Default)]
pub struct Board<'a> {
    /// What runs where, as it was observed just now: service, host, whether it runs.
    pub found: Vec<(String, String, bool)>,
    /// What waits and what runs.
    pub open: Vec<Open>,
    /// A freeze in force.
    pub freeze: Option<Freeze>,
    /// The service or host that was asked about.
    pub asked: Option<&'a str>,
    /// Milliseconds since the epoch.
    pub now: i64,
    /// It was asked something else, which nobody can answer.
    pub doubt: bool,
}

/// What runs where, what waits for whom, and whether everything stands still.
pub fn status(lang: Lang, board: &Board<'_>) -> Text {
    let running: Vec<String> = board
        .found
        .iter()
        .filter(|(.., running)| *running)
        .map(|(service, host, _)| match lang {
            Lang::De => format!("{service} auf {host}: 🟢 läuft"),
            Lang::En => format!("{service} on {host}: 🟢 running"),
        })
        .collect();
    let text = match board.doubt {
        true => Text::new().line(t(
            lang,
            "Darauf habe ich keine Antwort, und über das Homelab rate ich nicht. `!ralf verlauf` zeigt, was geschah; was ich gerade sehe:",
            "I have no answer to that, and I don't guess about the homelab. `!ralf history` shows what happened; what I see right now:",
        )),
        false => Text::new(),
    };
    let mut text = match (board.asked, running.is_empty()) {
        (Some(name), true) => text.line(&match lang {
            Lang::De => format!("{name}: ⚪ läuft nirgends."),
            Lang::En => format!("{name}: ⚪ not running anywhere."),
        }),
        (None, true) => {
            text.line(t(lang, "Zurzeit läuft kein Dienst.", "No service is running at the moment."))
        }
        (_, false) => text.head(t(lang, "Was gerade läuft", "What is running now")).list(running),
    };
    if let Some(freeze) = &board.freeze {
        let until = freeze.until_ts.map_or_else(String::new, |until| {
            format!(
                " · {} {}",
                t(lang, "endet von selbst in", "ends by itself in"),
                span(lang, until - board.now)
            )
        });
        text = text.line(&format!(
            "🧊 {} ({}){until}",
            t(lang, "Eingefroren: nichts beginnt", "Frozen: nothing begins"),
            because(lang, freeze)
        ));
    }
    let about = |open: &&Open| {
        let task = &open.op.plan.task;
        board
            .asked
            .is_none_or(|name| task.service.as_deref() == Some(name) || task.hosts.iter().any(|h| h == name))
    };
    let open: Vec<String> = board.open.iter().filter(about).map(|open| waiting(lang, board, open)).collect();
    if open.is_empty() { text } else { text.head(t(lang, "Offene Vorgänge", "Open operations")).list(open) }
}

/// One open operation: how it stands, and what it waits for.
fn waiting(lang: Lang, board: &Board<'_>, Open { op, given }: &Open) -> String {
    let left = span(lang, op.expires_ts - board.now);
    let stands = match (op.state, op.course.waits_for.as_deref()) {
        (State::AwaitingApproval, _) => match lang {
            Lang::De => format!("wartet auf Freigabe: {given} von {}, noch {left}", op.terms.approvals),
            Lang::En => format!("waits for approval: {given} of {}, {left} left", op.terms.approvals),
        },
        (State::Approved, _) if board.freeze.is_some() => match lang {
            Lang::De => format!("freigegeben, wartet, weil alles eingefroren ist, noch {left}"),
            Lang::En => format!("approved, waits because everything is frozen, {left} left"),
        },
        (State::Approved, _) if board.now < op.earliest_ts() => {
            let until = span(lang, op.earliest_ts() - board.now);
            match lang {
                Lang::De => format!("freigegeben, beginnt in {until}"),
                Lang::En => format!("approved, begins in {until}"),
            }
        }
        (State::Approved, Some(other)) if !matches!(other, "frozen" | "time") => match lang {
            Lang::De => format!("freigegeben, wartet auf `{other}`, noch {left}"),
            Lang::En => format!("approved, waits for `{other}`, {left} left"),
        },
        (State::NeedsOperator, _) => match lang {
            Lang::De => format!("ungewiss: `!ralf klären {} done|not-done`", op.id),
            Lang::En => format!("unknown: `!ralf resolve {} done|not-done`", op.id),
        },
        (other, _) => state(lang, other).to_owned(),
    };
    format!("`{}` {} · {stands}", op.id, title(lang, op))
}

/// `history`
pub fn history(lang: Lang, operations: &[Operation]) -> Text {
    if operations.is_empty() {
        return Text::new().line(t(lang, "Es gab noch keine Vorgänge.", "There were no operations yet."));
    }
    let line = |op: &Operation| {
        let (when, title, state) = (brief(op.created_ts), title(lang, op), state(lang, op.state));
        format!("`{}` {when} · {title} · {state} · {}", op.id, op.requester)
    };
    Text::new()
        .head(t(lang, "Die letzten Vorgänge", "The latest operations"))
        .list(operations.iter().map(line))
        .line(t(lang, "`!ralf warum ID` erzählt einen davon ganz.", "`!ralf why ID` tells all of one."))
}

/// `whoami`: who one is here. `glass` is whether they could break the glass in this room.
pub fn whoami(lang: Lang, user: &str, person: Option<&str>, roles: &[Role], glass: bool) -> Text {
    let name =
        person.map_or_else(|| t(lang, "nicht eingetragen", "not listed").to_owned(), |p| format!("`{p}`"));
    let names: Vec<String> = roles.iter().map(|role| format!("`{}`", role.as_str())).collect();
    let names = if names.is_empty() { t(lang, "keine", "none").to_owned() } else { names.join(", ") };
    let may = match (lang, roles.contains(&Role::Approver)) {
        (Lang::De, true) => "Du darfst fragen, freigeben und ablehnen.",
        (Lang::De, false) => "Du darfst fragen; freigeben müssen andere.",
        (Lang::En, true) => "You may ask, approve and deny.",
        (Lang::En, false) => "You may ask; others have to approve.",
    };
    let text = Text::new()
        .line(&match lang {
            Lang::De => format!("Du bist {user}, in [people] {name}. Rollen in diesem Raum: {names}."),
            Lang::En => format!("You are {user}, in [people] {name}. Roles in this room: {names}."),
        })
        .line(may);
    if !glass {
        return text;
    }
    text.line(t(
        lang,
        "Im Notfall darfst du allein freigeben: `!ralf notfall ID GRUND`.",
        "In an emergency you may approve alone: `!ralf breakglass ID REASON`.",
    ))
}
