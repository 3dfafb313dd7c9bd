//! Open questions: what a bot asked back and still waits to hear.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Store, StoreError, Tx};

/// A question that waits for its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Its id.
    pub id: String,
    /// The room.
    pub room_id: String,
    /// The bot that asked, by short name.
    pub speaker: String,
    /// The message that it is about.
    pub ask_event: String,
    /// The root of the thread that it stands in: that message, or an older one.
    pub thread: String,
    /// Who may answer (Matrix id).
    pub asker: String,
    /// `de` or `en`.
    pub lang: String,
    /// What was said in the asking message.
    pub sentence: String,
    /// The half-understood intent, JSON.
    pub ask: String,
    /// The question's transaction id.
    pub question_txn: String,
    /// No answer counts from then on; milliseconds since the epoch.
    pub expires_ts: i64,
}

const COLUMNS: &str =
    "id, room_id, speaker, ask_event, thread, asker, lang, sentence, ask, question_txn, expires_ts";

fn question(row: &AnyRow) -> Result<Question, StoreError> {
    Ok(Question {
        id: row.try_get(0)?,
        room_id: row.try_get(1)?,
        speaker: row.try_get(2)?,
        ask_event: row.try_get(3)?,
        thread: row.try_get(4)?,
        asker: row.try_get(5)?,
        lang: row.try_get(6)?,
        sentence: row.try_get(7)?,
        ask: row.try_get(8)?,
        question_txn: row.try_get(9)?,
        expires_ts: row.try_get(10)?,
    })
}

impl Store {
    /// The newest question in the thread of `root`, open or expired.
    pub async fn question_in_thread(&self, room: &str, root: &str) -> Result<Option<Question>, StoreError> {
        self.find(
            "room_id = $1 AND (thread = $2 OR question_event = $2) ORDER BY expires_ts DESC",
            room,
            root,
        )
        .await
    }

    /// The question that was asked by this event, open or expired.
    pub async fn question_asked_by(&self, room: &str, event: &str) -> Result<Option<Question>, StoreError> {
        self.find("room_id = $1 AND question_event = $2", room, event).await
    }

    /// The newest question to a person in a room, open or expired.
    pub async fn question_to(&self, room: &str, asker: &str) -> Result<Option<Question>, StoreError> {
        self.find("room_id = $1 AND asker = $2 ORDER BY expires_ts DESC", room, asker).await
    }

    async fn find(&self, condition: &str, room: &str, about: &str) -> Result<Option<Question>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM questions WHERE {condition} LIMIT 1");
        let row =
            sqlx::query(sqlx::AssertSqlSafe(sql)).bind(room).bind(about).fetch_optional(self.pool()).await?;
        row.as_ref().map(question).transpose()
    }
}

impl Tx {
    /// Stores an open question.
    pub async fn ask(&mut self, q: &Question) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO questions (id, room_id, speaker, ask_event, thread, asker, lang, sentence, ask, question_txn, \
             expires_ts) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind(&q.id)
        .bind(&q.room_id)
        .bind(&q.speaker)
        .bind(&q.ask_event)
        .bind(&q.thread)
        .bind(&q.asker)
        .bind(&q.lang)
        .bind(&q.sentence)
        .bind(&q.ask)
        .bind(&q.question_txn)
        .bind(q.expires_ts)
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }

    /// Forgets a question; whether it was still open.
    pub async fn forget_question(&mut self, id: &str) -> Result<bool, StoreError> {
        let gone = sqlx::query("DELETE FROM questions WHERE id = $1").bind(id).execute(&mut *self.tx).await?;
        Ok(gone.rows_affected() == 1)
    }

    /// Forgets every question that was asked by this event or about it; whether there was one.
    pub async fn forget_questions_about(&mut self, room: &str, event: &str) -> Result<bool, StoreError> {
        let gone = sqlx::query(
            "DELETE FROM questions WHERE room_id = $2 AND (ask_event = $1 OR question_event = $1)",
        )
        .bind(event)
        .bind(room)
        .execute(&mut *self.tx)
        .await?;
        Ok(gone.rows_affected() > 0)
    }
}
