//! The homeserver knows us: every bot is registered, has its device, and says who it is.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;
use ralf_appservice::{ClientError, Homeserver};
use ruma::ServerName;

use super::ServeError;
use crate::bots::Bot;
use crate::config::Config;
use crate::house::House;
use crate::metrics::Metrics;

const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// A homeserver handle that counts its calls.
///
/// # Errors
/// When the URL or the token can't be used.
pub fn connect(config: &Config, metrics: &Metrics) -> Result<Homeserver, ClientError> {
    let token = config.appservice.as_token.clone().unwrap_or_default();
    let server = ServerName::parse(&config.homeserver.domain)
        .map_err(|source| ClientError::Request { endpoint: "server name", source: source.into() })?;
    let metrics = metrics.clone();
    let observer = move |call: ralf_appservice::client::CallReport| {
        metrics.call(call.endpoint, call.status, call.elapsed)
    };
    Ok(Homeserver::new(config.homeserver.url.as_str(), &token, &server)?.on_call(Arc::new(observer)))
}

/// Asks for each bot who it is, registers who is missing, and learns which rooms each is in. Waits for a homeserver that
/// is away.
///
/// # Errors
/// [`ServeError::Refused`] when it does not know our token or our namespace.
pub(super) async fn introduce(house: &Arc<House>) -> Result<(), ServeError> {
    let mut pause = Duration::from_millis(100);
    let mut told = false;
    loop {
        match try_join_all(Bot::ALL.map(|bot| introduce_one(house, bot))).await {
            Ok(_) => return Ok(()),
            Err(ServeError::Refused(error)) if error.is_transient() => {
                if !told {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "the homeserver is away; waiting for it"
                    );
                    told = true;
                }
            }
            Err(error) => return Err(error),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn introduce_one(house: &Arc<House>, bot: Bot) -> Result<(), ServeError> {
    let client = house.client(bot);
    let key = format!("device:{}", bot.name());
    let known = house.store.recall(&key).await?.is_some();
    let rooms = async {
        if !known {
            client.register().await?;
            client.ensure_device(bot.display_name()).await?;
        }
        match client.whoami().await {
            Err(error) if error.is_permanent() => {
                client.register().await?;
                client.ensure_device(bot.display_name()).await?;
                client.whoami().await?;
            }
            other => {
                other?;
            }
        }
        client.joined_rooms().await
    };
    let rooms = rooms.await.map_err(ServeError::Refused)?;
    if !known {
        house.store.remember(&key, client.device_id().map_or("", |id| id.as_str())).await?;
    }
    let mut known = house.rooms_mut();
    for room in rooms {
        known.members.entry(room.to_string()).or_default().insert(bot);
    }
    Ok(())
}
