//! The intents, as data: one TOML file each.

mod builtin;
mod error;
mod file;
mod shared;

use crate::Lang;
use std::collections::BTreeMap;
use std::path::Path;

pub use error::CatalogueError;
pub(crate) use file::Line;
pub use file::{Bilingual, IntentSpec, Slot, SlotType, Text};
pub(crate) use shared::{NoneSpec, Shared};

/// All intents that can be understood.
#[derive(Debug, Clone)]
pub struct Catalogue {
    intents: BTreeMap<String, IntentSpec>,
    pub(crate) shared: Shared,
    pub(crate) none: NoneSpec,
    sources: Vec<(String, String)>,
}

impl Catalogue {
    /// The catalogue that comes with the crate.
    ///
    /// # Errors
    /// When one of its files has a mistake (a test keeps that from happening).
    pub fn builtin() -> Result<Self, CatalogueError> {
        let mut catalogue = Self {
            intents: BTreeMap::new(),
            shared: Shared::default(),
            none: NoneSpec::default(),
            sources: Vec::new(),
        };
        for (file, text) in builtin::FILES {
            catalogue.add(file, text)?;
        }
        Ok(catalogue)
    }

    /// The built-in catalogue with a folder of one's own laid over it: a file with a known intent's name replaces it.
    ///
    /// # Errors
    /// When the folder cannot be read or a file has a mistake; the error names file and line.
    pub fn load(dir: &Path) -> Result<Self, CatalogueError> {
        let mut catalogue = Self::builtin()?;
        let unread = |path: &Path, e: &std::io::Error| CatalogueError::unread(&path.display().to_string(), e);
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(dir).map_err(|e| unread(dir, &e))? {
            let path = entry.map_err(|e| unread(dir, &e))?.path();
            if path.extension().is_some_and(|e| e == "toml") {
                paths.push(path);
            }
        }
        // Shared rules come first: their names begin with `_`.
        paths.sort_by_key(|p| (!is_shared(&p.display().to_string()), p.clone()));
        for path in paths {
            let text = std::fs::read_to_string(&path).map_err(|e| unread(&path, &e))?;
            catalogue.add(&path.display().to_string(), &text)?;
        }
        Ok(catalogue)
    }

    /// Adds one file; `file` is its name, for errors.
    ///
    /// # Errors
    /// When the file has a mistake.
    pub fn add(&mut self, file: &str, text: &str) -> Result<(), CatalogueError> {
        if is_shared(file) {
            self.shared.add(file, text)?;
        } else if base(file) == "none.toml" {
            self.none.add(file, text)?;
        } else {
            let intent = IntentSpec::parse(file, text, &self.shared)?;
            self.intents.insert(intent.name.clone(), intent);
        }
        self.sources.push((file.to_owned(), text.to_owned()));
        Ok(())
    }

    /// The intents, by name.
    pub fn intents(&self) -> impl Iterator<Item = &IntentSpec> {
        self.intents.values()
    }

    /// An intent by its name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&IntentSpec> {
        self.intents.get(name)
    }

    /// A hash over all files: what was learnt from the catalogue can be stored under it.
    #[must_use]
    pub fn hash(&self) -> String {
        use sha2::{Digest, Sha256};
        let mut hash = Sha256::new();
        for (file, text) in &self.sources {
            hash.update(base(file));
            hash.update([0]);
            hash.update(text);
            hash.update([0]);
        }
        hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
    }

    /// What each intent does, in a language: for a help text.
    pub fn help(&self, lang: Lang) -> impl Iterator<Item = (&str, &str)> {
        self.intents().map(move |i| (i.name.as_str(), i.does.get(lang)))
    }
}

fn base(file: &str) -> &str {
    file.rsplit(['/', '\\']).next().unwrap_or(file)
}

fn is_shared(file: &str) -> bool {
    base(file).starts_with('_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_builtin_catalogue_loads() {
        let catalogue = Catalogue::builtin().unwrap_or_else(|e| panic!("{e}"));
        assert!(catalogue.get("restart_service").is_some_and(|i| i.changes));
        assert_eq!(catalogue.hash().len(), 64);
    }

    #[test]
    fn a_mistake_names_file_and_line() {
        let mut catalogue = Catalogue::builtin().unwrap();
        let text = "name = \"x\"\nbot = \"core\"\nchanges = false\n[does]\nde = \"a\"\nen = \"b\"\n[templates]\nde = [\n  \"(a|b\",\n]\n";
        let error = catalogue.add("own/x.toml", text).unwrap_err();
        assert_eq!((error.file(), error.line()), ("own/x.toml", 9), "{error}");
        let error = catalogue.add("y.toml", "name = 1\n").unwrap_err();
        assert_eq!(error.line(), 1, "{error}");
    }
}
