//! `subscribe`, `unsubscribe`, `subscriptions`, `test`.

use super::{Deed, reader};
use crate::alerts::{Alert, Incident, Subscription, Wish, decide};
use crate::approval::World as _;
use crate::clock::new_id;
use crate::config::Role;
use crate::conversation::{Answer, Talk};
use crate::house::House;
use crate::inbound::lanes::HandleError;
use crate::report::messages::alerts::{self as messages, Next};
use crate::store::SubscriptionRow;

/// So many incidents are looked at by a test.
const LOOKED_AT: i64 = 100;

/// `subscribe WISH`, and `subscribe N WISH` for a change.
pub(super) async fn subscribe(house: &House, talk: &Talk, rest: &str) -> Result<Answer, HandleError> {
    if !may_change(house, talk).await? {
        return Ok(Answer::Say(messages::may_not_subscribe_room(talk.lang)));
    }
    let (n, text) = numbered(rest);
    let wish = match Wish::parse(text, &house.zone()) {
        Ok(wish) => wish,
        Err(error) => return Ok(Answer::Say(messages::wish_wrong(talk.lang, text, &error))),
    };
    let here = of(house, &talk.room).await?;
    let before = n.and_then(|n| here.iter().find(|subscription| subscription.n == n));
    if let (Some(n), None) = (n, before) {
        return Ok(Answer::Say(messages::no_such_subscription(talk.lang, &n.to_string())));
    }
    let twin = here.iter().find(|subscription| subscription.wish == wish && n.is_none());
    let row = SubscriptionRow {
        id: new_id(),
        room_id: talk.room.clone(),
        n: before.or(twin).map_or(0, |old| old.n),
        bot: talk.bot.name().into(),
        lang: talk.lang.as_str().into(),
        owner: talk.asker.clone(),
        personal: is_direct(house, talk),
        wish: wish.to_string(),
        due_ts: i64::MAX,
        created_ts: house.store.clock.now_ms(),
    };
    let was = before.map(|old| old.wish.to_string());
    Ok(Answer::Deed(Deed::Subscribe { row: Box::new(row), was }))
}

/// A number in front of a wish.
fn numbered(rest: &str) -> (Option<i64>, &str) {
    let rest = rest.trim();
    let (first, more) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    match first.trim_start_matches('#').parse() {
        Ok(n) => (Some(n), more.trim()),
        Err(_) => (None, rest),
    }
}

/// `unsubscribe N`, and without a number the only one.
pub(super) async fn unsubscribe(house: &House, talk: &Talk, rest: &str) -> Result<Answer, HandleError> {
    if !may_change(house, talk).await? {
        return Ok(Answer::Say(messages::may_not_subscribe_room(talk.lang)));
    }
    let here = of(house, &talk.room).await?;
    let (n, _) = numbered(rest);
    let found = match n {
        Some(n) => here.iter().find(|subscription| subscription.n == n),
        None if here.len() == 1 && rest.trim().is_empty() => here.first(),
        None => None,
    };
    let Some(found) = found else {
        return Ok(Answer::Say(messages::no_such_subscription(talk.lang, rest.trim())));
    };
    Ok(Answer::Deed(Deed::Unsubscribe(Box::new(shown(found, house.store.clock.now_ms())))))
}

/// `subscriptions`
pub(super) async fn list(house: &House, talk: &Talk) -> Result<Answer, HandleError> {
    let zone = house.time_zone();
    let r = reader(house, &zone, talk.lang);
    let here = of(house, &talk.room).await?;
    let all: Vec<messages::Subscription> =
        here.iter().map(|subscription| shown(subscription, r.now)).collect();
    Ok(Answer::Say(messages::subscriptions(&r, &all)))
}

/// `test N`
pub(super) async fn test(house: &House, talk: &Talk, rest: &str) -> Result<Answer, HandleError> {
    let here = of(house, &talk.room).await?;
    let (n, _) = numbered(rest);
    let found = match n {
        Some(n) => here.into_iter().find(|subscription| subscription.n == n),
        None if here.len() == 1 => here.into_iter().next(),
        None => None,
    };
    let Some(found) = found else {
        return Ok(Answer::Say(messages::no_such_subscription(talk.lang, rest.trim())));
    };
    let zone = house.time_zone();
    let r = reader(house, &zone, talk.lang);
    let all = house.store.incidents_page(None, i64::MAX, LOOKED_AT).await?;
    let one = [found];
    let mut hits: Vec<&Incident> = Vec::new();
    for incident in &all {
        let alerts: Vec<Alert> =
            house.store.alerts_of(&incident.id).await?.into_iter().map(|known| known.alert).collect();
        let decisions = decide(incident, &alerts, &one, &house.config.alerts, r.now);
        if decisions.iter().any(|decision| decision.verdict.concerns()) {
            hits.push(incident);
        }
    }
    let said = messages::test_subscription(&r, &shown(&one[0], r.now), &hits, all.len());
    Ok(Answer::Say(said))
}

/// The subscriptions of a room, by number.
async fn of(house: &House, room: &str) -> Result<Vec<Subscription>, HandleError> {
    let all = house.subscriptions().await?;
    let mut here: Vec<Subscription> =
        all.iter().filter(|subscription| subscription.room_id == room).cloned().collect();
    here.sort_by_key(|subscription| subscription.n);
    Ok(here)
}

fn is_direct(house: &House, talk: &Talk) -> bool {
    house.rooms().direct.contains(&talk.room)
}

/// Whether the asker may change what is told here: in a direct chat always, in a room with the role `approver` or power level 50.
async fn may_change(house: &House, talk: &Talk) -> Result<bool, HandleError> {
    if is_direct(house, talk) {
        return Ok(true);
    }
    let standing = house.standing(&talk.room, talk.bot.name()).await?;
    let power = standing.members.get(&talk.asker).copied();
    Ok(power.is_some_and(|power| power >= 50 || house.rules.has_role(&talk.asker, Role::Approver, &standing)))
}

fn shown(subscription: &Subscription, now: i64) -> messages::Subscription {
    messages::Subscription {
        n: subscription.n,
        wish: subscription.wish.to_string(),
        personal: subscription.personal,
        owner: subscription.owner.clone(),
        next: next(&subscription.wish, now),
    }
}

/// A stored subscription, as it is told.
pub(super) fn told(house: &House, row: &SubscriptionRow, now: i64) -> messages::Subscription {
    messages::Subscription {
        n: row.n,
        wish: row.wish.clone(),
        personal: row.personal,
        owner: row.owner.clone(),
        next: Wish::parse(&row.wish, &house.zone()).map(|wish| next(&wish, now)).unwrap_or_default(),
    }
}

/// What a wish does besides telling at once.
fn next(wish: &Wish, now: i64) -> Vec<Next> {
    let quiet = wish.quiet.iter().filter(|quiet| quiet.holds(now));
    let quiet = quiet.map(|quiet| Next::QuietUntil(quiet.ends_after(now)));
    let digest = wish.digest.iter().map(|digest| Next::DigestAt(digest.next_after(now)));
    quiet.chain(digest).collect()
}
