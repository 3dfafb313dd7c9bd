//! Loki's HTTP API.

use std::sync::LazyLock;

use regex::Regex;
use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::{ApiError, Http, Server};

/// The longest line that is kept, in characters.
const LONGEST: usize = 500;

/// A Loki, or anything that answers like one.
#[derive(Debug, Clone)]
pub struct Loki(Server);

impl Loki {
    /// The one at an address, which may have a path prefix.
    pub fn new(http: &Http, base: &Url) -> Self {
        Self(Server::new(http, "Loki", "loki.url", base))
    }

    /// The latest `lines` lines since `since_ts` that a LogQL query finds in all its streams: their times, milliseconds since the
    /// epoch, and texts, the newest last. A line has at most 500 characters and neither colours nor control characters.
    ///
    /// # Errors
    /// When it can't be asked, or the query is wrong or asks for numbers.
    pub async fn tail(&self, query: &str, lines: u32, since_ts: i64) -> Result<Vec<(i64, String)>, ApiError> {
        let lines = lines.clamp(1, 1000);
        let (start, limit) = (i128::from(since_ts.max(0)) * 1_000_000, lines.to_string());
        let query =
            [("query", query), ("start", &start.to_string()), ("limit", &limit), ("direction", "backward")];
        let request = self.0.request(Method::GET, &["loki", "api", "v1", "query_range"]).query(&query);
        let answer: Envelope = self.0.json(request).await?;
        if answer.data.result_type != "streams" {
            return Err(self.0.strange("the query asks for numbers, not for lines"));
        }
        let mut found: Vec<(i128, String)> = Vec::new();
        for entry in answer.data.result.into_iter().flat_map(|stream| stream.values) {
            found.push(read(&entry).ok_or_else(|| self.0.strange("an entry has no time and line"))?);
        }
        found.sort_by_key(|(at, _)| *at);
        let surplus = found.len().saturating_sub(lines as usize);
        let kept = found.into_iter().skip(surplus);
        Ok(kept.map(|(at, line)| (i64::try_from(at / 1_000_000).unwrap_or(i64::MAX), line)).collect())
    }
}

/// An entry is `["<ns>", "<line>"]`, since version 3 with an object of structured metadata behind it.
fn read(entry: &[Value]) -> Option<(i128, String)> {
    static COLOUR: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("\x1b\\[[0-9;?]*[A-Za-z]").ok());
    let at = entry.first()?.as_str()?.parse().ok()?;
    let line = entry.get(1)?.as_str()?;
    let plain = COLOUR.as_ref().map_or(line.into(), |colour| colour.replace_all(line, ""));
    Some((at, super::clean(&plain, LONGEST)))
}

#[derive(Deserialize)]
struct Envelope {
    data: Data,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    result_type: String,
    #[serde(default)]
    result: Vec<Stream>,
}

#[derive(Deserialize)]
struct Stream {
    values: Vec<Vec<Value>>,
}
