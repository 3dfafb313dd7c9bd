//! Every sentence that a person reads, in German and English, each built by a named function.

pub mod alerts;
mod aside;
mod gate;
mod look;
mod operation;
mod policy;
mod proposal;
mod steps;
mod talk;
mod unable;
mod undo;
mod why;

pub use aside::*;
pub use gate::*;
pub use look::{Board, Open, help, history, state, status, whoami};
pub use operation::{
    already_so, cancelled, counted, decided, denied, expired, final_report, meanwhile_so, never_began,
    not_as_approved, not_shown_yet, planning_failed, progress, queued, resolved, stale,
};
pub use policy::policy;
pub(crate) use policy::{conditions, span};
pub use proposal::{Attachment, attachments, field, long_diff, proposal, title};
pub use talk::*;
pub use unable::{Unable, unable};
pub use undo::{cannot_undo, nothing_to_undo};
pub use why::{Story, why};

#[cfg(test)]
mod aside_tests;
#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod tests;
