//! R.A.L.F. – a Matrix application service that runs a homelab by conversation and approval.
//!
//! One way through, and the modules in its order:
//!
//! ```text
//! Synapse ─PUT /transactions─► appservice ─► inbox ─► Event ─► bot ─► intents ─► Plan ─► Approval ─► Execution ─► Report ─► outbox ─► Synapse
//! ```
pub mod clock;
pub mod config;
pub mod inventory;
pub mod plan;
pub mod approval;
pub mod execution;
pub mod lab;
pub mod cli;
