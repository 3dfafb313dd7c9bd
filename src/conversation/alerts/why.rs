//! `why ALERT`: a dry run of who is told of an alert, who is not, and by which rule.

use super::reader;
use crate::alerts::{
    self, Alert, Decision, Incident, Labels, Links, Matchers, Operator, Severity, State, Wish, decide,
};
use crate::conversation::{Answer, Talk};
use crate::house::House;
use crate::inbound::lanes::HandleError;
use crate::report::messages::alerts::{
    self as messages, DryRun, EscalationTo, OwnerRule, Place, Told, Verdict,
};

/// So many incidents are looked through for an alert's name.
const LOOKED_THROUGH: i64 = 500;

/// Answers, if an incident or an alert is asked about.
pub(in crate::conversation) async fn why(
    house: &House,
    talk: &Talk,
    asked: &str,
) -> Result<Option<Answer>, HandleError> {
    let asked = asked.trim();
    let found = find(house, talk, asked).await?;
    if found.is_none() && !is_alert(house, asked) {
        return Ok(None);
    }
    let now = house.store.clock.now_ms();
    let alerts: Vec<Alert> = match &found {
        Some(incident) => {
            house.store.alerts_of(&incident.id).await?.into_iter().map(|known| known.alert).collect()
        }
        None => vec![supposed(asked)],
    };
    let incident = match &found {
        // As if it came now.
        Some(incident) if incident.state == State::Resolved => {
            Incident { state: State::Firing, ..incident.clone() }
        }
        Some(incident) => incident.clone(),
        None => suppose(&alerts[0], now),
    };
    let subscriptions = house.subscriptions().await?;
    let config = &house.config.alerts;
    let mut told = Vec::new();
    for decision in decide(&incident, &alerts, &subscriptions, config, now) {
        told.push(tell(house, talk, &incident, &alerts, &decision));
    }
    let judged = alerts.first().map_or(&incident.labels, |alert| &alert.labels);
    let owners: Vec<OwnerRule> = config
        .owners
        .iter()
        .filter(|rule| rule.matchers.matches(judged))
        .map(|rule| OwnerRule { matchers: rule.matchers.to_string(), mention: rule.mention.clone() })
        .collect();
    let escalations: Vec<EscalationTo> = config
        .escalation
        .iter()
        .filter(|rule| rule.matchers.matches(judged))
        .map(|rule| EscalationTo {
            after_ms: i64::try_from(rule.after.as_millis()).unwrap_or(i64::MAX),
            to: rule.to.clone(),
        })
        .collect();
    let zone = house.time_zone();
    let run = DryRun {
        asked,
        incident: found.as_ref(),
        labels: judged,
        severity: &incident.severity,
        told: &told,
        owners: &owners,
        call_room: alerts::calls_room(config, &incident.severity),
        escalations: &escalations,
    };
    let text = messages::why_alert(&reader(house, &zone, talk.lang), &run);
    let text = match &found {
        Some(incident) => super::look::about(text, incident),
        None => text,
    };
    Ok(Some(Answer::Say(text)))
}

/// Answers a sentence that asks why, if it names an alert and no operation, or is said to an incident's message. `guess` lets a word
/// be an alert because it is written like one.
pub(in crate::conversation) async fn why_said(
    house: &House,
    talk: &Talk,
    id: Option<&str>,
    guess: bool,
) -> Result<Option<Answer>, HandleError> {
    if let Some(id) = id
        && house.store.operation_like(id).await?.is_some()
    {
        return Ok(None);
    }
    let known = house.desk.names();
    let is_known = |word: &&str| known.iter().any(|name| name.eq_ignore_ascii_case(word));
    let words = || {
        let all = talk.sentence.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        all.filter(|word| !word.is_empty())
    };
    // Services may be written like alerts: `AdGuard`.
    let inventory = house.inventory().await.map(|(inventory, _)| inventory.names()).unwrap_or_default();
    let is_thing = |word: &str| {
        let all = inventory.services.iter().chain(&inventory.hosts);
        all.flat_map(|(name, thing)| std::iter::once(name).chain(&thing.aliases))
            .any(|name| name.eq_ignore_ascii_case(word))
    };
    let named = words().find(is_known);
    match named.or_else(|| words().find(|word| guess && is_camel(word) && !is_thing(word))) {
        Some(name) => why(house, talk, name).await,
        None if talk.about.is_none() => why(house, talk, "").await,
        None => Ok(None),
    }
}

/// Whether a word is written as alerts are: `DiskFull`.
pub(super) fn is_camel(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && word.chars().filter(char::is_ascii_uppercase).count() > 1
        && word.contains(|c: char| c.is_ascii_lowercase())
}

/// The incident that is meant: by its id, by its message, or the latest of that name.
async fn find(house: &House, talk: &Talk, asked: &str) -> Result<Option<Incident>, HandleError> {
    let store = &house.store;
    if asked.is_empty() {
        return Ok(super::answered(house, talk).await?);
    }
    if let Some(incident) = store.incident(&asked.to_lowercase()).await? {
        return Ok(Some(incident));
    }
    if asked.contains(char::is_whitespace) {
        return Ok(None);
    }
    let all = store.incidents_page(None, i64::MAX, LOOKED_THROUGH).await?;
    let is_named = |incident: &Incident| {
        let name = incident.labels.get("alertname").unwrap_or(&incident.title);
        name.eq_ignore_ascii_case(asked)
    };
    Ok(all.into_iter().find(is_named))
}

/// Whether words name an alert that was never seen: its name alone, known or in camel case, or with labels.
fn is_alert(house: &House, asked: &str) -> bool {
    let name = asked.split_whitespace().next().unwrap_or_default();
    let known = house.desk.names().iter().any(|known| known.eq_ignore_ascii_case(name));
    known
        || is_camel(name)
        || Matchers::try_from(asked.to_owned())
            .is_ok_and(|matchers| !matchers.is_empty() && asked.contains('='))
}

/// The alert that somebody supposes: `NAME label=value …`.
fn supposed(asked: &str) -> Alert {
    let (name, rest) = match asked.split_once(char::is_whitespace) {
        _ if asked.split_whitespace().next().is_some_and(|first| first.contains('=')) => ("", asked),
        Some((name, rest)) => (name, rest),
        None => (asked, ""),
    };
    let said = Matchers::try_from(rest.to_owned()).unwrap_or_default();
    let mut labels: Labels = said
        .iter()
        .filter(|matcher| matcher.operator() == Operator::Equal)
        .map(|matcher| (matcher.name().to_owned(), matcher.value().to_owned()))
        .collect();
    if !name.is_empty() {
        labels.insert("alertname".into(), name.to_owned());
    }
    Alert {
        fingerprint: String::new(),
        firing: true,
        labels,
        annotations: Labels::new(),
        starts_ts: 0,
        ends_ts: None,
        links: Links::default(),
    }
}

fn suppose(alert: &Alert, now: i64) -> Incident {
    Incident {
        title: alert.name().to_owned(),
        severity: Severity::of(alert.labels.get("severity").map(String::as_str)),
        labels: alert.labels.clone(),
        state: State::Firing,
        ..Incident::new(String::new(), "alertmanager", "", now)
    }
}

fn tell(house: &House, talk: &Talk, incident: &Incident, alerts: &[Alert], decision: &Decision<'_>) -> Told {
    let Decision { subscription, verdict } = decision;
    let verdict = match verdict {
        alerts::Verdict::Tell { despite } => Verdict::Tell { breaks_through: despite.is_some() },
        alerts::Verdict::Later { until_ts, quiet } => Verdict::Later {
            until_ts: *until_ts,
            rule: Wish { quiet: Some((*quiet).clone()), ..Wish::default() }.to_string(),
        },
        alerts::Verdict::Digest { at_ts, .. } => Verdict::Digest { at_ts: *at_ts },
        alerts::Verdict::Silenced { by, until_ts } => Verdict::Silenced {
            by: (*by).to_owned(),
            until_ts: until_ts.unwrap_or(i64::MAX),
            n: incident.silence.as_ref().and_then(|silence| silence.n),
        },
        alerts::Verdict::Maintenance { which, until_ts } => Verdict::Maintenance {
            which: house
                .config
                .alerts
                .maintenance
                .get(*which)
                .map(|rule| rule.matchers.to_string())
                .unwrap_or_default(),
            until_ts: *until_ts,
        },
        alerts::Verdict::NoMatch { failed } => Verdict::NoMatch {
            matcher: failed.to_string(),
            value: alerts.first().and_then(|alert| alert.labels.get(failed.name()).cloned()),
        },
        alerts::Verdict::Excepted { except, .. } => Verdict::Excepted { matcher: except.to_string() },
    };
    let place = if subscription.room_id == talk.room {
        Place::Here
    } else if subscription.personal {
        Place::Direct(subscription.owner.clone())
    } else {
        let own = house.rooms().own.get(&subscription.room_id).copied();
        Place::Room(own.map_or(subscription.room_id.clone(), |bot| bot.room_profile().0.to_owned()))
    };
    Told { n: subscription.n, place, wish: subscription.wish.to_string(), verdict }
}
