//! Alerts: what a monitoring system says becomes incidents, and each incident one living message wherever somebody wants to know.
//!
//! ```text
//! webhook ─┐
//! poll ────┴► source ─► Group ─► intake (one transaction) ─► Incident ─► route (who, by which rule) ─► outbox
//! reaction, command ───────────────────────────────────────────▲
//! ```

mod alert;
mod fingerprint;
pub mod api;
pub mod chart;
pub mod evidence;
mod incident;
mod inlet;
mod matcher;
pub mod quiet;
pub mod route;
mod severity;
pub mod source;
mod subscription;

pub use alert::{Alert, Group, Labels, Links};
pub use fingerprint::fingerprint;
pub use incident::{Ack, Incident, Silenced, State};
pub use inlet::{Delivery, Inlet, Refused, Taken, TurnedAway};
pub use matcher::{Matcher, MatcherError, MatcherFault, Matchers, Operator, Untranslatable};
pub use severity::Severity;
pub use subscription::{Clause, Subscription, Wish, WishError};
