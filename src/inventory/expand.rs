//! `{name}` placeholders of the services file.

/// Puts values in for `{name}` (lower-case letters and `_` between braces); every other brace stands for itself. What is
/// put in is never looked at again.
///
/// # Errors
/// The name of a placeholder that has no value.
pub fn expand(template: &str, value: impl Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut out = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        match placeholder(from) {
            Some(name) => {
                out.push_str(&value(name).ok_or_else(|| name.to_owned())?);
                rest = &from[name.len() + 2..];
            }
            None => {
                out.push('{');
                rest = &from[1..];
            }
        }
    }
    out.push_str(rest);
    Ok(out)
}

/// The name when the text begins with a placeholder.
fn placeholder(from: &str) -> Option<&str> {
    let (name, _) = from.strip_prefix('{')?.split_once('}')?;
    let plain = |c: char| c.is_ascii_lowercase() || c == '_';
    (!name.is_empty() && name.chars().all(plain)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(template: &str) -> Result<String, String> {
        expand(template, |name| match name {
            "name" => Some("jellyfin".into()),
            "version" => Some("{name} {{ 1 }}".into()),
            _ => None,
        })
    }

    #[test]
    fn values_are_put_in_once() {
        assert_eq!(filled("run {name} {version}"), Ok("run jellyfin {name} {{ 1 }}".into()));
    }

    #[test]
    fn other_braces_stay() {
        assert_eq!(filled("{ a } {{ 1+1 }} {{name}} {"), Ok("{ a } {{ 1+1 }} {jellyfin} {".into()));
    }

    #[test]
    fn an_unknown_name_is_told() {
        assert_eq!(filled("{nmae}"), Err("nmae".into()));
    }
}
