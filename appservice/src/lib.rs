#![doc = include_str!("../README.md")]

pub mod client;
pub mod registration;
pub mod secret;
pub mod transaction;

pub use client::{Client, ClientError, Homeserver, PingError, RetryPolicy};
pub use registration::Registration;
pub use secret::Secret;
pub use transaction::Transaction;
