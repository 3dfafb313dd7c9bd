//! Something was taken back: a vote, a wish, a question.

use std::sync::Arc;

use super::done;
use crate::approval;
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
    if let Some(id) = house.store.operation_voted_by(target).await?
        && let Some(op) = house.store.operation(&id).await?
        && op.room_id == event.room
    {
        approval::withdraw(house, seq, event, &id, target).await?;
        return Ok(Handled::Done);
    }
    let asked = house.store.operations_asked_by(target).await?;
    let pending: Vec<_> =
        asked.into_iter().filter(|op| op.state.is_pending() && op.room_id == event.room).collect();
    if pending.is_empty() {
        let mut tx = house.store.begin().await?;
        if tx.handled(seq).await? {
            // Its plan may still be in the making.
            tx.unheard(target).await?;
            tx.forget_questions_about(target).await?;
            tx.commit().await?;
        }
        return Ok(Handled::Done);
    }
    for op in &pending {
        approval::cancel(house, &op.id, event.sender.as_str(), &event.id).await?;
    }
    done(house, seq).await
}
