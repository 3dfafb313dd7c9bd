//! A whole lab on one machine: a real Synapse, a demo fleet of three nodes, R.A.L.F. itself, and a conversation.
//!
//! People try R.A.L.F. with it (`ralf lab`), and the integration tests run against it ([`Lab::start`]). Everything lies
//! in one folder and is found again there; what is downloaded lies in a cache that labs share.

mod assets;
mod cache;
mod claim;
mod command;
mod conversation;
mod error;
mod files;
mod fleet;
mod go;
mod lab_json;
mod matrix;
mod model;
mod monitoring;
mod ollama;
mod people;
mod ports;
mod process;
mod progress;
mod publish;
mod python;
mod ralf;
mod ready;
mod start;
mod state;
mod supervise;
mod sweep;
mod synapse;
mod tofu;
mod weights;

pub use cache::Cache;
pub use command::{Options, main};
pub use error::LabError;
pub use lab_json::{LabJson, NodeInfo, ServiceInfo, UserInfo};
pub use monitoring::Monitoring;
pub use progress::Progress;
pub use start::{Lab, LabOptions, Part};
