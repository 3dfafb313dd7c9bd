//! Display names and avatars.

use bytes::Bytes;
use ralf_appservice::ClientError;

use crate::bots::Bot;
use crate::house::House;

fn avatar(bot: Bot) -> &'static [u8] {
    match bot {
        Bot::Core => include_bytes!("../../config/avatars/core.png"),
        Bot::Infra => include_bytes!("../../config/avatars/infra.png"),
        Bot::Health => include_bytes!("../../config/avatars/health.png"),
        Bot::Planner => include_bytes!("../../config/avatars/planner.png"),
        Bot::Sec => include_bytes!("../../config/avatars/sec.png"),
    }
}

/// Gives a bot its name and picture, where it has none.
pub(super) async fn reconcile(house: &House, bot: Bot) -> Result<(), ClientError> {
    let client = house.client(bot);
    let profile = client.profile(client.user_id()).await?.unwrap_or_default();
    if profile.displayname.as_deref().is_none_or(|name| name == bot.localpart()) {
        client.set_display_name(bot.display_name()).await?;
    }
    if profile.avatar_url.is_none() {
        let name = format!("{}.png", bot.localpart());
        let url = client.upload(Bytes::from_static(avatar(bot)), "image/png", &name).await?;
        client.set_avatar_url(&url).await?;
    }
    Ok(())
}
