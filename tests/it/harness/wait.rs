//! Waiting for what can be seen.

use std::time::Duration;

use tokio::time::Instant;

/// Machines are slow at times, and some stories are long; nobody waits for so long when all is well.
const PATIENCE: Duration = Duration::from_secs(180);

/// Waits until something is so.
pub(crate) async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    until_each(Duration::from_millis(20), what, is_so).await;
}

/// The same, with another pause between two looks.
pub(crate) async fn until_each(pause: Duration, what: &str, is_so: impl AsyncFn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so().await {
        assert!(Instant::now() < end, "waited in vain for {what}");
        tokio::time::sleep(pause).await;
    }
}
