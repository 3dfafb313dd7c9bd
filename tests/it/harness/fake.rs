//! R.A.L.F. against a fake homeserver, which can be made to fail.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ralf::bots::Bot;
use ralf::clock::Clock;
use ralf::config::Config;
use ralf::execution::Registry;
use ralf::house::{House, Parts};
use ralf::inventory::Source;
use ralf::metrics::Metrics;
use ralf::store::Store;
use ralf_appservice::testing::FakeHomeserver;
use ralf_intents::Catalogue;

/// A fake homeserver that knows our five bots.
pub(crate) async fn homeserver() -> FakeHomeserver {
    FakeHomeserver::start(&Bot::ALL.map(Bot::localpart)).await
}

/// Writes a configuration for it, with these people as approvers and these further lines.
pub(crate) fn config_file(
    folder: &Path,
    fake: &FakeHomeserver,
    listen: &str,
    database: &str,
    more: &str,
) -> PathBuf {
    let registration = fake.registration();
    let text = format!(
        "[homeserver]\nurl = \"{}\"\ndomain = \"lab.local\"\n\
         [appservice]\nid = \"{}\"\nlisten = \"{listen}\"\nas_token = \"{}\"\nhs_token = \"{}\"\n\
         [database]\nurl = \"{database}\"\n\
         [people.admin]\nids = [\"@admin:lab.local\"]\nroles = [\"approver\"]\n{more}",
        fake.base_url(),
        registration.id,
        registration.as_token.expose(),
        registration.hs_token.expose(),
    );
    let path = folder.join("ralf.toml");
    std::fs::write(&path, text).expect("written");
    path
}

/// The house that `serve` builds, for parts of it to run by themselves.
pub(crate) fn house(config: Config, store: Store) -> Arc<House> {
    let metrics = Metrics::default();
    let homeserver = ralf::serve::connect(&config, &metrics).expect("a sound configuration");
    let server = ruma::ServerName::parse(&config.homeserver.domain).expect("a server name");
    let device = ruma::OwnedDeviceId::from("RALF");
    let clients: BTreeMap<_, _> = Bot::ALL
        .into_iter()
        .map(|bot| (bot, homeserver.bot(&bot.user_id(&server), &device).without_retries()))
        .collect();
    Arc::new(House::new(Parts {
        inventory: Arc::new(Source::new(config.inventory.clone(), "ansible-playbook".into(), Clock::System)),
        executors: Registry::default(),
        catalogue: Catalogue::builtin().expect("a sound catalogue"),
        model: None,
        config,
        server,
        store,
        clients,
        metrics,
    }))
}
