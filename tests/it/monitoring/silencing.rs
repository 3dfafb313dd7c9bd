//! Acknowledged, silenced, and over while it is silenced.

use super::watch::{Watch, incident, state};

#[tokio::test]
async fn what_is_silenced_ends_all_the_same() {
    let watch = Watch::begin("silencing").await;
    let (admin, approver, room) = (&watch.admin, &watch.approver, watch.room.as_str());
    watch.stage.lab().take_down("node-exporter").await;
    let root = watch.begins("TargetDown").await;
    assert_eq!(state(&root), "firing");
    assert!(root.body().contains("node does not answer"), "{root}");

    // Its chart: the value that fell, as a picture of the size that is promised.
    let chart = watch.is_told(&root, "up{job!=\"fleet\"} == 0", 1).await;
    assert_eq!(chart.content()["msgtype"], "m.image", "{chart}");
    let png = watch.file(&chart).await;
    assert_eq!(png.get(..8), Some(b"\x89PNG\r\n\x1a\n".as_slice()));
    let side = |at: usize| png[at..at + 4].iter().fold(0, |sum, byte| sum * 256 + u64::from(*byte));
    let info = &chart.content()["info"];
    assert_eq!((info["w"].as_u64(), info["h"].as_u64()), (Some(side(16)), Some(side(20))), "{chart}");

    // Somebody silences it elsewhere: it gets a number here.
    let theirs = watch.amtool(&[
        "silence",
        "add",
        "--author=kim",
        "--comment=moving the rack",
        "--duration=1h",
        "alertname=TargetDown",
        "job=~no.e",
    ]);
    let silenced = watch.stands(&root, "silenced").await;
    assert!(silenced.body().contains("by kim (no. 1)"), "{}", silenced.body());
    assert!(watch.open().await.contains("(no. 1)"));
    watch.amtool(&["silence", "expire", &theirs]);
    let ended = watch.is_told(&root, "The silence (no. 1) was ended", 1).await;
    assert_eq!(state(&ended), "firing");
    watch.stands(&root, "firing").await;

    admin.react(room, root.id(), "👀").await;
    let acknowledged = watch.stands(&root, "acknowledged").await;
    assert!(acknowledged.body().contains(&admin.id), "{}", acknowledged.body());

    // By a tap, for two hours, in Alertmanager, and under the name of who did it.
    let tap = approver.react(room, root.id(), "🔕").await;
    let preview = watch.is_told(&root, "Silenced until", 1).await;
    for words in ["`alertname=\"TargetDown\"`", "`job=\"node\"`", "Covers 1 alert", "(no. 2)", &approver.id] {
        assert!(preview.body().contains(words), "{words} in {}", preview.body());
    }
    watch.stands(&root, "silenced").await;
    let silences = watch.silences();
    let [silence] = silences.as_slice() else { panic!("{silences:?}") };
    assert_eq!(silence["createdBy"], approver.id.as_str(), "{silence}");
    let comment = silence["comment"].as_str().expect("a comment");
    assert!(comment.contains("Matrix") && comment.contains(&tap), "{comment}");

    // Alertmanager tells nobody of the end of what is silenced.
    watch.stage.lab().bring_up("node-exporter").await;
    let resolved = watch.stands(&root, "resolved").await;
    assert!(resolved.body().contains("TargetDown"), "{}", resolved.body());
    watch.is_told(&root, "while it was silenced", 1).await;
    assert_eq!(watch.silences().len(), 1, "it holds for what comes");
    admin.and_nothing_else(room).await;
    let all: Vec<String> = watch.beginnings().iter().map(|event| incident(event).to_owned()).collect();
    assert_eq!(all, [incident(&root)], "one message");
}
