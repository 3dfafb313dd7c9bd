//! The inventory's files, read again when they change.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::Mutex;

use super::{Host, Inventory, InventoryError, hosts_file, is_name, listing, service, stack};
use crate::clock::Clock;
use crate::config::InventoryFiles;

/// How long the listing of an inventory program is believed, in milliseconds: its file's age tells nothing.
const BELIEVED_MS: i64 = 60_000;

/// Where the inventory comes from.
#[derive(Debug)]
pub struct Source {
    files: InventoryFiles,
    stacks: Option<PathBuf>,
    playbook: PathBuf,
    clock: Clock,
    cached: Mutex<Option<Cached>>,
}

#[derive(Debug)]
struct Cached {
    stamp: Stamp,
    read_ms: i64,
    inventory: Arc<Inventory>,
}

/// Every file that belongs to the inventory, with what changes when it is written. Nothing for a program, which can
/// say something new at any time.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    files: BTreeMap<PathBuf, (u64, i64, i64, u64)>,
    program: bool,
}

impl Source {
    /// From these files; `playbook` is the `ansible-playbook` program beside which `ansible-inventory` lies. Nothing is
    /// read yet.
    pub fn new(files: InventoryFiles, playbook: PathBuf, clock: Clock) -> Self {
        Self { files, stacks: None, playbook, clock, cached: Mutex::new(None) }
    }

    /// With the stacks in this folder.
    pub fn with_stacks(mut self, folder: Option<PathBuf>) -> Self {
        self.stacks = folder;
        self
    }

    /// The inventory as the files have it now.
    ///
    /// # Errors
    /// When a file is not there or says something wrong; the last good inventory is not used then.
    pub async fn current(&self) -> Result<Arc<Inventory>, InventoryError> {
        let mut cached = self.cached.lock().await;
        let stamp = self.stamp();
        let now = self.clock.now_ms();
        if let Some(known) = &*cached
            && known.stamp == stamp
            && (!stamp.program || now - known.read_ms < BELIEVED_MS)
        {
            return Ok(Arc::clone(&known.inventory));
        }
        *cached = None;
        let inventory = Arc::new(self.read().await?);
        *cached = Some(Cached { stamp, read_ms: now, inventory: Arc::clone(&inventory) });
        Ok(inventory)
    }

    async fn read(&self) -> Result<Inventory, InventoryError> {
        let mut inventory = Inventory::default();
        if let Some(path) = &self.files.services {
            inventory.services = service::parse(path, &text(path)?)?;
        }
        if let Some(path) = &self.files.hosts {
            inventory.hosts = self.hosts(path).await?;
        }
        check(&inventory, &self.files)?;
        if let Some(folder) = &self.stacks {
            inventory.stacks = stack::list(folder)?;
            stack::check(&inventory, folder)?;
        }
        Ok(inventory)
    }

    async fn hosts(&self, path: &Path) -> Result<BTreeMap<String, Host>, InventoryError> {
        if path.is_file()
            && !is_program(path)
            && let Some(hosts) = hosts_file::parse(path, &text(path)?)?
        {
            return Ok(hosts);
        }
        if !path.exists() {
            text(path)?;
        }
        listing::list(&self.playbook, path).await
    }

    fn stamp(&self) -> Stamp {
        let mut stamp = Stamp { files: BTreeMap::new(), program: false };
        if let Some(path) = &self.files.services {
            stamp.add(path, 0);
        }
        if let Some(path) = &self.stacks {
            stamp.add(path, 1);
        }
        if let Some(path) = &self.files.hosts {
            stamp.add(path, 4);
            for beside in ["group_vars", "host_vars"].map(|name| path.with_file_name(name)) {
                stamp.add(&beside, 4);
            }
        }
        stamp
    }
}

impl Stamp {
    fn add(&mut self, path: &Path, depth: usize) {
        use std::os::unix::fs::MetadataExt as _;
        let Ok(meta) = std::fs::metadata(path) else { return };
        self.program |= meta.is_file() && depth == 4 && is_program(path);
        self.files.insert(path.to_owned(), (meta.len(), meta.mtime(), meta.mtime_nsec(), meta.ino()));
        if meta.is_dir() && depth > 0 {
            for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
                self.program |= entry.path().is_file() && is_program(&entry.path());
                self.add(&entry.path(), depth - 1);
            }
        }
    }
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    let plain = path.extension().is_some_and(|e| e == "yml" || e == "yaml" || e == "json");
    !plain && std::fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o111 != 0)
}

fn text(path: &Path) -> Result<String, InventoryError> {
    std::fs::read_to_string(path)
        .map_err(|source| InventoryError::Unreadable { path: path.to_owned(), source })
}

/// What only both files together tell.
fn check(inventory: &Inventory, files: &InventoryFiles) -> Result<(), InventoryError> {
    let hosts = files.hosts.clone().unwrap_or_default();
    let services = files.services.clone().unwrap_or_default();
    let wrong =
        |file: &Path, message| Err(InventoryError::Wrong { place: file.display().to_string(), message });
    if let Some(name) = inventory.hosts.keys().find(|name| !is_name(name)) {
        let rule = "must be of letters, digits, `.`, `_` and `-` (at most 63)";
        return wrong(&hosts, format!("the host's name {name:?} {rule}"));
    }
    for (name, service) in &inventory.services {
        if let Some(host) = service.hosts.iter().find(|host| !inventory.hosts.contains_key(*host)) {
            let known = inventory.hosts.keys().cloned().collect::<Vec<_>>().join(", ");
            return wrong(
                &services,
                format!("the service {name} names the host {host}; known hosts: {known}"),
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(folder: &Path) -> Source {
        let files = InventoryFiles {
            hosts: Some(folder.join("hosts.yml")),
            services: Some(folder.join("services.toml")),
        };
        Source::new(files, "/nowhere/ansible-playbook".into(), Clock::manual(0))
    }

    #[tokio::test]
    async fn a_change_is_seen() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("hosts.yml"), "all: {hosts: {n1: {}}}\n").expect("written");
        std::fs::write(folder.path().join("services.toml"), "[services.a]\ncommand = \"x\"\n")
            .expect("written");
        let source = source(folder.path());
        let first = source.current().await.expect("right");
        assert!(Arc::ptr_eq(&first, &source.current().await.expect("right")), "read once");
        std::fs::write(
            folder.path().join("hosts.yml"),
            "all: {hosts: {n1: {}, n2: {ralf_aliases: [zwei]}}}\n",
        )
        .expect("written");
        let names = source.current().await.expect("right").names();
        assert_eq!(names.hosts["n2"].aliases, ["zwei"]);
        assert!(names.services.contains_key("a"));
    }

    #[tokio::test]
    async fn wrong_files_are_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let source = source(folder.path());
        assert!(
            source
                .current()
                .await
                .expect_err("nothing there")
                .to_string()
                .contains("services.toml: can't be read")
        );
        std::fs::write(
            folder.path().join("services.toml"),
            "[services.a]\ncommand = \"x\"\nhosts = [\"n9\"]\n",
        )
        .expect("written");
        std::fs::write(folder.path().join("hosts.yml"), "all: {hosts: {n1: {}}}\n").expect("written");
        let said = source.current().await.expect_err("n9 is unknown").to_string();
        assert!(said.ends_with("the service a names the host n9; known hosts: n1"), "{said}");
    }

    #[tokio::test]
    async fn what_only_ansible_understands_is_asked_of_it() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("group_vars")).expect("made");
        std::fs::write(folder.path().join("group_vars/web.yml"), "ralf_aliases: [netz]\n").expect("written");
        std::fs::write(folder.path().join("hosts.ini"), "[web]\nn[1:3]\n").expect("written");
        let playbook = crate::execution::testing::programs().join("ansible-playbook");
        let files = InventoryFiles { hosts: Some(folder.path().join("hosts.ini")), services: None };
        let names =
            Source::new(files.clone(), playbook, Clock::manual(0)).current().await.expect("listed").names();
        assert_eq!(names.hosts.keys().collect::<Vec<_>>(), ["n1", "n2", "n3"]);
        assert_eq!(names.hosts["n2"].aliases, ["netz"]);

        let missing =
            Source::new(files, "/nowhere/ansible-playbook".into(), Clock::manual(0)).current().await;
        assert!(missing.expect_err("no program").to_string().contains("install ansible-core"));
    }
}
