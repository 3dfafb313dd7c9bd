//! R.A.L.F. as people and other programs meet it: stories against a real Synapse, faults against a fake one, the store
//! on both databases, and the programs as they are run by hand.
//!
//! Stories share one lab, each with services of its own ([`harness::Stage::shared`]); what kills something has a lab to
//! itself ([`harness::Stage::own`]). What a test waits for is always something that can be seen, never a span of time.

mod harness;

mod alerts;
mod alerts_pages;
mod all18;
mod config;
mod config_models;
mod conversation;
mod faults;
mod gate;
mod hostile;
mod injection;
mod intents;
mod kills;
mod long_plans;
mod matchers;
mod model;
mod models;
mod monitoring;
mod own_intent;
mod programs;
mod questions;
mod rooms;
mod rounds;
mod secrets;
mod small_talk;
mod store;
mod the_way_through;
mod tofu;
mod transactions;
mod who_may;
mod yes_and_no;
