//! Who is in which room: `admin` and `approver` in all five, `guest` in the ops room.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::try_join_all;
use tokio::time::Instant;

use super::matrix::Api;
use super::ralf::Served;
use super::state::{PEOPLE, State, User};
use super::{LabError, ralf};
use crate::config::RoomRef;

/// The rooms; each has the alias `#ralf-<name>`.
pub(super) const ROOMS: [&str; 5] = ["ops", "health", "infra", "planner", "sec"];

const PATIENCE: Duration = Duration::from_secs(60);
/// A look at an alias is cheap.
const GLANCE: Duration = Duration::from_millis(40);
/// A join that fails is not: Synapse has better things to do while it makes the rooms.
const PAUSE: Duration = Duration::from_millis(120);

/// Makes the people, or finds them again, and keeps their access tokens in the state.
pub(super) async fn make(api: &Api, state: &mut State) -> Result<(), LabError> {
    let secret = state.registration_shared_secret.clone();
    let one = async |name: &'static str, user: User| {
        let known = user.access_token.as_ref().map(|token| token.expose().to_owned());
        let token = api.person(name, user.password.expose(), known.as_deref(), secret.expose()).await?;
        Ok::<_, LabError>((name, token))
    };
    let users = PEOPLE.into_iter().filter_map(|name| Some((name, state.users.get(name)?.clone())));
    for (name, token) in try_join_all(users.map(|(name, user)| one(name, user))).await? {
        if let Some(user) = state.users.get_mut(name) {
            user.access_token = Some(token.into());
        }
    }
    state.save()
}

/// Waits for the rooms, which R.A.L.F. makes, and brings the people in. Returns the rooms' ids.
pub(super) async fn settle(
    api: &Api,
    state: &State,
    served: &Served,
) -> Result<BTreeMap<String, String>, LabError> {
    // Looked for one at a time, so that Synapse can get on with making them.
    let turn = tokio::sync::Mutex::new(());
    let rooms = ROOMS.map(|name| one_room(api, state, served, name, &turn));
    Ok(try_join_all(rooms).await?.into_iter().collect())
}

async fn one_room(
    api: &Api,
    state: &State,
    served: &Served,
    name: &str,
    turn: &tokio::sync::Mutex<()>,
) -> Result<(String, String), LabError> {
    let until = Instant::now() + PATIENCE;
    let admin = token(state, "admin");
    let looking = turn.lock().await;
    let (alias, room) = match served.room(name)? {
        RoomRef::Id(id) => (id.to_string(), id.to_string()),
        RoomRef::Alias(alias) => loop {
            if let Some(room) = api.room(alias.as_str(), &admin).await? {
                break (alias.to_string(), room);
            }
            wait(until, GLANCE, || format!("the room {alias}"), state).await?;
        },
    };
    drop(looking);
    let present: &[&str] = if name == "ops" { &PEOPLE } else { &["admin", "approver"] };
    try_join_all(present.iter().map(|person| join(api, state, served, &room, &alias, person, until))).await?;
    Ok((name.to_owned(), room))
}

/// Joins a person, whom R.A.L.F. invites a moment after the alias is there; the guest it does not know.
async fn join(
    api: &Api,
    state: &State,
    served: &Served,
    room: &str,
    alias: &str,
    person: &str,
    until: Instant,
) -> Result<(), LabError> {
    let token = token(state, person);
    while !api.join(room, &token).await?.ok() {
        if person == "guest" {
            let host = state.user_id("ralf-core");
            if api.invite(room, &state.user_id(person), &host, &served.as_token()).await?.ok() {
                continue;
            }
        }
        wait(until, PAUSE, || format!("the invitation of {person} to {alias}"), state).await?;
    }
    Ok(())
}

fn token(state: &State, person: &str) -> String {
    let user = state.users.get(person).and_then(|user| user.access_token.as_ref());
    user.map(|token| token.expose().to_owned()).unwrap_or_default()
}

async fn wait(
    until: Instant,
    pause: Duration,
    what: impl Fn() -> String,
    state: &State,
) -> Result<(), LabError> {
    if Instant::now() > until {
        return Err(LabError::Late {
            what: what(),
            seconds: PATIENCE.as_secs(),
            log: ralf::log(&state.folder),
        });
    }
    tokio::time::sleep(pause).await;
    Ok(())
}
