//! Who is called: owners at once, others when nobody looks after it, a whole room only where that is configured.

use serde_json::Value;

use super::{Alert, Scene};
use crate::harness::Event;

fn calls_room(event: &Event) -> bool {
    event.raw["content"]["m.mentions"]["room"] == Value::Bool(true)
        || event.content()["m.mentions"]["room"] == Value::Bool(true)
}

#[tokio::test]
async fn owners_are_called_by_the_first_message_alone() {
    let scene = Scene::open().await;
    let (admin, health) = (scene.person("admin").await, &scene.health);
    let approver = scene.stage.info().users["approver"].user_id.clone();
    let name = "DutyOwned";
    let (alert, message) = scene.fires(&admin, name, &[("team", "owned"), ("severity", "warning")]).await;
    assert!(message.mentions(&approver) && !calls_room(&message), "{}", message.raw);
    let other = Alert::new(name, &[("team", "owned"), ("severity", "warning"), ("instance", "pi2")]);
    scene.deliver(name, &[&alert, &other]).await;
    admin.reads(&message, "2 von 2").await;
    admin.react(health, message.id(), "👀").await;
    admin.shows(&message, "acknowledged").await;
    for edit in admin.edits(&message) {
        let nobody = |of: &Value| of["user_ids"].as_array().is_none_or(Vec::is_empty) && of["room"].is_null();
        let content = &edit.raw["content"];
        assert!(nobody(&content["m.mentions"]) && nobody(&edit.content()["m.mentions"]), "{}", edit.raw);
    }
    // That it is back is news to them.
    scene.deliver(name, &[&alert.ended(), &other.ended()]).await;
    admin.shows(&message, "resolved").await;
    scene.deliver(name, &[&alert.again()]).await;
    assert!(admin.note(&message, "🔁 Wieder da").await.mentions(&approver));
    assert!(!admin.note(&message, "✅ Vorbei nach").await.mentions(&approver));
}

#[tokio::test]
async fn the_whole_room_is_called_for_what_is_configured() {
    let scene = Scene::open().await;
    let admin = scene.person("admin").await;
    let (_, quiet) = scene.fires(&admin, "DutyCritical", &[("severity", "critical")]).await;
    let (alert, loud) = scene.fires(&admin, "DutyDisaster", &[("severity", "disaster")]).await;
    assert!(!calls_room(&quiet), "{}", quiet.raw);
    assert!(calls_room(&loud), "{}", loud.raw);
    scene.deliver("DutyDisaster", &[&alert.ended()]).await;
    assert!(!calls_room(&admin.shows(&loud, "resolved").await));
}

#[tokio::test]
async fn who_is_next_is_called_when_nobody_acknowledges() {
    let scene = Scene::open().await;
    let (admin, health) = (scene.person("admin").await, &scene.health);
    let (_, seen) = scene.fires(&admin, "DutySeen", &[("team", "called")]).await;
    admin.react(health, seen.id(), "👀").await;
    let (_, unseen) = scene.fires(&admin, "DutyUnseen", &[("team", "called")]).await;
    admin.shows(&seen, "acknowledged").await;
    let call = admin.note(&unseen, "📣 Seit 1").await;
    assert!(call.mentions(&admin.id), "{}", call.raw);
    scene.settle(&admin, health).await;
    let calls = |message: &Event| admin.notes(message).iter().filter(|e| e.body().contains('📣')).count();
    assert_eq!((calls(&seen), calls(&unseen)), (0, 1), "{}", admin.story());
}
