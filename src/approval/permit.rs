//! The proof that people approved exactly this.

use crate::plan::Digest;

/// Permission to apply the one plan with this digest, once. Only this crate's approval gate makes one, after the claim
/// `approved → dispatched` is durable; it can't be copied, and applying consumes it.
#[derive(Debug)]
pub struct Permit {
    digest: Digest,
}

impl Permit {
    /// Made by the gate alone, from a durable dispatch claim.
    pub(super) fn new(digest: Digest) -> Self {
        Self { digest }
    }

    /// One for the tests of executors.
    #[cfg(test)]
    pub(crate) fn for_test(digest: Digest) -> Self {
        Self::new(digest)
    }

    /// Whether this permit is for that plan.
    pub fn covers(&self, plan: &crate::plan::Plan) -> bool {
        self.digest == plan.digest()
    }
}
