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
