//! What is done about alerts in the same write as its answer.

use serde_json::{Value, json};

use crate::alerts::silence::{self, Prepared};
use crate::alerts::{Acked, acknowledge};
use crate::audit::New;
use crate::conversation::Talk;
use crate::house::House;
use crate::report::Text;
use crate::report::messages::alerts::{self as messages, Note};
use crate::store::{Silence, StoreError, SubscriptionRow, Tx};

use super::{look, reader, subscribe};

/// Something that is done at once.
pub enum Deed {
    /// Look after an incident. Said by a tap, its message is answer enough.
    Acknowledge {
        /// The incident's id.
        incident: String,
        /// Whether it is answered by words.
        aloud: bool,
    },
    /// Silence; it is set in Alertmanager already.
    Silence(Box<Prepared>),
    /// Let a silence hold for longer, or end it; that is done in Alertmanager already.
    Change {
        /// As it is from now on.
        silence: Box<Silence>,
        /// What is told of it.
        note: Box<Note>,
    },
    /// Subscribe, or change what is subscribed to (then `n` is its number, and `was` what it wished for).
    Subscribe {
        /// As it is from now on.
        row: Box<SubscriptionRow>,
        /// What it wished for.
        was: Option<String>,
    },
    /// Unsubscribe.
    Unsubscribe(Box<messages::Subscription>),
}

impl Deed {
    /// What the record says of it, before it is done.
    fn record(&self) -> (&'static str, Value) {
        match self {
            Self::Acknowledge { incident, .. } => ("acknowledged", json!({"incident": incident})),
            Self::Silence(prepared) => ("silenced", prepared.record()),
            Self::Change { silence, .. } => {
                let kind = if silence.ended { "silence_expired" } else { "silence_extended" };
                (kind, json!({"n": silence.n, "until_ts": silence.until_ts}))
            }
            Self::Subscribe { row, was } => (
                "subscribed",
                json!({"room": row.room_id, "n": row.n, "wish": row.wish, "was": was, "personal": row.personal}),
            ),
            Self::Unsubscribe(found) => ("unsubscribed", json!({"n": found.n, "wish": found.wish})),
        }
    }

    /// Does it; what is to be answered.
    pub(in crate::conversation) async fn carry_out(
        self,
        house: &House,
        tx: &mut Tx,
        talk: &Talk,
    ) -> Result<Option<Text>, StoreError> {
        let zone = house.time_zone();
        let r = reader(house, &zone, talk.lang);
        house.desk.wake();
        let (kind, detail) = self.record();
        let new = New {
            kind,
            operation: "",
            actor: &talk.asker,
            event_id: &talk.event,
            detail: &detail.to_string(),
        };
        tx.audit(new).await?;
        Ok(Some(match self {
            Self::Acknowledge { incident, aloud } => {
                match acknowledge(house, tx, &incident, &talk.asker, &talk.event).await? {
                    Acked::Done(_) if !aloud => return Ok(None),
                    Acked::Done(incident) => look::about(messages::acked(talk.lang, &incident), &incident),
                    Acked::Before(ack) if !aloud && ack.by == talk.asker => return Ok(None),
                    Acked::Before(ack) => {
                        about(tx, messages::already_acked(&r, &ack.by, ack.ts), Some(&incident)).await?
                    }
                    Acked::Over => about(tx, messages::nothing_to_ack(talk.lang), Some(&incident)).await?,
                }
            }
            Self::Silence(prepared) => {
                let incident = prepared.incident().map(str::to_owned);
                let told = silence::enter(house, tx, *prepared).await?;
                let text = messages::silenced(&r, &told);
                about(tx, text, incident.as_deref()).await?
            }
            Self::Change { silence, note } => {
                let firing = silence::changed(house, tx, &silence, Some(&note)).await?;
                let text = match silence.ended {
                    true => messages::expired(talk.lang, silence.n, firing),
                    false => messages::extended(&r, silence.n, silence.until_ts),
                };
                about(tx, text, silence.incident.as_deref()).await?
            }
            Self::Subscribe { mut row, was } => {
                let text = match was {
                    Some(was) => {
                        tx.change_subscription(&row.room_id, row.n, &row.wish, &row.lang).await?;
                        messages::changed(&r, &subscribe::told(house, &row, r.now), &was)
                    }
                    None => {
                        if row.n == 0 {
                            row.n = tx.add_subscription(&row).await?;
                        }
                        messages::subscribed(&r, &subscribe::told(house, &row, r.now))
                    }
                };
                house.desk.forget_subscriptions();
                messages::open_already(&r, text, &subscribe::open_now(house, tx, &row).await?)
            }
            Self::Unsubscribe(found) => {
                tx.end_subscription(&talk.room, found.n).await?;
                house.desk.forget_subscriptions();
                messages::unsubscribed(talk.lang, &found)
            }
        }))
    }
}

/// A text, marked as being about an incident if it is about one.
async fn about(tx: &mut Tx, text: Text, incident: Option<&str>) -> Result<Text, StoreError> {
    let Some(id) = incident else { return Ok(text) };
    Ok(match tx.incident(id).await? {
        Some(incident) => look::about(text, &incident),
        None => text,
    })
}
