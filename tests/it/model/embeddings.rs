//! Embeddings in two languages, by a model that knows them.

use serde_json::{Value, json};

use super::post;
use crate::harness::Stage;

const PAIRS: [(&str, &str); 4] = [
    ("Starte Jellyfin neu", "Restart Jellyfin"),
    ("Wie viel Speicherplatz ist noch frei?", "How much disk space is left?"),
    ("Das Wetter wird morgen schön", "The weather will be nice tomorrow"),
    ("Sichere die Datenbank", "Back up the database"),
];

/// A vector of length 1 for each text; e5 wants to be told what each of them is.
async fn embed(stage: &Stage, texts: &[&str]) -> Vec<Vec<f64>> {
    let texts: Vec<String> = texts.iter().map(|text| format!("query: {text}")).collect();
    let answer = post(stage, "api/embed", json!({"model": "e5", "input": texts})).await;
    let vectors = answer["embeddings"].as_array().expect("vectors").iter();
    let vectors = vectors.map(|vector| {
        let vector: Vec<f64> =
            vector.as_array().expect("a vector").iter().filter_map(Value::as_f64).collect();
        assert_eq!(vector.len(), 384);
        assert!((dot(&vector, &vector) - 1.0).abs() < 1e-3, "its length is 1");
        vector
    });
    vectors.collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[tokio::test]
async fn translations_are_nearer_than_anything_else() {
    let stage = Stage::with_model().await;
    let texts: Vec<&str> = PAIRS.iter().flat_map(|(german, english)| [*german, *english]).collect();
    let vectors = embed(&stage, &texts).await;
    assert_eq!(vectors.len(), texts.len(), "a batch has a vector for each text");
    for (at, text) in texts.iter().enumerate() {
        let translation = at ^ 1;
        let others = (0..texts.len()).filter(|other| ![at, translation].contains(other));
        let nearest = others.map(|other| dot(&vectors[at], &vectors[other])).fold(f64::MIN, f64::max);
        let near = dot(&vectors[at], &vectors[translation]);
        assert!(near > nearest, "{text:?} is {near:.3} from its translation and {nearest:.3} from another");
    }
    let alone = embed(&stage, &texts[2..3]).await;
    assert!(dot(&alone[0], &vectors[2]) > 0.999, "a text means the same alone as in a batch");
}
