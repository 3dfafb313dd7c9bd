//! `PUT /_matrix/app/v1/transactions/{txnId}`
//!
//! Spec: <https://spec.matrix.org/latest/application-service-api/#put_matrixappv1transactionstxnid>

use axum::{
    body::Bytes,
    extract::{
        Path, State,
        rejection::{BytesRejection, PathRejection},
    },
    http::StatusCode,
    response::Response,
};

use super::{
    Context,
    auth::FromHomeserver,
    reply::{self, Reply},
};
use crate::{Transaction, transaction::TransactionError};

pub(super) async fn put(
    State(context): State<Context>,
    _: FromHomeserver,
    id: Result<Path<String>, PathRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Reply> {
    let Path(id) = id.map_err(|error| {
        Reply(StatusCode::BAD_REQUEST, "M_INVALID_PARAM", format!("the transaction id: {error}"))
    })?;
    let body = body.map_err(|error| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Reply(StatusCode::PAYLOAD_TOO_LARGE, "M_TOO_LARGE", "the transaction is too large".to_owned())
        }
        _ => Reply(StatusCode::BAD_REQUEST, "M_NOT_JSON", "the body ended early".to_owned()),
    })?;
    let transaction = Transaction::parse(id, &body).map_err(|error| {
        let errcode = match error {
            TransactionError::NotJson(_) => "M_NOT_JSON",
            TransactionError::BadJson(_) => "M_BAD_JSON",
        };
        Reply(StatusCode::BAD_REQUEST, errcode, error.to_string())
    })?;
    drop(body);
    handle(context, transaction).await?;
    Ok(reply::empty())
}

/// Runs the handler in a task of its own, so that neither a homeserver that hangs up nor a panic
/// leaves it half done without an answer.
async fn handle(context: Context, transaction: Transaction) -> Result<(), Reply> {
    let id = transaction.id.clone();
    let task = tokio::spawn(async move {
        let _turn = context.one_at_a_time.lock().await;
        context.handler.transaction(transaction).await
    });
    let reason: Box<dyn std::error::Error + Send + Sync> = match task.await {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(error)) => error.into(),
        Err(panic) => panic.into(),
    };
    tracing::error!(txn_id = id, error = &*reason, "a transaction was not stored; it will be sent again");
    Err(Reply(
        StatusCode::INTERNAL_SERVER_ERROR,
        "M_UNKNOWN",
        "the transaction could not be stored".to_owned(),
    ))
}
