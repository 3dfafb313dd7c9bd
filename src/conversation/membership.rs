//! Invites, and who of us is where.

use std::sync::Arc;

use ruma::UserId;
use serde_json::json;

use super::done;
use crate::approval::{By, gate};
use crate::bots::Bot;
use crate::event::Event;
use crate::house::House;
use crate::inbound::lanes::{HandleError, Handled};
use crate::report::messages;
use crate::store::NewMessage;

/// Somebody's membership changed.
pub(super) async fn changed(
    house: &Arc<House>,
    seq: i64,
    event: &Event,
    user: &UserId,
    membership: &str,
    direct: bool,
) -> Result<Handled, HandleError> {
    let Some(bot) = Bot::of(user, &house.server) else {
        if matches!(membership, "leave" | "ban") {
            end_subscriptions(house, &event.room).await?;
            let by = By { actor: event.sender.as_str(), event: &event.id };
            gate::rights_changed(house.as_ref(), &event.room, by).await?;
        }
        return done(house, seq).await;
    };
    match membership {
        // Our own invites into our own rooms are followed by who sent them.
        "invite" if crate::inbound::matrix::is_ours(&event.sender, &house.server) => done(house, seq).await,
        "invite" => invited(house, seq, event, bot, direct).await,
        "join" => {
            house.rooms_mut().members.entry(event.room.clone()).or_default().insert(bot);
            done(house, seq).await
        }
        _ => {
            if let Some(there) = house.rooms_mut().members.get_mut(&event.room) {
                there.remove(&bot);
            }
            end_subscriptions(house, &event.room).await?;
            // What waits there can't be decided by anybody any more.
            let by = By { actor: event.sender.as_str(), event: &event.id };
            gate::rights_changed(house.as_ref(), &event.room, by).await?;
            done(house, seq).await
        }
    }
}

/// Nobody is told any more where none of us is, or where nobody but us is left of a direct chat.
async fn end_subscriptions(house: &House, room: &str) -> Result<(), HandleError> {
    let (is_left, is_direct) = {
        let rooms = house.rooms();
        (rooms.members.get(room).is_none_or(|there| there.is_empty()), rooms.direct.contains(room))
    };
    if is_left || is_direct {
        let mut tx = house.store.begin().await?;
        if tx.end_subscriptions_of(room).await? > 0 {
            tracing::info!(room, "its subscriptions have ended");
        }
        tx.commit().await?;
        house.desk.forget_subscriptions();
    }
    Ok(())
}

/// Joins and introduces itself once, or leaves with a reason.
async fn invited(
    house: &Arc<House>,
    seq: i64,
    event: &Event,
    bot: Bot,
    direct: bool,
) -> Result<Handled, HandleError> {
    let say = |kind: &str, content| NewMessage {
        room_id: event.room.clone(),
        bot: bot.name().into(),
        kind: kind.into(),
        content,
    };
    let lang = house.default_lang();
    let welcome = may_invite(house, &event.sender);
    let mut tx = house.store.begin().await?;
    if !tx.handled(seq).await? {
        return Ok(Handled::Done);
    }
    if welcome {
        tx.say(say("!join", json!({}))).await?;
        if direct {
            tx.remember(&format!("direct:{}", event.room), "1").await?;
        }
        if !house.rooms().own.contains_key(&event.room)
            && tx.once(&format!("greeted:{}:{}", event.room, bot.name())).await?
        {
            tx.say(say("m.room.message", messages::greeting(bot.display_name()).notice().build())).await?;
        }
    } else {
        tracing::info!(room = event.room, inviter = %event.sender, bot = bot.name(), "an invite was declined");
        tx.say(say("!leave", json!({"reason": messages::declined(lang)}))).await?;
    }
    tx.commit().await?;
    if welcome {
        let mut rooms = house.rooms_mut();
        rooms.members.entry(event.room.clone()).or_default().insert(bot);
        if direct {
            rooms.direct.insert(event.room.clone());
        }
    }
    Ok(Handled::Done)
}

fn may_invite(house: &House, user: &UserId) -> bool {
    house.person(user).is_some()
        || house.config.rooms.allow_invites_from.iter().any(|allowed| {
            allowed
                .strip_prefix(':')
                .map_or_else(|| allowed == user.as_str(), |server| user.server_name() == server)
        })
}
