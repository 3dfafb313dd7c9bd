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
/// A model that keeps to no schema may have been one that could not just then.
const LOOK_AGAIN: Duration = Duration::from_secs(600);
/// A server that fails again and again is left alone for twice as long each time, but no longer than after so many.
const DOUBLINGS: u32 = 4;

pub(super) struct Server {
    guarded: Guarded,
    allowance: Option<Allowance>,
    timeout: Duration,
    rest: Duration,
    state: Mutex<State>,
    /// The rest of its embedding model, which may fail alone, and after so many failures.
    embeddings: Mutex<Option<Rest>>,
    /// Set after the first look.
    looked: SetOnce<()>,
}

/// How a server is.
#[derive(Debug, Clone)]
enum State {
    /// Nobody looked at it yet.
    New,
    /// It can be asked; what keeps to no schema is looked at again then.
    Able { again: Option<Instant> },
    /// It failed and is left alone.
    Resting(Rest),
}

/// A failure, the last of so many in a row, and until when it is left alone for it.
#[derive(Debug, Clone)]
struct Rest {
    why: String,
    until: Instant,
    failures: u32,
}

impl Rest {
    fn is_on(&self) -> bool {
        self.until > Instant::now()
    }

    /// Twice as long each time.
    fn after(before: Option<&Self>, why: &dyn std::error::Error, rest: Duration) -> Self {
        let failures = before.map_or(0, |rest| rest.failures).saturating_add(1);
        let rest = rest * 2_u32.pow((failures - 1).min(DOUBLINGS));
        Self { why: why.to_string(), until: Instant::now() + rest, failures }
    }
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
        Self {
            guarded,
            allowance,
            timeout,
            rest,
            state,
            embeddings: Mutex::default(),
            looked: SetOnce::new(),
        }
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
            State::Resting(Rest { why, .. }) => return Err(Why::Resting(why)),
            State::Able { again } => {
                let permit = self.guarded.permit(request)?;
                if request.schema.is_some() && again.is_some() {
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

    /// Texts as vectors, by another model on the same server, if what people say may be seen there. When it fails, it is left
    /// alone, so that no message waits for it; the server itself only when it is gone.
    pub(super) async fn embed(&self, name: &str, texts: &[String]) -> Result<Vec<Vec<f32>>, Why> {
        let _ = timeout(self.timeout, self.looked.wait()).await;
        match self.state() {
            State::New => return Err(Why::New),
            State::Resting(Rest { why, .. }) => return Err(Why::Resting(why)),
            State::Able { .. } => {}
        }
        if let Some(rest) = self.embeddings().as_ref().filter(|rest| rest.is_on()) {
            return Err(Why::Resting(rest.why.clone()));
        }
        // No server counts these in a way of its own: the estimate stands.
        self.set_aside(tokens_to_embed(texts.iter().map(String::as_str))).await?;
        let vectors = self.guarded.embed(name, texts).await;
        match &vectors {
            Ok(_) => *self.embeddings() = None,
            Err(Why::Failed(error)) if is_the_servers_fault(error) => {
                let mut rest = self.embeddings();
                *rest = Some(Rest::after(rest.as_ref(), error, self.rest));
                if matches!(error, ModelError::Gone(_)) {
                    self.failed(error);
                }
            }
            Err(_) => {}
        }
        vectors
    }

    /// How many tokens may still be spent today, and in a whole day; nothing where there is no limit.
    pub(super) async fn left(&self) -> Result<Option<(u64, u64)>, StoreError> {
        match &self.allowance {
            Some(allowance) => allowance.left().await.map(Some),
            None => Ok(None),
        }
    }

    /// Looks at the server: what it is, what it can.
    pub(super) async fn look(&self) -> Result<Found, Why> {
        let found = self.look_closely().await;
        match &found {
            Ok(found) => {
                let again = (!found.schema).then(|| Instant::now() + LOOK_AGAIN);
                *self.lock() = State::Able { again };
            }
            Err(why) => self.failed(why),
        }
        // Whoever comes second finds it set.
        let _ = self.looked.set(());
        found
    }

    async fn look_closely(&self) -> Result<Found, Why> {
        let capabilities = self.guarded.probe().await?;
        self.set_aside(LOOK).await?;
        let schema = self.guarded.keeps_to_schema().await?;
        Ok(Found { capabilities, schema })
    }

    /// When it is to be looked at; nothing while all is well.
    pub(super) fn due(&self) -> Option<Instant> {
        match self.state() {
            State::New => Some(Instant::now()),
            State::Able { again } => again,
            State::Resting(Rest { until, .. }) => Some(until),
        }
    }

    /// Whether it can be asked.
    pub(super) fn able(&self) -> bool {
        matches!(self.state(), State::Able { .. })
    }

    /// Whether it can be asked, or why not; nothing before the first look. One that could be is asked for what it is, which costs
    /// no tokens, so that nobody has to ask in vain first.
    pub(super) async fn standing(&self) -> Option<Result<(), String>> {
        if self.able()
            && let Err(why) = self.guarded.probe().await
        {
            self.failed(&why);
        }
        match self.state() {
            State::New => None,
            State::Able { .. } => Some(Ok(())),
            State::Resting(Rest { why, .. }) => Some(Err(why)),
        }
    }

    /// Whether its embedding model is left alone.
    pub(super) fn embeddings_rest(&self) -> bool {
        self.embeddings().as_ref().is_some_and(Rest::is_on)
    }

    /// Whether it can be asked, but for talk only.
    pub(super) fn only_talks(&self) -> bool {
        matches!(self.state(), State::Able { again: Some(_) })
    }

    /// Whether it failed more than once in a row.
    pub(super) fn still_failing(&self) -> bool {
        matches!(self.state(), State::Resting(Rest { failures: 2.., .. }))
    }

    fn failed(&self, why: &dyn std::error::Error) {
        let mut state = self.lock();
        let before = if let State::Resting(rest) = &*state { Some(rest) } else { None };
        *state = State::Resting(Rest::after(before, why, self.rest));
    }

    fn embeddings(&self) -> std::sync::MutexGuard<'_, Option<Rest>> {
        self.embeddings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn set_aside(&self, tokens: u64) -> Result<u64, Refused> {
        if let Some(allowance) = &self.allowance {
            allowance.set_aside(tokens).await?;
        }
        Ok(tokens)
    }

    /// Counts an answer; a server that doesn't count leaves what was set aside.
    async fn settle(&self, aside: u64, really: Option<u64>) -> Result<(), StoreError> {
        match (&self.allowance, really) {
            (Some(allowance), Some(really)) => allowance.settle(aside, really).await,
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

/// A bad answer or a request that is not taken: the next one may be easier; everything else is likely to come again.
fn is_the_servers_fault(error: &ModelError) -> bool {
    use ModelError::{Cut, Declined, Garbled, Long};
    !matches!(error, Declined(_) | Cut | Long | Garbled(_))
}

/// About how many tokens texts are for an embedding model: rather too many than too few.
pub(super) fn tokens_to_embed<'a>(texts: impl Iterator<Item = &'a str>) -> u64 {
    texts.map(|text| u64::try_from(text.len() / 3 + 3).unwrap_or(u64::MAX)).fold(0, u64::saturating_add)
}

/// What the template around a request may add, in tokens.
const TEMPLATE: u64 = 64;

/// More tokens than a request and its answer have.
fn most_tokens(request: &ModelRequest) -> u64 {
    let schema = request.schema.as_ref().map_or(0, |schema| schema.to_string().len());
    let bytes = request.system.len() + request.user.len() + schema;
    u64::try_from(bytes / 2).unwrap_or(u64::MAX).saturating_add(TEMPLATE + u64::from(request.max_tokens))
}
