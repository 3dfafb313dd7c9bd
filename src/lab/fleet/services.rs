//! `config/lab/services.toml` as far as the lab itself needs it.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::lab::assets;

/// One service that can be deployed.
#[derive(Debug, Deserialize)]
pub(super) struct Service {
    health: String,
}

impl Service {
    /// Where it says whether it is well.
    pub(super) fn health(&self, address: &str, port: u16) -> String {
        self.health.replace("{address}", address).replace("{port}", &port.to_string())
    }
}

#[derive(Deserialize)]
struct File {
    services: BTreeMap<String, Service>,
}

/// All of them. The file is a part of this program, and a test reads it.
pub(super) fn all() -> BTreeMap<String, Service> {
    toml::from_str::<File>(assets::SERVICES).map(|file| file.services).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_eight_or_more_and_they_fit_the_ports() {
        let all = all();
        assert!((8..=16).contains(&all.len()));
        assert!(all.contains_key("jellyfin") && all.contains_key("grafana"));
        assert_eq!(all["jellyfin"].health("127.0.0.1", 41001), "http://127.0.0.1:41001/health");
    }
}
