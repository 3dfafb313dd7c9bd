//! What there is: hosts from the Ansible inventory, services from a TOML file. Slots are grounded in these names, and
//! executors take everything they need to know about a host or a service from here.
//!
//! OpenTofu's stacks are the folders of `[executors.tofu] stacks`. [`Source`] reads all of it, and reads it again when they change; [`observe`](observe::observe) asks the services
//! how they are.

mod expand;
mod host;
mod hosts_file;
mod listing;
pub mod observe;
mod service;
mod source;
mod stack;

use std::collections::{BTreeMap, BTreeSet};

pub use expand::expand;
pub use host::Host;
pub use service::Service;
pub use source::Source;

/// All hosts and services, by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Inventory {
    /// Machines, or what stands for one.
    pub hosts: BTreeMap<String, Host>,
    /// What can run on them.
    pub services: BTreeMap<String, Service>,
    /// OpenTofu's stacks. They are on no host, and people name them as they name services.
    pub stacks: BTreeSet<String>,
}

impl Inventory {
    /// The names that a slot can be grounded in.
    pub fn names(&self) -> ralf_intents::Inventory {
        let thing = |aliases: &[String], hosts: &[String]| ralf_intents::Thing {
            aliases: aliases.to_vec(),
            hosts: hosts.to_vec(),
        };
        ralf_intents::Inventory {
            hosts: self.hosts.iter().map(|(name, host)| (name.clone(), thing(&host.aliases, &[]))).collect(),
            services: self
                .services
                .iter()
                .map(|(name, s)| (name.clone(), thing(&s.aliases, &s.hosts)))
                .chain(self.stacks.iter().map(|name| (name.clone(), thing(&stack::aliases(name), &[]))))
                .collect(),
            ..ralf_intents::Inventory::default()
        }
    }

    /// The hosts on which a service may run: those it lists, or else all.
    pub fn hosts_of<'a>(&'a self, service: &str) -> impl Iterator<Item = (&'a str, &'a Host)> {
        let listed = self.services.get(service).map_or(&[][..], |service| &service.hosts);
        let may = move |name: &String| listed.is_empty() || listed.contains(name);
        self.hosts.iter().filter(move |(name, _)| may(name)).map(|(name, host)| (name.as_str(), host))
    }
}

/// Why there is no inventory.
#[derive(Debug, thiserror::Error)]
pub enum InventoryError {
    /// A file can't be read.
    #[error("{}: can't be read", .path.display())]
    Unreadable {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file says something wrong.
    #[error("{place}: {message}")]
    Wrong {
        /// `file:line`, or the file where the line is not known.
        place: String,
        /// What is wrong and what to write instead.
        message: String,
    },
    /// `ansible-inventory` could not list the hosts.
    #[error("{0}")]
    Listing(String),
}

/// Whether a name is fit for file names, command lines and Ansible's patterns.
pub(crate) fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    name.len() <= 63 && name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(plain)
}

/// `file:line` of a byte offset.
fn place(path: &std::path::Path, text: &str, offset: usize) -> String {
    let line = text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1;
    format!("{}:{line}", path.display())
}
