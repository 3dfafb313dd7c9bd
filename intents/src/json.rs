//! A reading as the one-line JSON object of `parse --json`.

use crate::reading::{Outcome, Reading};
use serde_json::{Map, Value, json};

impl Reading {
    /// The object that `parse --json` prints for a text.
    #[must_use]
    pub fn to_json(&self, text: &str, ms: f64) -> Value {
        let mut out = Map::new();
        out.insert("text".into(), json!(text));
        out.insert("lang".into(), json!(self.lang));
        outcome(&self.outcome, &mut out);
        out.insert("candidates".into(), json!(self.candidates));
        out.insert("trace".into(), json!(self.trace));
        out.insert("ms".into(), json!(ms));
        if !self.more.is_empty() {
            let more = self.more.iter().map(|m| {
                let mut one = Map::new();
                outcome(m, &mut one);
                Value::Object(one)
            });
            out.insert("more".into(), more.collect());
        }
        Value::Object(out)
    }
}

fn outcome(outcome: &Outcome, out: &mut Map<String, Value>) {
    let (kind, intent, slots, changes) = match outcome {
        Outcome::Intent(i) => ("intent", i.name.as_str(), json!(i.slots), i.changes),
        Outcome::Ask(a) => ("ask", a.intent.as_str(), json!(a.slots), false),
        Outcome::None(_) => ("none", "none", json!({}), false),
    };
    out.insert("outcome".into(), json!(kind));
    out.insert("intent".into(), json!(intent));
    out.insert("slots".into(), slots);
    out.insert("changes".into(), json!(changes));
    if let Outcome::Ask(ask) = outcome {
        if let Some(missing) = &ask.missing {
            out.insert("missing".into(), json!(missing));
        }
        if !ask.options.is_empty() {
            out.insert("options".into(), json!(ask.options));
        }
    }
}
