//! Consent: which votes count, when an operation may run, and the [`Permit`] that proves it.

mod gate;
mod key;
mod permit;
mod policy;
mod request;
mod terms;
mod vote;

pub use gate::{Claim, claim, finish, move_on, resolve, show_running, supersede};
pub use key::{Verdict, verdict};
pub use permit::Permit;
pub use policy::{About, Never, Refusal, Rules};
pub(crate) use request::{approvers, lang, message, root};
pub use request::{operation, propose, refresh};
pub use terms::{Circle, Escalation, Standing, Terms, Who};
pub use vote::{cancel, cancel_by_words, expire_due, react, vote_by_words, withdraw};
