//! The programs that people run by hand.

use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::harness::{RALF, Serve, Stage, fake, fresh_folder};

/// What a program came to.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs `ralf` to its end.
pub(crate) async fn ralf(arguments: &[&str], config: Option<&Path>, input: impl AsRef<[u8]>) -> Ran {
    let mut command = Command::new(RALF);
    command.args(arguments);
    if let Some(config) = config {
        command.arg("-c").arg(config);
    }
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("ralf runs");
    let mut stdin = child.stdin.take().expect("its input");
    let give = async {
        // A program that asks for nothing may be gone already.
        let _ = stdin.write_all(input.as_ref()).await;
        drop(stdin);
    };
    // It may answer before it has read everything.
    let both = async { tokio::join!(give, child.wait_with_output()).1 };
    let output = tokio::time::timeout(std::time::Duration::from_secs(120), both);
    let output = output.await.expect("it ends").expect("its output");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

#[tokio::test]
async fn check_migrate_and_doctor_find_a_sound_lab_sound() {
    let stage = Stage::shared().await;
    let config = stage.info().config;
    let check = ralf(&["check"], Some(&config), "").await;
    assert_eq!(check.code, Some(0), "{}{}", check.out, check.err);
    assert!(check.out.contains("all right") && check.out.contains("losing  "), "{}", check.out);
    assert!(!check.out.contains(&stage.info().as_token), "no secret is shown");
    let migrate = ralf(&["migrate"], Some(&config), "").await;
    assert_eq!(migrate.code, Some(0), "{}", migrate.err);
    let doctor = ralf(&["doctor"], Some(&config), "").await;
    assert_eq!(doctor.code, Some(0), "{}{}", doctor.out, doctor.err);
    assert!(!doctor.out.contains('❌'), "{}", doctor.out);
    for part in ["homeserver", "ralf-core", "ping", "room ops", "inventory", "ansible"] {
        assert!(doctor.out.contains(part), "{part} is looked at: {}", doctor.out);
    }
    assert!(!doctor.out.contains(&stage.info().as_token), "no secret is shown");
}

#[tokio::test]
async fn the_registration_is_what_the_homeserver_knows() {
    let stage = Stage::shared().await;
    let info = stage.info();
    let printed = ralf(&["registration"], Some(&info.config), "").await;
    assert_eq!(printed.code, Some(0), "{}", printed.err);
    let folder = fresh_folder("registration");
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::write(folder.join("printed.yaml"), &printed.out).expect("written");
    let read = |path: &Path| ralf_appservice::Registration::read(path).expect("a registration");
    let (printed, known) = (read(&folder.join("printed.yaml")), read(&stage.dir.join("registration.yaml")));
    assert_eq!(printed.as_token.expose(), info.as_token);
    assert_eq!(printed.hs_token.expose(), info.hs_token);
    assert_eq!(printed.url, Some(info.ralf));
    let regexes = |r: &ralf_appservice::Registration| {
        r.namespaces.users.iter().map(|n| (n.regex.clone(), n.exclusive)).collect::<Vec<_>>()
    };
    assert_eq!(regexes(&printed), regexes(&known));
    assert!(
        regexes(&printed)
            .iter()
            .all(|(regex, exclusive)| *exclusive && regex.starts_with('^') && regex.ends_with('$'))
    );
}

#[tokio::test]
async fn the_audit_is_verified_and_exported() {
    let stage = Stage::shared().await;
    let info = stage.info();
    let ops = stage.room("ops");
    let admin = stage.person("admin").await;
    let proposal = admin.proposal(&ops, "Installiere uptime-kuma auf node-3").await;
    admin.ask(&ops, &format!("!ralf ablehnen {}", proposal.operation_id())).await;
    let whole = ralf(&["audit", "verify"], Some(&info.config), "").await;
    assert_eq!(whole.code, Some(0), "{}{}", whole.out, whole.err);
    assert!(whole.out.contains("unbroken"), "{}", whole.out);
    let export = ralf(&["audit", "export"], Some(&info.config), "").await;
    let entries: Vec<Value> =
        export.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let kinds: Vec<&str> = entries
        .iter()
        .filter(|e| e["operation"] == proposal.operation_id())
        .filter_map(|e| e["kind"].as_str())
        .collect();
    assert_eq!(kinds, ["proposed", "vote", "denied"]);
    for (before, after) in entries.iter().zip(&entries[1..]) {
        assert_eq!(before["hash"], after["prev"]);
    }
    // A copy with a change in it.
    let copy = fresh_folder("tampered");
    std::fs::create_dir(&copy).expect("a folder");
    let pool = sqlx::SqlitePool::connect(&info.database).await.expect("the database");
    let target = copy.join("ralf.db");
    sqlx::query("VACUUM INTO $1").bind(target.display().to_string()).execute(&pool).await.expect("copied");
    let pool = sqlx::SqlitePool::connect(&format!("sqlite:{}", target.display())).await.expect("the copy");
    sqlx::query("UPDATE audit SET actor = 'nobody' WHERE kind = 'vote'")
        .execute(&pool)
        .await
        .expect("changed");
    pool.close().await;
    let text = std::fs::read_to_string(&info.config).expect("read");
    std::fs::write(
        copy.join("ralf.toml"),
        text.replace(&info.database, &format!("sqlite:{}", target.display())),
    )
    .expect("written");
    let broken = ralf(&["audit", "verify"], Some(&copy.join("ralf.toml")), "").await;
    assert_eq!(broken.code, Some(1), "{}{}", broken.out, broken.err);
    assert!(broken.out.contains("was changed"), "{}", broken.out);
}

#[tokio::test]
async fn what_is_wrong_has_an_exit_code_of_its_own() {
    let homeserver = fake::homeserver().await;
    let folder = fresh_folder("codes");
    std::fs::create_dir(&folder).expect("a folder");
    let write = |name: &str, listen: &str, database: &str, from: &str, to: &str| {
        let path = fake::config_file(&folder, &homeserver, listen, database, "");
        let text = std::fs::read_to_string(&path).expect("read").replace(from, to);
        let path = folder.join(name);
        std::fs::write(&path, text).expect("written");
        path
    };
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = (taken.local_addr().expect("its address").to_string(), taken);
    let token = homeserver.registration().as_token.expose().to_owned();
    let database = |name: &str| format!("sqlite:{}", folder.join(name).display());
    let cases = [
        ("a wrong field", 2, write("2.toml", "nowhere", &database("2.db"), "", "")),
        (
            "no such folder for the database",
            3,
            write("3.toml", "127.0.0.1:0", "sqlite:/nowhere/ralf.db", "", ""),
        ),
        (
            "another token",
            4,
            write("4.toml", "127.0.0.1:0", &database("4.db"), &token, "0123456789abcdef0123456789abcdee"),
        ),
        ("a port that is taken", 5, write("5.toml", &taken.0, &database("5.db"), "", "")),
    ];
    for (what, code, config) in &cases {
        let mut serve = Serve::start(config, &[]);
        let status = serve.ends().await;
        assert_eq!(status.code(), Some(*code), "{what}:\n{}", serve.log());
        assert!(!serve.log().contains(&token), "{what}: no secret is shown");
    }
    let check = ralf(&["check"], Some(&cases[0].2), "").await;
    assert_eq!(check.code, Some(2));
    assert!(check.err.contains("2.toml:") && check.err.contains("appservice.listen"), "{}", check.err);
    let doctor = ralf(&["doctor"], Some(&cases[2].2), "").await;
    assert_eq!(doctor.code, Some(1), "{}", doctor.out);
    assert!(doctor.out.contains("❌ ralf-core"), "{}", doctor.out);
}
