//! Silences: set by people here, in Alertmanager where it is configured, and kept in step with it.

use super::api::{ApiError, NewSilence, SilenceMatcher};
use super::{Incident, Matcher, Matchers, Silenced, State, Untranslatable, intake, poll, tell};
use crate::house::House;
use crate::report::messages::alerts::{self as messages, Note};
use crate::store::{Known, Silence, StoreError, Tx};

/// At most so many open incidents are looked through for what a silence covers.
const MOST: i64 = 2_000;

/// A silence that somebody wants.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Which alerts.
    pub matchers: Matchers,
    /// For how long, in milliseconds.
    pub for_ms: i64,
    /// Why; may be empty.
    pub reason: String,
    /// Who (Matrix id).
    pub by: String,
    /// The message or reaction that said so.
    pub event: String,
    /// The room it was said in.
    pub room_id: String,
    /// The incident that it was said to.
    pub incident: Option<String>,
}

/// Why there is no silence.
#[derive(Debug, thiserror::Error)]
pub enum SilenceError {
    /// Alertmanager did not do it.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// Alertmanager has no way to say it.
    #[error(transparent)]
    Untranslatable(#[from] Untranslatable),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A silence that is set in Alertmanager, if there is one, and not entered here yet.
#[derive(Debug)]
pub struct Prepared {
    wanted: Wanted,
    remote_id: Option<String>,
    until_ts: i64,
}

impl Prepared {
    /// What the record says of it.
    pub fn record(&self) -> serde_json::Value {
        serde_json::json!({
            "matchers": self.wanted.matchers.to_string(),
            "until_ts": self.until_ts,
            "reason": self.wanted.reason,
            "incident": self.wanted.incident,
            "alertmanager": self.remote_id,
        })
    }

    /// The incident that it was said to.
    pub fn incident(&self) -> Option<&str> {
        self.wanted.incident.as_deref()
    }
}

/// Sets a silence in Alertmanager, if one is configured. Said twice for one event, it is set once.
///
/// # Errors
/// See [`SilenceError`]; then nothing is silenced.
pub async fn prepare(house: &House, wanted: Wanted) -> Result<Prepared, SilenceError> {
    let now = house.store.clock.now_ms();
    let until_ts = now.saturating_add(wanted.for_ms);
    // What another source sends, Alertmanager can't silence.
    let elsewhere = match &wanted.incident {
        Some(id) => house.store.incident(id).await?.is_some_and(|incident| incident.source != poll::SOURCE),
        None => false,
    };
    let Some(alertmanager) = house.desk.alertmanager().filter(|_| !elsewhere) else {
        return Ok(Prepared { wanted, remote_id: None, until_ts });
    };
    let mark = format!("[R.A.L.F. {}]", wanted.event);
    let done =
        alertmanager.silences().await?.into_iter().find(|silence| silence.silence.comment.ends_with(&mark));
    let remote_id = match done {
        Some(silence) => silence.id,
        None => {
            let reason = if wanted.reason.is_empty() { "silenced from Matrix" } else { &wanted.reason };
            let new = NewSilence {
                matchers: remote(&wanted.matchers)?,
                starts_ts: now,
                ends_ts: until_ts,
                created_by: wanted.by.clone(),
                comment: format!("{reason} {mark}"),
            };
            alertmanager.silence(&new, None).await?
        }
    };
    Ok(Prepared { wanted, remote_id: Some(remote_id), until_ts })
}

fn remote(matchers: &Matchers) -> Result<Vec<SilenceMatcher>, Untranslatable> {
    let all = matchers.alertmanager()?;
    Ok(all
        .into_iter()
        .map(|(name, value, is_regex, is_equal)| SilenceMatcher { name, value, is_regex, is_equal })
        .collect())
}

/// Enters a silence that was set; everything that it covers is silenced at once. What it is, for the answer.
///
/// # Errors
/// When the database fails.
pub async fn enter(house: &House, tx: &mut Tx, prepared: Prepared) -> Result<messages::Silence, StoreError> {
    let Prepared { wanted, remote_id, until_ts } = prepared;
    let now = tx.now_ms();
    let only_here = remote_id.is_none();
    let mut silence = Silence {
        n: 0,
        remote_id,
        by: wanted.by.clone(),
        reason: wanted.reason.clone(),
        matchers: wanted.matchers.to_string(),
        incident: wanted.incident.clone(),
        room_id: wanted.room_id.clone(),
        starts_ts: now,
        until_ts,
        announced: false,
        ended: false,
    };
    silence.n = tx.add_silence(&silence).await?;
    let (mut covers, mut names) = (0, Vec::new());
    let mut told = messages::Silence {
        n: silence.n,
        by: silence.by.clone(),
        until_ts,
        matchers: wanted.matchers.iter().map(ToString::to_string).collect(),
        covers: None,
        names: Vec::new(),
        reason: silence.reason.clone(),
        only_here,
    };
    for id in open_ids(tx).await? {
        let (alerts, ..) = tx.alerts_of(&id).await?;
        let hit: Vec<&Known> = alerts
            .iter()
            .filter(|known| known.alert.firing && wanted.matchers.matches(&known.alert.labels))
            .collect();
        if hit.is_empty() {
            continue;
        }
        covers += hit.len() as u64;
        names.extend(hit.iter().map(|known| known.alert.name().to_owned()));
        let after = intake::review(house, tx, &id, None).await?;
        if after.is_some_and(|incident| incident.state == State::Silenced) {
            told.covers = Some(hit.len() as u64);
            tx.tell_story(&id, &silence.by, &Note::Silenced(told.clone())).await?;
        }
    }
    names.sort();
    names.dedup();
    (told.covers, told.names) = (Some(covers), names);
    Ok(told)
}

async fn open_ids(tx: &mut Tx) -> Result<Vec<String>, StoreError> {
    Ok(tx.open_incidents(MOST).await?.into_iter().map(|incident| incident.id).collect())
}

/// The silence of ours that covers all that fires; the longest, if there are several.
pub(super) async fn of(tx: &mut Tx, alerts: &[Known], now: i64) -> Result<Option<Silenced>, StoreError> {
    let firing: Vec<&Known> = alerts.iter().filter(|known| known.alert.firing).collect();
    if firing.is_empty() {
        return Ok(None);
    }
    let covers = |silence: &Silence| {
        // One that was set in Alertmanager says nothing about other sources.
        let is_theirs = silence.room_id.is_empty();
        silence.until_ts > now
            && !(is_theirs && firing.iter().any(|known| known.source != poll::SOURCE))
            && matchers(silence)
                .is_some_and(|matchers| firing.iter().all(|known| matchers.matches(&known.alert.labels)))
    };
    let all = tx.silences().await?;
    let longest = all.into_iter().filter(covers).max_by_key(|silence| silence.until_ts);
    Ok(longest.map(|silence| Silenced { n: Some(silence.n), by: silence.by, until_ts: silence.until_ts }))
}

fn matchers(silence: &Silence) -> Option<Matchers> {
    Matchers::try_from(silence.matchers.clone()).ok()
}

/// What 🔕 on an incident silences: what its group has in common by definition, else what all its alerts have in common, if that names
/// an alert, an instance or a service. Nothing when it would cover too much.
pub fn matchers_of(incident: &Incident) -> Option<Matchers> {
    let mut group = incident.group_labels.clone();
    group.remove("severity");
    let by_group = Matchers::exactly(&group);
    // Groups that were correlated have each their own labels; and a label that can't be said here would be a condition less.
    let is_whole = !by_group.is_empty() && by_group.iter().count() == group.len();
    if incident.correlation.is_none() && is_whole {
        return Some(by_group);
    }
    let mut labels = incident.labels.clone();
    labels.remove("severity");
    let is_narrow = |matcher: &Matcher| ["alertname", "instance", "service"].contains(&matcher.name());
    Some(Matchers::exactly(&labels)).filter(|matchers| matchers.iter().any(is_narrow))
}

/// Lets a silence hold until `until_ts` (milliseconds since the epoch).
///
/// # Errors
/// See [`SilenceError`]; then it holds as before.
pub async fn extend(house: &House, silence: &Silence, until_ts: i64) -> Result<Silence, SilenceError> {
    let mut longer = Silence { until_ts, announced: false, ..silence.clone() };
    if let (Some(id), Some(alertmanager)) = (&silence.remote_id, house.desk.alertmanager()) {
        let matchers = matchers(silence).unwrap_or_default();
        let new = NewSilence {
            matchers: remote(&matchers)?,
            starts_ts: silence.starts_ts,
            ends_ts: until_ts,
            created_by: silence.by.clone(),
            comment: format!("{} [R.A.L.F.]", silence.reason).trim().to_owned(),
        };
        longer.remote_id = Some(alertmanager.silence(&new, Some(id)).await?);
    }
    Ok(longer)
}

/// Ends a silence in Alertmanager, if it is there.
///
/// # Errors
/// See [`SilenceError`]; then it holds as before.
pub async fn expire(house: &House, silence: &Silence) -> Result<Silence, SilenceError> {
    if let (Some(id), Some(alertmanager)) = (&silence.remote_id, house.desk.alertmanager()) {
        alertmanager.expire(id).await?;
    }
    Ok(Silence { ended: true, ..silence.clone() })
}

/// Stores what became of a silence, and looks again at everything it covered. How many alerts fire of that.
///
/// # Errors
/// When the database fails.
pub async fn changed(
    house: &House,
    tx: &mut Tx,
    silence: &Silence,
    note: Option<&Note>,
) -> Result<u64, StoreError> {
    tx.save_silence(silence).await?;
    let Some(matchers) = matchers(silence) else { return Ok(0) };
    let mut firing = 0;
    for id in open_ids(tx).await? {
        let (mut alerts, ..) = tx.alerts_of(&id).await?;
        let mut hit = 0;
        for known in
            alerts.iter_mut().filter(|known| known.alert.firing && matchers.matches(&known.alert.labels))
        {
            hit += 1;
            if silence.ended && known.silenced {
                known.silenced = false;
                tx.save_alert(known).await?;
            }
        }
        if hit == 0 {
            continue;
        }
        firing += hit;
        intake::review(house, tx, &id, None).await?;
        if let Some(note) = note {
            tx.tell_story(&id, &silence.by, note).await?;
            let incident = tx.incident(&id).await?;
            let tellings = tx.tellings_of(&id).await?;
            match (note, incident) {
                (Note::SilenceEndsSoon { .. }, Some(incident)) => {
                    let by = std::slice::from_ref(&silence.by);
                    let call: &[String] = if silence.room_id.is_empty() { &[] } else { by };
                    tell::note_in(house, tx, &incident, &tellings, note, Some(call)).await?;
                }
                // Who ended it knows; what was ended elsewhere is news.
                (Note::SilenceExpired { by, .. }, Some(incident)) if by.is_empty() => {
                    tell::note_in(house, tx, &incident, &tellings, note, None).await?;
                }
                _ => {}
            }
        }
    }
    Ok(firing)
}
