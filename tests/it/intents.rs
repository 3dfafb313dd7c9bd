//! `ralf intents` and `ralf check` on a folder of one's own, as they are run by hand.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};

use crate::harness::{RALF, Serve, fake, fresh_folder};
use crate::programs::{Ran, ralf};

fn inventory() -> String {
    format!("{}/intents/tests/data/inventory.json", env!("CARGO_MANIFEST_DIR"))
}

fn folder(name: &str) -> PathBuf {
    let folder = fresh_folder(name);
    std::fs::create_dir(&folder).expect("a folder");
    folder
}

fn objects(ran: &Ran) -> Vec<Value> {
    ran.out.lines().map(|line| serde_json::from_str(line).expect("an object a line")).collect()
}

#[tokio::test]
async fn sentences_are_parsed_without_a_configuration() {
    let inventory = inventory();
    let arguments = ["intents", "parse", "--json", "--inventory", &inventory];
    let one = ralf(&[&arguments[..], &["restart jellyfin please"]].concat(), None, "").await;
    assert_eq!(one.code, Some(0), "{}", one.err);
    let parsed: Value = serde_json::from_str(one.out.trim()).expect("one object");
    for field in ["text", "lang", "outcome", "intent", "slots", "changes", "candidates", "trace", "ms"] {
        assert!(parsed.get(field).is_some(), "{field} is missing in {parsed}");
    }
    assert_eq!(
        (&parsed["lang"], &parsed["outcome"], &parsed["intent"]),
        (&"en".into(), &"intent".into(), &"restart_service".into())
    );
    assert_eq!((&parsed["slots"]["service"], &parsed["changes"]), (&"jellyfin".into(), &true.into()));
    let lines = "Wie wird das Wetter?\nInstalliere Jellyfin\n\nAuf keinen Fall jellyfin neu starten\n";
    let many = ralf(&arguments, None, lines).await;
    let parsed: Vec<Value> =
        many.out.lines().map(|line| serde_json::from_str(line).expect("an object a line")).collect();
    assert_eq!(parsed.len(), 4, "one answer a line: {}", many.out);
    assert_eq!(parsed[0]["outcome"], "none");
    assert_eq!(parsed[1]["intent"], "deploy_service");
    assert_ne!(parsed[3]["outcome"], "intent", "{}", parsed[3]);
}

#[tokio::test]
async fn what_parse_prints_is_what_is_promised() {
    let lines = "Installiere Jellyfin\nrestart garfana\nStarte jellyfin neu und zeig mir die Logs von gitea\nBackup und so\n";
    let arguments = ["intents", "parse", "--json", "--model", "none", "--inventory", &inventory()];
    let parsed = objects(&ralf(&arguments, None, lines).await);
    let keys = |object: &Value| object.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    let known = [
        "candidates",
        "changes",
        "intent",
        "lang",
        "missing",
        "more",
        "ms",
        "options",
        "outcome",
        "slots",
        "text",
        "trace",
    ];
    for object in &parsed {
        assert!(keys(object).iter().all(|key| known.contains(&key.as_str())), "{object}");
        assert!(object["ms"].is_number() && object["text"].is_string(), "{object}");
        assert!(["de", "en"].contains(&object["lang"].as_str().expect("a text")), "{object}");
        let outcome = object["outcome"].as_str().expect("a text");
        assert!(["intent", "ask", "none"].contains(&outcome), "{object}");
        for candidate in object["candidates"].as_array().expect("a list") {
            assert!(candidate["intent"].is_string() && candidate["confidence"].is_number(), "{object}");
        }
        for trace in object["trace"].as_array().expect("a list") {
            assert!(trace["reader"].is_string() && trace["said"].is_string(), "{object}");
        }
        assert!(object["slots"].as_object().expect("slots").values().all(Value::is_string), "{object}");
        if outcome == "ask" {
            assert!(object.get("missing").or(object.get("options")).is_some(), "{object}");
        }
    }
    assert_eq!(
        (&parsed[1]["outcome"], &parsed[1]["missing"]),
        (&json!("ask"), &json!("service")),
        "{}",
        parsed[1]
    );
    let options = parsed[1]["options"].as_array().expect("options");
    assert_eq!((&options[0]["label"], &options[0]["intent"]), (&json!("grafana"), &json!("restart_service")));
    let more = &parsed[2]["more"][0];
    assert_eq!(
        (&parsed[2]["intent"], &more["intent"]),
        (&json!("restart_service"), &json!("show_logs")),
        "{}",
        parsed[2]
    );
    for key in ["outcome", "intent", "slots", "changes"] {
        assert!(more.get(key).is_some(), "{more}");
    }
}

#[tokio::test]
async fn nothing_that_is_piped_in_ends_it_early() {
    let mut input = b"\xff\xfe\x80 restart \xc3\n\n   \n\0\r\n".to_vec();
    for long in [
        "starte grafana neu und ".repeat(4_500),
        "a".repeat(100_000),
        "\"' ".repeat(33_000),
        "🦀".repeat(25_000),
    ] {
        input.extend(long.as_bytes());
        input.push(b'\n');
    }
    input.extend(b"restart jellyfin");
    let arguments = ["intents", "parse", "--json", "--model", "none", "--inventory", &inventory()];
    let ran = ralf(&arguments, None, &input).await;
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let parsed = objects(&ran);
    assert_eq!(parsed.len(), 9, "one answer a line");
    assert!(parsed[..8].iter().all(|object| object["changes"] == false));
    // The last line has no end.
    assert_eq!(
        (&parsed[8]["text"], &parsed[8]["intent"]),
        (&json!("restart jellyfin"), &json!("restart_service"))
    );
}

#[tokio::test]
async fn each_line_is_answered_when_it_comes_and_ctrl_c_ends_it() {
    // Whoever runs tests in the background may have them ignore Ctrl-C, and what is ignored is inherited.
    let mut child = tokio::process::Command::new("env")
        .args(["--default-signal=INT", RALF, "intents", "parse", "--inventory", &inventory()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("ralf runs");
    let mut stdin = child.stdin.take().expect("its input");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    stdin.write_all(b"restart jellyfin\n").await.expect("said");
    let answer = tokio::time::timeout(Duration::from_secs(60), lines.next_line()).await.expect("in time");
    assert_eq!(answer.expect("a line").as_deref(), Some("restart jellyfin"));
    let pid = rustix::process::Pid::from_raw(child.id().expect("it runs").cast_signed()).expect("a pid");
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("Ctrl-C");
    let ended = tokio::time::timeout(Duration::from_secs(60), child.wait()).await.expect("it ends");
    assert!(!ended.expect("its end").success());
    drop(stdin);
}

const CASES: &str = r#"{"text": "restart jellyfin", "intent": "restart_service", "slots": {"service": "jellyfin"}, "lang": "en", "kind": "plain"}
{"text": "Starte Gitea neu", "intent": "restart_service", "slots": {"service": "jellyfin"}, "lang": "de"}
{"text": "Starte jelyfin neu", "intent": "restart_service", "slots": {"service": "jellyfin"}, "lang": "de"}
{"text": "remove gitea", "intent": "show_status", "slots": {"target": "gitea"}, "lang": "en"}
{"text": "Wie wird das Wetter?", "intent": "none", "lang": "de", "kind": "foreign"}
{"text": "restart gitea", "intent": "none", "lang": "en", "kind": "foreign"}
"#;

#[tokio::test]
async fn eval_tells_all_figures() {
    let folder = folder("eval");
    let file = folder.join("cases.jsonl").to_string_lossy().into_owned();
    std::fs::write(&file, CASES).expect("written");
    let arguments = ["intents", "eval", "--model", "none", "--inventory", &inventory(), &file];
    let people = ralf(&arguments, None, "").await;
    assert_eq!(people.code, Some(0), "{}", people.err);
    for part in [
        "6 sentences, 4 of them ours",
        "right (intent and slots)",
        "slots wrong",
        "left alone",
        "wrong and changing (all)",
        "foreign became an action",
        "one that changes",
        "p50",
        "p99",
        "language",
        "reader",
        "kind",
        "meant → read",
        "(95 %:",
    ] {
        assert!(people.out.contains(part), "{part}: {}", people.out);
    }
    let figures = objects(&ralf(&[&arguments[..], &["--json"]].concat(), None, "").await).remove(0);
    let count = |group: &str, what: &str| {
        figures[group][what].as_u64().unwrap_or_else(|| panic!("{group} {what}: {figures}"))
    };
    assert_eq!((count("ours", "cases"), count("ours", "right"), count("ours", "asked")), (4, 1, 1));
    assert_eq!((count("ours", "intent"), count("ours", "slots_wrong"), count("ours", "wrong")), (3, 1, 2));
    assert_eq!(
        (count("all", "wrong_changing"), count("foreign", "wrong_changing"), count("foreign", "right")),
        (3, 1, 1)
    );
    let share = &figures["ours"]["shares"]["right"];
    assert_eq!(share["share"], 0.25);
    assert!(share["low"].as_f64() < Some(0.06) && share["high"].as_f64() > Some(0.69), "Wilson: {share}");
    for key in ["p50", "p95", "p99", "max"] {
        assert!(figures["latency"][key].is_number(), "{figures}");
    }
    assert_eq!(figures["by_lang"]["de"]["cases"], 2);
    assert_eq!(figures["by_kind"]["foreign"]["cases"], 2);
    assert_eq!(figures["by_intent"]["restart_service"]["cases"], 3);
    assert!(figures["by_reader"]["grammar"].is_object() && figures["model"].is_null(), "{figures}");
    assert_eq!(figures["confusion"]["show_status"]["remove_service"], 1);
    assert_eq!(figures["misses"].as_array().map(Vec::len), Some(4), "{figures}");
}

#[tokio::test]
async fn bad_lines_and_unknown_intents_are_named() {
    let folder = folder("eval-bad");
    let file = folder.join("cases.jsonl").to_string_lossy().into_owned();
    std::fs::write(&file, format!("{CASES}nothing\n\n{{\"text\": \"a\"}}\n")).expect("written");
    let bad = ralf(&["intents", "eval", &file], None, "").await;
    assert_eq!((bad.code, bad.out.as_str()), (Some(2), ""));
    assert!(
        bad.err.contains("cases.jsonl:7: ") && bad.err.contains("cases.jsonl:9: missing field `intent`"),
        "{}",
        bad.err
    );
    std::fs::write(&file, "{\"text\": \"weck den nas\", \"intent\": \"wake_host\"}\n").expect("written");
    let unknown = ralf(&["intents", "eval", &file], None, "").await;
    assert_eq!(unknown.code, Some(0), "{}", unknown.err);
    assert!(unknown.err.contains("there is no intent `wake_host`"), "{}", unknown.err);
    let empty = ralf(&["intents", "eval", "/dev/null"], None, "").await;
    assert!(empty.code == Some(2) && empty.err.contains("no sentences"), "{}", empty.err);
}

/// A server with Ollama's API that has one model and always says the same (a fake: what a real one says is not ours to choose).
async fn says(answer: &'static str) -> String {
    use axum::{
        Router,
        extract::Json,
        routing::{get, post},
    };
    let tags = || async { Json(json!({"models": [{"name": "tiny:latest", "model": "tiny:latest"}]})) };
    let chat = move |Json(asked): Json<Value>| async move {
        let schema = &asked["format"]["properties"]["colour"];
        let content = if schema.is_object() { r#"{"colour": "blue"}"# } else { answer };
        let message = json!({"role": "assistant", "content": content});
        Json(json!({"model": "tiny", "created_at": "2026-01-01T00:00:00Z", "message": message, "done": true}))
    };
    // As many numbers as a text has of some letters.
    let embed = |Json(asked): Json<Value>| async move {
        let vector = |text: &Value| {
            let text = text.as_str().unwrap_or_default();
            json!(["e", "n", "t", "s", "r"].map(|letter| text.matches(letter).count()))
        };
        let vectors = asked["input"].as_array().map(|texts| texts.iter().map(vector).collect::<Vec<_>>());
        Json(json!({"embeddings": vectors}))
    };
    let app = Router::new()
        .route("/api/version", get(|| async { Json(json!({"version": "0.17.4"})) }))
        .route("/api/show", post(|| async { Json(json!({"model_info": {}})) }))
        .route("/api/tags", get(tags))
        .route("/api/chat", post(chat))
        .route("/api/embed", post(embed));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{address}")
}

#[tokio::test]
async fn two_models_are_compared() {
    let (homeserver, folder) = (fake::homeserver().await, folder("compare"));
    let url = says(r#"{"intent": "show_logs", "slots": {}}"#).await;
    let model = format!("[model]\nprovider = \"ollama\"\nurl = \"{url}\"\nname = \"tiny\"\n");
    let config = fake::config_file(&folder, &homeserver, "127.0.0.1:0", "sqlite:ralf.db", &model);
    let file = folder.join("cases.jsonl").to_string_lossy().into_owned();
    let doubtful = "gitea logs oder status irgendwie";
    std::fs::write(
        &file,
        format!(
            "{CASES}{}\n",
            json!({"text": doubtful, "intent": "show_logs", "slots": {"service": "gitea"}})
        ),
    )
    .expect("written");
    let arguments = ["intents", "eval", "--inventory", &inventory(), "--compare", "none", &file];
    let people = ralf(&[&arguments[..], &["--details"]].concat(), Some(&config), "").await;
    assert_eq!(people.code, Some(0), "{}", people.err);
    for part in
        ["tiny", "without a model", "only the first", "only the second", "McNemar", "read differently"]
    {
        assert!(people.out.contains(part), "{part}: {}", people.out);
    }
    let figures = objects(&ralf(&[&arguments[..], &["--json"]].concat(), Some(&config), "").await).remove(0);
    assert_eq!(
        (&figures["first"]["model"]["name"], &figures["second"]["model"]),
        (&json!("tiny"), &Value::Null)
    );
    assert!(figures["first"]["model"]["times"].as_u64() > Some(0), "it is asked in doubt: {figures}");
    assert!(figures["right"]["p"].is_number() && figures["wrong_changing"]["p"] == 1.0, "{figures}");
    assert_eq!(
        people.out.contains("  second "),
        figures["differences"].as_array().is_some_and(|all| !all.is_empty())
    );

    let missing = ralf(&["intents", "eval", "--compare", "huge", &file], Some(&config), "").await;
    assert!(missing.code == Some(2) && missing.err.contains("ollama pull huge"), "{}", missing.err);
    let nowhere = ralf(&["intents", "eval", "--compare", "huge", &file], None, "").await;
    assert!(
        nowhere.code == Some(2) && nowhere.err.contains("--compare huge: give a configuration"),
        "{}",
        nowhere.err
    );
}

#[tokio::test]
async fn embeddings_can_be_left_out_and_asked_alone() {
    let (homeserver, folder) = (fake::homeserver().await, folder("embeddings"));
    let url = says(r#"{"intent": "show_logs", "slots": {}}"#).await;
    let model = format!(
        "[model]\nprovider = \"ollama\"\nurl = \"{url}\"\nname = \"tiny\"\nembedding_name = \"letters\"\n"
    );
    let config = fake::config_file(&folder, &homeserver, "127.0.0.1:0", "sqlite:ralf.db", &model);
    let asked = async |more: &[&str]| {
        let text = ["gitea logs oder status irgendwie"];
        let inventory = inventory();
        let arguments = [&["intents", "parse", "--inventory", &inventory][..], more, &text].concat();
        let said = ralf(&arguments, Some(&config), "").await;
        assert_eq!(said.code, Some(0), "{}", said.err);
        (said.out.contains("embeddings: letters"), said.out.contains("model: tiny"))
    };
    assert_eq!(asked(&["--model", "none"]).await, (true, false));
    assert_eq!(asked(&["--no-embeddings"]).await, (false, true));
    assert_eq!(asked(&["--model", "none", "--no-embeddings"]).await, (false, false));
}

/// What stands on the page about models can be run as it stands there, as far as it needs none.
#[tokio::test]
async fn the_page_about_models_holds() {
    const PAGE: &str = include_str!("../../docs/src/models.md");
    let folder = folder("models");
    for file in ["sentences.jsonl", "names.json"] {
        let (_, after) = PAGE.split_once(&format!("`{file}`")).expect("its name");
        let (_, after) = after.split_once("```json\n").expect("its block");
        std::fs::write(folder.join(file), after.split_once("```").expect("its end").0).expect("written");
    }
    let commands: Vec<&str> = PAGE
        .split("```sh\n")
        .skip(1)
        .filter_map(|after| after.split_once("\n```").map(|(line, _)| line))
        .collect();
    assert_eq!(commands.len(), 2);
    for command in commands {
        let words = command.split(' ').skip(1).map(|word| match folder.join(word) {
            path if path.is_file() => path.to_string_lossy().into_owned(),
            _ => word.to_owned(),
        });
        let words: Vec<String> = words.collect();
        let ran = ralf(&words.iter().map(String::as_str).collect::<Vec<_>>(), None, "").await;
        assert_eq!(ran.code, Some(0), "{command}: {}", ran.err);
        if command.contains("--compare") {
            assert!(ran.out.contains("read differently: 0 of 5"), "{}", ran.out);
        } else {
            assert!(ran.out.contains("5 sentences, 3 of them ours"), "{}", ran.out);
            for figure in
                PAGE.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" |")).map(|cell| cell.0)
            {
                let figure = figure.split(", p99").next().unwrap_or_default();
                assert!(
                    ["figure", "---"].contains(&figure) || ran.out.contains(figure),
                    "{figure}: {}",
                    ran.out
                );
            }
        }
    }
}

const STOP: &str = include_str!("../../docs/src/adding-an-intent.md");

/// The intent of the page that tells how to add one.
fn stop_service(into: &Path) -> PathBuf {
    let (_, after) = STOP.split_once("\n`intents/stop_service.toml`:\n\n```toml\n").expect("the file");
    let path = into.join("stop_service.toml");
    std::fs::create_dir_all(into).expect("a folder");
    std::fs::write(&path, after.split_once("\n```").expect("its end").0).expect("written");
    path
}

#[tokio::test]
async fn the_intent_of_the_page_is_understood_in_both_languages() {
    let own = folder("own").join("intents");
    stop_service(&own);
    let own = own.to_string_lossy();
    let arguments = ["intents", "parse", "--json", "--catalogue", &own, "--inventory", &inventory()];
    let lines = "Halte Jellyfin auf nas an\nKannst du gitea bitte stoppen?\nstop grafana\nplease halt gitea on the nas\nstoppe jelyfin\nWarum ist gitea stehen geblieben?\nstarte gitea neu\n";
    let parsed = objects(&ralf(&arguments, None, lines).await);
    let read: Vec<(&str, Value)> = parsed
        .iter()
        .map(|object| (object["intent"].as_str().expect("a name"), object["slots"].clone()))
        .collect();
    assert_eq!(read[0], ("stop_service", json!({"service": "jellyfin", "node": "nas"})));
    assert_eq!(read[1], ("stop_service", json!({"service": "gitea"})));
    assert_eq!(read[2], ("stop_service", json!({"service": "grafana"})));
    assert_eq!(read[3], ("stop_service", json!({"service": "gitea", "node": "nas"})));
    assert!(
        parsed[..4].iter().all(|object| object["outcome"] == "intent" && object["changes"] == true),
        "{parsed:#?}"
    );
    assert_eq!(
        (&parsed[4]["outcome"], &parsed[4]["missing"]),
        (&json!("ask"), &json!("service")),
        "{}",
        parsed[4]
    );
    assert_ne!((&parsed[5]["outcome"], read[5].0), (&json!("intent"), "stop_service"));
    assert_eq!(read[6].0, "restart_service");
    let schema = ralf(&["intents", "schema"], None, "").await;
    assert!(
        serde_json::from_str::<Value>(&schema.out).is_ok_and(|schema| schema["$defs"]["intent"].is_object())
    );
}

#[tokio::test]
async fn check_points_at_the_lines_of_a_folder_of_ones_own() {
    let (homeserver, folder) = (fake::homeserver().await, folder("check-own"));
    let more = "[intents]\nfolder = \"own\"\n[[policy.rules]]\nintents = [\"stop_service\"]\napprovals = 1\n";
    let config = fake::config_file(&folder, &homeserver, "127.0.0.1:0", "sqlite:ralf.db", more);
    let missing = ralf(&["check"], Some(&config), "").await;
    assert!(
        missing.code == Some(2) && missing.err.contains("ralf.toml:15: `intents.folder`"),
        "{}",
        missing.err
    );

    let file = stop_service(&folder.join("own"));
    let sound = ralf(&["check"], Some(&config), "").await;
    assert_eq!(sound.code, Some(0), "{}", sound.err);
    assert!(
        sound.out.contains("intents     19; from") && sound.out.contains(": stop_service\n"),
        "{}",
        sound.out
    );
    assert!(!sound.out.contains("note: "), "nothing is odd about it: {}", sound.out);

    let text = std::fs::read_to_string(&file).expect("read");
    std::fs::write(&file, text.replace("(stop|halt) {service}\"", "reboot {service}\"")).expect("written");
    let odd = ralf(&["check"], Some(&config), "").await;
    assert_eq!(odd.code, Some(0), "{}", odd.err);
    assert!(
        odd.out.contains("stop_service.toml:32: ") && odd.out.contains("`restart_service`"),
        "{}",
        odd.out
    );

    std::fs::write(&file, text.replace("type = \"node\"", "type = \"nodes\"")).expect("written");
    std::fs::write(
        folder.join("own/b.toml"),
        text.replace("{service} [an]", "{dienst} [an").replace("bot = \"infra\"", "bot = \"x\""),
    )
    .expect("written");
    let wrong = ralf(&["check"], Some(&config), "").await;
    assert_eq!(wrong.code, Some(2), "{}", wrong.out);
    for part in [
        "own/stop_service.toml:22: unknown variant `nodes`",
        "own/b.toml:3: there is no bot `x`",
        "own/b.toml:26: ",
    ] {
        assert!(wrong.err.contains(part), "{part}: {}", wrong.err);
    }
    let doctor = ralf(&["doctor"], Some(&config), "").await;
    assert!(
        doctor.out.contains("❌ intents: ") && doctor.out.contains("stop_service.toml:22"),
        "{}",
        doctor.out
    );
    let parse = ralf(&["intents", "parse", "stop gitea"], Some(&config), "").await;
    assert!(parse.code == Some(2) && parse.err.contains("stop_service.toml:22"), "{}", parse.err);
    let mut serve = Serve::start(&config, &[]);
    assert_eq!(serve.ends().await.code(), Some(2), "{}", serve.log());
    assert!(serve.log().contains("stop_service.toml:22"), "{}", serve.log());
}
