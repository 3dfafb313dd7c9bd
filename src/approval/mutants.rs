//! Mistakes on purpose, one for each invariant of an approval: the simulation shows that it finds each of them. They
//! exist only with the feature `mutants`, which nothing but our own tests switches on.

/// A mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Mutant {
    DigestUnchecked = 1,
    PlanAgainAtDispatch,
    CutSilently,
    SecretValue,
    RightsUnchecked,
    OtherIdIsOtherPerson,
    DenyIsNotFinal,
    GhostsVote,
    ModelLowersRisk,
    AnyEventCounts,
    RedactionForgotten,
    WithdrawalForgotten,
    HandledTwice,
    UpgradeKeepsVotes,
    ExpiryUnchecked,
    ApprovalReused,
    EffectBeforeDispatch,
    LeaseUnchecked,
    FreezeIgnored,
    FailOpen,
    PermitForAnything,
    LoosenedApplies,
    GlassForLoops,
    AuditForgotten,
    NoReport,
    KeyUnnormalised,
    OneVoteAnId,
    StaleRuns,
    BlindRerun,
}

impl Mutant {
    /// All of them, each with the invariant that it breaks.
    pub const ALL: [(Self, &'static str, u8); 29] = [
        (Self::DigestUnchecked, "digest-unchecked", 1),
        (Self::PlanAgainAtDispatch, "plan-again-at-dispatch", 2),
        (Self::CutSilently, "cut-silently", 3),
        (Self::SecretValue, "secret-value", 4),
        (Self::RightsUnchecked, "rights-unchecked", 5),
        (Self::OtherIdIsOtherPerson, "other-id-is-other-person", 6),
        (Self::DenyIsNotFinal, "deny-is-not-final", 7),
        (Self::OneVoteAnId, "one-vote-an-id", 7),
        (Self::GhostsVote, "ghosts-vote", 8),
        (Self::ModelLowersRisk, "model-lowers-risk", 9),
        (Self::AnyEventCounts, "any-event-counts", 10),
        (Self::KeyUnnormalised, "key-unnormalised", 10),
        (Self::RedactionForgotten, "redaction-forgotten", 11),
        (Self::WithdrawalForgotten, "withdrawal-forgotten", 12),
        (Self::HandledTwice, "handled-twice", 13),
        (Self::UpgradeKeepsVotes, "upgrade-keeps-votes", 14),
        (Self::ExpiryUnchecked, "expiry-unchecked", 15),
        (Self::ApprovalReused, "approval-reused", 16),
        (Self::EffectBeforeDispatch, "effect-before-dispatch", 17),
        (Self::BlindRerun, "blind-rerun", 17),
        (Self::LeaseUnchecked, "lease-unchecked", 18),
        (Self::StaleRuns, "stale-runs", 18),
        (Self::FreezeIgnored, "freeze-ignored", 19),
        (Self::FailOpen, "fail-open", 20),
        (Self::PermitForAnything, "permit-for-anything", 21),
        (Self::LoosenedApplies, "loosened-applies", 22),
        (Self::GlassForLoops, "glass-for-loops", 23),
        (Self::AuditForgotten, "audit-forgotten", 24),
        (Self::NoReport, "no-report", 25),
    ];
}

#[cfg(feature = "mutants")]
static ACTIVE: std::sync::atomic::AtomicU8 = std::sync::atomic::AtomicU8::new(0);

/// Makes this mistake from now on, or none.
#[cfg(feature = "mutants")]
pub fn make(mutant: Option<Mutant>) {
    ACTIVE.store(mutant.map_or(0, |mutant| mutant as u8), std::sync::atomic::Ordering::Relaxed);
}

/// Whether this mistake is to be made.
#[cfg(feature = "mutants")]
#[inline]
pub(crate) fn is(mutant: Mutant) -> bool {
    ACTIVE.load(std::sync::atomic::Ordering::Relaxed) == mutant as u8
}

/// Never.
#[cfg(not(feature = "mutants"))]
#[inline]
pub(crate) const fn is(_mutant: Mutant) -> bool {
    false
}
