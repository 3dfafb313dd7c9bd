//! The other ways in which programs write the same value.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// A line of a longer value (a key, a certificate) is a secret by itself from this length on.
const LINE: usize = 8;

/// A value as it is, and as it comes out of encoders: JSON (also as Python writes it), HTML, addresses, a shell's quotes,
/// base64, `Debug`; the lines of one that has several, because programs hand them on one by one.
pub(super) fn of(value: &str) -> Vec<String> {
    let mut all = written(value);
    all.push(STANDARD_NO_PAD.encode(value));
    all.push(URL_SAFE_NO_PAD.encode(value));
    let with_break = format!("{value}\n");
    all.push(STANDARD_NO_PAD.encode(with_break));
    if value.contains(['\n', '\r']) {
        all.push(value.replace("\r\n", "\n"));
        let lines = value.lines().map(str::trim).filter(|line| line.len() >= LINE && !is_frame(line));
        lines.for_each(|line| all.extend(written(line)));
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// The frame of a PEM block is no secret.
fn is_frame(line: &str) -> bool {
    line.starts_with("-----BEGIN ") || line.starts_with("-----END ")
}

fn written(value: &str) -> Vec<String> {
    let json = unquoted(&serde_json::to_string(value).unwrap_or_default());
    let percent: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
    vec![
        value.to_owned(),
        ascii_json(&json),
        // JSON in JSON.
        json.replace('\\', "\\\\").replace('"', "\\\""),
        json,
        unquoted(&format!("{value:?}")),
        value.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n"),
        ralf_appservice::content::escape_html(value),
        ralf_appservice::content::escape_html(value).replace('\n', "<br>"),
        value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"),
        percent.replace('+', "%20"),
        percent,
        value.replace('\'', "'\"'\"'"),
        value.replace('\'', "'\\''"),
        // What makes messages readable changes it, too.
        crate::report::visible(value),
    ]
}

/// Without the quotes around it.
fn unquoted(text: &str) -> String {
    text.get(1..text.len().saturating_sub(1)).unwrap_or_default().to_owned()
}

/// JSON as Python writes it: everything beyond ASCII as `\uXXXX`.
fn ascii_json(json: &str) -> String {
    json.chars().fold(String::with_capacity(json.len()), |mut out, c| {
        if c.is_ascii() {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
        out
    })
}
