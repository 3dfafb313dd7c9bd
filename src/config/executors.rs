//! `[inventory]` and `[executors]`: what there is, and what can change it.

use std::path::{Path, PathBuf};

use jiff::SignedDuration;
use serde::Deserialize;

use super::Problem;

/// `[inventory]`: hosts and services that can be named in a sentence.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InventoryFiles {
    /// An Ansible inventory (file or folder).
    pub hosts: Option<PathBuf>,
    /// The services file, TOML; see `config/services.example.toml`.
    pub services: Option<PathBuf>,
}

impl InventoryFiles {
    pub(super) fn resolve(&mut self, folder: &Path) {
        for path in [&mut self.hosts, &mut self.services].into_iter().flatten() {
            *path = folder.join(&*path);
        }
    }
}

/// `[executors]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Executors {
    /// Where each operation's run folder is made; `runs` beside the config by default.
    pub runs: Option<PathBuf>,
    /// Ansible, if it may be used.
    pub ansible: Option<Ansible>,
    /// OpenTofu, if it may be used.
    pub tofu: Option<Tofu>,
}

/// `[executors.ansible]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ansible {
    /// The `ansible-playbook` program: a path, or a name that is looked up on the PATH.
    #[serde(default = "default_program")]
    pub program: PathBuf,
    /// The folder with `deploy.yml`, `restart.yml`, `remove.yml`, and `templates/`.
    pub playbooks: PathBuf,
    /// The Python that modules run with on local connections (`ansible_python_interpreter`), if not the hosts' own.
    pub python: Option<PathBuf>,
    /// How long one run may take.
    #[serde(default = "default_timeout")]
    pub timeout: SignedDuration,
}

/// `[executors.tofu]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tofu {
    /// The `tofu` program: a path, or a name that is looked up on the PATH.
    #[serde(default = "default_tofu")]
    pub program: PathBuf,
    /// The folder with one folder per stack; its name is the stack's.
    pub stacks: PathBuf,
    /// How long one plan or one run may take.
    #[serde(default = "default_timeout")]
    pub timeout: SignedDuration,
}

fn default_tofu() -> PathBuf {
    "tofu".into()
}

fn default_program() -> PathBuf {
    "ansible-playbook".into()
}

fn default_timeout() -> SignedDuration {
    SignedDuration::from_mins(30)
}

impl Executors {
    pub(super) fn resolve(&mut self, folder: &Path) {
        let runs = self.runs.take().unwrap_or_else(|| "runs".into());
        self.runs = Some(folder.join(runs));
        if let Some(ansible) = &mut self.ansible {
            ansible.playbooks = folder.join(&ansible.playbooks);
            if ansible.program.components().count() > 1 {
                ansible.program = folder.join(&ansible.program);
            }
            ansible.python = ansible.python.take().map(|p| folder.join(p));
        }
        if let Some(tofu) = &mut self.tofu {
            tofu.stacks = folder.join(&tofu.stacks);
            if tofu.program.components().count() > 1 {
                tofu.program = folder.join(&tofu.program);
            }
        }
    }

    pub(super) fn validate(&self, problems: &mut Vec<Problem>) {
        if let Some(ansible) = &self.ansible {
            if !ansible.playbooks.is_dir() {
                problems.push(Problem::at(
                    "executors.ansible.playbooks",
                    format!("{} is no folder: copy `config/playbooks` there", ansible.playbooks.display()),
                ));
            }
            positive("executors.ansible.timeout", ansible.timeout, problems);
        }
        if let Some(tofu) = &self.tofu {
            if !tofu.stacks.is_dir() {
                problems.push(Problem::at(
                    "executors.tofu.stacks",
                    format!("{} is no folder: make it, with a folder per stack in it", tofu.stacks.display()),
                ));
            }
            positive("executors.tofu.timeout", tofu.timeout, problems);
        }
    }
}

fn positive(field: &'static str, span: SignedDuration, problems: &mut Vec<Problem>) {
    if !span.is_positive() {
        problems.push(Problem::at(field, "must be longer than nothing, such as `30m`"));
    }
}
