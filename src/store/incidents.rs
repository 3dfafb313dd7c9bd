//! Incidents, the alerts they are made of, and their stories.

use std::borrow::Cow;

use sha2::{Digest as _, Sha256};
use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Store, StoreError, Tx, json, to_json};
use crate::alerts::{Alert, Incident, State};
use crate::report::messages::alerts::Note;

/// An alert as we know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// As its source described it last.
    pub alert: Alert,
    /// Where it comes from.
    pub source: String,
    /// Its incident.
    pub incident: String,
    /// Whether its source silences it.
    pub silenced: bool,
    /// When its source last spoke of it, milliseconds since the epoch.
    pub seen_ts: i64,
}

/// A line of an incident's story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chapter {
    /// Milliseconds since the epoch.
    pub ts: i64,
    /// Who did it: a Matrix id, a source, or `ralf`.
    pub actor: String,
    /// What happened.
    pub what: Note,
}

/// What is known of all alerts of an incident, also of those that were not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// How many fire.
    pub firing: u64,
    /// How many there are.
    pub total: u64,
    /// The highest place of a severity ([`crate::alerts::Severity::rank`]) among those that fire, or among all when none does.
    pub rank: u8,
    /// All that fire are silenced at their source.
    pub silenced: bool,
}

/// More alerts than this are counted, but not read, when an incident is looked at.
const READ: i64 = 500;
const ALERT: &str = "source, incident, silenced, seen_ts, doc, fingerprint";

/// The longest text of a stranger's in an index, in bytes: PostgreSQL refuses rows of more than 2,700.
const INDEXED: usize = 500;

/// What a long text is looked up by instead.
fn indexed(text: &str) -> Cow<'_, str> {
    if text.len() <= INDEXED {
        return Cow::Borrowed(text);
    }
    Cow::Owned(crate::plan::hex(&Sha256::digest(text)))
}

/// The beginning of a text that fits into an index.
fn beginning(text: &str) -> &str {
    &text[..text.floor_char_boundary(INDEXED)]
}

fn known(row: &AnyRow) -> Result<Known, StoreError> {
    let fingerprint: String = row.try_get(5)?;
    Ok(Known {
        source: row.try_get(0)?,
        incident: row.try_get(1)?,
        silenced: row.try_get::<i64, _>(2)? != 0,
        seen_ts: row.try_get(3)?,
        alert: json("alerts", &fingerprint, "doc", row.try_get(4)?)?,
    })
}

fn newest() -> String {
    format!(
        "SELECT {ALERT} FROM alerts WHERE incident = $1 ORDER BY firing DESC, starts_ts DESC, fingerprint LIMIT {READ}"
    )
}

fn in_order(rows: &[AnyRow]) -> Result<Vec<Known>, StoreError> {
    let mut list: Vec<Known> = rows.iter().map(known).collect::<Result<_, _>>()?;
    list.sort_by_key(|known| (!known.alert.firing, known.alert.starts_ts));
    Ok(list)
}

/// What is known of all alerts, if these are all.
fn count(all: &[Known]) -> Counts {
    let firing: Vec<&Known> = all.iter().filter(|known| known.alert.firing).collect();
    let rank = |known: &Known| known.alert.severity().rank();
    let rank = if firing.is_empty() {
        all.iter().map(rank).max()
    } else {
        firing.iter().map(|known| rank(known)).max()
    };
    Counts {
        firing: firing.len() as u64,
        total: all.len() as u64,
        rank: rank.unwrap_or_default(),
        silenced: !firing.is_empty() && firing.iter().all(|known| known.silenced),
    }
}

pub(super) fn incident(row: &AnyRow) -> Result<Incident, StoreError> {
    let id: String = row.try_get(0)?;
    json("incidents", &id, "doc", row.try_get(1)?)
}

impl Store {
    /// An incident by its id.
    pub async fn incident(&self, id: &str) -> Result<Option<Incident>, StoreError> {
        let row = sqlx::query("SELECT id, doc FROM incidents WHERE id = $1")
            .bind(id)
            .fetch_optional(self.pool())
            .await?;
        row.as_ref().map(incident).transpose()
    }

    /// The latest incidents that began before `before` (milliseconds since the epoch), newest first.
    pub async fn incidents_page(
        &self,
        state: Option<State>,
        before: i64,
        limit: i64,
    ) -> Result<Vec<Incident>, StoreError> {
        let rows = match state {
            Some(state) => {
                sqlx::query("SELECT id, doc FROM incidents WHERE state = $3 AND opened_ts < $1 ORDER BY opened_ts DESC, id LIMIT $2")
                    .bind(before)
                    .bind(limit)
                    .bind(state.as_str())
                    .fetch_all(self.pool())
                    .await?
            }
            None => {
                sqlx::query("SELECT id, doc FROM incidents WHERE opened_ts < $1 ORDER BY opened_ts DESC, id LIMIT $2")
                    .bind(before)
                    .bind(limit)
                    .fetch_all(self.pool())
                    .await?
            }
        };
        rows.iter().map(incident).collect()
    }

    /// The incidents that have not ended, newest first.
    pub async fn open_incidents(&self, limit: i64) -> Result<Vec<Incident>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, doc FROM incidents WHERE state <> 'resolved' ORDER BY opened_ts DESC, id LIMIT $1",
        )
        .bind(limit)
        .fetch_all(self.pool())
        .await?;
        rows.iter().map(incident).collect()
    }

    /// The incidents that ended after `since` (milliseconds since the epoch), oldest first.
    pub async fn incidents_ended_since(&self, since: i64, limit: i64) -> Result<Vec<Incident>, StoreError> {
        let sql = "SELECT id, doc FROM incidents WHERE state = 'resolved' AND changed_ts > $1 ORDER BY changed_ts, id LIMIT $2";
        let rows = sqlx::query(sql).bind(since).bind(limit).fetch_all(self.pool()).await?;
        let ended: Vec<Incident> = rows.iter().map(incident).collect::<Result<_, _>>()?;
        Ok(ended.into_iter().filter(|ended| ended.resolved_ts.is_some_and(|ts| ts > since)).collect())
    }

    /// Incidents about which something is due at `now` (milliseconds since the epoch).
    pub async fn due_incidents(&self, now: i64, limit: i64) -> Result<Vec<Incident>, StoreError> {
        let rows = sqlx::query("SELECT id, doc FROM incidents WHERE due_ts <= $1 ORDER BY due_ts LIMIT $2")
            .bind(now)
            .bind(limit)
            .fetch_all(self.pool())
            .await?;
        rows.iter().map(incident).collect()
    }

    /// How many incidents are in each state.
    pub async fn incidents_by_state(&self) -> Result<Vec<(String, i64)>, StoreError> {
        let rows = sqlx::query("SELECT state, COUNT(*) FROM incidents GROUP BY state")
            .fetch_all(self.pool())
            .await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
    }

    /// The alerts of an incident, those that fire first, the oldest first; at most 500, the newest.
    pub async fn alerts_of(&self, incident: &str) -> Result<Vec<Known>, StoreError> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(newest())).bind(incident).fetch_all(self.pool()).await?;
        in_order(&rows)
    }

    /// What fires, as far as we know, of one source.
    pub async fn firing_of(&self, source: &str) -> Result<Vec<Known>, StoreError> {
        let sql = format!("SELECT {ALERT} FROM alerts WHERE firing = 1 AND source = $1");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(source).fetch_all(self.pool()).await?;
        rows.iter().map(known).collect()
    }

    /// Whether an alert of a source fires, as far as we know.
    pub async fn is_firing(&self, source: &str, fingerprint: &str) -> Result<bool, StoreError> {
        let found: Option<i64> =
            sqlx::query_scalar("SELECT firing FROM alerts WHERE source = $1 AND fingerprint = $2")
                .bind(source)
                .bind(fingerprint)
                .fetch_optional(self.pool())
                .await?;
        Ok(found == Some(1))
    }

    /// The names of all alerts that were ever seen, at most `limit`.
    pub async fn alert_names(&self, limit: i64) -> Result<Vec<String>, StoreError> {
        Ok(sqlx::query_scalar("SELECT DISTINCT name FROM alerts ORDER BY name LIMIT $1")
            .bind(limit)
            .fetch_all(self.pool())
            .await?)
    }

    /// An incident's story, from its beginning; the latest `limit` lines.
    pub async fn story_of(&self, incident: &str, limit: i64) -> Result<Vec<Chapter>, StoreError> {
        let sql = "SELECT ts, actor, what FROM incident_story WHERE incident = $1 ORDER BY seq DESC LIMIT $2";
        let rows = sqlx::query(sql).bind(incident).bind(limit).fetch_all(self.pool()).await?;
        let chapter = |row: &AnyRow| {
            let what = json("incident_story", incident, "what", row.try_get(2)?)?;
            Ok(Chapter { ts: row.try_get(0)?, actor: row.try_get(1)?, what })
        };
        rows.iter().rev().map(chapter).collect()
    }

    /// Forgets incidents that ended before `before` (milliseconds since the epoch), with all that belongs to them.
    pub async fn forget_incidents(&self, before: i64) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let old = "SELECT id FROM incidents WHERE state = 'resolved' AND changed_ts < $1";
        for sql in [
            format!("DELETE FROM incident_story WHERE incident IN ({old})"),
            format!("DELETE FROM incident_messages WHERE incident IN ({old})"),
            format!("DELETE FROM incident_groups WHERE incident IN ({old})"),
            format!("DELETE FROM alerts WHERE incident IN ({old})"),
            "DELETE FROM alerts WHERE incident = '' AND seen_ts < $1".to_owned(),
            "DELETE FROM incidents WHERE state = 'resolved' AND changed_ts < $1".to_owned(),
            "DELETE FROM storms WHERE changed_ts < $1".to_owned(),
            "DELETE FROM remedies WHERE ts < $1".to_owned(),
            "DELETE FROM silences WHERE ended = 1 AND until_ts < $1".to_owned(),
        ] {
            sqlx::query(sqlx::AssertSqlSafe(sql)).bind(before).execute(&mut *tx.tx).await?;
        }
        tx.commit().await
    }
}

impl Tx {
    /// When the latest incident began, milliseconds since the epoch.
    pub async fn latest_opening(&mut self) -> Result<Option<i64>, StoreError> {
        Ok(sqlx::query_scalar("SELECT MAX(opened_ts) FROM incidents").fetch_one(&mut *self.tx).await?)
    }

    /// An incident as it stands in this transaction.
    pub async fn incident(&mut self, id: &str) -> Result<Option<Incident>, StoreError> {
        let row = sqlx::query("SELECT id, doc FROM incidents WHERE id = $1")
            .bind(id)
            .fetch_optional(&mut *self.tx)
            .await?;
        row.as_ref().map(incident).transpose()
    }

    /// The incidents that have not ended, as they stand in this transaction, newest first.
    pub async fn open_incidents(&mut self, limit: i64) -> Result<Vec<Incident>, StoreError> {
        let sql =
            "SELECT id, doc FROM incidents WHERE state <> 'resolved' ORDER BY opened_ts DESC, id LIMIT $1";
        let rows = sqlx::query(sql).bind(limit).fetch_all(&mut *self.tx).await?;
        rows.iter().map(incident).collect()
    }

    /// The latest incident of a source's group.
    pub async fn incident_of_group(
        &mut self,
        source: &str,
        key: &str,
    ) -> Result<Option<Incident>, StoreError> {
        let sql = "SELECT i.id, i.doc FROM incident_groups g JOIN incidents i ON i.id = g.incident \
                   WHERE g.source = $1 AND g.group_key = $2";
        let row = sqlx::query(sql).bind(source).bind(&*indexed(key)).fetch_optional(&mut *self.tx).await?;
        row.as_ref().map(incident).transpose()
    }

    /// The open incident that was correlated by this.
    pub async fn incident_correlated(&mut self, correlation: &str) -> Result<Option<Incident>, StoreError> {
        let sql = "SELECT id, doc FROM incidents WHERE correlation = $1 AND state <> 'resolved' ORDER BY opened_ts DESC LIMIT 1";
        let row = sqlx::query(sql).bind(&*indexed(correlation)).fetch_optional(&mut *self.tx).await?;
        row.as_ref().map(incident).transpose()
    }

    /// Makes this the latest incident of a source's group.
    pub async fn name_group(&mut self, source: &str, key: &str, incident: &str) -> Result<(), StoreError> {
        let sql = "INSERT INTO incident_groups (source, group_key, incident) VALUES ($1, $2, $3) \
                   ON CONFLICT (source, group_key) DO UPDATE SET incident = excluded.incident";
        sqlx::query(sql).bind(source).bind(&*indexed(key)).bind(incident).execute(&mut *self.tx).await?;
        Ok(())
    }

    /// Stores an incident; something is due about it at `due_ts` (milliseconds since the epoch).
    pub async fn save_incident(&mut self, incident: &Incident, due_ts: i64) -> Result<(), StoreError> {
        let sql = "INSERT INTO incidents (id, state, rank, source, correlation, doc, opened_ts, changed_ts, due_ts) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO UPDATE SET state = excluded.state, \
                   rank = excluded.rank, correlation = excluded.correlation, doc = excluded.doc, changed_ts = excluded.changed_ts, \
                   due_ts = excluded.due_ts";
        sqlx::query(sql)
            .bind(&incident.id)
            .bind(incident.state.as_str())
            .bind(i64::from(incident.severity.rank()))
            .bind(&incident.source)
            .bind(incident.correlation.as_deref().map(indexed).as_deref())
            .bind(to_json(incident))
            .bind(incident.opened_ts)
            .bind(incident.changed_ts)
            .bind(due_ts)
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// What we know of these alerts of a source.
    pub async fn known_alerts(
        &mut self,
        source: &str,
        fingerprints: &[&str],
    ) -> Result<Vec<Known>, StoreError> {
        let mut found = Vec::new();
        for chunk in fingerprints.chunks(200) {
            let places: Vec<String> = (0..chunk.len()).map(|n| format!("${}", n + 2)).collect();
            let sql = format!(
                "SELECT {ALERT} FROM alerts WHERE source = $1 AND fingerprint IN ({})",
                places.join(", ")
            );
            let mut query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(source);
            for fingerprint in chunk {
                query = query.bind(*fingerprint);
            }
            for row in query.fetch_all(&mut *self.tx).await? {
                found.push(known(&row)?);
            }
        }
        Ok(found)
    }

    /// Stores an alert.
    pub async fn save_alert(&mut self, known: &Known) -> Result<(), StoreError> {
        let sql = "INSERT INTO alerts (source, fingerprint, incident, firing, silenced, starts_ts, ends_ts, seen_ts, name, doc, rank) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (source, fingerprint) DO UPDATE SET \
                   incident = excluded.incident, firing = excluded.firing, silenced = excluded.silenced, starts_ts = excluded.starts_ts, \
                   ends_ts = excluded.ends_ts, seen_ts = excluded.seen_ts, name = excluded.name, doc = excluded.doc, \
                   rank = excluded.rank";
        let alert = &known.alert;
        sqlx::query(sql)
            .bind(&known.source)
            .bind(&alert.fingerprint)
            .bind(&known.incident)
            .bind(i64::from(alert.firing))
            .bind(i64::from(known.silenced))
            .bind(alert.starts_ts)
            .bind(alert.ends_ts)
            .bind(known.seen_ts)
            .bind(beginning(alert.name()))
            .bind(to_json(alert))
            .bind(i64::from(alert.severity().rank()))
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// Notes whether an alert is silenced at its source.
    pub async fn save_silenced(&mut self, known: &Known) -> Result<(), StoreError> {
        sqlx::query("UPDATE alerts SET silenced = $3 WHERE source = $1 AND fingerprint = $2")
            .bind(&known.source)
            .bind(&known.alert.fingerprint)
            .bind(i64::from(known.silenced))
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// The alerts of an incident as they stand in this transaction, those that fire first, the oldest first; at most 500, the
    /// newest, and what is known of all.
    pub async fn alerts_of(&mut self, incident: &str) -> Result<(Vec<Known>, Counts), StoreError> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(newest())).bind(incident).fetch_all(&mut *self.tx).await?;
        let list = in_order(&rows)?;
        if i64::try_from(list.len()).unwrap_or(READ) < READ {
            let counts = count(&list);
            return Ok((list, counts));
        }
        let rows = sqlx::query(
            "SELECT firing, COUNT(*), MAX(rank), MIN(silenced) FROM alerts WHERE incident = $1 GROUP BY firing ORDER BY firing",
        )
        .bind(incident)
        .fetch_all(&mut *self.tx)
        .await?;
        let mut counts = Counts { firing: 0, total: 0, rank: 0, silenced: false };
        // Those that fire come last: theirs is the word.
        for row in &rows {
            let (fires, n): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
            counts.total += n.unsigned_abs();
            counts.rank = u8::try_from(row.try_get::<i64, _>(2)?).unwrap_or(u8::MAX);
            if fires != 0 {
                counts.firing = n.unsigned_abs();
                counts.silenced = row.try_get::<i64, _>(3)? != 0;
            }
        }
        Ok((list, counts))
    }

    /// Adds a line to an incident's story.
    pub async fn tell_story(&mut self, incident: &str, actor: &str, what: &Note) -> Result<(), StoreError> {
        let (seq, now) = (self.store.next_seq(), self.now_ms());
        let mut what = serde_json::to_value(what).unwrap_or_default();
        crate::secrets::redactor().hide_json(&mut what);
        sqlx::query(
            "INSERT INTO incident_story (seq, incident, ts, actor, what) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(seq)
        .bind(incident)
        .bind(now)
        .bind(actor)
        .bind(what.to_string())
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_up_fits_into_an_index() {
        assert_eq!(indexed("rack=1"), "rack=1");
        let (one, other) = (format!("{}1", "a".repeat(4_096)), format!("{}2", "a".repeat(4_096)));
        assert_eq!(indexed(&one).len(), 64);
        assert_ne!(indexed(&one), indexed(&other));
        assert_eq!(beginning("Disk"), "Disk");
        assert_eq!(beginning(&format!("a{}", "ä".repeat(2_000))).len(), 499);
    }
}
