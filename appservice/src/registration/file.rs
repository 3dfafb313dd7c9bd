//! Reading and writing the registration file.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::Registration;

/// A registration could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RegistrationError {
    /// The text is no YAML, or not of this shape.
    ///
    /// The parser's message is left out on purpose: it quotes the file, which holds the tokens.
    #[error("the registration is not valid YAML of the expected shape, near line {line}")]
    Yaml {
        /// The line at which it went wrong, from 1; 0 if unknown.
        line: u64,
    },
    /// It could not be written as YAML.
    #[error("the registration could not be written as YAML")]
    Serialize(#[source] serde_saphyr::SerializeError),
    /// The file could not be read.
    #[error("could not read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file could not be written.
    #[error("could not write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Registration {
    /// Reads YAML.
    ///
    /// # Errors
    /// [`RegistrationError::Yaml`] if it has another shape.
    pub fn from_yaml(text: &str) -> Result<Self, RegistrationError> {
        serde_saphyr::from_str(text).map_err(|error| RegistrationError::Yaml {
            line: error.location().map_or(0, |location| location.line()),
        })
    }

    /// Writes YAML, with every string in quotes. The tokens are in it.
    ///
    /// # Errors
    /// [`RegistrationError::Serialize`], which no registration is known to cause.
    pub fn to_yaml(&self) -> Result<String, RegistrationError> {
        let options = serde_saphyr::ser_options! { quote_all: true, prefer_block_scalars: false };
        serde_saphyr::to_string_with_options(self, options).map_err(RegistrationError::Serialize)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`RegistrationError::Read`] and [`RegistrationError::Yaml`].
    pub fn read(path: &Path) -> Result<Self, RegistrationError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| RegistrationError::Read { path: path.to_owned(), source })?;
        Self::from_yaml(&text)
    }

    /// Writes a file that only its owner can read (mode 0600), replacing the old one in one step.
    ///
    /// The homeserver must be able to read it: copy it there, or give it to the homeserver's user.
    ///
    /// # Errors
    /// [`RegistrationError::Write`] and [`RegistrationError::Serialize`].
    pub fn write_private(&self, path: &Path) -> Result<(), RegistrationError> {
        let text = self.to_yaml()?;
        write_private(path, text.as_bytes())
            .map_err(|source| RegistrationError::Write { path: path.to_owned(), source })
    }
}

fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{:016x}.tmp", rand::random::<u64>()));
    let temporary = path.with_file_name(name);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(&temporary)?;
    let written = file
        .write_all(content)
        .and_then(|()| file.sync_all())
        .and_then(|()| std::fs::rename(&temporary, path));
    if written.is_err() {
        // The first error is the one to report; what is left over is only a temporary file.
        let _ = std::fs::remove_file(&temporary);
    }
    written
}

#[cfg(test)]
mod tests {
    use ruma::server_name;

    use crate::{Registration, registration::RegistrationError};

    fn sample() -> Registration {
        let bots = ["ralf-core", "ralf-health", "ralf-infra", "ralf-planner", "ralf-sec"];
        let url = "https://ralf-core.lab.local/webhooks/matrix";
        Registration::generate("ralf", url, "_ralf", server_name!("lab.local"), &bots)
    }

    #[test]
    fn round_trip() {
        let mut registration = sample();
        registration.push_ephemeral = Some(true);
        registration.msc3202 = Some(true);
        registration.msc4190 = Some(true);
        registration.protocols = vec!["irc".to_owned(), "true".to_owned()];
        let yaml = registration.to_yaml().expect("YAML");
        assert_eq!(Registration::from_yaml(&yaml).expect("a registration"), registration);
    }

    #[test]
    fn the_file_is_as_synapse_wants_it() {
        let mut registration = sample();
        registration.as_token = "aaaa".into();
        registration.hs_token = "bbbb".into();
        let expected = r#"id: 'ralf'
url: 'https://ralf-core.lab.local/webhooks/matrix'
as_token: 'aaaa'
hs_token: 'bbbb'
sender_localpart: '_ralf'
namespaces:
  users:
  - exclusive: true
    regex: "^@ralf-(core|health|infra|planner|sec):lab\\.local$"
  aliases: []
  rooms: []
rate_limited: false
receive_ephemeral: true
"#;
        assert_eq!(registration.to_yaml().expect("YAML"), expected);
    }

    #[test]
    fn files_written_by_hand() {
        let yaml = "id: x\nurl: null\nas_token: a\nhs_token: '1234'\nsender_localpart: _x\nnamespaces:\n  users:\n    \
                    - exclusive: true\n      regex: '^@x:y\\.z$'\n  aliases:\nip_range_whitelist: [10.0.0.0/8]\n";
        let registration = Registration::from_yaml(yaml).expect("a registration");
        assert_eq!(registration.url, None);
        assert_eq!(registration.hs_token.expose(), "1234");
        assert_eq!(registration.namespaces.users[0].regex, r"^@x:y\.z$");
        assert_eq!(registration.rate_limited, None);
        assert!(!registration.receive_ephemeral);
    }

    #[test]
    fn errors_never_quote_the_file() {
        let yaml = "id: x\nas_token: [very-secret\nhs_token: very-secret\n";
        let error = Registration::from_yaml(yaml).expect_err("no YAML");
        assert!(!format!("{error:?} {error}").contains("very-secret"), "{error:?}");
        let error =
            Registration::from_yaml("id: x\nas_token:\n  very-secret: 1\n").expect_err("another shape");
        assert!(!format!("{error:?} {error}").contains("very-secret"), "{error:?}");
        assert!(error.to_string().ends_with("near line 3"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_it() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("registration.yaml");
        std::fs::write(&path, "old").expect("an old file");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("open to all");
        let registration = sample();
        registration.write_private(&path).expect("written");
        let mode = std::fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(Registration::read(&path).expect("a registration"), registration);
        let names = std::fs::read_dir(folder.path()).expect("the folder").count();
        assert_eq!(names, 1, "no temporary file stays");
        let missing = folder.path().join("no/such/folder.yaml");
        let error = registration.write_private(&missing).expect_err("no folder");
        assert!(matches!(error, RegistrationError::Write { .. }));
        assert!(matches!(Registration::read(&missing), Err(RegistrationError::Read { .. })));
    }

    #[test]
    fn debug_shows_no_token() {
        let registration = sample();
        let shown = format!("{registration:?}");
        assert!(!shown.contains(registration.as_token.expose()));
        assert!(!shown.contains(registration.hs_token.expose()));
    }
}
