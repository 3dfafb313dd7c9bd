//! Leases on targets: one operation at a time, each under a fencing token.

use super::{Store, StoreError, Tx};

/// What else a target's lease excludes: an exact target, and a pattern.
fn overlapping(target: &str) -> (String, String) {
    if let Some(host) = target.strip_prefix("host:") {
        return (target.to_owned(), format!("%@{}", host.replace(['%', '_'], "_")));
    }
    let host = target.rsplit_once('@').map_or("", |(_, host)| host);
    // A pattern that is never a target: what is exact is asked for by itself.
    (format!("host:{host}"), String::new())
}

impl Store {
    /// Gives back what operations hold that have come to their end.
    pub async fn release_ended(&self) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "DELETE FROM targets WHERE EXISTS (SELECT 1 FROM operations WHERE id = targets.operation AND state IN \
             ('succeeded', 'failed', 'rolled_back', 'denied', 'expired', 'superseded', 'cancelled'))",
        )
        .execute(&mut *tx.tx)
        .await?;
        tx.commit().await
    }
}

impl Tx {
    /// Another operation that holds one of these targets, or something that overlaps: a host overlaps with every service
    /// on it.
    pub async fn rival(&mut self, operation: &str, targets: &[String]) -> Result<Option<String>, StoreError> {
        for target in targets {
            let (exact, like) = overlapping(target);
            let rival: Option<String> = sqlx::query_scalar(
                "SELECT operation FROM targets WHERE operation <> $1 AND (target = $2 OR target = $3 OR target LIKE $4)",
            )
            .bind(operation)
            .bind(target)
            .bind(exact)
            .bind(like)
            .fetch_optional(&mut *self.tx)
            .await?;
            if rival.is_some() {
                return Ok(rival);
            }
        }
        Ok(None)
    }

    /// Leases targets to an operation under one token, in place of what it holds. Fails when another one has the same.
    pub async fn lease_targets(
        &mut self,
        operation: &str,
        targets: &[String],
        token: i64,
    ) -> Result<(), StoreError> {
        self.release_targets(operation).await?;
        for target in targets {
            sqlx::query("INSERT INTO targets (target, operation, token) VALUES ($1, $2, $3)")
                .bind(target)
                .bind(operation)
                .bind(token)
                .execute(&mut *self.tx)
                .await?;
        }
        Ok(())
    }

    /// The token under which an operation holds all of these targets, if it does.
    pub async fn lease_of(&mut self, operation: &str, targets: &[String]) -> Result<Option<i64>, StoreError> {
        let held: Vec<i64> = sqlx::query_scalar("SELECT token FROM targets WHERE operation = $1")
            .bind(operation)
            .fetch_all(&mut *self.tx)
            .await?;
        let token = held.first().copied();
        Ok(token.filter(|token| held.len() == targets.len() && held.iter().all(|other| other == token)))
    }

    /// Gives all targets of an operation back.
    pub async fn release_targets(&mut self, operation: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM targets WHERE operation = $1")
            .bind(operation)
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }
}
