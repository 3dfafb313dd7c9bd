//! Whose voice counts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::Rules;
use crate::approval::mutants::{self, Mutant};
use crate::approval::{Standing, Terms, Who};
use crate::bots::SENDER_LOCALPART;
use crate::config::Role;

/// Why somebody's voice does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// It is one of our own bots.
    Bot,
    /// The id is one of a bridge or another appservice.
    Ignored,
    /// It is a guest's id.
    Guest,
    /// The homeserver is not on the list.
    ForeignServer,
    /// Not in the room.
    NotJoined,
    /// The room was replaced by another one.
    RoomReplaced,
    /// Neither an approver of this request nor, where that would do, its asker.
    NotApprover,
    /// Not the role `emergency`.
    NotEmergency,
    /// An approver with too little power in the room.
    TooLittlePower,
    /// The asker, who may not approve this.
    SelfApproval,
    /// The second factor is demanded, and there is none yet.
    SecondFactor,
}

/// A request that could never be approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Never {
    /// How many people must approve.
    pub needed: u32,
    /// Who could, by name or else Matrix id.
    pub could: Vec<String>,
    /// An approver who does not count because they asked.
    pub asker: Option<String>,
    /// The rule that decided.
    pub rule: String,
}

impl fmt::Display for Never {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { needed, could, rule, .. } = self;
        write!(f, "the rule {rule:?} wants {needed} to approve, and only {} could", could.len())?;
        if !could.is_empty() {
            write!(f, " ({})", could.join(", "))?;
        }
        Ok(())
    }
}

impl Rules {
    /// The name of the person behind a Matrix id; several ids can be one person's.
    pub fn person(&self, user: &str) -> Option<&str> {
        self.ids.get(user).map(|&n| self.people[n].name.as_str())
    }

    /// Whether two Matrix ids are one person's.
    pub fn same_person(&self, a: &str, b: &str) -> bool {
        if mutants::is(Mutant::OtherIdIsOtherPerson) {
            return a == b;
        }
        a == b || self.ids.get(a).is_some_and(|n| self.ids.get(b) == Some(n))
    }

    /// Whether somebody has a role: by name, or by power in the room.
    pub fn has_role(&self, user: &str, role: Role, standing: &Standing) -> bool {
        self.ids.get(user).is_some_and(|&n| self.people[n].roles.contains(&role))
            && self.unheard(user).is_none()
            || self.policy.roles.get(&role).is_some_and(|level| {
                standing.members.get(user).is_some_and(|power| power >= level) && self.unheard(user).is_none()
            })
    }

    /// Whether somebody may approve under these terms; says as whom: the person's name, else the Matrix id.
    ///
    /// # Errors
    /// Why not.
    pub fn may_approve(
        &self,
        terms: &Terms,
        escalated: bool,
        requester: &str,
        user: &str,
        standing: &Standing,
    ) -> Result<String, Refusal> {
        self.eligible(terms, escalated, requester, user, standing)?;
        // Nothing can give it before there are encrypted rooms.
        if terms.second_factor {
            return Err(Refusal::SecondFactor);
        }
        Ok(self.key(user).to_owned())
    }

    /// Whether somebody may deny: all who may approve, were they not the asker, and the asker.
    ///
    /// # Errors
    /// Why not.
    pub fn may_deny(
        &self,
        terms: &Terms,
        escalated: bool,
        requester: &str,
        user: &str,
        standing: &Standing,
    ) -> Result<String, Refusal> {
        self.present(user, standing)?;
        if !self.same_person(requester, user) {
            self.in_circle(terms, escalated, user, standing)?;
        }
        Ok(self.key(user).to_owned())
    }

    /// Whether somebody may break the glass in this room.
    ///
    /// # Errors
    /// Why not.
    pub fn may_break_glass(&self, user: &str, standing: &Standing) -> Result<String, Refusal> {
        self.present(user, standing)?;
        if standing.upgraded {
            return Err(Refusal::RoomReplaced);
        }
        if !self.has_role(user, Role::Emergency, standing) {
            return Err(Refusal::NotEmergency);
        }
        if power(user, standing) < self.policy.power {
            return Err(Refusal::TooLittlePower);
        }
        Ok(self.key(user).to_owned())
    }

    /// The different people among `voters` whose approval holds.
    pub fn holding<'v>(
        &self,
        terms: &Terms,
        escalated: bool,
        requester: &str,
        voters: impl IntoIterator<Item = &'v str>,
        standing: &Standing,
    ) -> BTreeSet<String> {
        let may = |user| self.may_approve(terms, escalated, requester, user, standing).ok();
        voters.into_iter().filter_map(may).collect()
    }

    /// Who could approve, with the Matrix ids that are in the room: whom to call.
    pub fn approvers(
        &self,
        terms: &Terms,
        escalated: bool,
        requester: &str,
        standing: &Standing,
    ) -> BTreeMap<String, Vec<String>> {
        let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for user in standing.members.keys() {
            if self.eligible(terms, escalated, requester, user, standing).is_ok() {
                found.entry(self.key(user).to_owned()).or_default().push(user.clone());
            }
        }
        found
    }

    /// Why a request could never be approved, if it could not: too few could, the people of an escalation included.
    /// Without a standing, everybody in `[people]` is taken to be in the room with enough power. The second factor is not
    /// looked at.
    pub fn never(&self, terms: &Terms, requester: &str, standing: Option<&Standing>) -> Option<Never> {
        let everybody;
        let standing = match standing {
            Some(standing) => standing,
            None if self.open(terms) => return None,
            None => {
                let ids = self.people.iter().flat_map(|person| &person.ids);
                everybody = Standing {
                    members: ids.map(|id| (id.clone(), i64::MAX)).collect(),
                    ..Standing::default()
                };
                &everybody
            }
        };
        let could = self.approvers(terms, true, requester, standing);
        if could.len() >= terms.approvals as usize {
            return None;
        }
        let asker = self.may_deny(terms, true, "", requester, standing).ok();
        Some(Never {
            needed: terms.approvals,
            asker: asker.filter(|asker| !could.contains_key(asker)),
            could: could.into_keys().collect(),
            rule: terms.rule.clone(),
        })
    }

    /// Whether somebody may approve, the second factor aside.
    pub(super) fn eligible(
        &self,
        terms: &Terms,
        escalated: bool,
        requester: &str,
        user: &str,
        standing: &Standing,
    ) -> Result<(), Refusal> {
        self.present(user, standing)?;
        // What was voted in a room that was replaced is void; a no is heard as long as anybody is there.
        if standing.upgraded {
            return Err(Refusal::RoomReplaced);
        }
        self.in_circle(terms, escalated, user, standing)?;
        if !terms.self_approval && self.same_person(requester, user) {
            return Err(Refusal::SelfApproval);
        }
        Ok(())
    }

    /// Whether somebody is among the approvers, with the power that it takes.
    fn in_circle(
        &self,
        terms: &Terms,
        escalated: bool,
        user: &str,
        standing: &Standing,
    ) -> Result<(), Refusal> {
        let any = |circle: &[Who]| circle.iter().any(|who| self.is(user, who, standing));
        let called = terms.escalation.as_ref().filter(|_| escalated);
        let in_first = any(&terms.approvers) || called.is_some_and(|called| any(&called.to));
        let in_all = terms.also.iter().all(|c| any(&c.approvers) || called.is_some() && any(&c.escalated));
        if !in_first || !in_all {
            return Err(Refusal::NotApprover);
        }
        if power(user, standing) < terms.power {
            return Err(Refusal::TooLittlePower);
        }
        Ok(())
    }

    fn is(&self, user: &str, who: &Who, standing: &Standing) -> bool {
        match who {
            // The role `emergency` approves nothing: it breaks the glass.
            Who::Role(name) => {
                Role::named(name) == Some(Role::Approver) && self.has_role(user, Role::Approver, standing)
            }
            Who::Person(name) => self.person(user) == Some(name.as_str()),
            Who::Power(level) => power(user, standing) >= *level,
        }
    }

    /// Whether people beyond `[people]` could approve.
    fn open(&self, terms: &Terms) -> bool {
        let by_power = |who: &Who| match who {
            Who::Power(_) => true,
            Who::Role(name) => Role::named(name).is_some_and(|role| self.policy.roles.contains_key(&role)),
            Who::Person(_) => false,
        };
        let called = terms.escalation.iter().flat_map(|called| &called.to);
        terms.approvers.iter().chain(called).any(by_power)
    }

    /// Whose voice this is: one for all ids of a person.
    fn key<'k>(&'k self, user: &'k str) -> &'k str {
        self.person(user).unwrap_or(user)
    }

    /// Somebody who could be heard: a person, in the room.
    fn present(&self, user: &str, standing: &Standing) -> Result<(), Refusal> {
        match self.unheard(user) {
            Some(refusal) => Err(refusal),
            None if standing.members.contains_key(user) => Ok(()),
            None => Err(Refusal::NotJoined),
        }
    }

    /// Why an id never counts, in whichever room.
    pub fn unheard(&self, user: &str) -> Option<Refusal> {
        if mutants::is(Mutant::GhostsVote) {
            return None;
        }
        let Some((localpart, server)) = user.strip_prefix('@').and_then(|id| id.split_once(':')) else {
            return Some(Refusal::Ignored);
        };
        if server == self.server && (localpart.starts_with("ralf-") || localpart == SENDER_LOCALPART) {
            return Some(Refusal::Bot);
        }
        if self.policy.ignore.iter().any(|pattern| pattern.matches(user)) {
            return Some(Refusal::Ignored);
        }
        // Synapse gives ids of digits to guests alone.
        if !localpart.is_empty()
            && localpart.bytes().all(|b| b.is_ascii_digit())
            && !self.ids.contains_key(user)
        {
            return Some(Refusal::Guest);
        }
        (!self.servers.contains(server)).then_some(Refusal::ForeignServer)
    }
}

/// Nobody has less power than who is not there.
fn power(user: &str, standing: &Standing) -> i64 {
    standing.members.get(user).copied().unwrap_or(i64::MIN)
}
