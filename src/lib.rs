//! R.A.L.F. – a Matrix application service that runs a homelab by conversation and approval.
//!
//! One way through, and the modules in its order:
//!
//! ```text
//! Synapse ─PUT /transactions─► appservice ─► inbox ─► Event ─► bot ─► intents ─► Plan ─► Approval ─► Execution ─► Report ─► outbox ─► Synapse
//! ```
//!
//! Alerts come in beside it ([`alerts`]): webhook or poll ─► Group ─► Incident ─► who wants to know ─► outbox; and what could mend one
//! becomes a Plan like any other.
pub mod alerts;
pub mod approval;
pub mod audit;
pub mod bots;
pub mod cli;
pub mod clock;
pub mod config;
pub mod conversation;
pub mod event;
pub mod execution;
pub mod house;
pub mod inbound;
pub mod inventory;
pub mod lab;
pub mod metrics;
pub mod model;
pub mod plan;
pub mod registration;
pub mod report;
pub mod secrets;
pub mod serve;
pub mod store;
pub mod web;
