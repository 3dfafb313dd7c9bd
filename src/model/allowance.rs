//! How many tokens a server may cost in a day. What is asked for is set aside before and settled after, so that neither a
//! restart nor an answer that nobody waited for goes uncounted.

use tokio::sync::Mutex;

use crate::clock::Clock;
use crate::store::{Store, StoreError};

const DAY_MS: i64 = 24 * 3_600_000;

/// A day's allowance.
pub(super) struct Allowance {
    per_day: u64,
    /// Where it is remembered.
    key: String,
    /// Without one it is counted in this process alone.
    store: Option<Store>,
    spent: Mutex<Spent>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Spent {
    /// Days since the epoch, UTC.
    day: i64,
    tokens: u64,
}

/// Why nothing may be spent.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    /// It is used up.
    #[error("its {0} tokens for today are used up")]
    UsedUp(u64),
    /// What can't be counted is not spent.
    #[error("its tokens can't be counted")]
    Uncounted(#[from] StoreError),
}

impl Allowance {
    pub(super) fn new(per_day: u64, server: &str, store: Option<Store>) -> Self {
        Self { per_day, key: format!("model-tokens:{server}"), store, spent: Mutex::default() }
    }

    /// Sets tokens aside; they stay so unless they are settled.
    pub(super) async fn set_aside(&self, tokens: u64) -> Result<(), Refused> {
        let mut spent = self.spent.lock().await;
        let mut now = self.of_today(*spent).await?;
        if now.tokens.saturating_add(tokens) > self.per_day {
            return Err(Refused::UsedUp(self.per_day));
        }
        now.tokens += tokens;
        self.remember(now).await?;
        *spent = now;
        Ok(())
    }

    /// What is left of today's tokens, and how many a day has.
    pub(super) async fn left(&self) -> Result<(u64, u64), StoreError> {
        let now = self.of_today(*self.spent.lock().await).await?;
        Ok((self.per_day.saturating_sub(now.tokens), self.per_day))
    }

    /// Counts what it really was in place of what was set aside.
    pub(super) async fn settle(&self, aside: u64, really: u64) -> Result<(), StoreError> {
        let mut spent = self.spent.lock().await;
        let mut now = self.of_today(*spent).await?;
        now.tokens = now.tokens.saturating_sub(aside).saturating_add(really);
        self.remember(now).await?;
        *spent = now;
        Ok(())
    }

    async fn of_today(&self, spent: Spent) -> Result<Spent, StoreError> {
        let clock = self.store.as_ref().map_or(&Clock::System, |store| &store.clock);
        let day = clock.now_ms() / DAY_MS;
        if spent.day == day {
            return Ok(spent);
        }
        let remembered = match &self.store {
            Some(store) => store.recall(&self.key).await?,
            None => None,
        };
        let remembered = remembered.as_deref().and_then(Spent::read).filter(|spent| spent.day == day);
        Ok(remembered.unwrap_or(Spent { day, tokens: 0 }))
    }

    async fn remember(&self, spent: Spent) -> Result<(), StoreError> {
        match &self.store {
            Some(store) => store.remember(&self.key, &format!("{} {}", spent.day, spent.tokens)).await,
            None => Ok(()),
        }
    }
}

impl Spent {
    fn read(text: &str) -> Option<Self> {
        let (day, tokens) = text.split_once(' ')?;
        Some(Self { day: day.parse().ok()?, tokens: tokens.parse().ok()? })
    }
}
