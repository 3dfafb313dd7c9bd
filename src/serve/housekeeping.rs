//! What would grow for ever is cut back: handled events, sent messages, old questions, old run folders.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::ServeError;
use crate::house::House;

/// How long handled events and sent messages are remembered, in milliseconds.
const REMEMBER_MS: i64 = 7 * DAY_MS;
/// How long the run folder of an ended operation is kept, in milliseconds.
const KEEP_RUNS_MS: i64 = 30 * DAY_MS;
/// How long an ended incident is kept, in milliseconds.
const KEEP_INCIDENTS_MS: i64 = 90 * DAY_MS;
/// How long a chart is kept after it was drawn.
const KEEP_CHARTS: Duration = Duration::from_secs(24 * 3_600);
const DAY_MS: i64 = 24 * 3_600_000;
const PAUSE: Duration = Duration::from_secs(3_600);

/// Cuts back every hour, for ever.
pub(super) async fn run(house: &Arc<House>) {
    loop {
        if let Err(error) = cut_back(house).await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "old rows and run folders stay for now"
            );
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn cut_back(house: &Arc<House>) -> Result<(), ServeError> {
    let now = house.store.clock.now_ms();
    house.store.forget_handled(now - REMEMBER_MS).await?;
    house.store.forget_incidents(now - KEEP_INCIDENTS_MS).await?;
    forget_charts(house).await;
    for (id, ended) in run_folders(house).await? {
        if ended.is_some_and(|ts| ts < now - KEEP_RUNS_MS) {
            let _ = tokio::fs::remove_dir_all(house.run_folder(&id)).await;
        }
    }
    Ok(())
}

/// Charts are only kept until they are surely sent.
async fn forget_charts(house: &House) {
    let folder = house.run_folder("charts");
    let Ok(mut files) = tokio::fs::read_dir(folder).await else { return };
    while let Ok(Some(file)) = files.next_entry().await {
        let drawn = file.metadata().await.and_then(|of| of.modified()).ok();
        if drawn.and_then(|at| at.elapsed().ok()).is_some_and(|age| age > KEEP_CHARTS) {
            let _ = tokio::fs::remove_file(file.path()).await;
        }
    }
}

/// At the start: removes run folders of plans that never became an operation, because we died while planning. A folder
/// that was claimed has run, whatever the database says, and stays.
pub(super) async fn tidy(house: &House) -> Result<(), ServeError> {
    for (id, _) in run_folders(house).await? {
        let folder = house.run_folder(&id);
        if house.store.operation(&id).await?.is_none() && !claimed(&folder) {
            let _ = tokio::fs::remove_dir_all(folder).await;
        }
    }
    Ok(())
}

fn claimed(folder: &Path) -> bool {
    folder.join("claim").exists()
}

/// All run folders, and when their operation came to its end (milliseconds since the epoch).
async fn run_folders(house: &House) -> Result<Vec<(String, Option<i64>)>, ServeError> {
    let mut found = Vec::new();
    let Some(runs) = &house.config.executors.runs else { return Ok(found) };
    let Ok(mut folders) = tokio::fs::read_dir(runs).await else { return Ok(found) };
    while let Ok(Some(folder)) = folders.next_entry().await {
        let name = folder.file_name().to_string_lossy().into_owned();
        if house.is_operation_id(&name) {
            let ended = house.store.ended(&name).await?;
            found.push((name, ended));
        }
    }
    Ok(found)
}
