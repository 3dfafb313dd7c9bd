//! The language models of `[model]`: who may see what, who is asked, and what it costs.

mod allowance;
mod guard;
mod router;
mod sense;
mod server;
#[cfg(test)]
mod tests;

pub use router::{Router, configured};
pub use sense::{sense, sense_at_last};
