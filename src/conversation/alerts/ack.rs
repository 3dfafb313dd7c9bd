//! `ack`: somebody looks after an incident.

use super::{Deed, Meant, look, may_ack, meant, reader};
use crate::conversation::{Answer, Talk};
use crate::house::House;
use crate::inbound::lanes::HandleError;
use crate::report::messages::alerts as messages;

pub(super) async fn ack(house: &House, talk: &Talk, rest: &str) -> Result<Answer, HandleError> {
    let zone = house.time_zone();
    let r = reader(house, &zone, talk.lang);
    let id = rest.split_whitespace().next().unwrap_or_default();
    let found = meant(house, talk, id).await?;
    if !may_ack(house, &talk.room, talk.bot.name(), &talk.asker).await? {
        let said = messages::may_not_ack(talk.lang);
        return Ok(Answer::Say(match found {
            Meant::One(incident) => look::about(said, &incident),
            _ => said,
        }));
    }
    Ok(Answer::Say(match found {
        Meant::One(incident) => {
            return Ok(Answer::Deed(Deed::Acknowledge { incident: incident.id, aloud: true }));
        }
        Meant::NoSuch => messages::no_such_incident(talk.lang, id),
        Meant::None => messages::nothing_to_ack(talk.lang),
        Meant::Several(open) => messages::which_incident(&r, &open.iter().collect::<Vec<_>>()),
    }))
}
