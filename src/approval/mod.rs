//! Consent: which votes count, when an operation may run, and the [`Permit`] that proves it.

mod permit;

pub use permit::Permit;
