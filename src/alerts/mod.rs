//! Alerts: what a monitoring system says becomes incidents, and each incident one living message wherever somebody wants to know.
//!
//! ```text
//! webhook ─┐
//! poll ────┴► source ─► Group ─► intake (one transaction) ─► Incident ─► route (who, by which rule) ─► outbox
//! reaction, command ───────────────────────────────────────────▲
//! ```

mod act;
mod alert;
pub mod api;
mod apply;
pub mod chart;
mod desk;
pub mod evidence;
mod fingerprint;
mod heal;
mod incident;
mod inlet;
mod intake;
mod matcher;
mod poll;
pub mod quiet;
mod round;
pub mod route;
mod severity;
mod show;
pub mod silence;
pub mod source;
mod start;
mod subscription;
mod tell;
mod tick;
mod watchdog;

pub use act::{Acked, acknowledge, take_back};
pub use alert::{Alert, Group, Labels, Links};
pub use desk::Desk;
pub use fingerprint::fingerprint;
pub use incident::{Ack, Incident, Silenced, State};
pub use inlet::{Delivery, Inlet, Refused, Taken, TurnedAway};
pub use intake::last_delivery;
pub use matcher::{Matcher, MatcherError, MatcherFault, Matchers, Operator, Untranslatable};
pub use round::{LastRound, last_round};
pub use route::{Decision, Verdict, decide};
pub use severity::Severity;
pub use start::{start, subscribe_the_health_room};
pub use subscription::{Clause, Subscription, Wish, WishError};
pub use tell::calls_room;
