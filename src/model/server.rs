//! One model server: whether it can be asked now, and what became of it when it was.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ralf_intents::{Capabilities, ModelAnswer, ModelError, ModelRequest};
use tokio::sync::SetOnce;
use tokio::time::{Instant, timeout};

use super::allowance::{Allowance, Refused};
use super::guard::{Guarded, Withheld};
use crate::store::StoreError;

/// What a look at a server costs at most, in tokens.
const LOOK: u64 = 150;
/// A server that fails again and again is left alone for twice as long each time, but no longer than after so many.
const DOUBLINGS: u32 = 4;

pub(super) struct Server {
    guarded: Guarded,
    allowance: Option<Allowance>,
    timeout: Duration,
    rest: Duration,
    state: Mutex<State>,
    /// Set after the first look.
    looked: SetOnce<()>,
}

/// How a server is.
#[derive(Debug, Clone)]
enum State {
    /// Nobody looked at it yet.
    New,
    /// It can be asked.
    Able { schema: bool },
    /// It failed, so many times in a row, and is left alone.
    Resting { why: String, until: Instant, failures: u32 },
}

/// Why a server gave no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Why {
    /// Nobody knows yet what it can.
    #[error("it has not been looked at yet")]
    New,
    /// It failed a while ago.
    #[error("left alone since it failed: {0}")]
    Resting(String),
    /// It answers as it likes.
    #[error("it does not keep to a JSON schema, so it is asked for talk only")]
    NoSchema,
    /// It may not see the request.
    #[error(transparent)]
    Withheld(#[from] Withheld),
    /// It would cost too much.
    #[error(transparent)]
    Spent(#[from] Refused),
    /// It was asked, and failed.
    #[error(transparent)]
    Failed(#[from] ModelError),
}

impl From<StoreError> for Why {
    fn from(error: StoreError) -> Self {
        Self::Spent(error.into())
    }
}

/// What a look found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) capabilities: Capabilities,
    /// Whether it keeps to a JSON schema.
    pub(super) schema: bool,
}

impl Server {
    pub(super) fn new(
        guarded: Guarded,
        allowance: Option<Allowance>,
        timeout: Duration,
        rest: Duration,
    ) -> Self {
        let state = Mutex::new(State::New);
        Self { guarded, allowance, timeout, rest, state, looked: SetOnce::new() }
    }

    pub(super) fn guarded(&self) -> &Guarded {
        &self.guarded
    }

    /// Asks it, if it may see the request and is able to answer it.
    pub(super) async fn ask(&self, request: &ModelRequest) -> Result<ModelAnswer, Why> {
        // In the first moments it is being looked at.
        let _ = timeout(self.timeout, self.looked.wait()).await;
        let permit = match self.state() {
            State::New => return Err(Why::New),
            State::Resting { why, .. } => return Err(Why::Resting(why)),
            State::Able { schema } => {
                let permit = self.guarded.permit(request)?;
                if request.schema.is_some() && !schema {
                    return Err(Why::NoSchema);
                }
                permit
            }
        };
        let aside = self.set_aside(most_tokens(request)).await?;
        let answer = permit.complete().await;
        match &answer {
            Ok(answer) => self.settle(aside, answer.tokens).await?,
            Err(error) if is_the_servers_fault(error) => self.failed(error),
            Err(_) => {}
        }
        Ok(answer?)
    }

    /// Texts as vectors, by another model on the same server, if what people say may be seen there.
    pub(super) async fn embed(&self, name: &str, texts: &[String]) -> Result<Vec<Vec<f32>>, Why> {
        let _ = timeout(self.timeout, self.looked.wait()).await;
        match self.state() {
            State::New => return Err(Why::New),
            State::Resting { why, .. } => return Err(Why::Resting(why)),
            State::Able { .. } => {}
        }
        let words: usize = texts.iter().map(|text| text.len() / 2).sum();
        self.set_aside(u64::try_from(words).unwrap_or(u64::MAX)).await?;
        let vectors = self.guarded.embed(name, texts).await;
        if let Err(Why::Failed(error)) = &vectors
            && is_the_servers_fault(error)
        {
            self.failed(error);
        }
        vectors
    }

    /// Looks at the server: what it is, what it can.
    pub(super) async fn look(&self) -> Result<Found, Why> {
        let found = self.look_closely().await;
        match &found {
            Ok(found) => *self.lock() = State::Able { schema: found.schema },
            Err(why) => self.failed(why),
        }
        // Whoever comes second finds it set.
        let _ = self.looked.set(());
        found
    }

    async fn look_closely(&self) -> Result<Found, Why> {
        let capabilities = self.guarded.probe().await?;
        let aside = self.set_aside(LOOK).await?;
        let schema = self.guarded.keeps_to_schema().await?;
        self.settle(aside, None).await?;
        Ok(Found { capabilities, schema })
    }

    /// When it is to be looked at; nothing while it is well.
    pub(super) fn due(&self) -> Option<Instant> {
        match self.state() {
            State::New => Some(Instant::now()),
            State::Able { .. } => None,
            State::Resting { until, .. } => Some(until),
        }
    }

    /// Whether it can be asked.
    pub(super) fn able(&self) -> bool {
        matches!(self.state(), State::Able { .. })
    }

    /// Whether it failed more than once in a row.
    pub(super) fn still_failing(&self) -> bool {
        matches!(self.state(), State::Resting { failures: 2.., .. })
    }

    fn failed(&self, why: &dyn std::error::Error) {
        let mut state = self.lock();
        let failures = if let State::Resting { failures, .. } = &*state { failures + 1 } else { 1 };
        let rest = self.rest * 2_u32.pow((failures - 1).min(DOUBLINGS));
        *state = State::Resting { why: why.to_string(), until: Instant::now() + rest, failures };
    }

    async fn set_aside(&self, tokens: u64) -> Result<u64, Refused> {
        if let Some(allowance) = &self.allowance {
            allowance.set_aside(tokens).await?;
        }
        Ok(tokens)
    }

    async fn settle(&self, aside: u64, really: Option<u64>) -> Result<(), StoreError> {
        match (&self.allowance, really) {
            (Some(allowance), Some(really)) => allowance.settle(aside, really).await,
            // A server that doesn't count leaves what was set aside.
            _ => Ok(()),
        }
    }

    fn state(&self) -> State {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A bad answer is the model's fault, and the next question may be easier; everything else is likely to come again.
fn is_the_servers_fault(error: &ModelError) -> bool {
    !matches!(error, ModelError::Cut | ModelError::Garbled(_))
}

/// What the template around a request may add, in tokens.
const TEMPLATE: u64 = 64;

/// More tokens than a request and its answer have.
fn most_tokens(request: &ModelRequest) -> u64 {
    let schema = request.schema.as_ref().map_or(0, |schema| schema.to_string().len());
    let bytes = request.system.len() + request.user.len() + schema;
    u64::try_from(bytes / 2).unwrap_or(u64::MAX).saturating_add(TEMPLATE + u64::from(request.max_tokens))
}
