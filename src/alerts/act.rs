//! What people do about an incident.

use super::{Ack, Incident, State, intake, tick};
use crate::house::House;
use crate::report::messages::alerts::Note;
use crate::store::{StoreError, Tx};

/// What an acknowledgement came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acked {
    /// They look after it now.
    Done(Box<Incident>),
    /// Somebody did before.
    Before(Ack),
    /// There is nothing to look after any more.
    Over,
}

/// Notes that `by` looks after an incident; `event` said so.
///
/// # Errors
/// When the database fails.
pub async fn acknowledge(
    house: &House,
    tx: &mut Tx,
    id: &str,
    by: &str,
    event: &str,
) -> Result<Acked, StoreError> {
    let Some(mut incident) = tx.incident(id).await?.filter(|incident| incident.state != State::Resolved)
    else {
        return Ok(Acked::Over);
    };
    if let Some(ack) = incident.ack {
        return Ok(Acked::Before(ack));
    }
    incident.ack = Some(Ack { by: by.to_owned(), ts: tx.now_ms(), event: event.to_owned() });
    tx.save_incident(&incident, i64::MAX).await?;
    tx.tell_story(id, by, &Note::Acknowledged { by: by.to_owned() }).await?;
    let after = intake::review(house, tx, id, None).await?;
    tx.retell(id).await?;
    Ok(Acked::Done(Box::new(after.unwrap_or(incident))))
}

/// Takes back what `event` said: nobody looks after its incident any more. Whether there was one.
///
/// # Errors
/// When the database fails.
pub async fn take_back(house: &House, tx: &mut Tx, event: &str) -> Result<bool, StoreError> {
    let open = tx.open_incidents(2_000).await?;
    let Some(mut incident) =
        open.into_iter().find(|incident| incident.ack.as_ref().is_some_and(|ack| ack.event == event))
    else {
        return Ok(false);
    };
    let by = incident.ack.take().map(|ack| ack.by).unwrap_or_default();
    let due = tick::due(&house.config.alerts, &incident);
    tx.save_incident(&incident, due).await?;
    tx.tell_story(&incident.id, &by, &Note::AckGone { by: by.clone() }).await?;
    intake::review(house, tx, &incident.id, None).await?;
    tx.retell(&incident.id).await?;
    Ok(true)
}
