#![doc = include_str!("../README.md")]

pub mod registration;
pub mod secret;
pub mod transaction;

pub use registration::Registration;
pub use secret::Secret;
pub use transaction::Transaction;
