//! `alerts` and `incident`: what is open, and the story of one.

use super::{Meant, meant, reader};
use crate::alerts::{Incident, Severity, last_delivery};
use crate::conversation::{Answer, Talk};
use crate::house::House;
use crate::inbound::lanes::HandleError;
use crate::report::Text;
use crate::report::messages::alerts::{self as messages, Beat, LastDelivery, List};

/// At most so many open incidents are read for a list.
const MOST: i64 = 1_000;

/// `alerts [SEVERITY]`
pub(super) async fn listed(house: &House, talk: &Talk, rest: &str) -> Result<Answer, HandleError> {
    let is_all = matches!(rest.to_lowercase().as_str(), "" | "all" | "alle" | "open" | "offen");
    if !is_all && Severity::said(rest).is_none() {
        return Ok(Answer::Say(messages::no_such_severity(talk.lang, rest)));
    }
    alerts(house, talk, rest).await
}

pub(super) async fn alerts(house: &House, talk: &Talk, rest: &str) -> Result<Answer, HandleError> {
    let zone = house.time_zone();
    let r = reader(house, &zone, talk.lang);
    let at_least = Severity::said(rest);
    let open = house.store.open_incidents(MOST).await?;
    let wanted: Vec<&Incident> = open
        .iter()
        .filter(|incident| {
            at_least.as_ref().is_none_or(|least: &Severity| incident.severity.rank() >= least.rank())
        })
        .collect();
    let last = match last_delivery(&house.store).await? {
        Some((source, ts)) => LastDelivery::At { source, ts },
        None => LastDelivery::Never { webhook: house.config.appservice.webhook_url("alertmanager") },
    };
    let list = List { incidents: &wanted, at_least: at_least.as_ref(), last: &last };
    Ok(Answer::Say(messages::alerts_list(&r, &list)))
}

pub(super) async fn incident(house: &House, talk: &Talk, rest: &str) -> Result<Answer, HandleError> {
    let zone = house.time_zone();
    let r = reader(house, &zone, talk.lang);
    let id = rest.split_whitespace().next().unwrap_or_default();
    let said = match meant(house, talk, id).await? {
        Meant::NoSuch => messages::no_such_incident(talk.lang, id),
        Meant::None => messages::no_incident_open(talk.lang),
        Meant::Several(open) => messages::which_incident(&r, &open.iter().collect::<Vec<_>>()),
        Meant::One(incident) => {
            let story = house.store.story_of(&incident.id, 200).await?;
            let story: Vec<Beat> =
                story.into_iter().map(|chapter| Beat { ts: chapter.ts, note: chapter.what }).collect();
            about(messages::incident_story(&r, &incident, &story), &incident)
        }
    };
    Ok(Answer::Say(said))
}

/// A text that is about an incident.
pub(super) fn about(text: Text, incident: &Incident) -> Text {
    text.with("org.ralf.incident", messages::incident_field(incident))
}
