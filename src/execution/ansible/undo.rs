//! Whether a deployment can be taken back: only if it set the service up where there was none.

use crate::plan::Plan;

/// Whether all files that it wrote were new, and there were some on each of its hosts.
pub(super) fn created(done: &Plan) -> bool {
    let mut hosts: Vec<&String> = done.task.hosts.iter().collect();
    let mut host = "";
    let mut lines = done.diff.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(head) = line.strip_prefix("# ") {
            host = head.split_once(": ").map_or("", |(host, _)| host);
        } else if line.starts_with("@@ -0,0 ") {
            hosts.retain(|name| *name != host);
        } else if line.starts_with("@@ ") && !lines.peek().is_some_and(|line| is_state(line)) {
            return false;
        }
    }
    hosts.is_empty()
}

/// Whether a hunk that begins with this line is the listing of a folder's state, which is no file.
fn is_state(line: &str) -> bool {
    let line = line.get(1..).unwrap_or_default();
    ["mode: ", "path: ", "state: ", "owner: ", "group: "].iter().any(|name| line.starts_with(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(diff: &str) -> Plan {
        let task = crate::plan::Task {
            operation: "o".into(),
            intent: "deploy_service".into(),
            action: "deploy".into(),
            service: Some("web".into()),
            hosts: vec!["n1".into()],
            slots: Default::default(),
        };
        Plan {
            executor: "ansible".into(),
            executor_version: String::new(),
            task,
            targets: Vec::new(),
            risk: crate::plan::Risk::Low,
            steps: Vec::new(),
            diff: diff.into(),
            artefact: String::new(),
            observed: String::new(),
            policy_version: String::new(),
            effects: Default::default(),
            secrets: Vec::new(),
            rescue: Vec::new(),
        }
    }

    #[test]
    fn only_what_was_new_can_be_taken_back() {
        let folder = "# n1: Make its data folder: /d\n--- /d\n+++ /d\n@@ -1,2 +1,2 @@\n path: /d\n-state: absent\n+state: directory\n";
        let new = "# n1: Write its program file\n--- /c\n+++ /c\n@@ -0,0 +1,2 @@\n+[program:web]\n+x\n";
        let changed =
            "# n1: Write its program file\n--- /c\n+++ /c\n@@ -1,2 +1,2 @@\n [program:web]\n-x\n+y\n";
        assert!(created(&plan(&format!("{folder}{new}"))));
        assert!(created(&plan(new)));
        assert!(!created(&plan(&format!("{folder}{changed}"))));
        assert!(!created(&plan(folder)), "nothing says that the file was new");
        assert!(!created(&plan("")));
    }
}
