//! What sentences mean to an embedding model: learnt once from the catalogue, and kept in a file under the hash of both.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ralf_intents::{Catalogue, Model, ModelError, Sense};
use sha2::{Digest, Sha256};

use super::Router;
use crate::plan::hex;

/// How long a failed attempt is left alone at most.
const PATIENCE: Duration = Duration::from_secs(600);

/// The sense of the first model server that has an embedding model: as it was kept in `folder`, else learnt now, which takes a
/// minute or two. Nothing when no server has one.
///
/// # Errors
/// When the server does not answer, or may not see what people say.
pub async fn sense(
    models: &Arc<Router>,
    catalogue: &Catalogue,
    folder: Option<&Path>,
) -> Result<Option<Sense>, ModelError> {
    let Some(name) = models.embedding_name() else { return Ok(None) };
    let key = Sense::key(catalogue, name);
    let file = folder.map(|folder| kept_in(folder, &key));
    let model: Arc<dyn Model> = Arc::clone(models) as _;
    if let Some(file) = &file
        && let Ok(kept) = tokio::fs::read_to_string(file).await
        && let Some(sense) = Sense::from_json(&kept, &key, Arc::clone(&model))
    {
        return Ok(Some(sense));
    }
    let began = std::time::Instant::now();
    tracing::info!(
        model = name,
        "the embedding model is asked what the catalogue's sentences mean; this takes a minute or two"
    );
    let sense = Sense::learn(catalogue, model, name).await?;
    tracing::info!(
        model = name,
        seconds = began.elapsed().as_secs(),
        "the embedding model helps to understand"
    );
    if let Some(file) = &file
        && let Err(error) = keep(file, &sense.to_json()).await
    {
        tracing::warn!(file = %file.display(), %error, "what was learnt can't be kept; the next start learns again");
    }
    Ok(Some(sense))
}

/// The same, tried until it succeeds.
pub async fn sense_at_last(
    models: &Arc<Router>,
    catalogue: &Catalogue,
    folder: Option<&Path>,
) -> Option<Sense> {
    let mut wait = Duration::from_secs(2);
    loop {
        match sense(models, catalogue, folder).await {
            Ok(sense) => return sense,
            Err(error) => tracing::debug!(%error, "the embedding model can't be asked yet"),
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(PATIENCE);
    }
}

fn kept_in(folder: &Path, key: &str) -> PathBuf {
    folder.join(format!(".sense-{}.json", hex(&Sha256::digest(key)[..8])))
}

async fn keep(file: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        tokio::fs::create_dir_all(folder).await?;
    }
    let half = file.with_extension("new");
    tokio::fs::write(&half, text).await?;
    tokio::fs::rename(&half, file).await
}
