#![doc = include_str!("../README.md")]

pub mod client;
pub mod content;
pub mod dedup;
pub mod handler;
pub mod registration;
pub mod router;
pub mod secret;
pub mod transaction;

#[cfg(feature = "testing")]
pub mod testing;

pub use client::{Client, ClientError, Homeserver, PingError, RetryPolicy};
pub use dedup::MemoryLog;
pub use handler::{Handler, HandlerError};
pub use registration::Registration;
pub use router::{RouterSettings, router};
pub use secret::Secret;
pub use transaction::Transaction;
