//! Makes the input part of a run folder: playbooks, inventory, values, settings, and the script that runs them.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::{secrets, values};
use crate::execution::folder::Input;
use crate::execution::{ExecutorError, child};
use crate::inventory::Inventory;
use crate::plan::Task;

/// The output plugin; ours always, because we read what it prints.
const PLUGIN: &str = include_str!("../../../config/playbooks/callback_plugins/ralf_jsonl.py");
/// Where it lies.
const PLUGIN_NAME: &str = "callback_plugins/ralf_jsonl.py";
/// Ansible's settings. Paths are relative to this file's folder.
const SETTINGS: &str = "\
[defaults]
home = ../ansible
local_tmp = ../ansible/tmp
callback_plugins = callback_plugins
stdout_callback = ralf_jsonl
retry_files_enabled = False
nocows = True
nocolor = True
gathering = explicit
interpreter_python = auto_silent
collections_path = collections
roles_path = roles
library = library
filter_plugins = filter_plugins
action_plugins = action_plugins
forks = 10
any_errors_fatal = False
[inventory]
enable_plugins = ansible.builtin.yaml
[connection]
pipelining = True
[ssh_connection]
ssh_args = -o ControlMaster=no -o BatchMode=yes
";

/// What to render with.
pub(super) struct Recipe<'r> {
    /// `ansible-playbook`, absolute.
    pub(super) program: &'r Path,
    /// The folder of the playbooks.
    pub(super) playbooks: &'r Path,
    /// Python for local hosts that name none.
    pub(super) python: Option<&'r Path>,
    /// How often a health address is asked.
    pub(super) health_tries: u32,
}

/// Renders a task into a run folder that is empty.
pub(super) fn render(
    recipe: &Recipe<'_>,
    task: &Task,
    inventory: &Inventory,
    run: &Path,
) -> Result<(), ExecutorError> {
    let vars = values::vars(task, inventory, recipe.health_tries)?;
    let playbook = playbook(&task.action);
    if !recipe.playbooks.join(&playbook).is_file() {
        return Err(ExecutorError::Refused(format!(
            "there is no {playbook} in {}; `config/playbooks` has one",
            recipe.playbooks.display()
        )));
    }
    let argv = argv(recipe.program, task, &playbook);
    let input = Input::create(run)?;
    input.copy(
        recipe.playbooks,
        &[
            PLUGIN_NAME,
            "ansible.cfg",
            "vars.json",
            "inventory.json",
            "argv.json",
            secrets::FILE,
            child::SCRIPT,
        ],
    )?;
    input.write(PLUGIN_NAME, PLUGIN)?;
    input.write("ansible.cfg", SETTINGS)?;
    input.write("vars.json", pretty(&vars))?;
    input.write("inventory.json", pretty(&frozen(recipe, task, inventory, run)))?;
    input.write("argv.json", pretty(&json!(argv)))?;
    let wanted = secrets::wanted(task, inventory);
    if !wanted.is_empty() {
        input.write(secrets::FILE, pretty(&json!(wanted)))?;
    }
    input.write(child::SCRIPT, child::script(&argv))
}

/// The playbook of an action.
pub(super) fn playbook(action: &str) -> String {
    format!("{action}.yml")
}

/// The command line, relative to the run folder.
fn argv(program: &Path, task: &Task, playbook: &str) -> Vec<String> {
    let program = program.to_string_lossy().into_owned();
    let hosts = task.hosts.join(",");
    let rest = ["-i", "input/inventory.json", "-e", "@input/vars.json", "--diff", "--limit", &hosts];
    let playbook = format!("input/{playbook}");
    std::iter::once(program).chain(rest.map(str::to_owned)).chain([playbook]).collect()
}

/// The inventory as it is now, of the task's hosts alone.
fn frozen(recipe: &Recipe<'_>, task: &Task, inventory: &Inventory, run: &Path) -> Value {
    let mut hosts = Map::new();
    for (name, host) in inventory.hosts.iter().filter(|(name, _)| task.hosts.contains(name)) {
        let mut vars: Map<String, Value> = host.vars.clone().into_iter().collect();
        if host.is_local() {
            let temporary = run.join("ansible/tmp").to_string_lossy().into_owned();
            vars.entry("ansible_remote_tmp").or_insert_with(|| temporary.into());
            let python = recipe.python.map(|python| python.to_string_lossy().into_owned());
            vars.entry("ansible_python_interpreter")
                .or_insert_with(|| python.unwrap_or_else(|| "{{ ansible_playbook_python }}".into()).into());
        }
        hosts.insert(name.clone(), Value::Object(vars));
    }
    json!({ "all": { "hosts": hosts } })
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}
