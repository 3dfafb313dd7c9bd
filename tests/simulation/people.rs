//! Who is who, and which policies there are. What the checker believes about them is written down here once more, by
//! hand, so that it does not ask the code that it judges.

use std::collections::BTreeMap;
use std::sync::Arc;

use ralf::approval::{Rules, Standing};
use ralf::config::Config;

use crate::truth::{Policy, Room};

pub(crate) const OPS: &str = "!ops";
pub(crate) const INFRA: &str = "!infra";
pub(crate) const ROOMS: [&str; 2] = [OPS, INFRA];
/// What nobody may ever read.
pub(crate) const SECRET: &str = "password=hunter2hunter2";
/// The power that an approver needs.
const POWER: i64 = 10;

/// Everybody who can do something in a room: user, person, whether they are an approver, power at first.
pub(crate) const USERS: [(&str, &str, bool, i64); 8] = [
    ("@alice:lab", "alice", true, 50),
    ("@alice2:lab", "alice", true, 50),
    ("@bob:lab", "bob", true, 50),
    ("@carol:lab", "carol", true, 50),
    ("@eve:lab", "", false, 50),
    ("@_irc_x:lab", "irc", false, 50),
    ("@dora:evil", "dora", false, 50),
    ("@ralf-infra:lab", "bot", false, 100),
];

/// The one who may break the glass.
pub(crate) const EMERGENCY: &str = "@carol:lab";

pub(crate) fn person(user: &str) -> &'static str {
    USERS.iter().find(|(id, ..)| *id == user).map_or("", |(_, person, ..)| person)
}

/// Whether somebody could approve at all.
pub(crate) fn is_approver(user: &str) -> bool {
    USERS.iter().any(|(id, _, approver, _)| *id == user && *approver)
}

/// Whether somebody is there, with the power that it takes.
pub(crate) fn has_rights(user: &str, standing: &Standing) -> bool {
    !standing.upgraded && standing.members.get(user).is_some_and(|power| *power >= POWER)
}

pub(crate) fn room() -> Room {
    Room {
        members: USERS
            .iter()
            .map(|(user, _, _, power)| ((*user).to_owned(), *power))
            .collect::<BTreeMap<_, _>>(),
        upgraded: false,
    }
}

const BASE: &str = r#"
    [homeserver]
    url = "http://127.0.0.1:1"
    domain = "lab"
    [appservice]
    as_token = "a"
    hs_token = "b"
    [people.alice]
    ids = ["@alice:lab", "@alice2:lab"]
    roles = ["approver"]
    [people.bob]
    ids = ["@bob:lab"]
    roles = ["approver"]
    [people.carol]
    ids = ["@carol:lab"]
    roles = ["approver", "emergency"]
    [people.irc]
    ids = ["@_irc_x:lab"]
    roles = ["approver"]
    [people.dora]
    ids = ["@dora:evil"]
    roles = ["approver"]
    [policy]
    power = 10
    servers = ["lab"]
    ignore = ["@_*"]
"#;

/// Policies: the usual one, a stricter one, a looser one, and one under which nothing is dispatched.
pub(crate) fn policies() -> Vec<Policy> {
    let usual = r#"
        expiry = "60s"
        [[policy.rules]]
        risk = ["high"]
        approvals = 2
        self_approval = false
        [[policy.rules]]
        intents = ["remove_service"]
        approvals = 2
        [[policy.rules]]
        intents = ["update_service"]
        approvals = 1
        self_approval = false
        wait = "5s"
        escalate_after = "20s"
        escalate_to = ["person:carol"]
    "#;
    let strict = r#"
        expiry = "40s"
        [[policy.rules]]
        intents = ["restart_service", "deploy_service", "remove_service", "update_service"]
        approvals = 2
        self_approval = false
    "#;
    let loose = r#"
        expiry = "90s"
        [[policy.rules]]
        intents = ["restart_service", "deploy_service", "remove_service", "update_service"]
        approvals = 1
    "#;
    let frozen = format!("freeze = \"holidays\"\n{usual}");
    [usual, strict, loose, &frozen]
        .into_iter()
        .map(|policy| {
            let config: Config = toml::from_str(&format!("{BASE}{policy}")).expect("a configuration");
            Arc::new(Rules::new(&config, ruma::server_name!("lab")))
        })
        .collect()
}
