//! Everything a playbook gets to know, as one `vars.json`. All of it is put together here; every text is marked so that
//! Ansible never takes it for a template.

use std::path::{Component, Path};

use serde_json::{Map, Value, json};

use crate::execution::{ExecutorError, words};
use crate::inventory::{Host, Inventory, Service};
use crate::plan::Task;

/// A text that is never a template.
fn plain(text: impl Into<String>) -> Value {
    json!({ "__ansible_unsafe": text.into() })
}

fn all(texts: impl IntoIterator<Item = String>) -> Value {
    Value::Array(texts.into_iter().map(plain).collect())
}

fn refused<T>(text: String) -> Result<T, ExecutorError> {
    Err(ExecutorError::Refused(text))
}

/// The whole of `vars.json`.
pub(super) fn vars(task: &Task, inventory: &Inventory, health_tries: u32) -> Result<Value, ExecutorError> {
    let mut targets = Map::new();
    for name in &task.hosts {
        let Some(host) = inventory.hosts.get(name) else {
            return refused(format!("there is no host {name} in the inventory"));
        };
        targets.insert(name.clone(), Value::Object(target(task, inventory, (name, host), health_tries)?));
    }
    let mut slots = Map::new();
    for (name, value) in &task.slots {
        if value.chars().any(char::is_control) {
            return refused(format!("the slot {name} has a line break or another control character"));
        }
        slots.insert(name.clone(), plain(value));
    }
    Ok(json!({
        "ralf_operation": plain(word("operation id", &task.operation)?),
        "ralf_action": plain(word("action", &task.action)?),
        "ralf_service": plain(task.service.clone().unwrap_or_default()),
        "ralf_slots": slots,
        "ralf_targets": targets,
    }))
}

/// What is known about a host, and about the service on it.
fn target(
    task: &Task,
    inventory: &Inventory,
    on: (&str, &Host),
    health_tries: u32,
) -> Result<Map<String, Value>, ExecutorError> {
    let (host_name, host) = on;
    let init = host.text("ralf_init").unwrap_or_else(|| "systemd".into());
    let journal = optional_path(on, "ralf_journal")?.unwrap_or_default();
    let mut vars = Map::new();
    let mut set = |name: &str, value: Value| vars.insert(name.into(), value);
    set("init", plain(&init));
    set("journal_folder", plain(&journal));
    let supervisor = match init.as_str() {
        "systemd" => None,
        "supervisord" => Some(Supervisor::of(on)?),
        other => {
            return refused(format!(
                "`ralf_init` of {host_name} is `{other}`; write `systemd` or `supervisord`"
            ));
        }
    };
    if let Some(supervisor) = &supervisor {
        set("supervisorctl", all(supervisor.control.clone()));
    }
    let Some(name) = &task.service else { return Ok(vars) };
    let Some(service) = inventory.services.get(name) else {
        return refused(format!("there is no service {name} in the services file"));
    };
    if task.action == "deploy" && !inventory.hosts_of(name).any(|(allowed, _)| allowed == host_name) {
        let allowed = inventory.hosts_of(name).map(|(host, _)| host).collect::<Vec<_>>().join(", ");
        return refused(format!("{name} may not run on {host_name}; the inventory allows: {allowed}"));
    }
    let version = version(task, service)?;
    let data = match service.data_on(name, &version, on) {
        Some(data) => Some(data_folder(name, &data)?),
        None => None,
    };
    let fill = |what: &str, template: &str| {
        service.fill(template, name, &version, on).map_err(|missing| {
            let from = match missing.as_str() {
                "port" => "`port` of the service or `ralf_ports` of the host".to_owned(),
                "data" => "`data` of the service or `ralf_root` of the host".to_owned(),
                other => format!("the host variable `ralf_{other}`"),
            };
            let text = format!("the {what} of {name} needs {{{missing}}} on {host_name}: set {from}");
            ExecutorError::Refused(text)
        })
    };
    // Words are split before values are put in, so that no value can become a second word.
    let command = words::split(&service.command).map_err(ExecutorError::Refused)?;
    let command: Vec<String> = command.iter().map(|word| fill("command", word)).collect::<Result<_, _>>()?;
    if command
        .first()
        .is_none_or(|program| !program.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '/'))
    {
        return refused(format!("the command of {name} must begin with a program's name or path"));
    }
    let health = service.health.as_deref().map(|health| fill("health address", health)).transpose()?;
    let quote = if supervisor.is_some() { words::for_supervisord } else { words::for_systemd };
    let command = command.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ");
    let unit = format!("{name}.service");
    let (file, log, status) = match supervisor {
        Some(supervisor) => {
            let mut status = supervisor.control;
            status.extend(["status".into(), name.clone()]);
            let log = data.as_ref().map_or_else(|| "NONE".into(), |data| format!("{data}/{name}.log"));
            (format!("{}/{name}.conf", supervisor.include), log, status)
        }
        None => {
            let status = ["systemctl", "status", "--no-pager", &unit].map(str::to_owned).to_vec();
            (format!("/etc/systemd/system/{unit}"), String::new(), status)
        }
    };
    let texts = [
        ("service", name.clone()),
        ("version", version.clone()),
        ("command", command),
        ("description", description(name, service)),
        ("user", service.user.clone().unwrap_or_default()),
        ("unit", unit),
        ("file", file),
        ("log", log),
        ("health", health.unwrap_or_default()),
        ("journal", if journal.is_empty() { journal } else { format!("{journal}/{name}.log") }),
    ];
    for (variable, text) in texts {
        if text.chars().any(char::is_control) {
            return refused(format!(
                "the {variable} of {name} on {host_name} has a line break or another control character"
            ));
        }
        set(variable, plain(text));
    }
    set("folders", all(data.clone()));
    set("data", all(data));
    set("status", all(status));
    set("health_tries", health_tries.into());
    Ok(vars)
}

/// How supervisord of a host is spoken to.
struct Supervisor {
    control: Vec<String>,
    include: String,
}

impl Supervisor {
    fn of(on: (&str, &Host)) -> Result<Self, ExecutorError> {
        let needed = |variable: &str| {
            optional_path(on, variable)?.ok_or_else(|| {
                ExecutorError::Refused(format!(
                    "{} has `ralf_init: supervisord` and needs `{variable}`, a path",
                    on.0
                ))
            })
        };
        let control = vec![needed("ralf_supervisorctl")?, "-c".into(), needed("ralf_supervisor_config")?];
        Ok(Self { control, include: needed("ralf_supervisor_include")? })
    }
}

/// A host variable that is a plain absolute path.
fn optional_path(on: (&str, &Host), variable: &str) -> Result<Option<String>, ExecutorError> {
    let Some(path) = on.1.text(variable) else { return Ok(None) };
    if is_path(&path) {
        return Ok(Some(path));
    }
    refused(format!(
        "`{variable}` of {} must be an absolute path of letters, digits and `/._+@:=,~-`, not `{path}` (no template either)",
        on.0
    ))
}

fn is_path(path: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._+@:=,~-".contains(c);
    path.starts_with('/') && path.chars().all(plain) && !path.split('/').any(|part| part == "..")
}

/// A folder that may be deleted with everything in it.
fn data_folder(name: &str, data: &str) -> Result<String, ExecutorError> {
    let parts = Path::new(data).components().filter(|part| matches!(part, Component::Normal(_))).count();
    if is_path(data) && parts >= 2 {
        return Ok(data.to_owned());
    }
    refused(format!(
        "the data folder of {name} must be an absolute plain path at least two levels deep, not `{data}`"
    ))
}

/// The version that was asked for, or the service's own.
fn version(task: &Task, service: &Service) -> Result<String, ExecutorError> {
    match task.slots.get("version") {
        Some(version) => word("version", version),
        None => Ok(service.version.clone()),
    }
}

fn description(name: &str, service: &Service) -> String {
    let text = if service.description.is_empty() { name } else { &service.description };
    text.replace('%', "%%")
}

/// One harmless word.
fn word(what: &str, text: &str) -> Result<String, ExecutorError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | ':');
    if !text.is_empty() && text.len() <= 64 && text.chars().all(plain) && !text.starts_with('-') {
        return Ok(text.to_owned());
    }
    let shown = crate::execution::normal::visible(text);
    refused(format!("`{shown}` is no {what}: letters, digits and `._+:-` only, at most 64"))
}
