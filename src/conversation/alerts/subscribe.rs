//! `subscribe`, `unsubscribe`, `subscriptions`, `test`.

use super::{Deed, reader};
use crate::alerts::quiet::Zone;
use crate::alerts::{Alert, Incident, Labels, Subscription, Wish, decide};
use crate::approval::World as _;
use crate::clock::new_id;
use crate::config::Role;
use crate::conversation::words::plain;
use crate::conversation::{Answer, Talk};
use crate::house::House;
use crate::inbound::lanes::HandleError;
use crate::report::messages::alerts::{self as messages, Next};
use crate::store::{StoreError, SubscriptionRow, Tx};

/// So many incidents are looked at by a test.
const LOOKED_AT: i64 = 100;
/// So many open incidents are looked through for those that a new subscription wants.
const OPEN: i64 = 500;

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

/// A subscription as a sentence says it: what stands behind its verb, when all of that is understood, else what was recognised
/// in it.
pub(super) async fn by_sentence(house: &House, talk: &Talk, slot: &str) -> Result<Answer, HandleError> {
    if ends(&talk.sentence) {
        let zone = house.time_zone();
        let r = reader(house, &zone, talk.lang);
        let all: Vec<messages::Subscription> =
            of(house, &talk.room).await?.iter().map(|subscription| shown(subscription, r.now)).collect();
        return Ok(Answer::Say(messages::unsubscribe_which(&r, &all)));
    }
    let inventory = house.inventory().await.map(|(inventory, _)| inventory).unwrap_or_default();
    let names = inventory.names();
    let known = |word: &str| {
        let all = names.hosts.keys().chain(names.services.keys()).map(String::as_str);
        let said = slot.split(|c: char| !(c.is_alphanumeric() || "._-:/@".contains(c)));
        all.chain(said).any(|name| name.eq_ignore_ascii_case(word))
            || word.contains(|c: char| c.is_ascii_digit() || "._:/".contains(c))
    };
    let whole = behind_verb(&talk.sentence).and_then(|said| {
        let (_, things) = Wish::of_sentence(said, &house.zone()).ok()?;
        things.iter().all(|thing| known(thing)).then_some(said)
    });
    subscribe(house, talk, whole.unwrap_or(slot)).await
}

/// What stands behind the verb that asks to be told; the whole sentence, when the verb is its last word.
fn behind_verb(sentence: &str) -> Option<&str> {
    const VERBS: [&str; 18] = [
        "abonnier",
        "subscrib",
        "benachrichtig",
        "informier",
        "notify",
        "inform",
        "sag",
        "gib",
        "melde",
        "schick",
        "warn",
        "tell",
        "let",
        "alert",
        "send",
        "ping",
        "bescheid",
        "page",
    ];
    let mut from = 0;
    for word in sentence.split_whitespace() {
        let at = from + sentence[from..].find(word)?;
        from = at + word.len();
        let lower = word.to_lowercase();
        // `alerts` and `meldungen` are no verbs.
        let is_verb = VERBS.iter().any(|verb| lower.starts_with(verb))
            && !matches!(
                lower.trim_end_matches(|c: char| !c.is_alphabetic()),
                "alerts" | "meldung" | "meldungen" | "warnings" | "warnungen" | "warning" | "warnung"
            );
        if is_verb {
            let rest = sentence[from..].trim();
            return Some(if rest.is_empty() { sentence } else { rest });
        }
    }
    None
}

/// Whether a sentence wants to be told less, not more.
fn ends(sentence: &str) -> bool {
    let said = plain(sentence);
    let words: Vec<&str> = said.split(' ').collect();
    let begins = |stem: &str| words.iter().any(|word| word.starts_with(stem));
    let stops = |word: &&&str| {
        ["cancel", "stop", "stopp", "stoppe", "beende", "kündige", "kündigen", "remove", "end", "lösche"]
            .contains(*word)
    };
    let of_it = ["abo", "subscription", "abonnement"].iter().any(|stem| begins(stem)) && !begins("abonnier");
    begins("unsubscrib")
        || begins("abbestell")
        || begins("deabonnier")
        || words.iter().take(3).any(|word| stops(&word))
        || (of_it && words.iter().any(|word| stops(&word)))
        || (begins("bestell") && words.contains(&"ab"))
}

/// Whether a text is a wish, also with a number in front.
pub(super) fn is_wish(text: &str) -> bool {
    Wish::parse(numbered(text).1, &Zone::system()).is_ok()
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

/// The open incidents that a subscription wants to know of.
pub(super) async fn open_now(
    house: &House,
    tx: &mut Tx,
    row: &SubscriptionRow,
) -> Result<Vec<Incident>, StoreError> {
    let Ok(wish) = Wish::parse(&row.wish, &house.zone()) else { return Ok(Vec::new()) };
    let mut open = Vec::new();
    for incident in tx.open_incidents(OPEN).await? {
        let (alerts, ..) = tx.alerts_of(&incident.id).await?;
        let is_wanted = |labels: &Labels| {
            wish.matchers.matches(labels) && !wish.except.iter().any(|except| except.matches(labels))
        };
        if alerts.iter().any(|known| known.alert.firing && is_wanted(&known.alert.labels)) {
            open.push(incident);
        }
    }
    Ok(open)
}

/// What a wish does besides telling at once.
fn next(wish: &Wish, now: i64) -> Vec<Next> {
    let quiet = wish.quiet.iter().filter(|quiet| quiet.holds(now));
    let quiet = quiet.map(|quiet| Next::QuietUntil(quiet.ends_after(now)));
    let digest = wish.digest.iter().map(|digest| Next::DigestAt(digest.next_after(now)));
    quiet.chain(digest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_stands_behind_its_verb() {
        for (said, want) in [
            ("subscribe to critical alerts from pi4", "severity>=critical about=\"pi4\""),
            ("Please notify me about warnings except pi4", "severity>=warning except about=\"pi4\""),
            ("abonniere alles außer pi4", "everything except about=\"pi4\""),
            ("Kannst du mir bitte Bescheid sagen, wenn pi4 ausfällt?", "about=\"pi4\""),
            ("critical alerts abonnieren", "severity>=critical"),
        ] {
            let behind = behind_verb(said).expect(said);
            let wish = Wish::parse(behind, &Zone::system()).unwrap_or_else(|error| panic!("{said}: {error}"));
            assert_eq!(wish.to_string(), want, "{said}");
        }
    }

    #[test]
    fn who_wants_less_is_not_told_more() {
        for said in [
            "unsubscribe from critical alerts",
            "Bestelle bitte die Warnungen ab",
            "abbestellen: kritische Alarme",
            "stop telling me about pi4",
            "kannst du mein Abo für pi4 kündigen",
            "cancel my subscription to warnings",
        ] {
            assert!(ends(said), "{said}");
        }
        for said in
            ["abonniere alles außer pi4", "tell me when the nightly backup job has a stop", "subscribe me"]
        {
            assert!(!ends(said), "{said}");
        }
    }
}
