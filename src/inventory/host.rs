//! One host and what Ansible knows of it.

use std::collections::BTreeMap;

use serde_json::Value;

/// A host of the Ansible inventory with its variables, groups' included.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Host {
    /// Other names that people use (`ralf_aliases`).
    pub aliases: Vec<String>,
    /// Its variables as the inventory writes them: not templated.
    pub vars: BTreeMap<String, Value>,
}

impl Host {
    /// A host with these variables.
    pub fn new(vars: BTreeMap<String, Value>) -> Self {
        let aliases = match vars.get("ralf_aliases") {
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            Some(Value::String(one)) => vec![one.clone()],
            _ => Vec::new(),
        };
        Self { aliases, vars }
    }

    /// A variable as text; numbers and truth values are written out.
    pub fn text(&self, variable: &str) -> Option<String> {
        match self.vars.get(variable)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(truth) => Some(truth.to_string()),
            _ => None,
        }
    }

    /// The port that a service has on this host alone (`ralf_ports`).
    pub fn port(&self, service: &str) -> Option<u16> {
        let port = self.vars.get("ralf_ports")?.get(service)?;
        port.as_u64().and_then(|port| u16::try_from(port).ok())
    }

    /// Where its services are reached: `address`, else `ansible_host`, else its name.
    pub fn address(&self, name: &str) -> String {
        self.text("address").or_else(|| self.text("ansible_host")).unwrap_or_else(|| name.to_owned())
    }

    /// Whether Ansible works on this very machine for it.
    pub fn is_local(&self) -> bool {
        self.text("ansible_connection").is_some_and(|kind| kind == "local" || kind == "ansible.builtin.local")
    }
}
