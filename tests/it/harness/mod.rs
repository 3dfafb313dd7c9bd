//! What the tests stand on: labs, people, and what they say and hear.

pub(crate) mod database;
mod event;
pub(crate) mod fake;
mod folder;
mod person;
mod serve;
mod stage;
mod talk;
mod wait;

pub(crate) use event::Event;
pub(crate) use folder::{folder, fresh_folder};
pub(crate) use person::Person;
pub(crate) use serve::Serve;
pub(crate) use stage::{RALF, Service, Stage};
pub(crate) use wait::{until, until_each};
