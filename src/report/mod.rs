//! What people read: every sentence in German and English, how it becomes a Matrix message, and its delivery.

pub mod delivery;
mod echo;
pub mod messages;
pub(crate) mod say;
pub(crate) mod text;

pub use text::{Colour, Text, safe_link, t, visible};
