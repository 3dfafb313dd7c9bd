//! After the start: both directions are tried, then rooms and profiles are brought in order.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{join, join_all};
use serde_json::json;

use super::profile;
use super::rooms::{self, RoomError};
use crate::bots::Bot;
use crate::clock::new_id;
use crate::house::House;
use crate::report::messages;
use crate::store::NewMessage;

const PAUSES: [u64; 5] = [1, 5, 15, 60, 300];
const AFTERWARDS: [Duration; 3] =
    [Duration::from_millis(100), Duration::from_millis(500), Duration::from_secs(2)];

/// Pings, and brings rooms and profiles in order; tries again until it works.
pub(super) async fn run(house: &Arc<House>) {
    join(both_ways(house), in_order(house)).await;
}

/// The homeserver's scheduler sleeps after its restart until it sees an event that interests us, and a ping does not
/// wake it: so ping, an event in a room of ours alone, ping.
async fn both_ways(house: &Arc<House>) {
    let id = house.config.appservice.id.clone();
    let homeserver = house.client(Bot::Core).homeserver();
    for pause in PAUSES.into_iter().cycle() {
        let tried = async {
            homeserver.ping(&id, Some(&new_id())).await?;
            if let Err(error) = knock(house).await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "no event could be sent into our own room"
                );
            }
            homeserver.ping(&id, Some(&new_id())).await
        };
        match tried.await {
            Ok(took) => {
                tracing::info!(ms = took.as_millis(), "the homeserver reaches us");
                // A message that was pushed just before we listened may still be failing there: the homeserver backs
                // off only after that, and the next ping ends it.
                for pause in AFTERWARDS {
                    tokio::time::sleep(pause).await;
                    let _ = homeserver.ping(&id, Some(&new_id())).await;
                }
                return;
            }
            Err(error) => tracing::error!(
                error = &error as &dyn std::error::Error,
                "the homeserver does not reach us: see `[appservice] public_url` and `ralf doctor`; next try in {pause} s"
            ),
        }
        tokio::time::sleep(Duration::from_secs(pause)).await;
    }
}

async fn knock(house: &House) -> Result<(), RoomError> {
    let core = house.client(Bot::Core);
    let room = match house.store.recall("room:cellar").await? {
        Some(id) => ruma::RoomId::parse(&id).map_err(|error| RoomError::Other(error.to_string()))?,
        None => {
            let room = core
                .create_room(&json!({"preset": "private_chat", "name": "Ralf · cellar (bots only)"}))
                .await?;
            house.store.remember("room:cellar", room.as_str()).await?;
            room
        }
    };
    core.send(&room, "org.ralf.awake", &new_id(), "{}").await?;
    Ok(())
}

async fn in_order(house: &Arc<House>) {
    for pause in PAUSES.into_iter().cycle() {
        match settle(house).await {
            Ok(()) => {
                tracing::info!("rooms and profiles are in order");
                return;
            }
            Err(error) => tracing::error!(
                error = &error as &dyn std::error::Error,
                "rooms or profiles are not in order; next try in {pause} s"
            ),
        }
        tokio::time::sleep(Duration::from_secs(pause)).await;
    }
}

async fn settle(house: &Arc<House>) -> Result<(), RoomError> {
    let profiles = join_all(Bot::ALL.map(|bot| profile::reconcile(house, bot)));
    let rooms = async {
        let body = json!({"name": "Ralf", "topic": "The homelab", "creation_content": {"type": "m.space"}});
        let (space, _) = rooms::ensure(house, "space", body).await?;
        let settled = join_all(Bot::ALL.map(|bot| rooms::settle(house, bot, &space))).await;
        for room in settled {
            let room = room?;
            let core = house.client(Bot::Core);
            if core.state(&space, "m.space.child", room.as_str()).await?.is_none() {
                let child = json!({"via": [house.server], "suggested": true}).to_string();
                core.put_state(&space, "m.space.child", room.as_str(), &child).await?;
            }
        }
        Ok::<_, RoomError>(())
    };
    let (profiles, rooms) = join(profiles, rooms).await;
    rooms?;
    for profile in profiles {
        profile?;
    }
    greet(house).await
}

/// Introduces core in the ops room, once.
async fn greet(house: &House) -> Result<(), RoomError> {
    let Some(ops) = house.room(Bot::Core) else { return Ok(()) };
    let mut tx = house.store.begin().await?;
    if tx.once(&format!("greeted:{ops}:core")).await? {
        let content = messages::greeting(Bot::Core.display_name()).notice().build();
        tx.say(NewMessage { room_id: ops, bot: "core".into(), kind: "m.room.message".into(), content })
            .await?;
        tx.commit().await?;
    }
    Ok(())
}
