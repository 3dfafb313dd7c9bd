//! Consent: which votes count, when an operation may run, and the [`Permit`] that proves it.
//!
//! A decision is pure: a [`Case`] goes in – one operation as it stands inside a transaction – and comes back with its
//! effects, the record's entry before each. [`gate`] asks, decides and acts in the right order, on any [`World`].

mod case;
mod dispatch;
pub mod gate;
mod key;
pub mod mutants;
mod operation;
mod permit;
mod policy;
mod request;
mod state;
mod store;
mod terms;
mod time;
mod vote;

pub use case::{By, Case, Effect, Note, Notice, Place, Refused, Say};
pub use gate::{GateError, World};
pub use key::{Verdict, verdict};
pub use operation::{Course, Freeze, Glass, Operation, Vote};
pub use permit::Permit;
pub use policy::{About, Here, Never, Refusal, Rules};
pub use request::{Made, operation, propose};
pub use state::State;
pub use store::{Cause, GateStore};
pub use terms::{Circle, Escalation, Standing, Terms, Who};
pub use vote::{Ballot, approvers, break_glass, cancel, reason, room_gone, vote};
