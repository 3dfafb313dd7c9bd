//! A fake homeserver for tests.
//!
//! It is a *fake*: rooms, users and events in memory behind a real HTTP server on 127.0.0.1. It knows the
//! part of the client API that this crate uses, Synapse's way to tell transactions apart, and pushes
//! to an application service. It has no federation, no encryption, no state resolution, and checks few
//! permissions. What works against it must still be tried against a real homeserver.
//!
//! ```
//! use ralf_appservice::testing::FakeHomeserver;
//! use ruma::device_id;
//! use serde_json::json;
//!
//! # #[tokio::main] async fn main() -> Result<(), ralf_appservice::ClientError> {
//! let fake = FakeHomeserver::start(&["bot"]).await;
//! let bot = fake.homeserver().bot(&fake.user_id("bot"), device_id!("BOT"));
//! bot.register().await?;
//! bot.ensure_device("a bot").await?;
//! let room = bot.create_room(&json!({"name": "lab"})).await?;
//! bot.send(&room, "m.room.message", "txn-1", r#"{"msgtype":"m.text","body":"hello"}"#).await?;
//! assert_eq!(fake.take_sent()[0].content["body"], "hello");
//! # Ok(()) }
//! ```

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ruma::{OwnedServerName, OwnedUserId, UserId};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{Client, Homeserver, Registration, RetryPolicy, Secret};

mod deliver;
mod endpoints;
mod fault;
mod inspect;
mod power;
mod requester;
mod server;
mod world;

pub use deliver::Delivered;
pub use fault::{Fault, Recorded};
pub use world::{SentEvent, Upload};

use world::World;

/// The state behind the server, and the signal that it changed.
#[derive(Debug)]
struct Shared {
    world: Mutex<World>,
    changed: tokio::sync::Notify,
    /// Held while a transaction is pushed: one in flight.
    delivering: tokio::sync::Mutex<()>,
    http: reqwest::Client,
}

impl Shared {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running fake. It stops when it is dropped.
#[derive(Debug)]
pub struct FakeHomeserver {
    address: SocketAddr,
    server_name: OwnedServerName,
    shared: Arc<Shared>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl FakeHomeserver {
    /// Starts one for the server `lab.local`, with a fresh registration (sender `_sender`) for these
    /// bots and without a URL; see [`set_appservice_url`](Self::set_appservice_url).
    ///
    /// # Panics
    /// If no port can be had.
    pub async fn start(localparts: &[&str]) -> Self {
        let server_name = ruma::server_name!("lab.local");
        let mut registration = Registration::generate("fake", "", "_sender", server_name, localparts);
        registration.url = None;
        Self::with_registration(server_name.to_owned(), registration).await
    }

    /// Starts one with a given registration.
    ///
    /// # Panics
    /// If no port can be had, or a regex of the registration can't be read.
    pub async fn with_registration(server_name: OwnedServerName, registration: Registration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("the listener's address");
        let shared = Arc::new(Shared {
            world: Mutex::new(World::new(server_name.clone(), registration)),
            changed: tokio::sync::Notify::new(),
            delivering: tokio::sync::Mutex::new(()),
            http: reqwest::Client::builder()
                .timeout(Duration::from_secs(60))
                .build()
                .expect("an HTTP client"),
        });
        let router = server::router(Arc::clone(&shared));
        let task = tokio::spawn(async move {
            // It ends with the task, when the fake is dropped.
            let _ = axum::serve(listener, router).await;
        });
        Self { address, server_name, shared, tasks: Mutex::new(vec![task]) }
    }

    /// Says where transactions are pushed to.
    pub fn set_appservice_url(&self, url: &str) {
        self.world().registration.url = Some(url.trim_end_matches('/').to_owned());
        self.shared.changed.notify_waiters();
    }

    /// Where it listens: `http://127.0.0.1:port`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The registration that it knows.
    pub fn registration(&self) -> Registration {
        self.world().registration.clone()
    }

    /// The user id of a localpart.
    ///
    /// # Panics
    /// If it makes none.
    pub fn user_id(&self, localpart: &str) -> OwnedUserId {
        UserId::parse(format!("@{localpart}:{}", self.server_name)).expect("a localpart")
    }

    /// The client side with the `as_token`. It retries without pauses of its own.
    ///
    /// # Panics
    /// If the registration's `as_token` fits into no header.
    pub fn homeserver(&self) -> Homeserver {
        let retry = RetryPolicy { base: Duration::ZERO, ..RetryPolicy::default() };
        let as_token = self.world().registration.as_token.clone();
        Homeserver::new(&self.base_url(), &as_token, &self.server_name)
            .expect("a sound address and token")
            .with_retry(retry)
    }

    /// Makes a person (password: the localpart) and gives a client with an access token.
    ///
    /// # Panics
    /// If the localpart makes no user id.
    pub fn person(&self, localpart: &str) -> Client {
        let user_id = self.user_id(localpart);
        let token = Secret::generate();
        let mut world = self.world();
        world.add_user(&user_id, Some(localpart));
        world.add_token(token.expose(), &user_id, "PERSON");
        drop(world);
        self.homeserver().person(&token, &user_id).expect("a sound token")
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world()
    }

    fn keep(&self, task: JoinHandle<()>) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).push(task);
    }
}

impl Drop for FakeHomeserver {
    fn drop(&mut self) {
        for task in self.tasks.get_mut().unwrap_or_else(PoisonError::into_inner) {
            task.abort();
        }
    }
}
