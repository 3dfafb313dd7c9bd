//! R.A.L.F. with a model that knows nothing, without it, and with it again.

use super::{CHAT, url};
use crate::harness::{Person, RALF, Stage, until};

/// None of them says what to do: the best answer to each is a question, or none.
const DOUBTFUL: [&str; 6] = [
    "jellyfin",
    "mach mal was mit Grafana",
    "kick jellyfin out of bed",
    "Gitea, du weißt schon",
    "could someone look after vaultwarden",
    "immich einspielen oder so",
];

/// One of them, for which the model is asked.
const IN_DOUBT: &str = "kick jellyfin out of bed";

/// How many requests the model had. Some of its answers can't be read: it knows nothing.
async fn asked(stage: &Stage) -> u64 {
    let name = format!("ralf_model_answers_total{{model=\"{CHAT}\"");
    let text = metrics(stage).await;
    let lines = text.lines().filter(|line| line.starts_with(&name));
    lines.map(|line| line.rsplit(' ').next().unwrap_or_default().parse::<u64>().expect("a number")).sum()
}

/// How often nobody answered, be it the model or the one for embeddings.
fn in_vain(stage: &Stage) -> usize {
    stage.log().lines().filter(|line| line.contains("no model server answers")).count()
}

async fn metrics(stage: &Stage) -> String {
    let answer = reqwest::get(format!("{}/metrics", stage.info().ralf)).await.expect("the metrics");
    answer.text().await.expect("text")
}

/// Waits until R.A.L.F. has found that the model can be asked.
async fn able(stage: &Stage) {
    let line = format!("ralf_model_able{{model=\"{CHAT}\"}} 1");
    until(&line, async || metrics(stage).await.contains(&line)).await;
}

/// Says something that leaves doubt, and checks that nothing is proposed for it.
async fn doubt(admin: &Person, ops: &str, text: &str) {
    let answer = admin.ask(ops, &format!("!ralf {text}")).await;
    assert!(answer.operation().is_none(), "{text:?} leads to {answer}");
}

async fn doctor(stage: &Stage) -> (Option<i32>, String) {
    let config = stage.info().config;
    let run = tokio::process::Command::new(RALF).arg("doctor").arg("-c").arg(config).output().await;
    let output = run.expect("it runs");
    (output.status.code(), String::from_utf8(output.stdout).expect("text"))
}

#[tokio::test]
async fn a_model_that_knows_nothing_turns_no_doubt_into_a_deed() {
    let stage = Stage::with_model().await;
    let (ops, admin) = (stage.room("ops"), stage.person("admin").await);
    able(&stage).await;
    let (before, lost) = (asked(&stage).await, in_vain(&stage));
    for text in DOUBTFUL {
        doubt(&admin, &ops, text).await;
    }
    assert!(asked(&stage).await > before, "it is asked at all");
    assert_eq!(in_vain(&stage), lost, "and it answers");
}

#[tokio::test]
async fn people_are_served_while_the_model_is_gone_and_it_is_asked_again_afterwards() {
    let stage = Stage::with_model().await;
    let (ops, admin) = (stage.room("ops"), stage.person("admin").await);
    let ralf = stage.lab().pid("ralf").expect("it runs");
    able(&stage).await;
    let (code, said) = doctor(&stage).await;
    let sound = format!("✅ model {CHAT}: Ollama ");
    assert!(code == Some(0) && said.contains(&sound) && said.contains("e5 gives vectors of 384"), "{said}");

    stage.lab().take_down("ollama").await;
    doubt(&admin, &ops, IN_DOUBT).await;
    let proposal = admin.proposal(&ops, "Installiere Gitea auf node-3").await;
    admin.ask(&ops, &format!("!ralf abbrechen {}", proposal.operation_id())).await;
    let (code, said) = doctor(&stage).await;
    let why = format!("❌ model {CHAT}: no model server answers at {}", url(&stage));
    assert!(code == Some(1) && said.contains(&why), "{said}");

    stage.lab().bring_up("ollama").await;
    able(&stage).await;
    let before = asked(&stage).await;
    for text in DOUBTFUL {
        doubt(&admin, &ops, text).await;
    }
    assert!(asked(&stage).await > before, "it is asked again");
    assert_eq!(stage.lab().pid("ralf"), Some(ralf), "for that nobody started R.A.L.F. again");
}
