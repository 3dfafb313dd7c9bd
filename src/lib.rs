//! R.A.L.F. – a Matrix application service that runs a homelab by conversation and approval.
//!
//! One way through, and the modules in its order:
//!
//! ```text
//! Synapse ─PUT /transactions─► appservice ─► inbox ─► Event ─► bot ─► intents ─► Plan ─► Approval ─► Execution ─► Report ─► outbox ─► Synapse
//! ```
pub mod clock;
pub mod config;
pub mod store;
pub mod house;
pub mod metrics;
pub mod bots;
pub mod registration;
pub mod event;
pub mod inbound;
pub mod conversation;
pub mod model;
pub mod inventory;
pub mod plan;
pub mod approval;
pub mod execution;
pub mod report;
pub mod audit;
pub mod web;
pub mod serve;
pub mod lab;
pub mod cli;
