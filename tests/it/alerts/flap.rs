//! What comes and goes is told by its message alone from the third time on.

use super::Scene;

#[tokio::test]
async fn what_flaps_is_not_told_each_time() {
    let scene = Scene::open().await;
    let (admin, health) = (scene.person("admin").await, &scene.health);
    let name = "FlapDoor";
    let (mut alert, message) = scene.fires(&admin, name, &[("instance", "door")]).await;
    for (times, note) in [(1, "🔁 Wieder da."), (2, "zum 2. Mal"), (3, "〰️ Das flattert: 3 Mal")] {
        scene.deliver(name, &[&alert.ended()]).await;
        admin.shows(&message, "resolved").await;
        alert = alert.again();
        scene.deliver(name, &[&alert]).await;
        admin.shows(&message, "firing").await;
        admin.note(&message, note).await;
        let again = admin.notes(&message).iter().filter(|e| e.body().contains("Wieder da")).count();
        assert_eq!(again, times.min(2), "{}", admin.story());
    }
    scene.settle(&admin, health).await;
    assert!(admin.as_it_stands(&message).body().contains("〰️ flattert"), "{}", admin.story());
    let notes = admin.notes(&message).len();
    for _ in 0..2 {
        scene.deliver(name, &[&alert.ended()]).await;
        admin.shows(&message, "resolved").await;
        alert = alert.again();
        scene.deliver(name, &[&alert]).await;
        admin.shows(&message, "firing").await;
    }
    scene.settle(&admin, health).await;
    assert_eq!(admin.notes(&message).len(), notes, "it goes on telling:\n{}", admin.story());
    assert_eq!(admin.all_told(health, name).len(), 1);
}
