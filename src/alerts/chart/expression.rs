//! The PromQL behind an alert, and its value without the comparison.

use url::Url;

/// The longest expression that is looked at, in bytes.
const LONGEST: usize = 4096;

/// The PromQL in Prometheus' `generatorURL`: `g0.expr` of `/graph`, or `/query` since version 3. `None` for other addresses, such as
/// Grafana's, and for expressions above 4 KiB.
pub fn expression(generator_url: &str) -> Option<String> {
    let url = Url::parse(generator_url).ok()?;
    let page = url.path().trim_end_matches('/');
    if !matches!(url.scheme(), "http" | "https") || !(page.ends_with("/graph") || page.ends_with("/query")) {
        return None;
    }
    let (_, expression) = url.query_pairs().find(|(name, _)| name == "g0.expr")?;
    let expression = expression.trim();
    (!expression.is_empty() && expression.len() <= LONGEST).then(|| expression.to_owned())
}

/// Drops a comparison with a number at the end, so that the value can be seen also where it does not hold: `up == 0` gives `up` and 0.
/// What is more than one comparison (`and`, `bool`, a second `<` …) stays whole.
pub fn split_threshold(expr: &str) -> (String, Option<f64>) {
    let whole = expr.trim();
    let found = top_level(without_parentheses(whole)).and_then(|(left, right)| Some((left, number(right)?)));
    match found {
        Some((left, limit)) if !left.is_empty() && number(left).is_none() => (left.to_owned(), Some(limit)),
        _ => (whole.to_owned(), None),
    }
}

/// Without parentheses around all of it.
fn without_parentheses(expr: &str) -> &str {
    let mut expr = expr.trim();
    while let Some(inner) = expr.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        if tokens(inner).is_none() {
            break;
        }
        expr = inner.trim();
    }
    expr
}

/// The two sides of the only operator of comparison outside of parentheses, if nothing else is there that changes its meaning.
fn top_level(expr: &str) -> Option<(&str, &str)> {
    let mut found = None;
    for (at, token) in tokens(expr)? {
        match token.to_ascii_lowercase().as_str() {
            "and" | "or" | "unless" | "bool" | "atan2" => return None,
            "==" | "!=" | ">=" | "<=" | ">" | "<" if found.is_none() => found = Some((at, token.len())),
            token if token.contains(['=', '<', '>']) => return None,
            _ => {}
        }
    }
    let (at, length) = found?;
    Some((expr.get(..at)?.trim(), expr.get(at + length..)?.trim()))
}

/// Words and operators of comparison outside of parentheses and strings, with their places; `None` for what doesn't close, and comments.
fn tokens(expr: &str) -> Option<Vec<(usize, &str)>> {
    let bytes = expr.as_bytes();
    let mut found = Vec::new();
    let mut open = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let start = at;
        at += 1;
        match byte {
            b'#' => return None,
            b'"' | b'\'' | b'`' => at = string_end(bytes, at, *byte)?,
            b'(' => open.push(b')'),
            b'[' => open.push(b']'),
            b'{' => open.push(b'}'),
            b')' | b']' | b'}' if open.pop() != Some(*byte) => return None,
            b')' | b']' | b'}' => {}
            _ if !open.is_empty() => {}
            b'=' | b'!' | b'<' | b'>' => {
                while matches!(bytes.get(at), Some(b'=' | b'<' | b'>' | b'~' | b'/')) {
                    at += 1;
                }
                found.push((start, expr.get(start..at)?));
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b':' => {
                while bytes.get(at).is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b':')) {
                    at += 1;
                }
                found.push((start, expr.get(start..at)?));
            }
            _ => {}
        }
    }
    open.is_empty().then_some(found)
}

/// The place behind the quote that ends a string.
fn string_end(bytes: &[u8], mut at: usize, quote: u8) -> Option<usize> {
    loop {
        match bytes.get(at)? {
            b'\\' if quote != b'`' => at += 2,
            byte if *byte == quote => return Some(at + 1),
            _ => at += 1,
        }
    }
}

/// A number as PromQL writes it, if nothing else is there.
fn number(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text).trim_start();
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let value: f64 = digits.parse().ok()?;
    let value = if text.starts_with('-') { -value } else { value };
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_expression_is_in_the_address() {
        let old = "http://vm:19390/graph?g0.expr=up+%3D%3D+0&g0.tab=1";
        assert_eq!(expression(old).as_deref(), Some("up == 0"));
        let prefixed = "https://home.example/prometheus/query?g0.tab=1&g0.expr=a%7Bb%3D%22c%22%7D%20%3E%201";
        assert_eq!(expression(prefixed).as_deref(), Some("a{b=\"c\"} > 1"));
        for other in [
            "http://grafana/alerting/grafana/abc/view?orgId=1",
            "http://vm/graph",
            "http://vm/graph?g0.expr=",
            "file:///graph?g0.expr=up",
            "javascript:alert(1)",
            "",
        ] {
            assert_eq!(expression(other), None, "{other}");
        }
        assert_eq!(expression(&format!("http://vm/graph?g0.expr={}", "a".repeat(5000))), None);
    }

    #[test]
    fn a_comparison_at_the_end_is_dropped() {
        for (whole, left, limit) in [
            ("up == 0", "up", 0.0),
            ("up{job=~\"a|b\"}==0", "up{job=~\"a|b\"}", 0.0),
            ("(up == 0)", "up", 0.0),
            ("a / on(instance) b * 100 > 90.5", "a / on(instance) b * 100", 90.5),
            ("(a - b) / (c) <= -1e-3", "(a - b) / (c)", -1e-3),
            ("sum by (job) (rate(x{a=\">\"}[5m])) >= 10", "sum by (job) (rate(x{a=\">\"}[5m]))", 10.0),
            ("count(up == 0) > 2", "count(up == 0)", 2.0),
            ("band_and_bool:or != 1", "band_and_bool:or", 1.0),
            ("time() - x\n  > 300", "time() - x", 300.0),
        ] {
            assert_eq!(split_threshold(whole), (left.to_owned(), Some(limit)), "{whole}");
        }
    }

    #[test]
    fn in_doubt_the_expression_stays_whole() {
        for whole in [
            "up",
            "absent(up{job=\"node\"})",
            "up == bool 0",
            "a > 1 and b < 2",
            "a > 1 OR b",
            "a > 1 unless on(x) b",
            "1 < a < 5",
            "5 < 6",
            "0 == up",
            "a > b",
            "a > 5m",
            "a > 1 + 1",
            "a > (1)",
            "(a == 0) + (b == 0)",
            "a > Inf",
            "a > 1 # comment",
            "\"a > 1",
            "(a > 1",
            "a) > 1",
            "> 1",
            "a =~ 1",
            "",
        ] {
            assert_eq!(split_threshold(whole), (whole.to_owned(), None), "{whole}");
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_the_rest_is_part_of_it(expr in "[a-c(){}\\[\\]\"'`\\\\=<>!~0-9. #ä-]{0,40}") {
            let (left, limit) = split_threshold(&expr);
            prop_assert!(expr.contains(&left));
            prop_assert!(limit.is_some() || left == expr.trim());
        }
    }
}
