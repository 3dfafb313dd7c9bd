//! Silences: by a tap, by words, by matchers, by a sentence; what they cover is said before and nothing is forgotten after.

use super::Scene;
use crate::harness::Event;

/// The number of a silence, as its answer names it.
pub(super) fn number(answer: &Event) -> String {
    let (_, rest) =
        answer.body().split_once("(Nr. ").or_else(|| answer.body().split_once("(no. ")).expect("a number");
    rest.split_once(')').expect("its end").0.to_owned()
}

#[tokio::test]
async fn a_tap_silences_and_the_end_is_told_all_the_same() {
    let scene = Scene::open().await;
    let (admin, health) = (scene.person("admin").await, &scene.health);
    let name = "SilenceTap";
    let (alert, message) = scene.fires(&admin, name, &[("instance", "pi1"), ("severity", "warning")]).await;
    admin.react(health, message.id(), "🔕").await;
    // In whichever language they spoke last.
    let preview = admin.note(&message, "🔕 S").await;
    for part in [r#"alertname="SilenceTap""#, "1 ", ": SilenceTap", "!ralf", &admin.id] {
        assert!(preview.body().contains(part), "{part:?} is missing: {}", preview.body());
    }
    assert!(
        ["Gilt nur", "holds for what I say only"].iter().any(|words| preview.body().contains(words)),
        "{preview}"
    );
    let silent = admin.shows(&message, "silenced").await;
    assert!(silent.body().contains("🔕 stumm bis") && silent.body().contains(&admin.id), "{}", silent.body());
    let known = scene.incident(name).await;
    assert_eq!((&known["state"], &known["silenced"]["by"]), (&"silenced".into(), &admin.id.as_str().into()));
    scene.deliver(name, &[&alert.ended()]).await;
    admin.shows(&message, "resolved").await;
    admin.note(&message, "noch während es stumm war").await;
}

#[tokio::test]
async fn a_silence_is_extended_and_ended_by_words() {
    let scene = Scene::open().await;
    let (admin, approver) = (scene.person("admin").await, scene.person("approver").await);
    let health = &scene.health;
    let name = "SilenceWords";
    let (_, message) = scene.fires(&admin, name, &[("instance", "pi2")]).await;
    let preview = approver.ask_in_thread(&message, "!ralf silence 2h disk swap").await;
    assert!(
        preview.body().contains("🔕 Silenced until") && preview.body().contains("disk swap"),
        "{preview}"
    );
    assert_eq!(
        (preview.of_incident("id"), preview.of_incident("state")),
        (message.of_incident("id"), "silenced")
    );
    admin.shows(&message, "silenced").await;
    let until = scene.incident(name).await["silenced"]["until_ts"].as_i64().expect("a time");
    let n = number(&preview);
    let longer = admin.ask(health, &format!("!ralf verlängere {n} um 1h")).await;
    assert!(longer.body().contains("Verlängert"), "{longer}");
    let later = scene.incident(name).await["silenced"]["until_ts"].as_i64().expect("a time");
    assert_eq!(later - until, 3_600_000);
    let over = admin.ask(health, &format!("!ralf beende {n}")).await;
    assert!(over.body().contains("aktiv: 1 Alarm"), "{over}");
    admin.shows(&message, "firing").await;
    let gone = admin.ask(health, &format!("!ralf expire {n}")).await;
    assert!(gone.body().contains("no silence"), "{gone}");
    let story = admin.ask(health, &format!("!ralf incident {}", message.of_incident("id"))).await;
    for part in ["disk swap", "extended the silence", "ended the silence", &approver.id] {
        assert!(story.body().contains(part), "{part:?} is missing: {}", story.body());
    }
}

#[tokio::test]
async fn a_silence_is_made_by_id_by_matchers_and_by_a_sentence() {
    let scene = Scene::open().await;
    let (admin, health) = (scene.person("admin").await, &scene.health);
    let (_, by_id) = scene.fires(&admin, "SilenceById", &[]).await;
    let told = admin.ask(health, &format!("!ralf stumm 2h {} Umbau", by_id.of_incident("id"))).await;
    assert!(told.body().contains("Umbau") && told.body().contains("Trifft 1 Alarm"), "{told}");
    admin.shows(&by_id, "silenced").await;

    let (_, one) = scene.fires(&admin, "SilenceMatchOne", &[("rack", "r1"), ("story", "match")]).await;
    let (_, two) = scene.fires(&admin, "SilenceMatchTwo", &[("rack", "r2"), ("story", "match")]).await;
    let (_, three) = scene.fires(&admin, "SilenceMatchThree", &[("rack", "x3"), ("story", "match")]).await;
    let told = admin.ask(health, r#"!ralf silence 1h rack=~"r.",story="match" moving the rack"#).await;
    assert!(told.body().contains("Covers 2 alerts: SilenceMatchOne, SilenceMatchTwo"), "{told}");
    assert!(told.body().contains("moving the rack"), "{told}");
    admin.shows(&one, "silenced").await;
    admin.shows(&two, "silenced").await;

    let (_, said) = scene.fires(&admin, "SilenceSentence", &[]).await;
    let told = admin.ask(health, "Ralf Health: Silence SilenceSentence for 2h").await;
    assert!(
        told.body().contains(r#"alertname="SilenceSentence""#) && told.body().contains("Covers 1 alert"),
        "{told}"
    );
    admin.shows(&said, "silenced").await;
    scene.settle(&admin, health).await;
    assert_eq!(admin.as_it_stands(&three).of_incident("state"), "firing");

    for (said, answer) in [
        ("!ralf silence", "For how long?"),
        ("!ralf stumm bald", "Wie lange?"),
        (r#"!ralf silence 2h rack=~"(" "#, "rack"),
        ("!ralf extend 1", "For how long?"),
        ("!ralf beende neunzig", "neunzig"),
    ] {
        let told = admin.ask(health, said).await;
        assert!(told.body().contains(answer) && !told.body().contains("Covers"), "{said:?}: {}", told.body());
    }
}
