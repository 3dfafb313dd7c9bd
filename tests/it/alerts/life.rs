//! An incident is one message, from its beginning to its end and when it comes back; what was said already changes nothing.

use serde_json::json;

use super::payload::{group, key};
use super::{Alert, Scene};

#[tokio::test]
async fn an_incident_is_one_message_that_lives_with_it() {
    let scene = Scene::open().await;
    let (admin, health) = (scene.person("admin").await, &scene.health);
    let name = "LifeDisk";
    let first = Alert::new(name, &[("instance", "pi1"), ("severity", "warning")])
        .says("summary", "The disk is almost full")
        .says("runbook_url", "https://wiki.lab/disk");
    let ids = scene.deliver(name, &[&first]).await;
    let message = admin.told(health, name).await;
    assert_eq!(
        message.incident().expect("an incident"),
        &json!({
            "id": ids[0], "state": "firing", "group_key": key(name), "severity": "warning",
            "fingerprints": [first.fingerprint()],
        })
    );
    for part in
        [name, "Warnung", "The disk is almost full", "pi1", "https://wiki.lab/disk", "http://prometheus.lab"]
    {
        assert!(message.body().contains(part), "{part:?} is missing: {}", message.body());
    }
    assert!(message.sender().starts_with("@ralf-health:"), "{message}");

    // What was said already, or is older.
    let (old, old_end) = (first.earlier(), first.earlier().ended());
    let stray = Alert::new(name, &[("instance", "nobody heard of it")]).ended();
    for alerts in [vec![&first], vec![&first, &first], vec![&old], vec![&old_end], vec![&stray]] {
        scene.deliver(name, &alerts).await;
    }
    scene.settle(&admin, health).await;
    assert_eq!(admin.all_told(health, name).len(), 1, "{}", admin.story());
    assert!(admin.edits(&message).is_empty() && admin.notes(&message).is_empty(), "{}", admin.story());

    // The group grows, shrinks, and ends.
    let second = Alert::new(name, &[("instance", "pi2"), ("severity", "critical")]);
    scene.deliver(name, &[&first, &second]).await;
    let both = admin.reads(&message, "2 von 2 Alarmen aktiv").await;
    let prints = both.incident().expect("an incident")["fingerprints"].clone();
    assert_eq!(prints, json!([first.fingerprint(), second.fingerprint()]));
    assert_eq!(both.of_incident("severity"), "critical");
    admin.note(&message, "Warnung → kritisch").await;
    let (first_end, second_end) = (first.ended(), second.ended());
    scene.deliver(name, &[&first, &second_end]).await;
    let one = admin.reads(&message, "1 von 2 Alarmen aktiv").await;
    assert_eq!(one.incident().expect("an incident")["fingerprints"], json!([first.fingerprint()]));
    scene.deliver(name, &[&first_end, &second_end]).await;
    let over = admin.shows(&message, "resolved").await;
    assert!(over.body().contains("vorbei") && over.of_incident("id") == ids[0], "{over}");
    admin.note(&message, "✅ Vorbei nach").await;
    assert_eq!(scene.incident(name).await["state"], "resolved");

    // What comes too late wakes nothing; what begins anew does.
    scene.deliver(name, &[&first, &second]).await;
    scene.deliver(name, &[&first_end, &second_end]).await;
    scene.settle(&admin, health).await;
    assert_eq!(admin.as_it_stands(&message).of_incident("state"), "resolved", "{}", admin.story());
    scene.deliver(name, &[&first.again()]).await;
    let back = admin.shows(&message, "firing").await;
    assert_eq!(back.of_incident("id"), ids[0]);
    admin.note(&message, "🔁 Wieder da").await;
    scene.settle(&admin, health).await;
    assert_eq!(admin.all_told(health, name).len(), 1, "{}", admin.story());
    let story = admin.ask(health, &format!("!ralf vorfall {}", ids[0])).await;
    for part in ["Beginn", "Warnung → kritisch", "Vorbei nach", "Wieder da"] {
        assert!(story.body().contains(part), "{part:?} is missing: {}", story.body());
    }
}

#[tokio::test]
async fn the_end_may_come_before_the_beginning() {
    let scene = Scene::open().await;
    let (admin, health) = (scene.person("admin").await, &scene.health);
    let name = "LifeReordered";
    let alert = Alert::new(name, &[("instance", "pi3")]);
    // The delivery of its beginning hung somewhere.
    scene.deliver(name, &[&alert.ended()]).await;
    scene.deliver(name, &[&alert]).await;
    scene.settle(&admin, health).await;
    assert!(admin.all_told(health, name).is_empty(), "it is long over:\n{}", admin.story());
    scene.deliver(name, &[&alert.again()]).await;
    assert_eq!(admin.told(health, name).await.of_incident("state"), "firing");
}

#[tokio::test]
async fn many_deliveries_of_one_group_at_once_are_one_incident() {
    let scene = Scene::open().await;
    let (admin, health) = (scene.person("admin").await, &scene.health);
    let name = "LifeCrowd";
    let alerts: Vec<Alert> =
        (0..20).map(|n| Alert::new(name, &[("instance", &format!("host-{n}"))])).collect();
    let bodies: Vec<_> = (1..=20).map(|n| group(name, &alerts[..n].iter().collect::<Vec<_>>())).collect();
    let all = bodies.iter().map(|body| scene.post_well("alertmanager", body));
    futures_util::future::join_all(all).await;
    let message = admin.told(health, name).await;
    let full = admin.reads(&message, "20 von 20 Alarmen aktiv").await;
    assert_eq!(full.incident().expect("an incident")["fingerprints"].as_array().map(Vec::len), Some(20));
    scene.settle(&admin, health).await;
    assert_eq!(admin.all_told(health, name).len(), 1, "{}", admin.story());
    assert!(admin.edits(&message).len() <= 20, "many changes become few edits");
}

#[tokio::test]
async fn groups_that_agree_in_what_is_configured_are_one_incident() {
    let scene = Scene::open().await;
    let (admin, health) = (scene.person("admin").await, &scene.health);
    let (_, message) = scene.fires(&admin, "LifeQuorum", &[("cluster", "etcd")]).await;
    let other = Alert::new("LifeLatency", &[("cluster", "etcd")]);
    let ids = scene.deliver("LifeLatency", &[&other]).await;
    assert_eq!(ids, [message.of_incident("id")]);
    admin.reads(&message, "LifeLatency +1").await;
    scene.settle(&admin, health).await;
    assert!(admin.all_told(health, "LifeLatency").is_empty(), "{}", admin.story());
    let apart = Alert::new("LifeApart", &[("cluster", "k3s")]);
    assert_ne!(scene.deliver("LifeApart", &[&apart]).await, ids);
}
