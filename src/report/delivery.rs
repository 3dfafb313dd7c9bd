//! The outbox's other end: one sender per room, in order, the same bytes at every try.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ralf_appservice::{Client, ClientError};
use ruma::{EventId, OwnedEventId, RoomId, RoomOrAliasId};
use serde_json::Value;
use tokio::sync::{mpsc, watch};
use tokio_util::task::TaskTracker;

use crate::approval::{By, GateStore as _};
use crate::bots::Bot;
use crate::house::House;
use crate::report::{echo, messages};
use crate::secrets::hide;
use crate::store::{NewMessage, OutboxRow, StoreError};

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// However long the homeserver wants us to wait, we ask again after this.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// Why a row was not sent.
#[derive(Debug, thiserror::Error)]
enum SendError {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}")]
    Hopeless(String),
}

/// Sends what the store hands over until `stop` says so; then lets every sender finish its row.
pub async fn run(
    house: Arc<House>,
    mut rows: mpsc::UnboundedReceiver<OutboxRow>,
    mut stop: watch::Receiver<bool>,
) {
    let mut rooms: HashMap<String, mpsc::UnboundedSender<OutboxRow>> = HashMap::new();
    let tasks = TaskTracker::new();
    let begin = || {
        let (sender, queue) = mpsc::unbounded_channel();
        tasks.spawn(room(Arc::clone(&house), queue));
        sender
    };
    let mut push = |row: OutboxRow| {
        let sender = rooms.entry(row.room_id.clone()).or_insert_with(&begin);
        // A sender that broke is replaced; what it held waits in the store for the next start.
        if let Err(mpsc::error::SendError(row)) = sender.send(row) {
            tracing::error!(room = row.room_id, "the sender of a room broke and is begun anew");
            *sender = begin();
            let _ = sender.send(row);
        }
    };
    loop {
        tokio::select! {
            row = rows.recv() => match row {
                Some(row) => push(row),
                None => break,
            },
            _ = stop.changed() => break,
        }
    }
    while let Ok(row) = rows.try_recv() {
        push(row);
    }
    rooms.clear();
    tasks.close();
    let _ = tokio::time::timeout(Duration::from_secs(5), tasks.wait()).await;
}

async fn room(house: Arc<House>, mut queue: mpsc::UnboundedReceiver<OutboxRow>) {
    // Event ids of rows that were just sent: what follows them often refers to them.
    let mut known: HashMap<String, String> = HashMap::new();
    while let Some(row) = queue.recv().await {
        if known.len() > 256 {
            known.clear();
        }
        deliver(&house, row, &mut known).await;
    }
}

/// Sends one row, however long it takes, or gives it up visibly.
async fn deliver(house: &House, row: OutboxRow, known: &mut HashMap<String, String>) {
    let mut pause = FIRST_PAUSE;
    loop {
        let error = match send(house, &row, known).await {
            Ok(()) => return,
            Err(error) => error,
        };
        let volatile = row.seq < 0;
        let (dead, wait) = match &error {
            SendError::Client(error) => (error.is_permanent(), error.retry_after()),
            SendError::Store(StoreError::Fenced) => {
                house.lost_lease.notify_one();
                return;
            }
            SendError::Store(_) => (false, None),
            SendError::Hopeless(_) => (true, None),
        };
        if volatile {
            tracing::debug!(
                room = row.room_id,
                kind = row.kind,
                error = &error as &dyn std::error::Error,
                "not sent, and not needed"
            );
            return;
        }
        let told = match house.store.unsent(&row.txn_id, &error.to_string(), dead).await {
            Err(StoreError::Fenced) => {
                house.lost_lease.notify_one();
                return;
            }
            other => other,
        };
        if dead {
            tracing::error!(
                room = row.room_id,
                kind = row.kind,
                txn_id = row.txn_id,
                error = &error as &dyn std::error::Error,
                "a message was given up"
            );
            if told.is_ok() {
                tell_of_dead_letter(house, &row, &error).await;
                if let Err(error) = cancel_unshown(house, &row).await {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "nor could its operation be cancelled"
                    );
                }
            }
            return;
        }
        tracing::warn!(
            room = row.room_id,
            txn_id = row.txn_id,
            error = &error as &dyn std::error::Error,
            "a message waits for the homeserver"
        );
        let jitter = pause.mul_f64(0.5 + rand::random::<f64>() / 2.0);
        tokio::time::sleep(wait.map_or(jitter, |wait| wait.min(LONGEST_WAIT) + jitter / 10)).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn send(house: &House, row: &OutboxRow, known: &mut HashMap<String, String>) -> Result<(), SendError> {
    let bot = Bot::named(&row.bot).ok_or_else(|| SendError::Hopeless(format!("{:?} is no bot", row.bot)))?;
    let client = house.client(bot);
    let room = <&RoomId>::try_from(row.room_id.as_str()).map_err(|e| SendError::Hopeless(e.to_string()))?;
    if row.attempts > 0 && !house.store.is_pending(&row.txn_id).await? {
        return Ok(());
    }
    if echo::is_old(row, house.store.clock.now_ms())
        && let Some(event_id) = echo::find(client, room, row, bot.user_id(&house.server).as_str()).await?
    {
        tracing::info!(room = row.room_id, txn_id = row.txn_id, event_id, "a message was sent before");
        return note(house, row, event_id, known).await;
    }
    let body = resolve(house, &row.body, known).await?;
    let sent: Option<OwnedEventId> = match row.kind.as_str() {
        "!file" => {
            let content = upload(client, &body).await?;
            let content = content.to_string();
            house.store.fix_body(&row.txn_id, "m.room.message", &content).await?;
            Some(client.send(room, "m.room.message", &row.txn_id, &content).await?)
        }
        "!join" => {
            let room = <&RoomOrAliasId>::try_from(row.room_id.as_str())
                .map_err(|e| SendError::Hopeless(e.to_string()))?;
            client.join(room).await?;
            None
        }
        "!leave" => {
            let reason = field(&body, "reason");
            client.leave(room, reason.as_deref()).await?;
            None
        }
        "!receipt" => {
            if let Some(event) = event(&body) {
                client.read_receipt(room, &event, None).await?;
            }
            None
        }
        "!typing" => {
            let on = field(&body, "on").is_some();
            client.typing(room, on, Duration::from_secs(30)).await?;
            None
        }
        "!redact" => match event(&body) {
            Some(event) => {
                Some(client.redact(room, &event, &row.txn_id, field(&body, "reason").as_deref()).await?)
            }
            None => None,
        },
        kind => match client.send(room, kind, &row.txn_id, &body).await {
            Err(error) if error.errcode() == Some("M_DUPLICATE_ANNOTATION") => None,
            other => Some(other?),
        },
    };
    if row.seq < 0 {
        return Ok(());
    }
    note(house, row, sent.map(|id| id.to_string()).unwrap_or_default(), known).await
}

/// Notes that a row is sent, and as what.
async fn note(
    house: &House,
    row: &OutboxRow,
    event_id: String,
    known: &mut HashMap<String, String>,
) -> Result<(), SendError> {
    known.insert(row.txn_id.clone(), event_id.clone());
    let mut tx = house.store.begin().await?;
    tx.sent(&row.txn_id, &event_id, row.awaited).await?;
    tx.commit().await?;
    // Only now does the echo tell nothing new.
    house.sent(&row.txn_id);
    Ok(())
}

/// Puts the event ids of earlier rows in place of `"$sent:<txn id>"`.
async fn resolve(house: &House, body: &str, known: &HashMap<String, String>) -> Result<String, SendError> {
    const MARK: &str = "\"$sent:";
    let mut out = String::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = rest.find(MARK) {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let after = &after[MARK.len()..];
        let found = after.split_once('"').filter(|(txn_id, _)| is_placeholder(before, txn_id));
        let Some((txn_id, tail)) = found else {
            out.push_str(MARK);
            rest = after;
            continue;
        };
        let event = match known.get(txn_id) {
            Some(event) => Some(event.clone()),
            None => house.store.event_of(txn_id).await?,
        };
        let event = event
            .filter(|id| !id.is_empty())
            .ok_or_else(|| SendError::Hopeless("the message that it belongs to was never sent".into()))?;
        out.push('"');
        out.push_str(&event);
        out.push('"');
        rest = tail;
    }
    out.push_str(rest);
    Ok(out)
}

/// Whether what stands between the quotes is a transaction id of ours, and the first quote no quoted one.
fn is_placeholder(before: &str, txn_id: &str) -> bool {
    !before.ends_with('\\') && txn_id.len() == 26 && txn_id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn parse(body: &str) -> Value {
    serde_json::from_str(body).unwrap_or_default()
}

fn field(body: &str, name: &str) -> Option<String> {
    parse(body).get(name)?.as_str().map(str::to_owned)
}

fn event(body: &str) -> Option<OwnedEventId> {
    EventId::parse(field(body, "event_id")?).ok()
}

/// Uploads the file of a `!file` row: `{"path" or "text", "name", "mimetype", "content": {…}}` → the content with its
/// address. A picture has `width` and `height` in pixels, too.
async fn upload(client: &Client, body: &str) -> Result<Value, SendError> {
    let row = parse(body);
    let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (path, name, mimetype) = (text("path"), text("name"), text("mimetype"));
    let bytes = match row.get("text").and_then(Value::as_str) {
        Some(text) => text.as_bytes().to_vec(),
        None => tokio::fs::read(Path::new(&path))
            .await
            .map_err(|error| SendError::Hopeless(format!("{path}: {error}")))?,
    };
    // Plans are hidden when they are made, logs when they are written; this is the last door.
    let bytes = match std::str::from_utf8(&bytes).map(hide) {
        Ok(std::borrow::Cow::Owned(hidden)) => hidden.into_bytes(),
        _ => bytes,
    };
    let size = bytes.len();
    let url = client.upload(Bytes::from(bytes), &mimetype, &name).await?;
    let pixels = |name: &str| row.get(name).and_then(Value::as_u64);
    let mut content = match (pixels("width"), pixels("height")) {
        (Some(width), Some(height)) => {
            ralf_appservice::content::image(&name, &url, &mimetype, size, (width, height))
        }
        _ => ralf_appservice::content::file(&name, &url, &mimetype, size),
    };
    if let (Some(map), Some(Value::Object(more))) = (content.as_object_mut(), row.get("content")) {
        map.extend(more.clone());
    }
    Ok(content)
}

/// What could not be shown can't be approved: takes the operation back whose proposal or diff was given up.
async fn cancel_unshown(house: &House, row: &OutboxRow) -> Result<(), StoreError> {
    if let Some(id) = &row.about {
        house.store.decide(id, None, |case| crate::approval::cancel(case, By::RALF, None)).await?;
    }
    Ok(())
}

/// Says in the ops room that something could not be said elsewhere.
async fn tell_of_dead_letter(house: &House, row: &OutboxRow, error: &SendError) {
    let Some(ops) = house.room(Bot::Core).filter(|ops| *ops != row.room_id) else { return };
    let content =
        messages::dead_letter(house.default_lang(), &row.room_id, &error.to_string()).notice().build();
    let message =
        NewMessage { room_id: ops, bot: Bot::Core.name().into(), kind: "m.room.message".into(), content };
    let said = async {
        let mut tx = house.store.begin().await?;
        tx.say(message).await?;
        tx.commit().await
    };
    if let Err(error) = said.await {
        tracing::error!(error = &error as &dyn std::error::Error, "nor could that be said");
    }
}
