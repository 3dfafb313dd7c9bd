//! A plan that is too long for a message is attached, by its hash; what is shown always fits.

use std::path::Path;

use ralf::report::messages;
use ralf_intents::Lang;
use sha2::{Digest as _, Sha256};

use crate::harness::{Event, Stage};
use crate::store::operation;

/// What a homeserver takes: 65,536 bytes an event, of which it adds some itself.
const LIMIT: usize = 60_000;

#[tokio::test]
async fn a_plan_of_sixty_kilobytes_is_attached_and_named_by_its_hash() {
    let stage = Stage::own("long", &[]).await;
    let ops = stage.room("ops");
    let admin = stage.person("admin").await;
    let services = stage.dir.join("services.toml");
    let services = if services.exists() { services } else { find(&stage.dir) };
    let words: Vec<String> = (0..6_000).map(|n| format!("--wort-{n:05}")).collect();
    let mut text = std::fs::read_to_string(&services).expect("the services");
    text.push_str(&format!(
        "\n[services.riesendienst]\nport = 18080\ncommand = \"/bin/true {}\"\n",
        words.join(" ")
    ));
    std::fs::write(&services, text).expect("written");

    let proposal = admin.proposal(&ops, "Installiere Riesendienst auf node-1").await;
    let size = proposal.raw.to_string().len();
    assert!(size < 65_536, "{size} bytes");
    assert!(!proposal.body().contains("wort-00100"), "the diff is not in the message");
    let id = proposal.operation_id();
    let file = |e: &Event| {
        e.is_new_message() && e.thread() == Some(proposal.id()) && e.content()["msgtype"] == "m.file"
    };
    let file = admin.wait_for("the attached plan", file).await;
    assert_eq!(file.operation_id(), id);
    let name = file.content()["filename"].as_str().unwrap_or(file.body());
    assert!(proposal.body().contains(name), "the proposal names it: {}", proposal.body());
    let url = file.content()["url"].as_str().expect("an address").replacen("mxc://", "", 1);
    let info = stage.info();
    let url = format!("{}/_matrix/client/v1/media/download/{url}", info.homeserver);
    let got = reqwest::Client::new()
        .get(url)
        .bearer_auth(&info.users["admin"].access_token)
        .send()
        .await
        .expect("an answer");
    let bytes = got.error_for_status().expect("the file").bytes().await.expect("all of it");
    assert!(bytes.len() > 60_000, "{} bytes", bytes.len());
    let text = String::from_utf8(bytes.to_vec()).expect("text");
    assert!(words.iter().all(|word| text.contains(word)), "nothing is cut");
    let hash: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(
        proposal.body().contains(&hash),
        "the proposal names the file's hash {hash}: {}",
        proposal.body()
    );
    // And so do its edits.
    admin.react(&ops, proposal.id(), "❌").await;
    let denied = admin
        .wait_for("the proposal to say so", |e| {
            e.is_edit() && e.target() == proposal.id() && e.state() == "denied"
        })
        .await;
    assert!(denied.body().contains(&hash) && denied.raw.to_string().len() < 65_536);
}

fn find(dir: &Path) -> std::path::PathBuf {
    let folders = std::fs::read_dir(dir).expect("the lab").flatten();
    folders
        .map(|entry| entry.path().join("services.toml"))
        .find(|path| path.exists())
        .expect("the services file")
}

#[test]
fn whatever_a_diff_is_made_of_its_message_and_the_edit_fit() {
    for unit in
        ["a", "\"", "<", "&", "\\", "\u{200b}", "\u{1b}", "ä", "😀", "`", "+ x: \"<y>\"\n", "\n", "\t"]
    {
        for bytes in [500, 3_000, 9_000, 11_900, 12_100, 60_000] {
            let op = operation("abcdefghij", &unit.repeat(bytes / unit.len()));
            let text = messages::proposal(Lang::De, &op, &["@admin:lab.local".into()], 1_000);
            let text = text.with("org.ralf.operation", messages::field(&op, 1));
            let (new, edit) = (text.clone().reply_to("$ask").build(), text.edit_of("$proposal").build());
            for (what, content) in [("message", new), ("edit", edit)] {
                let size = content.to_string().len();
                assert!(size < LIMIT, "{bytes} bytes of {unit:?}: the {what} has {size} bytes");
            }
            if messages::long_diff(&op).is_none() && bytes < 600 && unit == "a" {
                assert!(
                    messages::proposal(Lang::De, &op, &[], 1_000).plain().contains(&op.plan.diff),
                    "it is shown whole"
                );
            }
        }
    }
}
