//! `ack`: somebody looks after an incident.

use super::{Deed, Meant, may_ack, meant, reader};
use crate::conversation::{Answer, Talk};
use crate::house::House;
use crate::inbound::lanes::HandleError;
use crate::report::messages::alerts as messages;

pub(super) async fn ack(house: &House, talk: &Talk, rest: &str) -> Result<Answer, HandleError> {
    let zone = house.time_zone();
    let r = reader(house, &zone, talk.lang);
    let id = rest.split_whitespace().next().unwrap_or_default();
    if !may_ack(house, &talk.room, talk.bot.name(), &talk.asker).await? {
        return Ok(Answer::Say(messages::may_not_ack(talk.lang)));
    }
    Ok(Answer::Say(match meant(house, talk, id).await? {
        Meant::One(incident) => {
            return Ok(Answer::Deed(Deed::Acknowledge { incident: incident.id, aloud: true }));
        }
        Meant::NoSuch => messages::no_such_incident(talk.lang, id),
        Meant::None => messages::nothing_to_ack(talk.lang),
        Meant::Several(open) => messages::which_incident(&r, &open.iter().collect::<Vec<_>>()),
    }))
}
