use thiserror::Error;

/// A mistake in a file of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{file}:{line}: {message}")]
pub struct CatalogueError {
    file: String,
    line: usize,
    message: String,
}

impl CatalogueError {
    pub(crate) fn at(file: &str, text: &str, offset: usize, message: impl Into<String>) -> Self {
        let line = 1 + text.bytes().take(offset).filter(|b| *b == b'\n').count();
        Self { file: file.to_owned(), line, message: message.into() }
    }

    pub(crate) fn toml(file: &str, text: &str, error: &toml::de::Error) -> Self {
        Self::at(file, text, error.span().map_or(0, |s| s.start), error.message().trim())
    }

    pub(crate) fn unread(file: &str, error: &std::io::Error) -> Self {
        Self { file: file.to_owned(), line: 0, message: error.to_string() }
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The line, from 1; 0 when the file itself could not be read.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// What is wrong.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}
