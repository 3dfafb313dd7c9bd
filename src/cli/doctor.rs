//! `ralf doctor`: live checks both ways, each with what to do.

use std::process::ExitCode;

use ralf_appservice::Client;
use ruma::{RoomAliasId, RoomId, ServerName};

use super::ConfigArg;
use crate::bots::Bot;
use crate::clock::{Clock, new_id};
use crate::config::{Config, RoomRef};
use crate::metrics::Metrics;
use crate::registration::alias_localpart;
use crate::secrets::Secrets;
use crate::serve;
use crate::store::Store;

/// What a check came to: what was seen, or what is wrong and what to do.
type Finding = Result<String, String>;

/// Runs every check; exit 1 when one fails.
pub(super) async fn main(arg: ConfigArg) -> ExitCode {
    let config = match super::load(&arg) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let mut failed = false;
    let mut show = |name: &str, finding: Finding| match finding {
        Ok(seen) => println!("✅ {name}: {seen}"),
        Err(wrong) => {
            failed = true;
            println!("❌ {name}: {wrong}");
        }
    };
    show("configuration", Ok(arg.config.display().to_string()));
    show("intents", intents(&config));
    show("database", database(&config).await);
    homeserver(&config, &mut show).await;
    show("R.A.L.F.", ourselves(&config).await);
    if let Some(models) = crate::model::configured(&config.model, &Metrics::default(), None) {
        for (name, finding) in models.look().await {
            show(&format!("model {name}"), finding);
        }
    }
    show("inventory", inventory(&config).await);
    for (name, finding) in executors(&config).await {
        show(&name, finding);
    }
    secrets(&config, &mut show).await;
    show("last round", last_round(&config).await);
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn intents(config: &Config) -> Finding {
    let catalogue = config.intents.catalogue().map_err(|error| error.to_string())?;
    let own: Vec<&str> = catalogue.own().map(|(spec, _)| spec.name.as_str()).collect();
    let all = format!("{} can be understood", catalogue.intents().count());
    Ok(if own.is_empty() { all } else { format!("{all}; of your own: {}", own.join(", ")) })
}

async fn database(config: &Config) -> Finding {
    let (store, _) = Store::open(&config.database.url, Clock::System)
        .await
        .map_err(|error| format!("{}; see `[database] url`", chain(&error)))?;
    let (waiting, _) = store.outbox_depth().await.map_err(|error| chain(&error))?;
    let dead = store.dead_letters(100).await.map_err(|error| chain(&error))?;
    match dead.first() {
        Some((_, room, error)) => {
            Err(format!("{} messages could not be delivered, the last to {room}: {error}", dead.len()))
        }
        None => Ok(format!("up to date, {waiting} messages wait to be sent")),
    }
}

async fn homeserver(config: &Config, show: &mut impl FnMut(&str, Finding)) {
    let (homeserver, server) =
        match (serve::connect(config, &Metrics::default()), ServerName::parse(&config.homeserver.domain)) {
            (Ok(homeserver), Ok(server)) => (homeserver, server),
            (Err(error), _) => return show("homeserver", Err(chain(&error))),
            (_, Err(error)) => return show("homeserver", Err(error.to_string())),
        };
    match homeserver.versions().await {
        Ok(versions) => show(
            "homeserver",
            Ok(format!(
                "{} answers, up to {}",
                config.homeserver.url,
                versions.versions.last().map_or("?", String::as_str)
            )),
        ),
        Err(error) => return show("homeserver", Err(format!("{}; see `[homeserver] url`", chain(&error)))),
    }
    let device = ruma::OwnedDeviceId::from("RALF");
    for bot in Bot::ALL {
        let client = homeserver.bot(&bot.user_id(&server), &device);
        show(
            bot.localpart(),
            match client.whoami().await {
                Ok(me) => Ok(format!("is {}", me.user_id)),
                Err(error) => Err(format!(
                    "{}; does the homeserver have the file that `ralf registration` prints, and was it restarted since?",
                    chain(&error)
                )),
            },
        );
    }
    show(
        "ping",
        match homeserver.ping(&config.appservice.id, Some(&new_id())).await {
            Ok(took) => Ok(format!("the homeserver reaches us in {} ms", took.as_millis())),
            Err(error) => Err(format!(
                "{}; is `ralf serve` running, and is `[appservice] public_url` right?",
                chain(&error)
            )),
        },
    );
    let core = homeserver.bot(&Bot::Core.user_id(&server), &device);
    for bot in Bot::ALL {
        let finding = room(config, &core, bot, &server).await;
        show(&format!("room {}", bot.room_key()), finding);
    }
}

/// Whether ralf-core is in a room, and may do there what it has to.
async fn room(config: &Config, core: &Client, bot: Bot, server: &ServerName) -> Finding {
    let alias = match config.rooms.get(bot.room_key()) {
        Some(RoomRef::Id(id)) => return powers(core, id).await,
        Some(RoomRef::Alias(alias)) => alias.clone(),
        None => RoomAliasId::parse(format!("#{}:{server}", alias_localpart(bot.room_key())))
            .map_err(|e| e.to_string())?,
    };
    match core.resolve_alias(&alias).await.map_err(|error| chain(&error))? {
        Some(room) => powers(core, &room).await.map(|seen| format!("{alias}: {seen}")),
        None => Err(format!("{alias} does not exist: `ralf serve` makes it")),
    }
}

async fn powers(core: &Client, room: &RoomId) -> Finding {
    let member = core.state(room, "m.room.member", core.user_id().as_str()).await;
    if !matches!(&member, Ok(Some(member)) if member["membership"] == "join") {
        return Err(format!("ralf-core is not in {room}: invite it"));
    }
    let create =
        core.state(room, "m.room.create", "").await.map_err(|error| chain(&error))?.unwrap_or_default();
    let levels = core.power_levels(room).await.map_err(|error| chain(&error))?.unwrap_or_default();
    let version: u32 = create["room_version"].as_str().and_then(|v| v.parse().ok()).unwrap_or(1);
    if version >= 12 && levels["users"].get(core.user_id().as_str()).is_none() {
        // A creator stands above all levels; whoever is not one has the default.
        return Ok(format!("{room}, version {version}"));
    }
    let power =
        levels["users"][core.user_id().as_str()].as_i64().or(levels["users_default"].as_i64()).unwrap_or(0);
    let wanted = levels["state_default"].as_i64().unwrap_or(50);
    if power < wanted {
        return Err(format!(
            "ralf-core has power {power} in {room} and needs {wanted} for topics and power levels: raise it"
        ));
    }
    Ok(format!("{room}, version {version}, power {power}"))
}

async fn ourselves(config: &Config) -> Finding {
    let url = format!("http://{}/readyz", config.appservice.listen);
    match reqwest::get(&url).await {
        Ok(answer) if answer.status().is_success() => Ok(format!("{url} says ready")),
        Ok(answer) => Err(format!("{url} says {}: see the log of `ralf serve`", answer.status())),
        Err(_) => Err(format!("{url} does not answer: start `ralf serve`")),
    }
}

async fn inventory(config: &Config) -> Finding {
    let inventory = serve::inventory(config)
        .current()
        .await
        .map_err(|error| format!("{}; see `[inventory]`", chain(&error)))?;
    let stacks = match inventory.stacks.len() {
        0 => String::new(),
        1 => ", 1 stack".to_owned(),
        many => format!(", {many} stacks"),
    };
    Ok(format!("{} hosts, {} services{stacks}", inventory.hosts.len(), inventory.services.len()))
}

/// Whether every secret that a service names can be had.
async fn secrets(config: &Config, show: &mut impl FnMut(&str, Finding)) {
    let Ok(inventory) = serve::inventory(config).current().await else { return };
    let secrets = Secrets::new(&config.secrets);
    for (name, service) in &inventory.services {
        for reference in service.secrets.values() {
            let finding = secrets.version(reference).await;
            let finding = finding.map(|used| format!("{}, version {}", used.reference, used.version));
            show(&format!("secret of {name}"), finding.map_err(|error| chain(&error)));
        }
    }
}

async fn executors(config: &Config) -> Vec<(String, Finding)> {
    let found = crate::execution::programs(&config.executors).await;
    if found.is_empty() {
        return vec![("executors".into(), Err("none: nothing can be changed; see `[executors]`".into()))];
    }
    found.into_iter().map(|(name, finding)| (format!("executor {name}"), finding)).collect()
}

/// What the main loop found the last time, as it is stored.
async fn last_round(config: &Config) -> Finding {
    let (store, _) = Store::open(&config.database.url, Clock::System).await.map_err(|error| chain(&error))?;
    let last = crate::alerts::last_round(&store).await.map_err(|error| chain(&error))?;
    Ok(last.map_or("there was none yet".into(), |round| match round.problems {
        0 => format!("{}: nothing was wrong", when(round.ts)),
        n => format!("{}: {n} wrong; `!ralf alerts` in the health room says more", when(round.ts)),
    }))
}

fn when(ts: i64) -> String {
    jiff::Timestamp::from_millisecond(ts).map_or_else(|_| ts.to_string(), |ts| format!("{ts:.0}"))
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
