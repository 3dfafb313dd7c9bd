//! The way back that a playbook brings along: what stands below `rescue:` in its blocks. Neither check mode nor
//! `--list-tasks` shows it, so it is read from the rendered files, with the includes that they name.

use std::path::Path;

use serde_json::Value;

use crate::execution::normal::visible;
use crate::execution::{ExecutorError, folder};
use crate::plan::{Step, Task};

/// Playbooks that include each other deeper than this are not followed.
const DEEPEST: usize = 8;

/// The steps that would run by themselves, host by host.
pub(super) fn steps(run: &Path, task: &Task) -> Result<Vec<Step>, ExecutorError> {
    let input = run.join(folder::INPUT);
    let vars = read(&input.join("vars.json"))?;
    let playbook = read(&input.join(format!("{}.yml", task.action)))?;
    let mut steps = Vec::new();
    for host in &task.hosts {
        let known = Known { vars: &vars, host };
        let mut titles = Vec::new();
        for play in playbook.as_array().into_iter().flatten() {
            for part in ["pre_tasks", "tasks", "post_tasks"] {
                walk(&play[part], &input, &known, (false, 0), &mut titles)?;
            }
        }
        steps.extend(titles.into_iter().map(|title| Step { title, host: visible(host), changes: true }));
    }
    Ok(steps)
}

/// What names may be made of.
struct Known<'k> {
    vars: &'k Value,
    host: &'k str,
}

impl Known<'_> {
    /// A name with the few values filled in that ours have.
    fn fill(&self, text: &str) -> String {
        let text_of = |value: &Value| value["__ansible_unsafe"].as_str().map(str::to_owned);
        let target = &self.vars["ralf_targets"][self.host];
        let mut out = text.to_owned();
        for (name, value) in [
            ("ralf_service", text_of(&self.vars["ralf_service"])),
            ("svc.service", text_of(&target["service"])),
            ("svc.init", text_of(&target["init"])),
        ] {
            if let Some(value) = value {
                out = out.replace(&format!("{{{{ {name} }}}}"), &value);
            }
        }
        out
    }
}

/// Collects the names below `rescue`; `at` is whether this is such a place already, and how deep.
fn walk(
    tasks: &Value,
    folder: &Path,
    known: &Known<'_>,
    (inside, depth): (bool, usize),
    titles: &mut Vec<String>,
) -> Result<(), ExecutorError> {
    if depth > DEEPEST {
        return Ok(());
    }
    for task in tasks.as_array().into_iter().flatten() {
        if task.get("block").is_some() {
            walk(&task["block"], folder, known, (inside, depth + 1), titles)?;
            walk(&task["rescue"], folder, known, (true, depth + 1), titles)?;
            walk(&task["always"], folder, known, (inside, depth + 1), titles)?;
        } else if let Some(file) = included(task) {
            let path = folder.join(known.fill(file));
            let beside = path.parent().unwrap_or(folder).to_owned();
            // A file that is found only while it runs can't be shown; it is part of what is hashed all the same.
            if path.is_file() {
                walk(&read(&path)?, &beside, known, (inside, depth + 1), titles)?;
            }
        } else if inside && let Some(name) = task["name"].as_str() {
            let quiet = name.starts_with("See ") || name.starts_with("Judge ");
            if !quiet {
                titles.push(visible(&known.fill(name)));
            }
        }
    }
    Ok(())
}

/// The file that a task includes.
fn included(task: &Value) -> Option<&str> {
    ["include_tasks", "import_tasks"].iter().find_map(|name| {
        let value = task.get(name).or_else(|| task.get(format!("ansible.builtin.{name}")))?;
        value.as_str().or_else(|| value["file"].as_str())
    })
}

fn read(path: &Path) -> Result<Value, ExecutorError> {
    let what = || format!("reading {}", path.display());
    let text = std::fs::read_to_string(path).map_err(ExecutorError::io(what()))?;
    serde_saphyr::from_str(&text).map_err(|error| {
        let said = error.to_string();
        ExecutorError::Refused(format!("{}: {}", path.display(), said.lines().next().unwrap_or("no YAML")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_below_rescue_is_shown_with_what_it_includes() {
        let run = tempfile::tempdir().expect("a folder");
        let input = run.path().join(folder::INPUT);
        std::fs::create_dir_all(input.join("tasks")).expect("made");
        let write = |name: &str, text: &str| std::fs::write(input.join(name), text).expect("written");
        write(
            "vars.json",
            r#"{"ralf_service": {"__ansible_unsafe": "web"}, "ralf_targets": {"n1": {"init": {"__ansible_unsafe": "x"}}}}"#,
        );
        write(
            "deploy.yml",
            "- hosts: all\n  tasks:\n  - block:\n    - name: Begin\n    - include_tasks: tasks/in.yml\n    rescue:\n    - name: Stop {{ ralf_service }}\n    - ansible.builtin.include_tasks: tasks/back-{{ svc.init }}.yml\n",
        );
        write("tasks/in.yml", "- block:\n  - name: Try\n  rescue:\n  - name: See why\n  - name: Clean up\n");
        write("tasks/back-x.yml", "- name: Put it back\n- include_tasks: '{{ elsewhere }}.yml'\n");
        let task = Task {
            operation: "o".into(),
            intent: "deploy_service".into(),
            action: "deploy".into(),
            service: Some("web".into()),
            hosts: vec!["n1".into()],
            slots: Default::default(),
        };
        let steps = steps(run.path(), &task).expect("read");
        let titles: Vec<_> = steps.iter().map(|step| step.title.as_str()).collect();
        assert_eq!(titles, ["Clean up", "Stop web", "Put it back"]);
    }
}
