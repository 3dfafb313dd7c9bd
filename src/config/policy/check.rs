//! What is wrong with a policy. One under which a request could never be approved is wrong.

use std::collections::BTreeMap;

use ralf_intents::Catalogue;

use super::{Policy, Rule};
use crate::approval::Who;
use crate::config::{Person, Problem, Role};

impl Policy {
    pub(in crate::config) fn validate(&self, people: &BTreeMap<String, Person>, problems: &mut Vec<Problem>) {
        if !self.expiry.is_positive() {
            problems.push(Problem::at("policy.expiry", "must be longer than nothing, such as `15m`"));
        }
        let approvers = people.values().filter(|p| p.roles.contains(&Role::Approver)).count();
        if approvers == 0 && !self.roles.contains_key(&Role::Approver) {
            problems.push(Problem::at(
                "people",
                "has nobody with the role \"approver\": nothing could ever be approved; add `[people.you]` with `ids = [\"@you:domain\"]` and `roles = [\"approver\"]`",
            ));
        }
        let known = Catalogue::builtin().ok();
        let _ = (known, Rule::default(), Who::Power(0));
    }
}
