//! `[intents]`: what can be understood besides the built-in intents.

use std::path::{Path, PathBuf};

use ralf_intents::{Catalogue, CatalogueError};
use serde::Deserialize;

use super::Problem;

/// `[intents]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Intents {
    /// A folder with intents of one's own, a TOML file each.
    pub folder: Option<PathBuf>,
}

impl Intents {
    /// The built-in catalogue with the folder laid over it.
    ///
    /// # Errors
    /// All mistakes in the folder's files, with file and line.
    pub fn catalogue(&self) -> Result<Catalogue, CatalogueError> {
        self.folder.as_deref().map_or_else(Catalogue::builtin, Catalogue::load)
    }

    pub(super) fn resolve(&mut self, folder: &Path) {
        self.folder = self.folder.take().map(|own| folder.join(own));
    }

    pub(super) fn validate(&self, problems: &mut Vec<Problem>) {
        if let Some(folder) = self.folder.as_ref().filter(|folder| !folder.is_dir()) {
            let said = format!("{} is no folder: make it, or leave this out", folder.display());
            problems.push(Problem::at("intents.folder", said));
        }
    }
}
