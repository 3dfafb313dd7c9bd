//! Killed at any moment: what was answered with 200 survives, each incident has one message, and what people said still counts.

use serde_json::Value;

use super::payload::group;
use super::silence::number;
use super::{Alert, Scene};
use crate::harness::database::{Database, Kind};
use crate::harness::{Person, until};

async fn kill(scene: &Scene) {
    let before = scene.stage.lab().pid("ralf");
    scene.stage.lab().kill("ralf").expect("killed");
    until("another process", async || scene.stage.lab().pid("ralf").is_some_and(|pid| Some(pid) != before))
        .await;
}

/// Delivers as Alertmanager does: again and again until it is taken.
async fn deliver(scene: &Scene, body: &Value) {
    let taken = async || scene.post("alertmanager", body).await.is_ok_and(|answer| answer.status() == 200);
    until("a delivery to be taken", taken).await;
}

async fn story(scene: &Scene) {
    let (admin, health) = (scene.person("admin").await, &scene.health);
    let chat = scene.direct(&admin, "health").await;
    admin.ask(&chat, "subscribe severity>=critical").await;

    // Between the answer and the message.
    for n in 0..3 {
        let name = format!("KilledAfter{n}");
        let alert = Alert::new(&name, &[("severity", "critical")]);
        deliver(scene, &group(&name, &[&alert])).await;
        kill(scene).await;
        let message = admin.told(health, &name).await;
        admin.told(&chat, &name).await;
        // Nobody heard the answer: it comes again.
        deliver(scene, &group(&name, &[&alert])).await;
        let end = group(&name, &[&alert.ended()]);
        let (_, ()) = tokio::join!(kill(scene), deliver(scene, &end));
        admin.shows(&message, "resolved").await;
        once(scene, &admin, &name).await;
    }

    // Amid deliveries and edits.
    let names: Vec<String> = (0..10).map(|n| format!("KilledAmid{n}")).collect();
    let alerts: Vec<Alert> = names.iter().map(|name| Alert::new(name, &[])).collect();
    let deliveries = async {
        for (name, alert) in names.iter().zip(&alerts) {
            for grown in 1..6 {
                let more: Vec<Alert> =
                    (1..grown).map(|n| Alert::new(name, &[("n", &n.to_string())])).collect();
                let all: Vec<&Alert> = [alert].into_iter().chain(&more).collect();
                deliver(scene, &group(name, &all)).await;
            }
        }
    };
    let kills = async {
        for _ in 0..4 {
            kill(scene).await;
        }
    };
    tokio::join!(deliveries, kills);
    for name in &names {
        let message = admin.told(health, name).await;
        admin.reads(&message, "5 von 5 Alarmen aktiv").await;
        once(scene, &admin, name).await;
    }
    said_before(scene, &admin, &chat).await;
}

/// What people said before it was killed counts after.
async fn said_before(scene: &Scene, admin: &Person, chat: &str) {
    let health = &scene.health;
    let (_, acked) = scene.fires(admin, "KilledAcked", &[]).await;
    let (alert, silenced) = scene.fires(admin, "KilledSilenced", &[]).await;
    let tap = admin.react(health, acked.id(), "👀").await;
    let preview = admin.ask(health, &format!("!ralf stumm 2h {}", silenced.of_incident("id"))).await;
    kill(scene).await;
    admin.shows(&acked, "acknowledged").await;
    admin.shows(&silenced, "silenced").await;
    deliver(scene, &group("KilledSilenced", &[&alert])).await;
    assert_eq!(scene.incident("KilledSilenced").await["state"], "silenced");
    assert_eq!(scene.incident("KilledAcked").await["acknowledged"]["by"], admin.id.as_str());
    let over = admin.ask(health, &format!("!ralf beende {}", number(&preview))).await;
    assert!(over.body().contains("aktiv: 1 Alarm"), "{over}");
    admin.shows(&silenced, "firing").await;
    kill(scene).await;
    admin.redact(health, &tap).await;
    admin.shows(&acked, "firing").await;
    let list = admin.ask(chat, "subscriptions").await;
    assert!(list.body().contains("no. 1: `severity>=critical`"), "{list}");
    let late = Alert::new("KilledLate", &[("severity", "critical")]);
    deliver(scene, &group("KilledLate", &[&late])).await;
    admin.told(chat, "KilledLate").await;

    // A silence that ends while nobody is there.
    let short = admin.ask(health, &format!("!ralf stumm 2s {}", silenced.of_incident("id"))).await;
    kill(scene).await;
    admin.note(&silenced, &format!("Die Stille (Nr. {}) ist vorbei", number(&short))).await;
    admin.shows(&silenced, "firing").await;
    for name in ["KilledAcked", "KilledSilenced", "KilledLate"] {
        once(scene, admin, name).await;
    }
    let subscriptions = admin.ask(health, "!ralf abos").await;
    assert!(!subscriptions.body().contains("Nr. 2"), "the first subscription is made once: {subscriptions}");
}

async fn once(scene: &Scene, admin: &Person, name: &str) {
    scene.settle(admin, &scene.health).await;
    assert_eq!(admin.all_told(&scene.health, name).len(), 1, "{name}:\n{}", admin.story());
    let all = scene.incidents("limit=1000").await;
    let of = all.iter().filter(|incident| incident["title"] == name).count();
    assert_eq!(of, 1, "{name}: {all:?}");
}

#[tokio::test]
async fn killed_again_and_again_it_tells_each_incident_once() {
    let scene = Scene::own("alerts-kills", &[("RALF_ALERTS__MOST_A_MINUTE", "1000")]).await;
    story(&scene).await;
}

#[tokio::test]
async fn killed_again_and_again_on_postgres_too() {
    let database = Database::fresh(Kind::Postgres).await;
    let settings = [("RALF_ALERTS__MOST_A_MINUTE", "1000"), ("RALF_DATABASE__URL", database.url.as_str())];
    let scene = Scene::own("alerts-kills-postgres", &settings).await;
    story(&scene).await;
}
