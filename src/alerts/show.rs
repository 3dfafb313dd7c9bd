//! What is shown in an incident's thread when it begins: its chart, and the end of the log that belongs to it.

use std::path::Path;
use std::sync::Arc;

use ralf_intents::Lang;
use serde_json::json;
use tokio::sync::mpsc;

use super::api::Http;
use super::evidence::{self, Evidence};
use super::{chart, tell};
use crate::house::House;
use crate::report::messages::alerts::{self as messages, Note, Reader};
use crate::store::{NewMessage, StoreError, Telling};

/// Shows what there is about each incident that begins.
pub(super) async fn run(house: Arc<House>, mut begun: mpsc::Receiver<String>) {
    let config = &house.config.alerts;
    if config.prometheus.is_none() && config.loki.is_none() {
        return;
    }
    let http = match Http::new() {
        Ok(http) => http,
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "no charts: there is no HTTP client");
            return;
        }
    };
    while let Some(id) = begun.recv().await {
        if let Err(error) = show(&house, &http, &id).await {
            tracing::warn!(incident = id, error = &error as &dyn std::error::Error, "no chart");
        }
    }
}

async fn show(house: &House, http: &Http, id: &str) -> Result<(), StoreError> {
    let Some(incident) = house.store.incident(id).await? else { return Ok(()) };
    let told = house.store.tellings_of(id).await?;
    let told: Vec<Telling> = told.into_iter().filter(|telling| telling.storm.is_none()).collect();
    if told.is_empty() {
        return Ok(());
    }
    let Evidence { chart, log } =
        evidence::gather(http, &house.config.alerts, &incident, house.store.clock.now_ms()).await;
    let path = house.chart_file(id);
    if let Some(picture) = &chart
        && let Err(error) = write(&path, &picture.png).await
    {
        tracing::warn!(path = %path.display(), %error, "a chart can't be written");
        return Ok(());
    }
    let mut tx = house.store.begin().await?;
    let tellings = tx.tellings_of(id).await?;
    if let Some(picture) = chart {
        let expression = incident.links.generator.as_deref().and_then(chart::expression).unwrap_or_default();
        for telling in &told {
            let Some(root) = telling.root() else { continue };
            if !tell::may_speak(house, &telling.room_id, tx.now_ms()) {
                continue;
            }
            let zone = house.time_zone();
            let lang: Lang = telling.lang.parse().unwrap_or(house.default_lang());
            let reader = Reader { lang, zone: &zone, now: tx.now_ms() };
            let caption = messages::note(&reader, &Note::Chart { expression: expression.clone() });
            let content = json!({
                "body": caption.plain(),
                "org.ralf.incident": messages::incident_field(&incident),
                "m.relates_to": {"rel_type": "m.thread", "event_id": root, "is_falling_back": true, "m.in_reply_to": {"event_id": root}},
                "m.mentions": {},
            });
            let row = json!({
                "path": path.display().to_string(),
                "name": format!("{}-{}.png", incident.title.replace(|c: char| !c.is_ascii_alphanumeric(), "-"), incident.id),
                "mimetype": "image/png",
                "width": picture.width,
                "height": picture.height,
                "content": content,
            });
            tx.say(NewMessage { kind: "!file".into(), ..tell::message(telling, row) }).await?;
        }
    }
    if let Some(lines) = log.filter(|lines| !lines.is_empty()) {
        tell::note_in(house, &mut tx, &incident, &tellings, &Note::Logs { lines }, None).await?;
    }
    tx.commit().await
}

async fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        tokio::fs::create_dir_all(folder).await?;
    }
    tokio::fs::write(path, bytes).await
}
