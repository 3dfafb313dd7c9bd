//! What a model may see. Its owner says so, and there is no way around it: the model itself can't be got from here, only a
//! permit for one request.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use super::server::Why;
use ralf_intents::{Capabilities, Class, Model, ModelAnswer, ModelError, ModelRequest, keeps_to_schema};

/// A model behind its owner's word.
pub(super) struct Guarded {
    model: Box<dyn Model>,
    may_see: BTreeSet<Class>,
    /// Whether the owner's word was given for this server, or the server was looked at and does the work itself.
    known: AtomicBool,
    said: bool,
}

/// The consent to one request.
pub(super) struct Permit<'a> {
    model: &'a dyn Model,
    request: &'a ModelRequest,
}

/// Why there is no permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Withheld {
    /// The request holds what the model may not see.
    #[error("it may not see {0}; see `may_see`")]
    Class(Class),
    /// It works elsewhere, or nobody knows yet whether it does.
    #[error(
        "it may hand its work on to another machine, and nobody said what may leave this one; see `may_see`"
    )]
    Elsewhere,
}

impl Guarded {
    /// A model that may see what its owner said.
    pub(super) fn said(model: Box<dyn Model>, may_see: BTreeSet<Class>) -> Self {
        Self { model, may_see, known: true.into(), said: true }
    }

    /// A model on this machine, which may see everything if it does its work here.
    pub(super) fn here(model: Box<dyn Model>) -> Self {
        let may_see = [Class::Talk, Class::Lab, Class::Logs].into();
        Self { model, may_see, known: false.into(), said: false }
    }

    pub(super) fn name(&self) -> &str {
        self.model.name()
    }

    /// What it may see, as far as it is known.
    pub(super) fn may_see(&self) -> impl Iterator<Item = &Class> {
        self.may_see.iter().filter(|_| self.known.load(Ordering::Acquire))
    }

    /// Consents to a request if the model may see everything in it.
    pub(super) fn permit<'a>(&'a self, request: &'a ModelRequest) -> Result<Permit<'a>, Withheld> {
        if let Some(class) = request.holds.iter().find(|class| !self.may_see.contains(class)) {
            return Err(Withheld::Class(*class));
        }
        if !self.known.load(Ordering::Acquire) {
            return Err(Withheld::Elsewhere);
        }
        Ok(Permit { model: self.model.as_ref(), request })
    }

    /// Looks at what the server is, and where it works.
    pub(super) async fn probe(&self) -> Result<Capabilities, ModelError> {
        let found = self.model.probe().await?;
        self.known.store(self.said || found.elsewhere.is_none(), Ordering::Release);
        Ok(found)
    }

    /// Whether it keeps to a schema; asked only where it may be asked at all.
    pub(super) async fn keeps_to_schema(&self) -> Result<bool, ModelError> {
        if !self.known.load(Ordering::Acquire) {
            return Ok(false);
        }
        keeps_to_schema(self.model.as_ref()).await
    }

    /// Texts as vectors, by another model on the same server: what people say, without names.
    pub(super) async fn embed(&self, name: &str, texts: &[String]) -> Result<Vec<Vec<f32>>, Why> {
        if !self.may_see.contains(&Class::Talk) {
            return Err(Withheld::Class(Class::Talk).into());
        }
        if !self.known.load(Ordering::Acquire) {
            return Err(Withheld::Elsewhere.into());
        }
        Ok(self.model.embed(name, texts).await?)
    }

    /// How long the vectors of another model on the same server are.
    pub(super) async fn dimensions(&self, embedding_name: &str) -> Result<usize, ModelError> {
        self.model.dimensions(embedding_name).await
    }
}

impl Permit<'_> {
    /// Asks.
    pub(super) async fn complete(self) -> Result<ModelAnswer, ModelError> {
        self.model.complete(self.request.clone()).await
    }
}
