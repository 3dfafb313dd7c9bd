//! Why a secret can't be had. Every message names the reference, and none the value.

use std::path::PathBuf;

/// Why a reference is wrong, or a secret can't be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// It is no reference.
    #[error(
        "`{0}` is no reference to a secret: write `vault://mount/path#field`, `env:NAME` or `file:/absolute/path`"
    )]
    NoReference(String),
    /// There is no variable, file, path or field of that name.
    #[error("the secret {reference} is not there: {hint}")]
    NotThere {
        /// The reference.
        reference: String,
        /// What is missing, and what to do.
        hint: String,
    },
    /// We may not read it.
    #[error("the secret {reference} may not be read: {hint}")]
    Forbidden {
        /// The reference.
        reference: String,
        /// What to do.
        hint: String,
    },
    /// It can't be a value of an environment variable, or can't be hidden.
    #[error("the secret {reference} can't be used: {why}")]
    Unusable {
        /// The reference.
        reference: String,
        /// What is wrong with its value.
        why: &'static str,
    },
    /// Vault does not answer as it should.
    #[error("the secret {reference} can't be had now: {why}")]
    Away {
        /// The reference.
        reference: String,
        /// What Vault did.
        why: String,
    },
    /// `[secrets]` lacks something.
    #[error("the secret {reference} needs {needs}")]
    NotConfigured {
        /// The reference.
        reference: String,
        /// What is needed.
        needs: &'static str,
    },
    /// It is not the one that was approved.
    #[error("the secret {0} was changed since it was planned")]
    Changed(String),
    /// The key of the keyed hash can't be read or made.
    #[error("the key in {} can't be used", .path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}
