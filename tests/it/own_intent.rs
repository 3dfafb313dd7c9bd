//! An intent of one's own, from the page that describes it to what really happens.

use std::path::Path;

use crate::harness::{Stage, fresh_folder};

const PAGE: &str = include_str!("../../docs/src/adding-an-intent.md");

/// Another name for a removal.
const DISCARD: &str = r#"
name = "discard_service"
bot = "infra"
changes = true
risk = "executor"
plan = "remove"
does = { de = "Verschrottet einen Dienst", en = "Scraps a service" }
templates = { de = ["verschrotte {service}"], en = ["scrap {service}"] }
cues = { de = ["verschrott*"], en = ["scrap*"] }

[[slots]]
name = "service"
type = "service"
required = true
question = { de = "Welchen Dienst?", en = "Which service?" }
"#;

/// The file that stands on the page under its name.
fn on_page(name: &str) -> &'static str {
    let (_, after) = PAGE.split_once(&format!("\n`{name}`:\n\n```")).expect("its name");
    let (_, block) = after.split_once('\n').expect("the block");
    block.split_once("\n```").expect("the block's end").0
}

/// The playbooks that come with us, and one more.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("copied");
        }
    }
}

#[tokio::test]
async fn it_is_said_approved_and_done() {
    let folder = fresh_folder("own-intent");
    let (intents, playbooks) = (folder.join("intents"), folder.join("playbooks"));
    std::fs::create_dir_all(&intents).expect("a folder");
    std::fs::write(intents.join("stop_service.toml"), on_page("intents/stop_service.toml")).expect("written");
    std::fs::write(intents.join("discard_service.toml"), DISCARD).expect("written");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("config/playbooks"), &playbooks);
    let path = |path: &Path| path.to_string_lossy().into_owned();
    let stage = Stage::own(
        "own-intent",
        &[
            ("RALF_INTENTS__FOLDER", &path(&intents)),
            ("RALF_EXECUTORS__ANSIBLE__PLAYBOOKS", &path(&playbooks)),
        ],
    )
    .await;
    let ops = stage.room("ops");
    let grafana = stage.take("grafana", "node-1");
    let admin = stage.person("admin").await;
    let install = admin.proposal(&ops, "Installiere Grafana auf node-1").await;
    admin.react(&ops, install.id(), "✅").await;
    admin.report(install.operation_id(), "succeeded").await;

    // Understood, but nothing is there to do it.
    let nothing = admin.ask(&ops, "Kannst du Grafana bitte anhalten?").await;
    assert!(nothing.operation().is_none(), "{nothing}");
    for part in ["Hält einen Dienst an (`grafana`)", "hier ist nichts eingerichtet"] {
        assert!(nothing.body().contains(part), "{part:?}: {nothing}");
    }

    // What a built-in intent plans takes what that one takes, whatever it is called.
    let discard = admin.proposal(&ops, "Verschrotte Grafana").await;
    let op = discard.operation().expect("an operation").clone();
    assert_eq!(
        (op["intent"].as_str(), &op["approvals"]["needed"]),
        (Some("discard_service"), &serde_json::json!(2)),
        "{op}"
    );
    admin.ask(&ops, &format!("!ralf abbrechen {}", discard.operation_id())).await;

    std::fs::write(playbooks.join("stop.yml"), on_page("playbooks/stop.yml")).expect("written");
    let stop = admin.proposal(&ops, "Kannst du Grafana bitte anhalten?").await;
    let op = stop.operation().expect("an operation").clone();
    assert_eq!(
        (op["intent"].as_str(), op["executor"].as_str()),
        (Some("stop_service"), Some("ansible")),
        "{op}"
    );
    // Nobody knows what a playbook of one's own may lose; no rule of the lab names the intent.
    assert_eq!(
        (op["risk"].as_str(), &op["approvals"]["needed"]),
        (Some("high"), &serde_json::json!(1)),
        "{op}"
    );
    assert!(op["digest"].as_str().is_some_and(|digest| digest.len() > 8), "{op}");
    assert!(stop.body().contains("grafana anhalten (node-1)"), "its steps are shown: {}", stop.body());
    assert!(grafana.runs().await, "nothing happens before the approval");
    admin.react(&ops, stop.id(), "✅").await;
    let report = admin.report(stop.operation_id(), "succeeded").await;
    assert!(report.body().contains("grafana steht."), "in the words of its own file: {report}");
    assert!(!grafana.runs().await);
    let journal = grafana.journal();
    assert!(journal[1].ends_with(&format!(" stop {}", stop.operation_id())), "{journal:?}");
}
