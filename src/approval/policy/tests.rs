//! The whole policy as tables: what everything takes, and whose voice counts where.

mod properties;
mod terms;
mod voters;

use ruma::server_name;

use super::Rules;
use crate::config::Config;

/// The lab's policy.
const LAB: &str = concat!(
    r#"
[people.admin]
ids = ["@admin:lab.local"]
roles = ["approver"]

[people.approver]
ids = ["@approver:lab.local"]
roles = ["approver", "emergency"]

"#,
    include_str!("../../../config/lab/policy.toml")
);

/// A policy with a bit of everything.
const RICH: &str = r#"
[people.alice]
ids = ["@alice:lab.local", "@alice:example.org"]
roles = ["approver"]

[people.bob]
ids = ["@bob:lab.local"]
roles = ["approver", "emergency"]

[people.carol]
ids = ["@carol:example.org"]
roles = ["approver"]

[people.dave]
ids = ["@dave:lab.local"]

[policy]
power = 10
ignore = ["@_*", "@telegram_*"]
roles = { approver = 50, emergency = 100 }

[[policy.raise]]
targets = ["host:*"]
to = "medium"

[[policy.raise]]
actions = ["restart"]
executors = ["ansible"]
targets = ["service:db@*"]
to = "high"

[[policy.rules]]
name = "looking"
risk = ["read"]
auto_approve = true

[[policy.rules]]
name = "secrets"
bots = ["sec"]
approvals = 2
approvers = ["person:alice", "person:bob", "person:dave"]
self_approval = false
expiry = "1h"
second_factor = true

[[policy.rules]]
name = "node-1 is precious"
risk = ["medium", "high"]
targets = ["service:*@node-1", "host:node-1"]
approvals = 2
self_approval = false
wait = "5m"
expiry = "30m"
escalate_after = "10m"
escalate_to = ["person:dave", "power:100"]

[[policy.rules]]
name = "destroying"
risk = ["high"]
approvals = 2

[[policy.rules]]
name = "backups"
intents = ["run_backup"]
approvers = ["person:dave", "approver"]
expiry = "2h"
"#;

/// The configuration around a policy.
fn config(policy: &str) -> Config {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ralf.toml");
    let head = r#"
[homeserver]
url = "http://127.0.0.1:8008"
domain = "lab.local"

[appservice]
as_token = "0123456789abcdef0123456789abcdef"
hs_token = "fedcba9876543210fedcba9876543210"
"#;
    std::fs::write(&path, format!("{head}{policy}")).unwrap();
    Config::load_with(&path, []).unwrap()
}

fn rules(policy: &str) -> Rules {
    Rules::new(&config(policy), server_name!("lab.local"))
}
