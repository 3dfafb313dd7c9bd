//! Every sentence that a person reads, in German and English, each built by a named function.

mod gate;
mod operation;
mod policy;
mod steps;
mod talk;

pub use gate::*;
pub use operation::{
    already_so, cancelled, counted, decided, denied, diff_name, expired, field, final_report, long_diff,
    meanwhile_so, never_began, not_as_approved, not_shown_yet, planning_failed, progress, proposal, queued,
    resolved, stale, title,
};
pub use policy::policy;
pub(crate) use policy::{conditions, span};
pub use talk::*;

#[cfg(test)]
mod tests;
