//! Stacks: the folders with a configuration for OpenTofu.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Inventory, InventoryError, is_name};

/// The stacks in a folder: every folder in it that has a configuration.
pub(super) fn list(folder: &Path) -> Result<BTreeSet<String>, InventoryError> {
    let failed = |source| InventoryError::Unreadable { path: folder.to_owned(), source };
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if is_stack(&entry.path()) {
            let name = entry.file_name().to_string_lossy().into_owned();
            if !is_name(&name) {
                let message = format!(
                    "the stack's name {name:?} must be of letters, digits, `.`, `_` and `-` (at most 63): rename the folder"
                );
                return Err(InventoryError::Wrong { place: folder.display().to_string(), message });
            }
            found.insert(name);
        }
    }
    Ok(found)
}

/// Whether a folder holds a configuration.
fn is_stack(folder: &Path) -> bool {
    let is_config = |name: &str| {
        [".tf", ".tofu", ".tf.json", ".tofu.json"].iter().any(|ending| name.ends_with(ending))
            && !name.starts_with('.')
    };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name()).any(|name| name.to_str().is_some_and(is_config))
}

/// A name means one thing only.
pub(super) fn check(inventory: &Inventory, folder: &Path) -> Result<(), InventoryError> {
    let hosts = inventory.hosts.iter().map(|(name, host)| (name, &host.aliases));
    let services = inventory.services.iter().map(|(name, service)| (name, &service.aliases));
    for (name, aliases) in hosts.chain(services) {
        let same = |stack: &&String| {
            aliases.iter().chain([name]).any(|word| word.to_lowercase() == stack.to_lowercase())
        };
        if let Some(stack) = inventory.stacks.iter().find(same) {
            let message =
                format!("the stack {stack} is called like the host or service {name}: rename its folder");
            return Err(InventoryError::Wrong { place: folder.display().to_string(), message });
        }
    }
    Ok(())
}

/// How people speak of a stack besides its name.
pub(super) fn aliases(name: &str) -> Vec<String> {
    vec![format!("stack {name}"), format!("{name} stack"), format!("{name}-stack")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_a_configuration_is_a_stack() {
        let folder = tempfile::tempdir().expect("a folder");
        for path in ["web/main.tf", "other/readme.md", "hidden/.x.tf", "json/main.tofu.json"] {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            std::fs::write(path, "").expect("written");
        }
        let stacks = list(folder.path()).expect("listed");
        assert_eq!(stacks, ["json", "web"].map(str::to_owned).into());
        let mut inventory = Inventory { stacks, ..Inventory::default() };
        check(&inventory, folder.path()).expect("no name twice");
        inventory.hosts.insert("Web".into(), crate::inventory::Host::default());
        assert!(
            check(&inventory, folder.path()).expect_err("twice").to_string().contains("rename its folder")
        );
        std::fs::create_dir(folder.path().join("a b")).expect("made");
        std::fs::write(folder.path().join("a b/main.tf"), "").expect("written");
        assert!(list(folder.path()).expect_err("no name").to_string().contains("must be of letters"));
    }
}
