//! `[people]`: who is who.

use std::collections::BTreeMap;

use ruma::{OwnedUserId, UserId};
use serde::{Deserialize, Deserializer};

use super::Problem;

/// What a person may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// May approve and deny operations, freeze, and cancel anyone's.
    Approver,
    /// May break the glass: approve alone in an emergency, with a reason.
    Emergency,
}

impl Role {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Approver, Self::Emergency];

    /// As it is written in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approver => "approver",
            Self::Emergency => "emergency",
        }
    }

    /// The role that is written so.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

/// One `[people.<name>]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// All Matrix ids of this one person: they share one vote.
    #[serde(deserialize_with = "ids")]
    pub ids: Vec<OwnedUserId>,
    /// What the person may do.
    #[serde(default)]
    pub roles: Vec<Role>,
}

fn ids<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<OwnedUserId>, D::Error> {
    let parse = |text: &String| {
        let wrong = |_| serde::de::Error::custom(format!("{text:?} is no Matrix id: write `@name:server`"));
        UserId::parse(text).map_err(wrong)
    };
    Vec::<String>::deserialize(deserializer)?.iter().map(parse).collect()
}

pub(super) fn validate(people: &BTreeMap<String, Person>, problems: &mut Vec<Problem>) {
    let mut owner: BTreeMap<&UserId, &str> = BTreeMap::new();
    for (name, person) in people {
        // Where votes are counted, who is not listed stands there with the Matrix id.
        if name.starts_with('@') {
            problems.push(Problem::at(
                &format!("people.{name}"),
                "must be a name and no Matrix id: write `[people.you]`, and the id into `ids`",
            ));
        }
        if person.ids.is_empty() {
            problems
                .push(Problem::at(&format!("people.{name}.ids"), "is empty: list at least one Matrix id"));
        }
        for id in &person.ids {
            if let Some(other) = owner.insert(id, name) {
                problems.push(Problem::at(
                    &format!("people.{name}.ids"),
                    format!("{id} belongs to {other} already"),
                ));
            }
        }
    }
}
