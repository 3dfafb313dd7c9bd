#![doc = include_str!("../README.md")]

pub mod registration;
pub mod secret;

pub use registration::Registration;
pub use secret::Secret;
