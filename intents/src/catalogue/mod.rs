//! The intents, as data: one TOML file each.

mod builtin;
mod error;
mod file;
mod overlap;
mod shared;
mod spec;

use crate::Lang;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

pub use error::{CatalogueError, Finding};
pub(crate) use shared::{NoneSpec, Shared};
pub(crate) use spec::Line;
pub use spec::{Bilingual, IntentSpec, RiskSource, Slot, SlotType, Text};

/// The JSON schema of the catalogue's files, for editors and tests.
#[must_use]
pub fn schema() -> &'static str {
    include_str!("../../catalogue.schema.json")
}

/// All intents that can be understood.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    intents: BTreeMap<String, IntentSpec>,
    /// Intents that did not come with the crate.
    own: BTreeSet<String>,
    /// Those of them that took the place of one that did.
    replaced: BTreeSet<String>,
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
        let mut catalogue = Self::default();
        for (file, text) in builtin::FILES {
            catalogue.put(file, text)?;
        }
        catalogue.own.clear();
        Ok(catalogue)
    }

    /// The built-in catalogue with a folder of one's own laid over it: all its `*.toml`. A file with a built-in intent's
    /// name replaces that; `_*.toml` brings rules, `none.toml` sentences that are none of our business.
    ///
    /// # Errors
    /// When the folder cannot be read or files have mistakes: all of them, with file and line.
    pub fn load(dir: &Path) -> Result<Self, CatalogueError> {
        let mut catalogue = Self::builtin()?;
        let mut found = Vec::new();
        for path in files(dir)? {
            let file = path.display().to_string();
            let added = read(&path).and_then(|text| catalogue.put(&file, &text));
            found.extend(added.err().iter().flat_map(|error| error.findings().to_vec()));
        }
        found.extend(catalogue.duplicates());
        if found.is_empty() { Ok(catalogue) } else { Err(error::all(found)) }
    }

    /// Adds one file of one's own; `file` is its name, for errors.
    ///
    /// # Errors
    /// When the file has mistakes: all of them.
    pub fn add(&mut self, file: &str, text: &str) -> Result<(), CatalogueError> {
        self.add_all([(file, text)])
    }

    /// Adds files of one's own, by name and text, in this order: rules belong before the intents that use them.
    ///
    /// # Errors
    /// When files have mistakes: all of them.
    pub fn add_all<'a>(
        &mut self,
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<(), CatalogueError> {
        let mut found = Vec::new();
        for (file, text) in files {
            found.extend(self.put(file, text).err().iter().flat_map(|error| error.findings().to_vec()));
        }
        found.extend(self.duplicates());
        if found.is_empty() { Ok(()) } else { Err(error::all(found)) }
    }

    /// Name and text of each file, in the order in which they were read.
    pub fn sources(&self) -> impl Iterator<Item = (&str, &str)> {
        self.sources.iter().map(|(file, text)| (file.as_str(), text.as_str()))
    }

    fn put(&mut self, file: &str, text: &str) -> Result<(), CatalogueError> {
        if is_shared(file) {
            self.shared.add(file, text)?;
        } else if base(file) == "none.toml" {
            self.none.add(file, text)?;
        } else {
            let intent = IntentSpec::parse(file, text, &self.shared)?;
            let name = intent.name.clone();
            match self.intents.get(&name) {
                Some(other) if self.own.contains(&name) && other.file != file => {
                    let mut wrong = error::Mistakes::new(file, text);
                    wrong.at(0, format!("the intent `{name}` is in {} already", other.file));
                    return wrong.or(None);
                }
                Some(_) if !self.own.contains(&name) => drop(self.replaced.insert(name.clone())),
                _ => {}
            }
            self.own.insert(name.clone());
            self.intents.insert(name, intent);
        }
        self.sources.push((file.to_owned(), text.to_owned()));
        Ok(())
    }

    /// The intents that did not come with the crate, by name; `true` for one that takes a built-in one's place.
    pub fn own(&self) -> impl Iterator<Item = (&IntentSpec, bool)> {
        let own = self.own.iter().filter_map(|name| self.intents.get(name));
        own.map(|spec| (spec, self.replaced.contains(&spec.name)))
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

/// The files of a folder in the order in which they are read: rules first.
fn files(dir: &Path) -> Result<Vec<std::path::PathBuf>, CatalogueError> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(|e| unread(dir, &e))? {
        let path = entry.map_err(|e| unread(dir, &e))?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if path.extension().is_some_and(|e| e == "toml") && !hidden {
            paths.push(path);
        }
    }
    paths.sort_by_key(|p| (!is_shared(&p.display().to_string()), p.clone()));
    Ok(paths)
}

fn read(path: &Path) -> Result<String, CatalogueError> {
    let bytes = std::fs::read(path).map_err(|e| unread(path, &e))?;
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + good.iter().filter(|b| **b == b'\n').count();
        let message = "this is not UTF-8: save the file with that encoding".to_owned();
        error::all(vec![Finding { file: path.display().to_string(), line, message }])
    })
}

fn unread(path: &Path, error: &std::io::Error) -> CatalogueError {
    let message = format!("can't be read: {error}");
    error::all(vec![Finding { file: path.display().to_string(), line: 0, message }])
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
        let [first, second] = error.findings() else { panic!("{error}") };
        assert_eq!((first.file.as_str(), first.line), ("own/x.toml", 9), "{error}");
        assert!(second.message.contains("has no `en`"), "{error}");
        let error = catalogue.add("y.toml", "name = 1\n").unwrap_err();
        assert_eq!(error.findings()[0].line, 1, "{error}");
    }
}
