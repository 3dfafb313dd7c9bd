use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::*;

fn secrets(folder: &Path) -> Secrets {
    Secrets::new(&config::Secrets { key_file: Some(folder.join("key")), ..Default::default() })
}

fn file(folder: &Path, name: &str, text: impl AsRef<[u8]>) -> SecretRef {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("mode");
    format!("file:{}", path.display()).parse().expect("a reference")
}

#[tokio::test]
async fn files_are_read_and_have_a_version() {
    let folder = tempfile::tempdir().expect("a folder");
    let secrets = secrets(folder.path());
    let reference = file(folder.path(), "db", "file-hunter-1  \r\n");
    let one = secrets.resolve(&reference).await.expect("resolved");
    assert_eq!((one.value.expose(), one.version.len()), ("file-hunter-1  ", 16));
    assert_eq!(format!("{one:?} {}", one.value).matches("hunter").count(), 0);
    assert_eq!(crate::secrets::hide("is file-hunter-1  !"), "is [hidden]!", "it is known from then on");
    let used = secrets.version(&reference).await.expect("a version");
    assert_eq!((used.reference, used.version.as_str()), (reference.to_string(), one.version.as_str()));

    file(folder.path(), "db", "file-hunter-2\n\n");
    let two = secrets.resolve(&reference).await.expect("resolved");
    assert_eq!(two.value.expose(), "file-hunter-2\n");
    assert_ne!(one.version, two.version);

    // We still know the old one; somebody who starts now can't.
    let used = SecretUse { reference: reference.to_string(), version: one.version };
    assert_eq!(secrets.resolve_version(&used).await.expect("had").expose(), "file-hunter-1  ");
    let fresh =
        Secrets::new(&config::Secrets { key_file: Some(folder.path().join("key")), ..Default::default() });
    assert!(matches!(fresh.resolve_version(&used).await, Err(SecretError::Changed(_))));
}

#[tokio::test]
async fn what_can_not_be_used_is_named_without_its_value() {
    let folder = tempfile::tempdir().expect("a folder");
    let secrets = secrets(folder.path());
    let at = folder.path();
    std::fs::create_dir(at.join("folder")).expect("made");
    symlink(at.join("db"), at.join("link")).expect("linked");
    let of =
        |name: &str| format!("file:{}", at.join(name).display()).parse::<SecretRef>().expect("a reference");
    for (reference, why) in [
        (of("nowhere"), "there is no such file"),
        (of("folder"), "no regular file"),
        ("file:/dev/null".parse().expect("one"), "no regular file"),
        (file(at, "short", "shorty1\n"), "fewer than 8"),
        (file(at, "nul", "nul-hunter\0x"), "NUL"),
        (file(at, "latin1", b"hunter\xffhunter"), "no UTF-8"),
        (file(at, "large", vec![b'x'; 70_000]), "64 KiB"),
        ("env:NO_SUCH_SECRET_HERE".parse().expect("one"), "no variable NO_SUCH_SECRET_HERE"),
        ("vault://kv/a#b".parse().expect("one"), "needs `[secrets] vault_url`"),
    ] {
        let error = secrets.resolve(&reference).await.expect_err(why).to_string();
        assert!(error.contains(why) && error.contains(&reference.to_string()), "{error}");
        assert!(!error.contains("hunter") && !error.contains("shorty"), "{error}");
    }
    // As in a container: the file that a link leads to counts.
    file(at, "db", "link-hunter-1");
    assert_eq!(secrets.resolve(&of("link")).await.expect("resolved").value.expose(), "link-hunter-1");
}

#[tokio::test]
async fn variables_are_read() {
    let folder = tempfile::tempdir().expect("a folder");
    // Every test program has it, and nobody else says it: what was resolved is hidden from all tests.
    let reference = "env:CARGO_PKG_DESCRIPTION".parse().expect("a reference");
    let reader = config::Secrets { key_file: Some(folder.path().join("key")), ..Default::default() };
    let resolved = Secrets::new(&reader).resolve(&reference).await.expect("resolved");
    assert_eq!(resolved.value.expose(), env!("CARGO_PKG_DESCRIPTION"));
}

#[test]
fn no_secret_sets_a_program_up() {
    for name in ["DB_PASSWORD", "GF_SECURITY_ADMIN_PASSWORD", "A1"] {
        assert!(is_variable(name), "{name}");
    }
    for name in [
        "",
        "db",
        "1A",
        "A-B",
        "PATH",
        "LD_PRELOAD",
        "ANSIBLE_CONFIG",
        "PYTHONPATH",
        "BASH_ENV",
        "RALF_X",
        "Ä",
    ] {
        assert!(!is_variable(name), "{name}");
    }
}
