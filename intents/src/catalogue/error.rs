use std::fmt;

/// Something in a file of a catalogue that a person should look at, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file, as it was given.
    pub file: String,
    /// The line, from 1; 0 when it is about the file as a whole.
    pub line: usize,
    /// What is wrong or odd, and what to write instead.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.message),
            line => write!(f, "{}:{line}: {}", self.file, self.message),
        }
    }
}

/// Mistakes in the files of a catalogue: all that were found, at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueError(Vec<Finding>);

impl CatalogueError {
    /// The mistakes, by file and line.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.0
    }
}

impl fmt::Display for CatalogueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(Finding::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for CatalogueError {}

/// Collects the mistakes of one file.
pub(super) struct Mistakes<'a> {
    file: &'a str,
    text: &'a str,
    found: Vec<Finding>,
}

impl<'a> Mistakes<'a> {
    pub(super) fn new(file: &'a str, text: &'a str) -> Self {
        Self { file, text, found: Vec::new() }
    }

    pub(super) fn line(&self, offset: usize) -> usize {
        1 + self.text.bytes().take(offset).filter(|b| *b == b'\n').count()
    }

    pub(super) fn at(&mut self, offset: usize, message: impl Into<String>) {
        self.found.push(Finding {
            file: self.file.to_owned(),
            line: self.line(offset),
            message: message.into(),
        });
    }

    pub(super) fn toml(&mut self, error: &toml::de::Error) {
        self.at(error.span().map_or(0, |s| s.start), error.message().trim().replace('\n', ": "));
    }

    /// What was made, if nothing was wrong.
    pub(super) fn or<T>(self, made: Option<T>) -> Result<T, CatalogueError> {
        match made {
            Some(made) if self.found.is_empty() => Ok(made),
            _ => Err(all(self.found)),
        }
    }
}

/// An error of findings, in order.
pub(super) fn all(mut found: Vec<Finding>) -> CatalogueError {
    found.sort();
    CatalogueError(found)
}
