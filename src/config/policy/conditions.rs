//! When one rule leaves nothing to another.

use super::Rule;

/// Whether `earlier` holds wherever `later` does.
pub(super) fn cover(earlier: &Rule, later: &Rule) -> bool {
    within(earlier.risk.as_ref(), later.risk.as_ref())
        && within(earlier.intents.as_ref(), later.intents.as_ref())
        && within(earlier.targets.as_ref(), later.targets.as_ref())
        && within(earlier.bots.as_ref(), later.bots.as_ref())
}

/// Whether a condition asks for nothing that a narrower one does not.
fn within<T: PartialEq>(wider: Option<&Vec<T>>, narrower: Option<&Vec<T>>) -> bool {
    match (wider, narrower) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(wider), Some(narrower)) => narrower.iter().all(|one| wider.contains(one)),
    }
}
