//! The five rooms and the space: found by what we remember, by alias, by id, or made.

use std::collections::BTreeSet;
use std::sync::Arc;

use ralf_appservice::ClientError;
use ruma::{OwnedRoomId, RoomAliasId, RoomId};
use serde_json::{Value, json};

use crate::bots::Bot;
use crate::config::{Role, RoomRef};
use crate::house::House;
use crate::registration::alias_localpart;
use crate::store::StoreError;

/// The power that our bots and the approvers have in rooms that we make.
const BOT_POWER: i64 = 90;
const APPROVER_POWER: i64 = 50;

/// Why a room is not as it should be.
#[derive(Debug, thiserror::Error)]
pub(super) enum RoomError {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}")]
    Other(String),
}

/// What the store remembers: at once, without asking the homeserver.
pub(super) async fn recall(house: &Arc<House>) -> Result<(), StoreError> {
    for bot in Bot::ALL {
        if let Some(id) = house.store.recall(&format!("room:{}", bot.room_key())).await? {
            house.rooms_mut().own.insert(id, bot);
        }
    }
    let members: Vec<String> = house.rooms().members.keys().cloned().collect();
    for room in members {
        if house.store.recall(&format!("direct:{room}")).await?.is_some() {
            house.rooms_mut().direct.insert(room);
        }
    }
    Ok(())
}

/// Finds a room or makes it.
pub(super) async fn ensure(house: &House, key: &str, room: Value) -> Result<(OwnedRoomId, bool), RoomError> {
    let core = house.client(Bot::Core);
    let alias = match house.config.rooms.get(key) {
        Some(RoomRef::Id(id)) => {
            core.join((&**id).into()).await?;
            return Ok((id.clone(), false));
        }
        Some(RoomRef::Alias(alias)) => alias.clone(),
        None => RoomAliasId::parse(format!("#{}:{}", alias_localpart(key), house.server))
            .map_err(|error| RoomError::Other(error.to_string()))?,
    };
    if let Some(id) = core.resolve_alias(&alias).await? {
        if !house.rooms().members.get(id.as_str()).is_some_and(|there| there.contains(&Bot::Core)) {
            core.join((&*id).into()).await?;
        }
        return Ok((id, false));
    }
    if alias.server_name() != house.server {
        return Err(RoomError::Other(format!(
            "{alias} is not on our homeserver, so it can't be made: invite a bot there"
        )));
    }
    let mut body = json!({
        "room_alias_name": alias.alias(),
        "preset": "private_chat",
        "visibility": "private",
        "invite": invited(house),
    });
    if let (Some(body), Value::Object(room)) = (body.as_object_mut(), room) {
        body.extend(room);
    }
    if let Some(version) = &house.config.rooms.version {
        body["room_version"] = version.clone().into();
    }
    Ok((core.create_room(&body).await?, true))
}

/// Everybody who belongs into our rooms, besides the bots.
pub(super) fn invited(house: &House) -> Vec<String> {
    house.config.people.values().flat_map(|person| &person.ids).map(ToString::to_string).collect()
}

/// Brings one of the five rooms in order: members, power levels, name and topic if we made it.
pub(super) async fn settle(house: &Arc<House>, bot: Bot, space: &RoomId) -> Result<OwnedRoomId, RoomError> {
    let (name, topic) = bot.room_profile();
    let parent = json!({"type": "m.space.parent", "state_key": space, "content": {"via": [house.server], "canonical": true}});
    let (room, made) =
        ensure(house, bot.room_key(), json!({"name": name, "topic": topic, "initial_state": [parent]}))
            .await?;
    house.store.remember(&format!("room:{}", bot.room_key()), room.as_str()).await?;
    house.rooms_mut().own.insert(room.to_string(), bot);
    let mut bots = BTreeSet::from([Bot::Core, bot]);
    if bot == Bot::Core {
        bots.extend(Bot::ALL);
    }
    join(house, &room, &bots).await?;
    invite_missing(house, &room, made).await?;
    power(house, &room).await?;
    if !made {
        retell(house, &room, "m.room.topic", "topic", topic).await?;
    }
    Ok(room)
}

/// Lets bots into a room: the homeserver lets core invite them, and each joins.
async fn join(house: &House, room: &RoomId, bots: &BTreeSet<Bot>) -> Result<(), RoomError> {
    let core = house.client(Bot::Core);
    for bot in bots {
        let there = house.rooms().members.get(room.as_str()).is_some_and(|there| there.contains(bot));
        if there {
            continue;
        }
        let client = house.client(*bot);
        if client.join(room.into()).await.is_err() {
            core.invite(room, client.user_id()).await?;
            client.join(room.into()).await?;
        }
        house.rooms_mut().members.entry(room.to_string()).or_default().insert(*bot);
    }
    Ok(())
}

/// Invites people of `[people]` who never were in the room; who left stays away.
async fn invite_missing(house: &House, room: &RoomId, made: bool) -> Result<(), RoomError> {
    if made {
        return Ok(());
    }
    let core = house.client(Bot::Core);
    for user in invited(house) {
        if core.state(room, "m.room.member", &user).await?.is_none()
            && let Ok(user) = ruma::UserId::parse(&user)
        {
            core.invite(room, &user).await?;
        }
    }
    Ok(())
}

/// Gives bots and approvers their power, as far as we have it to give.
async fn power(house: &House, room: &RoomId) -> Result<(), RoomError> {
    let core = house.client(Bot::Core);
    let Some(mut levels) = core.power_levels(room).await? else { return Ok(()) };
    let create = core.state(room, "m.room.create", "").await?.unwrap_or_default();
    let version: u32 =
        create.get("room_version").and_then(Value::as_str).and_then(|v| v.parse().ok()).unwrap_or(1);
    let bots = Bot::ALL.into_iter().skip(1).map(|bot| (bot.user_id(&house.server), BOT_POWER));
    let people = house.config.people.values().filter(|p| p.roles.contains(&Role::Approver));
    let people = people.flat_map(|p| &p.ids).map(|id| (id.clone(), APPROVER_POWER));
    let mut changed = false;
    for (user, wanted) in bots.chain(people) {
        let now =
            levels.pointer(&format!("/users/{}", user.as_str().replace('/', "~1"))).and_then(Value::as_i64);
        if now.unwrap_or(0) < wanted {
            levels["users"][user.as_str()] = wanted.into();
            changed = true;
        }
    }
    if version >= 12 {
        // Creators stand above the levels and must not be among them.
        if let Some(users) = levels.get_mut("users").and_then(Value::as_object_mut) {
            users.remove(core.user_id().as_str());
        }
    }
    if !changed {
        return Ok(());
    }
    match core.put_state(room, "m.room.power_levels", "", &levels.to_string()).await {
        Ok(_) => Ok(()),
        Err(error) if error.is_permanent() => {
            tracing::warn!(%room, "ralf-core's power level is too low to set power levels here: give it 100");
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

async fn retell(
    house: &House,
    room: &RoomId,
    event: &str,
    field: &str,
    wanted: &str,
) -> Result<(), RoomError> {
    let core = house.client(Bot::Core);
    let now = core.state(room, event, "").await?;
    // A topic that a person wrote stays.
    if now.is_some() {
        return Ok(());
    }
    match core.put_state(room, event, "", &json!({field: wanted}).to_string()).await {
        Err(error) if !error.is_permanent() => Err(error.into()),
        _ => Ok(()),
    }
}
