//! A lab, and whoever delivers alerts to it.

use matrix_sdk::ruma::UserId;
use matrix_sdk::ruma::api::client::room::create_room::v3::Request as CreateRoom;
use ralf::store::Store;
use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::Value;
use tokio::sync::OnceCell;

use super::payload::{Alert, group, key};
use crate::harness::{Event, Person, Stage, until};
use crate::rooms::membership;

/// What the stories need of the configuration, besides what everybody gets. Rooms are not to be spared here, because the stories
/// tell a lot at once.
const SETTINGS: &[(&str, &str)] = &[
    ("RALF_ALERTS__MOST_A_MINUTE", "100000"),
    ("RALF_ALERTS__TIME_ZONE", "UTC"),
    ("RALF_ALERTS__ROOM_MENTION", r#"["disaster"]"#),
    ("RALF_ALERTS__CORRELATE", r#"[["cluster"]]"#),
    ("RALF_ALERTS__OWNERS", r#"[{match = 'team="owned"', mention = ["approver"]}]"#),
    ("RALF_ALERTS__ESCALATION", r#"[{match = 'team="called"', after = "10s", to = ["admin"]}]"#),
    (
        "RALF_ALERTS__MAINTENANCE",
        r#"[{match = 'team="maintained"', from = "2020-01-01T00:00:00Z", until = "2120-01-01T00:00:00Z"}]"#,
    ),
    (
        "RALF_ALERTS__JSON",
        r#"{backup = {alerts = "/problems", name = "/what", status = "/state", severity = "/level", instance = "/where", resolved = ["closed"], labels = {id = "/id"}}}"#,
    ),
];

/// A lab to deliver alerts to.
pub(super) struct Scene {
    pub(super) stage: Stage,
    pub(super) store: Store,
    pub(super) health: String,
    client: reqwest::Client,
}

impl Scene {
    /// The lab of most stories.
    pub(super) async fn open() -> Self {
        static GERMAN: OnceCell<()> = OnceCell::const_new();
        let scene = Self::of(Stage::with_alerts(SETTINGS).await).await;
        GERMAN.get_or_init(|| scene.speak_german()).await;
        scene
    }

    /// In a lab of its own.
    pub(super) async fn own(name: &str, environment: &[(&str, &str)]) -> Self {
        let scene = Self::of(Stage::own(name, environment).await).await;
        scene.speak_german().await;
        scene
    }

    async fn of(stage: Stage) -> Self {
        let (store, health) = (stage.store().await, stage.room("health"));
        Self { stage, store, health, client: reqwest::Client::new() }
    }

    /// The health room is told in German from now on: its first subscription is changed by a German word.
    async fn speak_german(&self) {
        let made = async || !self.store.subscriptions().await.expect("read").is_empty();
        until("the first subscription", made).await;
        let admin = self.person("admin").await;
        let changed = admin.ask(&self.health, "!ralf abonniere 1 alles").await;
        assert!(changed.body().contains("Abo Nr. 1 geändert: `everything`"), "{changed}");
    }

    pub(super) async fn person(&self, name: &str) -> Person {
        self.stage.person(name).await
    }

    /// A request below `/webhooks/`, without a token yet.
    pub(super) fn webhook(&self, path: &str) -> RequestBuilder {
        self.client.post(format!("{}/webhooks/{path}", self.stage.info().ralf))
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> reqwest::Result<Response> {
        self.webhook(path).bearer_auth(self.stage.info().webhook_token).json(body).send().await
    }

    /// Delivers, and it is taken; the ids of the incidents that changed.
    pub(super) async fn post_well(&self, path: &str, body: &Value) -> Vec<String> {
        let answer = self.post(path, body).await.expect("an answer");
        let (status, said) = (answer.status(), answer.text().await.expect("words"));
        assert_eq!(status, StatusCode::OK, "{said}");
        let said: Value = serde_json::from_str(&said).expect("JSON");
        let ids = said["incidents"].as_array().expect("incidents");
        ids.iter().map(|id| id.as_str().expect("an id").to_owned()).collect()
    }

    /// Delivers the group of that alert name.
    pub(super) async fn deliver(&self, name: &str, alerts: &[&Alert]) -> Vec<String> {
        self.post_well("alertmanager", &group(name, alerts)).await
    }

    /// The incidents of the API.
    pub(super) async fn incidents(&self, query: &str) -> Vec<Value> {
        let info = self.stage.info();
        let url = format!("{}/api/v1/incidents?{query}", info.ralf);
        let answer = self.client.get(url).bearer_auth(&info.webhook_token).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
        let mut said: Value = answer.json().await.expect("JSON");
        match said["incidents"].take() {
            Value::Array(list) => list,
            other => panic!("{other}"),
        }
    }

    /// The latest incident of the group of that alert name, as the API has it.
    pub(super) async fn incident(&self, name: &str) -> Value {
        let all = self.incidents("limit=1000").await;
        let found = all.into_iter().find(|incident| incident["group_key"] == key(name));
        found.unwrap_or_else(|| panic!("there is no incident of {name}"))
    }

    /// Waits until all that is to be said was said and heard by this person, who is in this room.
    pub(super) async fn settle(&self, person: &Person, room: &str) {
        let quiet = async || {
            let stale = self.store.stale_tellings(i64::MAX, 1).await.expect("read");
            stale.is_empty() && self.store.outbox_depth().await.expect("read").0 == 0
        };
        until("everything to be told", quiet).await;
        person.and_nothing_else(room).await;
    }

    /// A direct chat of a person with a bot.
    pub(super) async fn direct(&self, person: &Person, bot: &str) -> String {
        let bot = self.stage.info().bots[bot].clone();
        let mut request = CreateRoom::new();
        request.is_direct = true;
        request.invite = vec![UserId::parse(&bot).expect("a user id")];
        let room = person.client.create_room(request).await.expect("a room").room_id().to_string();
        person.wait_for("the bot to come", membership(&room, &bot, "join")).await;
        room
    }

    /// Delivers one alert that fires, and its message in the health room, as this person sees it.
    pub(super) async fn fires(&self, person: &Person, name: &str, labels: &[(&str, &str)]) -> (Alert, Event) {
        let alert = Alert::new(name, labels);
        self.deliver(name, &[&alert]).await;
        let message = person.told(&self.health, name).await;
        (alert, message)
    }
}
