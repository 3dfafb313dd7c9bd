//! A plain YAML inventory, read without starting Ansible. Whatever goes beyond one static file with plain names is left
//! to `ansible-inventory`.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::{Host, InventoryError};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Group {
    hosts: Option<BTreeMap<String, Option<Vars>>>,
    vars: Option<Vars>,
    children: Option<BTreeMap<String, Option<Group>>>,
}

type Vars = BTreeMap<String, Value>;

/// The hosts of a plain inventory, or nothing when the file needs Ansible to be understood.
pub(super) fn parse(path: &Path, text: &str) -> Result<Option<BTreeMap<String, Host>>, InventoryError> {
    if !stands_alone(path) || text.contains("!vault") || text.starts_with("#!") {
        return Ok(None);
    }
    let top: Value = match serde_saphyr::from_str(text) {
        Ok(top) => top,
        Err(error) => {
            let line = error.location().map_or(String::new(), |at| format!(":{}", at.line()));
            let message = error.to_string();
            let message = message.lines().next().unwrap_or("this is no YAML").to_owned();
            return Err(InventoryError::Wrong { place: format!("{}{line}", path.display()), message });
        }
    };
    if top.is_null() {
        return Ok(Some(BTreeMap::new()));
    }
    // `plugin:`, unknown keys, odd shapes: Ansible knows better what they mean or what is wrong with them.
    let Ok(groups) = serde_json::from_value::<BTreeMap<String, Option<Group>>>(top) else { return Ok(None) };
    let mut layers = BTreeMap::new();
    for (name, group) in &groups {
        let depth = usize::from(name != "all");
        if !collect(name, group.as_ref(), depth, &[], &mut layers) {
            return Ok(None);
        }
    }
    // Variables of `all` hold for hosts of the other top groups too.
    let everyone = groups.get("all").and_then(Option::as_ref).and_then(|group| group.vars.as_ref());
    let hosts = layers.into_iter().map(|(name, mut layers)| {
        layers.sort_by_key(|layer| layer.rank.clone());
        let mut vars = everyone.cloned().unwrap_or_default();
        vars.extend(layers.into_iter().flat_map(|layer| layer.vars));
        (name, Host::new(vars))
    });
    Ok(Some(hosts.collect()))
}

/// Variables and how strongly they hold: a host's own after a group's, a deeper group's after a higher one's, then by
/// the group's name.
struct Layer {
    rank: (bool, usize, String),
    vars: Vars,
}

/// Gathers a group's hosts; false when something is not plain.
fn collect<'g>(
    name: &'g str,
    group: Option<&'g Group>,
    depth: usize,
    above: &[(&'g str, usize, &'g Vars)],
    layers: &mut BTreeMap<String, Vec<Layer>>,
) -> bool {
    let Some(group) = group else { return true };
    let mut above = above.to_vec();
    if let Some(vars) = &group.vars {
        if vars.contains_key("ansible_group_priority") {
            return false;
        }
        above.push((name, depth, vars));
    }
    for (host, vars) in group.hosts.iter().flatten() {
        if host.contains(['[', ':']) {
            return false;
        }
        let layers = layers.entry(host.clone()).or_default();
        layers.extend(above.iter().map(|(group, depth, vars)| Layer {
            rank: (false, *depth, (*group).to_owned()),
            vars: (*vars).clone(),
        }));
        layers.push(Layer { rank: (true, depth, name.to_owned()), vars: vars.clone().unwrap_or_default() });
    }
    group
        .children
        .iter()
        .flatten()
        .all(|(child, group)| collect(child, group.as_ref(), depth + 1, &above, layers))
}

/// Whether nothing but this file belongs to the inventory.
fn stands_alone(path: &Path) -> bool {
    let yaml = path.extension().is_some_and(|e| e == "yml" || e == "yaml" || e == "json");
    let folder = path.parent().unwrap_or(Path::new("."));
    yaml && !folder.join("group_vars").exists() && !folder.join("host_vars").exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(text: &str) -> Option<BTreeMap<String, Host>> {
        parse(Path::new("/nowhere/hosts.yml"), text).expect("no error")
    }

    #[test]
    fn the_shipped_example_is_right() {
        let hosts = hosts(include_str!("../../config/hosts.example.yml")).expect("the example is plain");
        assert!(!hosts.is_empty());
    }

    #[test]
    fn nearer_variables_win() {
        let text = "all:\n  vars: {a: 1, b: 1, c: 1}\n  children:\n    web:\n      vars: {b: 2, c: 2}\n      hosts:\n        n1: {c: 3, ralf_aliases: [links]}\n        n2:\n";
        let hosts = hosts(text).expect("plain");
        let n1 = &hosts["n1"];
        assert_eq!([n1.text("a"), n1.text("b"), n1.text("c")], ["1", "2", "3"].map(|v| Some(v.to_owned())));
        assert_eq!(n1.aliases, ["links"]);
        assert_eq!(hosts["n2"].text("c").as_deref(), Some("2"));
    }

    #[test]
    fn what_is_not_plain_is_left_to_ansible() {
        assert!(hosts("plugin: amazon\n").is_none());
        assert!(hosts("all:\n  hosts:\n    node-[1:3]:\n").is_none());
        assert!(hosts("all:\n  hosts:\n    n: {pw: !vault x}\n").is_none());
        assert!(parse(Path::new("/nowhere/hosts.ini"), "[web]\nn1\n").expect("no error").is_none());
    }

    #[test]
    fn broken_yaml_has_a_line() {
        let error =
            parse(Path::new("/nowhere/hosts.yml"), "all:\n  hosts: {\n").expect_err("broken").to_string();
        assert!(error.starts_with("/nowhere/hosts.yml:"), "{error}");
    }
}
