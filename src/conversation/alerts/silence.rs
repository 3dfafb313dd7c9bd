//! `silence`, `extend`, `expire`: nothing is heard of some alerts for a while.

use super::why::is_camel;
use super::{Deed, Meant, concerning, is_open, is_vague, length, may_silence, meant, reader};
use crate::alerts::Matchers;
use crate::alerts::silence::{self, SilenceError, Wanted};
use crate::conversation::{Answer, Talk};
use crate::house::House;
use crate::inbound::lanes::HandleError;
use crate::report::Text;
use crate::report::messages::alerts::{self as messages, Note};
use crate::store::Silence;

/// So many names of alerts, and so many open incidents, are looked through for a name.
const NAMES: i64 = 2_000;

/// `silence DURATION [ID | ALERT | MATCHERS] [reason]`, also with what is meant in front: `silence ID|ALERT|MATCHERS [for] DURATION [reason]`.
pub(super) async fn silence(house: &House, talk: &Talk, rest: &str) -> Result<Answer, HandleError> {
    let Some((what, for_ms, reason)) = read(rest) else {
        return Ok(Answer::Say(messages::duration_wanted(talk.lang)));
    };
    let (first, more) = reason.split_once(char::is_whitespace).unwrap_or((reason, ""));
    // Behind the duration an id, an alert or matchers may stand, else it is all reason.
    let (what, reason) = match what {
        Some(what) => (what.to_owned(), reason.to_owned()),
        None if house.store.incident(&first.to_lowercase()).await?.is_some() => {
            (first.to_owned(), more.trim().to_owned())
        }
        None => match (matchers_in(reason), alert_named(house, first).await?) {
            (Some((matchers, rest)), _) => (matchers, rest),
            // A reason may be a word that is an alert's name but for its case.
            (None, Some(name)) if name == first || is_camel(&name) => (name, more.trim().to_owned()),
            _ => (String::new(), reason.to_owned()),
        },
    };
    of(house, talk, &what, for_ms, reason).await
}

/// An alert by its name, as a sentence says it.
pub(super) async fn alert(
    house: &House,
    talk: &Talk,
    alert: &str,
    span: &str,
) -> Result<Answer, HandleError> {
    match length::first(span) {
        Some(length) => of(house, talk, alert, length.ms, String::new()).await,
        None => Ok(Answer::Say(messages::duration_wanted(talk.lang))),
    }
}

/// Silences what is meant: an incident by its id, or the one that is talked about when nothing says which; alerts by matchers; an alert
/// by its name. Whatever else is said is asked about.
async fn of(
    house: &House,
    talk: &Talk,
    what: &str,
    for_ms: i64,
    reason: String,
) -> Result<Answer, HandleError> {
    if for_ms > length::LONGEST_MS {
        return Ok(Answer::Say(messages::duration_too_long(talk.lang)));
    }
    let what = if what.split_whitespace().all(is_vague) { "" } else { what };
    if what.is_empty() || house.store.incident(&what.to_lowercase()).await?.is_some() {
        return of_incident(house, talk, what, for_ms, reason).await;
    }
    let matchers = if what.contains(['=', '!', '~', '<', '>', '"']) {
        Matchers::try_from(what.to_owned())
    } else {
        // `the DiskFull alert`
        let said: Vec<&str> = what.split_whitespace().filter(|word| !is_vague(word)).collect();
        let name = match alert_named(house, &said.join(" ")).await? {
            None if said.len() == 1 && is_camel(said[0]) => Some(said[0].to_owned()),
            found => found,
        };
        let Some(name) = name else {
            let zone = house.time_zone();
            let open = house.store.open_incidents(10).await?;
            let r = reader(house, &zone, talk.lang);
            return Ok(Answer::Say(messages::silence_where(&r, &open.iter().collect::<Vec<_>>())));
        };
        Ok(Matchers::exactly(&[("alertname".to_owned(), name)].into()))
    };
    match matchers {
        Ok(matchers) if !matchers.is_empty() => {
            set(house, talk, wanted(talk, matchers, for_ms, reason, None)).await
        }
        Ok(_) => Ok(Answer::Say(messages::duration_wanted(talk.lang))),
        Err(error) => Ok(Answer::Say(messages::matchers_wrong(talk.lang, what, &error))),
    }
}

/// The incident of that id; without one the incident that is talked about.
async fn of_incident(
    house: &House,
    talk: &Talk,
    id: &str,
    for_ms: i64,
    reason: String,
) -> Result<Answer, HandleError> {
    let zone = house.time_zone();
    let r = reader(house, &zone, talk.lang);
    let said = match meant(house, talk, id).await? {
        Meant::One(incident) if is_open(&incident) => match silence::matchers_of(&incident) {
            Some(matchers) => {
                let incident = Some(incident.id.clone());
                return set(house, talk, wanted(talk, matchers, for_ms, reason, incident)).await;
            }
            None => messages::silence_where(&r, &[&incident]),
        },
        Meant::Several(open) => messages::silence_where(&r, &open.iter().collect::<Vec<_>>()),
        _ => messages::silence_where(&r, &[]),
    };
    Ok(Answer::Say(said))
}

/// The alert that somebody names, whatever the case: one that was seen, that a rule tells of, or that an open incident is called by.
async fn alert_named(house: &House, said: &str) -> Result<Option<String>, HandleError> {
    let said = said.trim_matches(['.', ',', '!', '?', ':']).to_lowercase();
    if said.is_empty() {
        return Ok(None);
    }
    let names = house.desk.names();
    let seen = house.store.alert_names(NAMES).await?;
    if let Some(name) = names.iter().chain(&seen).find(|name| name.to_lowercase() == said) {
        return Ok(Some(name.clone()));
    }
    let open = house.store.open_incidents(NAMES).await?;
    let titled = open.into_iter().find(|incident| incident.title.to_lowercase() == said);
    Ok(titled.and_then(|incident| incident.labels.get("alertname").cloned()))
}

fn wanted(talk: &Talk, matchers: Matchers, for_ms: i64, reason: String, incident: Option<String>) -> Wanted {
    Wanted {
        matchers,
        for_ms,
        reason: crate::secrets::hide(&reason).into_owned(),
        by: talk.asker.clone(),
        event: talk.event.clone(),
        room_id: talk.room.clone(),
        incident,
    }
}

/// Sets a silence, and says what it covers.
pub(super) async fn set(house: &House, talk: &Talk, wanted: Wanted) -> Result<Answer, HandleError> {
    if !may_silence(house, &talk.room, talk.bot.name(), &talk.asker).await? {
        let said = messages::may_not_silence(talk.lang);
        return Ok(Answer::Say(concerning(house, said, wanted.incident.as_deref()).await?));
    }
    let incident = wanted.incident.clone();
    match silence::prepare(house, wanted).await {
        Ok(prepared) => Ok(Answer::Deed(Deed::Silence(Box::new(prepared)))),
        Err(error) => failed(house, talk, error, incident.as_deref()).await,
    }
}

async fn failed(
    house: &House,
    talk: &Talk,
    error: SilenceError,
    incident: Option<&str>,
) -> Result<Answer, HandleError> {
    let said = match error {
        SilenceError::Store(error) => return Err(error.into()),
        SilenceError::Untranslatable(why) => messages::silence_untranslatable(talk.lang, why),
        error => {
            tracing::warn!(error = &error as &dyn std::error::Error, "no silence");
            messages::silence_failed(talk.lang, &error.to_string())
        }
    };
    Ok(Answer::Say(concerning(house, said, incident).await?))
}

/// `extend N DURATION`: so much longer than now, or than it holds anyway.
pub(super) async fn extend(house: &House, talk: &Talk, rest: &str) -> Result<Answer, HandleError> {
    let (n, by) = rest.trim().split_once(char::is_whitespace).unwrap_or((rest.trim(), ""));
    let Some(length) = length::first(by) else {
        return Ok(Answer::Say(messages::duration_wanted(talk.lang)));
    };
    if length.ms > length::LONGEST_MS {
        return Ok(Answer::Say(messages::duration_too_long(talk.lang)));
    }
    let silence = match mine(house, talk, n).await? {
        Ok(silence) => silence,
        Err(said) => return Ok(Answer::Say(said)),
    };
    let until_ts = silence.until_ts.max(house.store.clock.now_ms()).saturating_add(length.ms);
    match silence::extend(house, &silence, until_ts).await {
        Ok(longer) => {
            let note = Note::SilenceExtended { n: silence.n, until_ts, by: talk.asker.clone() };
            Ok(Answer::Deed(Deed::Change { silence: Box::new(longer), note: Box::new(note) }))
        }
        Err(error) => failed(house, talk, error, silence.incident.as_deref()).await,
    }
}

/// `expire N`
pub(super) async fn expire(house: &House, talk: &Talk, rest: &str) -> Result<Answer, HandleError> {
    let n = rest.split_whitespace().next().unwrap_or_default();
    let silence = match mine(house, talk, n).await? {
        Ok(silence) => silence,
        Err(said) => return Ok(Answer::Say(said)),
    };
    match silence::expire(house, &silence).await {
        Ok(over) => {
            let note = Note::SilenceExpired { n: Some(silence.n), by: talk.asker.clone() };
            Ok(Answer::Deed(Deed::Change { silence: Box::new(over), note: Box::new(note) }))
        }
        Err(error) => failed(house, talk, error, silence.incident.as_deref()).await,
    }
}

/// The silence of that number, if the asker may change it; else why not.
async fn mine(house: &House, talk: &Talk, n: &str) -> Result<Result<Silence, Text>, HandleError> {
    let found = match n.trim_start_matches('#').parse() {
        Ok(n) => house.store.silence(n).await?.filter(|silence| !silence.ended),
        Err(_) => None,
    };
    if !may_silence(house, &talk.room, talk.bot.name(), &talk.asker).await? {
        let incident = found.as_ref().and_then(|silence| silence.incident.as_deref());
        return Ok(Err(concerning(house, messages::may_not_silence(talk.lang), incident).await?));
    }
    Ok(found.ok_or_else(|| messages::no_such_silence(talk.lang, n)))
}

/// What is meant, if it stands in front; the duration; and what follows.
fn read(rest: &str) -> Option<(Option<&str>, i64, &str)> {
    let length = length::first(rest)?;
    let mut what = rest[..length.from].trim();
    for small in [" for", " für", " fuer"] {
        what = what.strip_suffix(small).map_or(what, str::trim_end);
    }
    if ["for", "für", "fuer"].contains(&what) {
        what = "";
    }
    Some((Some(what).filter(|what| !what.is_empty()), length.ms, rest[length.to..].trim()))
}

/// What is meant as matchers at the beginning of a text, also what can't be read as such: it must not become a reason. And what
/// follows.
fn matchers_in(text: &str) -> Option<(String, String)> {
    let is_one = |word: &str| (word.contains('=') || word.contains("!~")) && !word.contains("://");
    let mut end = 0;
    for word in text.split_whitespace() {
        let in_quotes = text[..end].matches('"').count() % 2 == 1;
        if !in_quotes && !is_one(word) {
            break;
        }
        end += text[end..].find(word)? + word.len();
    }
    (end > 0).then(|| (text[..end].to_owned(), text[end..].trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_meant_stands_in_front_or_behind() {
        let hours = |n: i64| n * 3_600_000;
        assert_eq!(read("2h disk swap"), Some((None, hours(2), "disk swap")));
        assert_eq!(read("DiskFull for 2h"), Some((Some("DiskFull"), hours(2), "")));
        assert_eq!(read("k3f9qa2x 1d Umzug"), Some((Some("k3f9qa2x"), hours(24), "Umzug")));
        assert_eq!(read("service=\"jellyfin\" 1h"), Some((Some("service=\"jellyfin\""), hours(1), "")));
        assert_eq!(read("das hier 2 Stunden Umbau"), Some((Some("das hier"), hours(2), "Umbau")));
        assert_eq!(read("for 90 min"), Some((None, hours(3) / 2, "")));
        assert_eq!(read("DiskFull"), None);
        assert_eq!(
            matchers_in("job=node, instance=pi4 swap"),
            Some(("job=node, instance=pi4".into(), "swap".into()))
        );
        let found = |matchers: &str, rest: &str| Some((matchers.to_owned(), rest.to_owned()));
        assert_eq!(matchers_in("name=\"disk one\" swap"), found("name=\"disk one\"", "swap"));
        assert_eq!(matchers_in("größe=\"ä\" job=~\"[\" swap"), found("größe=\"ä\" job=~\"[\"", "swap"));
        assert_eq!(matchers_in("the disk"), None);
        assert_eq!(matchers_in("https://wiki.lab/?page=swap"), None);
    }
}
