//! From the wire to [`crate::event::Event`], and from there to whoever handles it: one lane per room, in order.

pub mod lanes;
pub mod matrix;
mod text;
mod transactions;

pub use lanes::Lanes;
pub use transactions::Intake;
