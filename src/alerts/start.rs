//! What goes on about alerts while R.A.L.F. runs.

use std::sync::{Arc, PoisonError};

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::{Alert, heal, intake, poll, show, tell, tick};
use crate::clock::new_id;
use crate::house::House;
use crate::store::{StoreError, SubscriptionRow};

/// At most so many names of alerts are known to whoever reads sentences.
const NAMES: i64 = 2_000;
/// Under this key the store remembers that the health room was subscribed.
pub(super) const SUBSCRIBED: &str = "alerts:subscribed";
/// At most so many open incidents are told when somebody wants to know of them late.
const MOST: i64 = 200;

/// Starts taking alerts in, looking at Alertmanager, telling, calling, and proposing to mend; until `stop` says so.
///
/// # Errors
/// When the database fails.
pub async fn start(
    house: &Arc<House>,
    stop: &watch::Receiver<bool>,
    at_work: &mut Vec<JoinHandle<()>>,
) -> Result<(), StoreError> {
    let names = house.store.alert_names(NAMES).await?;
    house.desk.learn_names(names.iter().map(String::as_str));
    let mut go = |work: std::pin::Pin<Box<dyn Future<Output = ()> + Send>>| {
        let mut stop = stop.clone();
        at_work.push(tokio::spawn(async move {
            tokio::select! {
                () = work => {}
                _ = stop.changed() => {}
            }
        }));
    };
    let deliveries = house.deliveries.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(deliveries) = deliveries {
        go(Box::pin(intake::run(Arc::clone(house), deliveries)));
    }
    if let Some(begun) = house.desk.begun() {
        go(Box::pin(show::run(Arc::clone(house), begun)));
    }
    go(Box::pin(tick::run(Arc::clone(house))));
    go(Box::pin(poll::run(Arc::clone(house))));
    go(Box::pin(heal::run(Arc::clone(house))));
    go(Box::pin(super::round::run(Arc::clone(house))));
    Ok(())
}

/// Once and for all subscribes the health room to everything. It is a subscription like any other: people change and end it. What came
/// before there was anybody to tell is told now.
///
/// # Errors
/// When the database fails.
pub async fn subscribe_the_health_room(house: &House) -> Result<(), StoreError> {
    let Some((room_id, bot)) = tell::home(house) else { return Ok(()) };
    let mut tx = house.store.begin().await?;
    if !tx.once(SUBSCRIBED).await? {
        return Ok(());
    }
    let row = SubscriptionRow {
        id: new_id(),
        room_id,
        n: 0,
        bot: bot.name().into(),
        lang: house.default_lang().as_str().into(),
        owner: String::new(),
        personal: false,
        wish: super::Wish::default().to_string(),
        due_ts: i64::MAX,
        created_ts: tx.now_ms(),
    };
    tx.add_subscription(&row).await?;
    tx.commit().await?;
    house.desk.forget_subscriptions();
    let subscriptions = house.subscriptions().await?;
    let Some(subscription) = subscriptions.iter().find(|subscription| subscription.id == row.id) else {
        return Ok(());
    };
    let _alone = house.desk.alone().await;
    for incident in house.store.open_incidents(MOST).await?.into_iter().rev() {
        let mut tx = house.store.begin().await?;
        let is_untold = tx.tellings_of(&incident.id).await?.is_empty();
        if is_untold {
            let (known, ..) = tx.alerts_of(&incident.id).await?;
            let alerts: Vec<Alert> = known.into_iter().map(|known| known.alert).collect();
            tell::begin(house, &mut tx, &incident, &alerts, subscription).await?;
        }
        tx.commit().await?;
        if is_untold {
            // When it began there was no message for its chart to stand under.
            house.desk.began(incident.id);
        }
    }
    house.desk.wake();
    Ok(())
}
