//! Any inventory, as `ansible-inventory --list` sees it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::{Host, InventoryError};

/// How long the listing may take.
const LIMIT: Duration = Duration::from_secs(60);

#[derive(Deserialize)]
struct Listing {
    #[serde(rename = "_meta", default)]
    meta: Meta,
    #[serde(flatten)]
    groups: BTreeMap<String, Group>,
}

#[derive(Default, Deserialize)]
struct Meta {
    #[serde(default)]
    hostvars: BTreeMap<String, BTreeMap<String, Value>>,
}

#[derive(Deserialize)]
struct Group {
    #[serde(default)]
    hosts: Vec<String>,
}

/// Asks the program beside `ansible-playbook`.
pub(super) async fn list(
    playbook: &Path,
    inventory: &Path,
) -> Result<BTreeMap<String, Host>, InventoryError> {
    let program = playbook.with_file_name("ansible-inventory");
    let folder = if inventory.is_dir() { Some(inventory) } else { inventory.parent() };
    let mut command = tokio::process::Command::new(&program);
    command.arg("-i").arg(inventory).arg("--list");
    command.env_clear().envs(crate::execution::environment()).env("ANSIBLE_NOCOLOR", "1");
    command.stdin(Stdio::null()).kill_on_drop(true);
    if let Some(folder) = folder.filter(|folder| !folder.as_os_str().is_empty()) {
        command.current_dir(folder);
    }
    let run = tokio::time::timeout(LIMIT, command.output()).await;
    let output = match run {
        Err(_) => return Err(wrong(inventory, "`ansible-inventory` took longer than a minute".into())),
        Ok(Err(error)) => {
            let hint = "install ansible-core (`pip install ansible-core`) or write the inventory as one plain YAML file";
            return Err(InventoryError::Listing(format!(
                "{} can't be started ({error}): {hint}",
                program.display()
            )));
        }
        Ok(Ok(output)) => output,
    };
    let stderr = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() || stderr.contains("Unable to parse") {
        // What it prints can quote any line of the inventory, secrets too: the log alone gets it, and hidden.
        let hidden = crate::secrets::hide(stderr.trim());
        tracing::error!(inventory = %inventory.display(), stderr = %hidden, "the inventory can't be listed");
        let how = format!(
            "`ansible-inventory` can't read it; run `{} -i {} --list` to see why",
            program.display(),
            inventory.display()
        );
        return Err(wrong(inventory, how));
    }
    parse(&output.stdout)
        .map_err(|error| wrong(inventory, format!("`ansible-inventory --list` gave no JSON: {error}")))
}

fn wrong(inventory: &Path, message: String) -> InventoryError {
    InventoryError::Wrong { place: inventory.display().to_string(), message }
}

fn parse(json: &[u8]) -> Result<BTreeMap<String, Host>, serde_json::Error> {
    let mut listing: Listing = serde_json::from_slice(json)?;
    let mut hosts = BTreeMap::new();
    for name in listing.groups.into_values().flat_map(|group| group.hosts) {
        let vars = listing.meta.hostvars.remove(&name);
        hosts.entry(name).or_insert_with(|| Host::new(vars.unwrap_or_default()));
    }
    Ok(hosts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_come_from_groups_and_meta() {
        let json =
            br#"{"_meta": {"hostvars": {"n1": {"address": "10.0.0.1"}}, "profile": "inventory_legacy"},
            "all": {"children": ["ungrouped", "web"]}, "web": {"hosts": ["n1", "n2"]}}"#;
        let hosts = parse(json).expect("right");
        assert_eq!(hosts["n1"].address("n1"), "10.0.0.1");
        assert_eq!(hosts["n2"].address("n2"), "n2");
    }
}
