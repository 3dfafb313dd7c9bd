//! A service gets its secrets, and no room, log or database ever sees them.

use std::path::Path;

use crate::harness::{Event, Stage};

const FILE: &str = "laden-Geheim\"niß\"-4711";
const VARIABLE: &str = "umgebung-<geheim>-0815";
const TYPED: &str = "tippfehler99x";

/// What a careless playbook says: all of it, often enough for its log to be attached.
const CHATTER: &str = r#"
- name: "Write its secrets"
  ansible.builtin.copy:
    content: "{{ lookup('env', 'DB_PASSWORD') }}\n{{ lookup('env', 'API_TOKEN') }}"
    dest: "{{ svc.folders[0] }}/secrets"
    mode: "0600"
  when: svc.service == 'ladendienst'

- name: "Chatter {{ lookup('env', 'DB_PASSWORD') }}"
  ansible.builtin.command:
    argv: ["sh", "-c", "for n in $(seq 200); do printf '%s %s\n' \"$DB_PASSWORD\" \"$API_TOKEN\"; done"]
    expand_argument_vars: false
    removes: /
  when: svc.service == 'ladendienst'
"#;

/// Everything that R.A.L.F. keeps: its database, as the files are, and its log.
fn kept(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let database = ["ralf.db", "ralf.db-wal", "logs/ralf.log"].map(|name| dir.join(name));
    let found = database.iter().filter(|path| path.exists());
    found.map(|path| (path.display().to_string(), std::fs::read(path).expect("read"))).collect()
}

fn has(bytes: &[u8], part: &str) -> bool {
    bytes.windows(part.len()).any(|window| window == part.as_bytes())
}

#[tokio::test]
async fn a_secret_reaches_the_service_and_nothing_else() {
    let environment =
        [("LADEN_TOKEN", VARIABLE), ("RALF_LOG__LEVEL", "info,ralf=debug"), ("RALF_LOG__FORMAT", "json")];
    let stage = Stage::own("secrets", &environment).await;
    let ops = stage.room("ops");
    let admin = stage.person("admin").await;
    let file = stage.dir.join("laden-password");
    std::fs::write(&file, format!("{FILE}\n")).expect("written");
    let services = stage.dir.join("services.toml");
    let text = std::fs::read_to_string(&services).expect("the services");
    let more = format!(
        "\n[services.ladendienst]\nversion = \"1.0\"\nport = 18081\ncommand = \"sleep 600\"\n\
         [services.ladendienst.secrets]\nDB_PASSWORD = \"file:{}\"\nAPI_TOKEN = \"env:LADEN_TOKEN\"\n",
        file.display()
    );
    std::fs::write(&services, format!("{text}{more}")).expect("written");
    let tasks = stage.dir.join("playbooks/tasks/deploy-supervisord.yml");
    let text = std::fs::read_to_string(&tasks).expect("the playbook");
    let (before, after) = text.split_once("\n# `removes: /`").expect("where it starts");
    std::fs::write(&tasks, format!("{before}{CHATTER}\n# `removes: /`{after}")).expect("written");

    // Somebody says a password, and we don't say it again.
    let said = format!("Installiere Ladendienst auf node-1, ADMIN_PASSWORD={TYPED}");
    let asked = admin.ask(&ops, &said).await;
    assert!(asked.question().is_some(), "what else is said leaves a doubt: {asked}");
    admin.react(&ops, asked.id(), "1️⃣").await;
    let proposed = |e: &Event| e.is_new_message() && e.state() == "awaiting_approval";
    let proposal = admin.wait_for("the proposal", proposed).await;
    assert!(proposal.body().contains("+[hidden]"), "the diff is shown: {}", proposal.body());
    let id = proposal.operation_id().to_owned();
    admin.react(&ops, proposal.id(), "✅").await;
    admin.report(&id, "succeeded").await;
    let attached =
        |e: &Event| e.is_new_message() && e.operation_id() == id && e.content()["msgtype"] == "m.file";
    let attached = admin.wait_for("the attached log", attached).await;
    let why = admin.ask(&ops, &format!("!ralf why {id}")).await;
    assert!(why.body().contains("[hidden]"), "the sentence is told without it: {}", why.body());

    let url = attached.content()["url"].as_str().expect("an address").replacen("mxc://", "", 1);
    let info = stage.info();
    let url = format!("{}/_matrix/client/v1/media/download/{url}", info.homeserver);
    let log = reqwest::Client::new().get(url).bearer_auth(&info.users["admin"].access_token).send().await;
    let log = log.expect("an answer").error_for_status().expect("the file").text().await.expect("all of it");
    assert!(log.contains("[hidden] [hidden]"), "{log}");

    let store = stage.store().await;
    let op = store.operation(&id).await.expect("read").expect("it");
    assert_eq!(op.plan.secrets.len(), 2, "{:?}", op.plan.secrets);
    let entries = store.audit_entries(0, 1_000).await.expect("read");
    let rows = format!("{op:?} {entries:?} {:?}", store.waiting_messages().await.expect("read"));
    let ours: String =
        admin.all(|event| event.sender() != admin.id).iter().map(|e| e.raw.to_string()).collect();
    for part in ["laden-Geheim", "-4711", "umgebung-", "-0815", TYPED] {
        for (what, text) in [("rooms", &ours), ("rows", &rows), ("log", &stage.log()), ("attached log", &log)]
        {
            assert!(!text.contains(part), "{what}: {part} in {text}");
        }
    }
    // What was typed stands in the inbox until it is handled; what was resolved never does.
    for (what, bytes) in kept(&stage.dir) {
        for part in ["Geheim\"niß", "Geheim\\\"niß", "Geheim\\\\\"niß", "niß", VARIABLE, "umgebung-", "-0815"]
        {
            assert!(!has(&bytes, part), "{part} in {what}");
        }
    }
    assert!(
        stage.log().lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()),
        "{}",
        stage.log()
    );
    let got = find(&stage.dir.join("fleet/node-1/data/ladendienst"));
    assert_eq!(got, format!("{FILE}\n{VARIABLE}"));
}

fn find(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("secrets")).expect("the service's own file")
}
