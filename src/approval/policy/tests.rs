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
const RICH: &str = include_str!("tests/rich.toml");

fn rules(policy: &str) -> Rules {
    Rules::new(&Config::for_test(policy), server_name!("lab.local"))
}
