//! The services file.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::{Host, InventoryError, expand, is_name, place};
use crate::secrets::{SecretRef, is_variable};

/// `[services.<name>]`: what can be deployed, restarted and removed. In `command`, `health`, `metrics` and `data`, `{…}`
/// stands for `name`, `version`, `port`, `host`, `address`, `data` and every host variable `ralf_…` without its prefix.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Other names that people use.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// What it is, in one line.
    #[serde(default)]
    pub description: String,
    /// The version that is deployed when nobody names one.
    #[serde(default)]
    pub version: String,
    /// Its port, where the host has no own one for it (`ralf_ports`).
    pub port: Option<u16>,
    /// What starts it: a program and its arguments, with quotes as in a shell, but without one.
    pub command: String,
    /// The address that answers 200 when it is well.
    pub health: Option<String>,
    /// Where Prometheus finds its metrics.
    pub metrics: Option<String>,
    /// The hosts on which it may run; all when it is left out.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Its data folder, deleted when it is removed; `{root}/data/{name}` where the host has a `ralf_root`.
    pub data: Option<String>,
    /// The user it runs as (systemd).
    pub user: Option<String>,
    /// What its playbooks find in their environment: variable → where the secret comes from.
    #[serde(default)]
    pub secrets: BTreeMap<String, SecretRef>,
}

impl Service {
    /// Fills in the placeholders of one of its texts.
    ///
    /// # Errors
    /// The name of a placeholder without a value.
    pub fn fill(
        &self,
        template: &str,
        name: &str,
        version: &str,
        on: (&str, &Host),
    ) -> Result<String, String> {
        let (host_name, host) = on;
        expand(template, |placeholder| match placeholder {
            "name" => Some(name.to_owned()),
            "version" => Some(version.to_owned()),
            "port" => self.port_on(name, host).map(|port| port.to_string()),
            "host" => Some(host_name.to_owned()),
            "address" => Some(host.address(host_name)),
            "data" => self.data_on(name, version, on),
            other => host.text(&format!("ralf_{other}")),
        })
    }

    /// The port it has on a host.
    pub fn port_on(&self, name: &str, host: &Host) -> Option<u16> {
        host.port(name).or(self.port)
    }

    /// Its data folder on a host, if it has one.
    pub fn data_on(&self, name: &str, version: &str, on: (&str, &Host)) -> Option<String> {
        match &self.data {
            // A data folder can't be named by itself.
            Some(data) if data.contains("{data}") => None,
            Some(data) => self.fill(data, name, version, on).ok(),
            None => on.1.text("ralf_root").map(|root| format!("{root}/data/{name}")),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    services: BTreeMap<String, Service>,
}

/// Reads a services file.
pub(super) fn parse(path: &Path, text: &str) -> Result<BTreeMap<String, Service>, InventoryError> {
    let file: File = toml::from_str(text).map_err(|error| InventoryError::Wrong {
        place: place(path, text, error.span().map_or(0, |span| span.start)),
        message: error.message().trim().to_owned(),
    })?;
    for (name, service) in &file.services {
        if let Err(message) = check(name, service) {
            return Err(InventoryError::Wrong { place: place(path, text, header(text, name)), message });
        }
    }
    let mut seen = BTreeMap::new();
    for (name, service) in &file.services {
        for word in service.aliases.iter().chain([name]) {
            if let Some(other) = seen.insert(word.to_lowercase(), name)
                && other != name
            {
                let message = format!("`{word}` already means the service {other}: give it another alias");
                return Err(InventoryError::Wrong { place: place(path, text, header(text, name)), message });
            }
        }
    }
    Ok(file.services)
}

fn check(name: &str, service: &Service) -> Result<(), String> {
    if !is_name(name) {
        return Err(format!(
            "the service's name {name:?} must be of letters, digits, `.`, `_` and `-` (at most 63)"
        ));
    }
    if service.command.trim().is_empty() {
        return Err(format!("the service {name} needs a `command`: the program that it is"));
    }
    if let Some(wrong) = service.secrets.keys().find(|variable| !is_variable(variable)) {
        return Err(format!(
            "the secret {wrong:?} of the service {name} must be named by capitals, digits and `_`, and not like a variable that programs are set up by"
        ));
    }
    let texts = [&service.command, &service.version, &service.description];
    let optional = [&service.health, &service.metrics, &service.data, &service.user];
    if texts.into_iter().chain(optional.into_iter().flatten()).any(|text| text.chars().any(char::is_control))
    {
        return Err(format!(
            "a value of the service {name} has a line break or another control character: write it in one line"
        ));
    }
    Ok(())
}

/// The offset of a service's own table.
fn header(text: &str, name: &str) -> usize {
    toml_edit::Document::parse(text)
        .ok()
        .and_then(|document| {
            let (key, _) = document.as_table().get("services")?.as_table_like()?.get_key_value(name)?;
            key.span()
        })
        .map_or(0, |span| span.start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        parse(Path::new("services.toml"), text).expect_err("it is wrong").to_string()
    }

    #[test]
    fn the_shipped_example_is_right() {
        let text = include_str!("../../config/services.example.toml");
        let services = parse(Path::new("services.example.toml"), text).expect("the example is right");
        assert!(services.contains_key("jellyfin"));
    }

    #[test]
    fn wrong_fields_have_a_line() {
        assert!(
            said("[services.a]\ncommand = \"x\"\nprot = 1\n")
                .starts_with("services.toml:3: unknown field `prot`")
        );
        assert!(said("[services.a]\nport = 1\n").starts_with("services.toml:1: missing field `command`"));
        assert!(said("[services.a]\ncommand = \"x\"\nport = 70000\n").starts_with("services.toml:3: "));
        assert!(said("[services.a]\ncommand = \n").starts_with("services.toml:2: "));
    }

    #[test]
    fn names_and_values_are_plain() {
        assert!(
            said("\n[services.\"a;b\"]\ncommand = \"x\"\n")
                .starts_with("services.toml:2: the service's name \"a;b\"")
        );
        assert!(said("[services.a]\ncommand = \"x\\n[program:y]\"\n").contains("control character"));
    }

    #[test]
    fn secrets_are_named_and_never_given() {
        let of = |inner: &str| format!("[services.a]\ncommand = \"x\"\nsecrets = {{ {inner} }}\n");
        let services = parse(Path::new("s"), &of("DB_PASSWORD = \"vault://kv/db#password\"")).expect("right");
        assert_eq!(services["a"].secrets["DB_PASSWORD"].to_string(), "vault://kv/db#password");
        let given = said(&of("DB_PASSWORD = \"hunter2hunter2\""));
        assert!(given.starts_with("services.toml:3: `[hidden]` is no reference to a secret"), "{given}");
        assert!(!given.contains("hunter2"), "{given}");
        assert!(
            said(&of("LD_PRELOAD = \"env:X\"")).contains("\"LD_PRELOAD\" of the service a must be named")
        );
    }

    #[test]
    fn an_alias_means_one_service() {
        let text = "[services.a]\ncommand = \"x\"\naliases = [\"tv\"]\n[services.b]\ncommand = \"x\"\naliases = [\"TV\"]\n";
        assert_eq!(said(text), "services.toml:4: `TV` already means the service a: give it another alias");
    }

    #[test]
    fn placeholders_come_from_host_and_service() {
        let text =
            "[services.a]\ncommand = \"{root}/a --port {port} {version} {data} {address}\"\nport = 80\n";
        let services = parse(Path::new("s"), text).expect("right");
        let vars = [("ralf_root", "/srv/n1".into()), ("ralf_ports", serde_json::json!({"a": 4100}))];
        let host = Host::new(vars.into_iter().map(|(name, value)| (name.to_owned(), value)).collect());
        let service = &services["a"];
        let filled = service.fill(&service.command, "a", "1 {port}", ("n1", &host));
        assert_eq!(filled, Ok("/srv/n1/a --port 4100 1 {port} /srv/n1/data/a n1".into()));
    }
}
