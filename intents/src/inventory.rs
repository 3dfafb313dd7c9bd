//! What can be named: the homelab's services, hosts, alerts, secrets and compliance scopes.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The inventory as it stands in a file, and as the program hands it in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Inventory {
    /// Services by name.
    pub services: BTreeMap<String, Thing>,
    /// Hosts (nodes) by name.
    pub hosts: BTreeMap<String, Thing>,
    /// Names of alerts.
    pub alerts: Vec<String>,
    /// Names of secrets, never their values.
    pub secrets: Vec<String>,
    /// What a compliance check can be about.
    pub compliance_scopes: Vec<String>,
}

/// A service or a host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Thing {
    /// Other names that people use for it.
    pub aliases: Vec<String>,
    /// Where it runs (services only).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
}

impl Inventory {
    /// Reads the JSON form.
    ///
    /// # Errors
    /// When the text is no JSON or has another shape.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_file_form() {
        let inventory = Inventory::from_json(
            r#"{"services": {"jellyfin": {"aliases": ["Mediathek"], "hosts": ["nas"]}}, "hosts": {"nas": {}}, "alerts": ["DiskFull"]}"#,
        )
        .unwrap();
        assert_eq!(inventory.services["jellyfin"].hosts, ["nas"]);
        assert!(inventory.secrets.is_empty());
    }
}
