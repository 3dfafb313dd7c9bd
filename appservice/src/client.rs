//! The client side: calling the homeserver as one of our users, or as a person.
//!
//! Spec: <https://spec.matrix.org/latest/application-service-api/#client-server-api-extensions>

mod account;
mod call;
mod devices;
mod error;
mod homeserver;
mod identity;
mod login;
mod media;
mod membership;
mod ping;
mod profile;
mod read;
mod request;
mod retry;
mod rooms;
mod send;
mod state;
mod sync;
mod typing;
mod versions;

pub use account::{Registered, WhoAmI};
pub use error::ClientError;
pub use homeserver::{CallReport, Homeserver, Observer};
pub use identity::Client;
pub use ping::PingError;
pub use profile::Profile;
pub use read::{Direction, Messages};
pub use retry::RetryPolicy;
pub use rooms::JoinedMember;
pub use versions::Versions;
