//! Secrets: references that are resolved for the process of an executor alone, and the redactor that keeps their values
//! out of everything that leaves: rooms, logs, the database, prompts.

mod error;
mod key;
mod log;
mod names;
mod patterns;
mod redact;
mod reference;
mod resolve;
mod value;
mod variants;
mod vault;

pub use error::SecretError;
pub use log::HidingStderr;
pub use redact::Redactor;
pub use reference::SecretRef;
pub use resolve::{Resolved, Secrets, is_variable};
pub use value::Value;

use std::borrow::Cow;
use std::sync::LazyLock;

/// What stands in a secret's place.
pub const HIDDEN: &str = "[hidden]";

/// What this process knows is known to all of it: the log has no other way to hear of a value, and a part that was
/// forgotten would be the leak.
static REDACTOR: LazyLock<Redactor> = LazyLock::new(Redactor::default);

/// The process's own redactor.
pub fn redactor() -> &'static Redactor {
    &REDACTOR
}

/// A text without secrets: what everything that leaves passes through. Hiding twice is hiding once.
pub fn hide(text: &str) -> Cow<'_, str> {
    REDACTOR.hide(text)
}
