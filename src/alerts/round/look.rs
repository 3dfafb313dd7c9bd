//! One look at everything: Prometheus, Alertmanager, and our own parts.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use tokio::time::timeout;

use super::judge::{Part, Seen, Sight, Target, Trouble, is_about, is_known};
use crate::alerts::Labels;
use crate::alerts::api::{ApiError, PrometheusAlert};
use crate::bots::Bot;
use crate::house::House;
use crate::secrets::hide;
use crate::store::StoreError;

/// How long the homeserver has to say who we are.
const PATIENCE: Duration = Duration::from_secs(10);
/// So long an entry of a queue may wait, in milliseconds.
const STUCK_MS: i64 = 5 * 60_000;
/// Programs that were well are asked for their version again after so long: that is work for a whole core.
const PROGRAMS: Duration = Duration::from_secs(4 * 60);
/// At most so many characters of what somebody else says are wrong.
const MOST_SAID: usize = 300;
/// So many of the messages that were given up are looked at.
const DEAD: i64 = 100;

/// What looks, and what it need not look at again each time.
#[derive(Debug, Default)]
pub(super) struct Eyes {
    /// When all programs were well.
    programs: Option<(Instant, Vec<&'static str>)>,
}

impl Eyes {
    /// Looks at everything.
    pub(super) async fn look(&mut self, house: &House) -> Result<Seen, StoreError> {
        let store = &house.store;
        let (homeserver, models, programs, (sources, unrouted, targets)) =
            tokio::join!(homeserver(house), models(house), self.programs(house), monitoring(house));
        let mut parts: BTreeMap<Part, Sight> = sources;
        parts.extend(models);
        parts.extend(programs);
        let now = store.clock.now_ms();
        let queue = |since: Option<i64>| match since.map(|ts| now - ts) {
            Some(age) if age > STUCK_MS => Sight::Wrong(Trouble::Waits(age)),
            _ => Sight::Well,
        };
        parts.insert(Part::Inbox, queue(store.inbox_depth().await?.1));
        // While nobody takes our messages it is no wonder that they wait.
        let outbox =
            if homeserver == Sight::Well { queue(store.outbox_depth().await?.1) } else { Sight::Unknown };
        parts.insert(Part::Outbox, outbox);
        parts.insert(Part::Homeserver, homeserver);
        // Of all others the ops room is told at once.
        let ops = house.room(Bot::Core);
        let dead = store.dead_letters(DEAD).await?.into_iter();
        let dead = dead.filter(|(_, room, _)| Some(room) == ops.as_ref()).map(|(txn, ..)| txn).collect();
        Ok(Seen { ts: now, parts, unrouted, targets, dead, ended: Vec::new() })
    }

    async fn programs(&mut self, house: &House) -> Vec<(Part, Sight)> {
        if let Some((at, names)) = &self.programs
            && at.elapsed() < PROGRAMS
        {
            return names.iter().map(|name| (Part::Executor((*name).to_owned()), Sight::Well)).collect();
        }
        let found = crate::execution::programs(&house.config.executors).await;
        let all_well = found.iter().all(|(_, finding)| finding.is_ok());
        self.programs = all_well.then(|| (Instant::now(), found.iter().map(|(name, _)| *name).collect()));
        found.into_iter().map(|(name, finding)| (Part::Executor(name.to_owned()), sight(finding))).collect()
    }
}

fn sight<T, E: ToString>(finding: Result<T, E>) -> Sight {
    match finding {
        Ok(_) => Sight::Well,
        Err(why) => {
            let why: String = hide(&why.to_string()).chars().take(MOST_SAID).collect();
            Sight::Wrong(Trouble::Fails(why))
        }
    }
}

/// Whether the homeserver knows us.
async fn homeserver(house: &House) -> Sight {
    match timeout(PATIENCE, house.client(Bot::Core).whoami()).await {
        Ok(said) => sight(said),
        Err(_) => sight::<(), _>(Err(format!("no answer in {} s", PATIENCE.as_secs()))),
    }
}

async fn models(house: &House) -> Vec<(Part, Sight)> {
    let Some(models) = house.models.get() else { return Vec::new() };
    let look = |(name, standing): (String, Option<Result<(), String>>)| {
        (Part::Model(name), standing.map_or(Sight::Unknown, sight))
    };
    models.standing().await.into_iter().map(look).collect()
}

type Monitoring = (BTreeMap<Part, Sight>, Option<BTreeSet<String>>, Option<BTreeMap<String, Target>>);

/// Prometheus and Alertmanager, what does not get from one to the other, and what is scraped.
async fn monitoring(house: &House) -> Monitoring {
    let mut parts = BTreeMap::new();
    let groups = match house.desk.alertmanager() {
        Some(alertmanager) => {
            let answer = alertmanager.groups().await;
            let stays_away = answer.is_err() && !house.desk.alertmanager_answers();
            // Somebody else asks it, too: one question that was lost is no news.
            let sight = if stays_away { sight(answer.as_ref()) } else { Sight::Well };
            parts.insert(Part::Alertmanager, sight);
            answer.ok()
        }
        None => None,
    };
    let Some(prometheus) = house.desk.prometheus() else { return (parts, None, None) };
    let asked = async { Ok::<_, ApiError>((prometheus.alerts().await?, prometheus.targets().await?)) };
    let answer = asked.await;
    parts.insert(Part::Prometheus, sight(answer.as_ref()));
    let Ok((alerts, targets)) = answer else { return (parts, None, None) };
    let unrouted = groups.map(|groups| {
        let known: Vec<&Labels> =
            groups.iter().flat_map(|group| &group.alerts).map(|polled| &polled.alert.labels).collect();
        let lost = |alert: &&PrometheusAlert| alert.firing && !is_known(&alert.labels, &known);
        let name = |alert: &PrometheusAlert| alert.labels.get("alertname").cloned();
        alerts.iter().filter(lost).filter_map(name).collect()
    });
    let targets = targets.into_iter().filter_map(|target| {
        let covered = alerts.iter().any(|alert| is_about(&alert.labels, &target.job, &target.instance));
        let name = format!("{} ({})", target.instance, target.job);
        Some((name, Target { up: target.up?, covered }))
    });
    (parts, unrouted, Some(targets.collect()))
}
