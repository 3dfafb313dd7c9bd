//! A Python that can make the lab's virtual environment.

use std::process::Stdio;

use tokio::process::Command;

use super::LabError;

/// In the order in which they are tried.
const NAMES: [&str; 5] = ["python3", "python3.13", "python3.12", "python3.11", "python3.10"];
/// Prints the version; the imports show whether Debian's `python3-venv` is there.
const PROBE: &str = "import sys; print(*sys.version_info[:2]); import venv, ensurepip";

/// Finds an interpreter from 3.10 on that has the `venv` module.
pub(super) async fn find() -> Result<String, LabError> {
    let mut without_venv = None;
    for name in NAMES {
        let output = Command::new(name).args(["-I", "-c", PROBE]).stdin(Stdio::null()).output().await;
        let Ok(output) = output else { continue };
        match judge(&String::from_utf8_lossy(&output.stdout), output.status.success()) {
            Verdict::Fits => return Ok(name.to_owned()),
            Verdict::NoVenv(version) => {
                without_venv.get_or_insert(LabError::NoVenv {
                    python: name.to_owned(),
                    package: if name == "python3" {
                        "python3-venv".to_owned()
                    } else {
                        format!("python{version}-venv")
                    },
                });
            }
            Verdict::No => {}
        }
    }
    Err(without_venv.unwrap_or_else(|| LabError::NoPython { looked_for: NAMES.join(", ") }))
}

#[derive(Debug, PartialEq)]
enum Verdict {
    Fits,
    NoVenv(String),
    No,
}

fn judge(printed: &str, success: bool) -> Verdict {
    let mut numbers = printed.split_whitespace().map(str::parse::<u32>);
    let (Some(Ok(major)), Some(Ok(minor))) = (numbers.next(), numbers.next()) else { return Verdict::No };
    match (major, minor) {
        (3, 10..) if success => Verdict::Fits,
        (3, 10..) => Verdict::NoVenv(format!("{major}.{minor}")),
        _ => Verdict::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn judges() {
        assert_eq!(judge("3 11\n", true), Verdict::Fits);
        assert_eq!(judge("3 11\n", false), Verdict::NoVenv("3.11".into()));
        assert_eq!(judge("3 9\n", true), Verdict::No);
        assert_eq!(judge("", false), Verdict::No);
    }
}
