//! What sentences mean to an embedding model: learnt once from the catalogue, and kept in a file under the hash of both.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ralf_intents::{Catalogue, Model, ModelError, Sense};
use sha2::{Digest, Sha256};

use super::Router;
use super::server::tokens_to_embed;
use crate::plan::hex;
use crate::store::StoreError;

/// How long a failed attempt is left alone at most.
const PATIENCE: Duration = Duration::from_secs(600);

/// Why nothing was learnt.
#[derive(Debug, thiserror::Error)]
pub enum NotLearnt {
    /// The server does not answer, or may not see what people say.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// What the server may cost is too little for it.
    #[error(
        "to learn what the catalogue means takes about {needs} tokens once, and of `tokens_per_day` = {per_day} there are {left} \
         left today: raise it above that, or leave `embedding_name` out"
    )]
    Dear {
        /// About so many tokens.
        needs: u64,
        /// What is left today.
        left: u64,
        /// What there is in a day.
        per_day: u64,
    },
    /// What was spent can't be counted.
    #[error("the tokens of the embedding model can't be counted")]
    Uncounted(#[from] StoreError),
}

/// The sense of the first model server that has an embedding model: as it was kept in `folder`, else learnt now, which takes a
/// minute or two. Nothing when no server has one.
///
/// # Errors
/// When the server does not answer, may not see what people say, or may not cost so much.
pub async fn sense(
    models: &Arc<Router>,
    catalogue: &Catalogue,
    folder: Option<&Path>,
) -> Result<Option<Sense>, NotLearnt> {
    let Some(name) = models.embedding_name() else { return Ok(None) };
    let key = Sense::key(catalogue, name);
    let file = folder.map(|folder| kept_in(folder, &key));
    let model: Arc<dyn Model> = Arc::clone(models) as _;
    if let Some(file) = &file
        && let Ok(kept) = tokio::fs::read_to_string(file).await
        && let Some(sense) = Sense::from_json(&kept, &key, Arc::clone(&model)).await?
    {
        return Ok(Some(sense));
    }
    afford(models, catalogue, name).await?;
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

/// Whether what it takes to learn is left of each allowance, so that nothing is spent in vain.
async fn afford(models: &Router, catalogue: &Catalogue, name: &str) -> Result<(), NotLearnt> {
    let limits = models.left_to_embed(name).await?;
    if limits.iter().all(Option::is_none) {
        return Ok(());
    }
    let questions = Sense::questions(catalogue, name);
    let needs = tokens_to_embed(questions.iter().map(String::as_str));
    match limits.into_iter().flatten().find(|(left, _)| *left < needs) {
        Some((left, per_day)) => Err(NotLearnt::Dear { needs, left, per_day }),
        None => Ok(()),
    }
}

/// The same, tried until it succeeds.
pub async fn sense_at_last(
    models: &Arc<Router>,
    catalogue: &Catalogue,
    folder: Option<&Path>,
) -> Option<Sense> {
    let mut wait = Duration::from_secs(2);
    let mut said = false;
    loop {
        match sense(models, catalogue, folder).await {
            Ok(sense) => return sense,
            Err(error @ NotLearnt::Dear { .. }) if !said => {
                tracing::warn!("the embedding model is not asked: {error}");
                said = true;
            }
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
