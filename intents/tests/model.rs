//! The model path: what is believed, and what is asked.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use ralf_intents::{
    Catalogue, Class, Inventory, ModelError, Names, Outcome, ScriptedModel, Understanding, prompt_hash,
    prompt_version,
};

fn lab() -> (Understanding, Names) {
    let inventory = Inventory::from_json(
        r#"{"services": {"jellyfin": {}, "grafana": {}}, "hosts": {"node-1": {}, "node-2": {}}}"#,
    )
    .unwrap();
    (Understanding::new(Catalogue::builtin().unwrap()), Names::new(&inventory))
}

const DOUBTFUL: &str = "gib dem grafana mal einen ordentlichen tritt";

#[tokio::test]
async fn a_clear_command_asks_no_model() {
    let (ralf, names) = lab();
    let model = ScriptedModel::default();
    let reading = ralf.read_with_model("starte grafana neu", &names, None, &model).await;
    assert!(reading.intent().is_some());
    assert!(model.asked().is_empty());
}

#[tokio::test]
async fn a_change_that_only_the_model_sees_is_asked_about() {
    let (ralf, names) = lab();
    let model = ScriptedModel::new([Ok(
        r#"{"intent": "restart_service", "slots": {"service": "grafana"}}"#.to_owned()
    )]);
    let reading = ralf.read_with_model(DOUBTFUL, &names, None, &model).await;
    assert!(!matches!(reading.outcome, Outcome::Intent(ref i) if i.changes), "{reading:#?}");
}

#[tokio::test]
async fn a_model_brings_neither_intents_nor_values_of_its_own() {
    let (ralf, names) = lab();
    let before = ralf.read(DOUBTFUL, &names, None);
    for said in [
        r#"{"intent": "launch_missiles", "slots": {}}"#,
        r#"{"intent": "restart_service", "slots": {"service": "jellyfin"}}"#,
        "sure! I will do that",
        "{\"intent\": \"restart",
        "",
    ] {
        let model = ScriptedModel::new([Ok(said.to_owned())]);
        let reading = ralf.read_with_model(DOUBTFUL, &names, None, &model).await;
        assert!(reading.intent().is_none(), "{said}: {reading:#?}");
        let text = serde_json::to_string(&reading.outcome).unwrap();
        assert!(!text.contains("jellyfin") && !text.contains("missiles"), "{said}: {text}");
    }
    let model = ScriptedModel::new([Err(ModelError::Timeout(5))]);
    let reading = ralf.read_with_model(DOUBTFUL, &names, None, &model).await;
    assert_eq!(reading.outcome, before.outcome, "without the model it is the reading without the model");
}

#[tokio::test]
async fn the_record_tells_model_prompt_and_answer() {
    let (ralf, names) = lab();
    let model = ScriptedModel::new([Ok(r#"{"intent": "restart_service", "slots": {}}"#.to_owned())]);
    let reading = ralf.read_with_model(DOUBTFUL, &names, None, &model).await;
    let said = |reader: &str| reading.trace.iter().find(|t| t.reader == reader).unwrap().said.clone();
    assert!(said("model").starts_with("scripted: restart_service"), "{reading:#?}");
    assert_eq!(said("prompt"), format!("version {}, sha256 {}", prompt_version(), prompt_hash()));
}

#[tokio::test]
async fn a_reading_holds_what_the_person_wrote_and_nothing_of_the_lab() {
    let (ralf, names) = lab();
    let model = ScriptedModel::new([Ok(String::new())]);
    ralf.read_with_model(DOUBTFUL, &names, None, &model).await;
    let asked = model.asked().remove(0);
    assert_eq!(asked.holds, [Class::Talk]);
    let all = format!("{} {} {}", asked.system, asked.user.replace(DOUBTFUL, ""), asked.schema.unwrap());
    for name in ["node-1", "node-2"] {
        assert!(!all.contains(name), "{name} in {all}");
    }
}
