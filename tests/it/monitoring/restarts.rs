//! Whatever is restarted: one message an incident, and in the end it is right.

use super::watch::{Watch, incident};

const DOWN: &str = "alertname=\"TargetDown\"";

#[tokio::test]
async fn an_incident_outlives_all_that_tells_of_it() {
    let watch = Watch::begin("restarts").await;
    let lab = watch.stage.lab();
    lab.take_down("node-exporter").await;
    let root = watch.begins("TargetDown").await;
    let fires = async || watch.open().await.contains(incident(&root));
    assert!(fires().await);

    // An Alertmanager that has forgotten everything does not mean that all is well.
    watch.kill(&["ralf", "synapse", "prometheus", "alertmanager"]).await;
    lab.take_down("prometheus").await;
    watch.all_answer().await;
    watch.kill(&["alertmanager"]).await;
    watch.all_answer().await;
    watch.fire(DOWN, 0).await;
    // That it was looked at shows by silences that only looks can find.
    watch.amtool(&["alert", "add", "BackupFailed", "severity=warning"]);
    let other = watch.begins("BackupFailed").await;
    let silence =
        watch.amtool(&["silence", "add", "--author=kim", "--comment=known", "alertname=BackupFailed"]);
    watch.stands(&other, "silenced").await;
    watch.amtool(&["silence", "expire", &silence]);
    watch.is_told(&other, "was ended", 1).await;
    watch.stands(&other, "firing").await;
    assert!(fires().await);
    lab.bring_up("prometheus").await;
    watch.fire(DOWN, 1).await;
    // The backup's, the watchdog's, and this one.
    watch.notified(3.0).await;
    assert!(fires().await);
    let is_end = |line: &String| ["✅", "🔁", "🔔"].iter().any(|sign| line.contains(sign));
    assert!(!watch.thread(&root).iter().any(is_end), "{:?}", watch.thread(&root));

    // Who was away hears the end from Alertmanager, which tries again.
    lab.take_down("ralf").await;
    lab.bring_up("node-exporter").await;
    watch.fire(DOWN, 0).await;
    lab.bring_up("ralf").await;
    watch.stands(&root, "resolved").await;

    // It fires again; this time nobody is left who would tell the end.
    lab.take_down("node-exporter").await;
    watch.is_told(&root, "It is back", 1).await;
    watch.stands(&root, "firing").await;
    lab.take_down("ralf").await;
    lab.bring_up("node-exporter").await;
    watch.fire(DOWN, 0).await;
    watch.kill(&["alertmanager"]).await;
    lab.bring_up("ralf").await;
    watch.all_answer().await;
    assert!(fires().await, "nobody has said that it is over");
    watch.stands(&root, "resolved").await;
    watch.is_told(&root, "✅ Resolved after", 2).await;
    watch.stands(&other, "resolved").await;

    assert!(!fires().await);
    let all: Vec<String> = watch.beginnings().iter().map(|event| incident(event).to_owned()).collect();
    assert_eq!(all, [incident(&root), incident(&other)], "one message each");
}
