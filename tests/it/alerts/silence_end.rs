//! The end of a silence: announced, told, and what began under it is not lost.

use super::silence::number;
use super::{Alert, Scene};

#[tokio::test]
async fn a_silence_that_ends_by_itself_is_announced_and_told() {
    let scene = Scene::open().await;
    let (admin, health) = (scene.person("admin").await, &scene.health);
    let name = "SilenceShort";
    let (_, message) = scene.fires(&admin, name, &[]).await;
    let preview = admin.ask(health, &format!("!ralf stumm 15s {}", message.of_incident("id"))).await;
    let n = number(&preview);
    admin.shows(&message, "silenced").await;
    admin.note(&message, &format!("🔔 Die Stille (Nr. {n}) endet in")).await;
    admin.note(&message, &format!("Die Stille (Nr. {n}) ist vorbei; noch aktiv: 1 Alarm")).await;
    admin.shows(&message, "firing").await;
    scene.settle(&admin, health).await;
    let count = |text: &str| admin.notes(&message).iter().filter(|e| e.body().contains(text)).count();
    assert_eq!((count("endet in"), count("ist vorbei")), (1, 1), "{}", admin.story());
}

#[tokio::test]
async fn what_began_under_a_silence_is_told_when_it_ends() {
    let scene = Scene::open().await;
    let (admin, health) = (scene.person("admin").await, &scene.health);
    for (name, by_hand) in [("SilenceHidden", true), ("SilenceHiddenShort", false)] {
        let span = if by_hand { "2h" } else { "10s" };
        let set = admin.ask(health, &format!("!ralf silence {span} alertname={name}")).await;
        assert!(set.body().contains("Covers no alert at the moment"), "{set}");
        let alert = Alert::new(name, &[]);
        scene.deliver(name, &[&alert]).await;
        assert_eq!(scene.incident(name).await["state"], "silenced");
        if by_hand {
            scene.settle(&admin, health).await;
            assert!(admin.all_told(health, name).is_empty(), "{}", admin.story());
            let over = admin.ask(health, &format!("!ralf expire {}", number(&set))).await;
            assert!(over.body().contains("1 alert firing"), "{over}");
        }
        let message = admin.told(health, name).await;
        assert_eq!(message.of_incident("state"), "firing");
        scene.deliver(name, &[&alert.ended()]).await;
        admin.shows(&message, "resolved").await;
    }
}

#[tokio::test]
async fn what_began_and_ended_under_a_silence_is_only_on_record() {
    let scene = Scene::open().await;
    let (admin, health) = (scene.person("admin").await, &scene.health);
    let name = "SilenceNever";
    admin.ask(health, &format!("!ralf stumm 2h alertname={name}")).await;
    let alert = Alert::new(name, &[]);
    let ids = scene.deliver(name, &[&alert]).await;
    scene.deliver(name, &[&alert.ended()]).await;
    scene.settle(&admin, health).await;
    assert!(admin.all_told(health, name).is_empty(), "{}", admin.story());
    let story = admin.ask(health, &format!("!ralf vorfall {}", ids[0])).await;
    assert!(story.body().contains("Vorbei nach"), "{story}");
}
