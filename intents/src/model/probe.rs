//! What a model server is and can, found out before it is asked anything that matters.

use super::{Model, ModelError, ModelRequest};
use serde_json::{Value, json};

/// What an embedding is tried with.
pub(super) const TEXT: &str = "query: hello";

/// What a probe found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// The server and its version, as far as it says.
    pub server: String,
    /// The most tokens of question and answer together that the model was made for, if the server says.
    pub context: Option<u64>,
    /// The server that does the work in this one's stead, if there is one: what it sees leaves this machine.
    pub elsewhere: Option<String>,
}

impl Default for Capabilities {
    fn default() -> Self {
        Self { server: "?".into(), context: None, elsewhere: None }
    }
}

/// Whether a model's answers keep to a JSON schema; one whose answers do not is good for talk only. It is asked for a word
/// that the schema does not allow: whoever keeps to it can't say it.
///
/// # Errors
/// When it can't be asked.
pub async fn keeps_to_schema(model: &dyn Model) -> Result<bool, ModelError> {
    let schema = json!({
        "type": "object",
        "properties": {"colour": {"type": "string", "enum": ["blue", "green"]}},
        "required": ["colour"],
        "additionalProperties": false,
    });
    let request = ModelRequest {
        holds: &[],
        system: "Answer with one word.".into(),
        user: "Say hello.".into(),
        schema: Some(schema),
        max_tokens: 40,
    };
    match model.complete(request).await {
        Ok(answer) => {
            let said: Value = serde_json::from_str(&answer.text).unwrap_or_default();
            Ok(said["colour"] == "blue" || said["colour"] == "green")
        }
        Err(ModelError::Long | ModelError::Garbled(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The length of a vector, if there is one.
pub(super) fn length(vector: Option<usize>) -> Result<usize, ModelError> {
    vector.filter(|n| *n > 0).ok_or_else(|| ModelError::Garbled("there is no vector in it".into()))
}

/// As many vectors as there were texts, all of one length.
pub(super) fn vectors(found: Vec<Vec<f32>>, texts: usize) -> Result<Vec<Vec<f32>>, ModelError> {
    let length = found.first().map_or(0, Vec::len);
    let whole = found.len() == texts && length > 0 && found.iter().all(|v| v.len() == length);
    let finite = || found.iter().flatten().all(|value| value.is_finite());
    if whole && finite() {
        Ok(found)
    } else {
        Err(ModelError::Garbled("its vectors do not fit the texts".into()))
    }
}
