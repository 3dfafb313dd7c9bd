//! Something was taken back: a vote, a wish, a question.

use std::sync::Arc;

use super::done;
use crate::approval::{By, gate};
use crate::event::Event;
use crate::house::House;
use crate::inbound::lanes::{HandleError, Handled};

/// A redacted reaction withdraws the vote; a redacted asking message cancels what waits and forgets what was asked.
pub(super) async fn redacted(
    house: &Arc<House>,
    seq: i64,
    event: &Event,
    target: &str,
) -> Result<Handled, HandleError> {
    // Its plan may still be in the making: first nothing more can come of it, then what came of it is taken back.
    let mut tx = house.store.begin().await?;
    tx.unheard(&event.room, target).await?;
    tx.forget_questions_about(&event.room, target).await?;
    tx.commit().await?;
    let by = By { actor: event.sender.as_str(), event: &event.id };
    if gate::redact(house.as_ref(), seq, &event.room, target, by).await? {
        house.approved.notify_one();
        return Ok(Handled::Done);
    }
    if super::alerts::taken_back(house, seq, target).await? {
        return Ok(Handled::Done);
    }
    done(house, seq).await
}
