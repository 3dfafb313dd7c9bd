//! A fake embedding model, which changes under its name.

use super::*;
use crate::{ModelAnswer, ModelRequest};
use async_trait::async_trait;
use std::sync::Mutex;

/// Counts letters, from a letter on, into vectors of a length.
struct Letters {
    kind: Mutex<(u8, usize)>,
    asked: Mutex<Vec<String>>,
}

impl Letters {
    fn new(from: u8, length: usize) -> Arc<Self> {
        Arc::new(Self { kind: Mutex::new((from, length)), asked: Mutex::default() })
    }
}

#[async_trait]
impl Model for Letters {
    fn name(&self) -> &str {
        "letters"
    }

    async fn complete(&self, _request: ModelRequest) -> Result<ModelAnswer, ModelError> {
        Err(ModelError::Gone("nowhere".into()))
    }

    async fn embed(&self, _name: &str, texts: &[String]) -> Result<Vec<Vec<f32>>, ModelError> {
        let (from, length) = *self.kind.lock().expect("a lock");
        self.asked.lock().expect("a lock").extend_from_slice(texts);
        let vector = |text: &String| {
            let mut vector = vec![0.1; length];
            text.bytes().for_each(|b| vector[usize::from(b.wrapping_sub(from)) % length] += 1.0);
            vector
        };
        Ok(texts.iter().map(vector).collect())
    }
}

#[tokio::test]
async fn a_model_that_changed_is_noticed_and_learnt_again() {
    let catalogue = Catalogue::builtin().expect("it is whole");
    let letters = Letters::new(b'a', 8);
    let model: Arc<dyn Model> = Arc::clone(&letters) as _;
    let key = Sense::key(&catalogue, "letters");
    let sense = Sense::learn(&catalogue, Arc::clone(&model), "letters").await.expect("it answers");
    let asked = letters.asked.lock().expect("a lock").len();
    assert_eq!(asked, Sense::questions(&catalogue, "letters").len() + 1, "what it costs is known before");
    let kept = sense.to_json();
    let again = async || Sense::from_json(&kept, &key, Arc::clone(&model)).await.expect("it answers");
    assert!(again().await.is_some(), "it is the same");
    *letters.kind.lock().expect("a lock") = (b'b', 8);
    assert!(again().await.is_none(), "it has other weights");

    *letters.kind.lock().expect("a lock") = (b'a', 9);
    let clone = sense.clone();
    assert!(clone.classify("hello").await.is_err());
    sense.outdated().await;
    let new = Sense::learn(&catalogue, Arc::clone(&model), "letters").await.expect("it answers");
    sense.replace(&new);
    assert!(clone.classify("hello").await.is_ok());

    clone.classify(&"ä".repeat(5_000)).await.expect("it answers");
    let longest = letters.asked.lock().expect("a lock").last().map(|text| text.chars().count());
    assert_eq!(longest, Some(MOST));
}
