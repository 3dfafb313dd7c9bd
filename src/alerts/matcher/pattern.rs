//! Alertmanager's regular expressions are Go's. They look like Rust's, but `\d`, `\w`, `\s` and `\b` mean ASCII there, a class has no
//! classes in it, and a brace that repeats nothing is a brace. What is written for one must mean the same here.
//! Source: <https://pkg.go.dev/regexp/syntax>.

use regex::{Regex, RegexBuilder};

/// Room for what people write; a stranger's `(a{99}){99}` has none.
const MOST_BYTES: usize = 1 << 18;

/// Go's `^(?:text)$`, compiled.
///
/// # Errors
/// In a few words, what is wrong with it.
pub(super) fn compile(text: &str, ignore_case: bool) -> Result<Regex, String> {
    let anchored = format!("^(?:{})$", translate(text)?);
    RegexBuilder::new(&anchored)
        .case_insensitive(ignore_case)
        .size_limit(MOST_BYTES)
        .dfa_size_limit(MOST_BYTES)
        .nest_limit(60)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
            error => {
                let text = error.to_string();
                let last = text.lines().last().unwrap_or_default();
                last.trim_start_matches("error: ").to_owned()
            }
        })
}

fn translate(text: &str) -> Result<String, String> {
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let taken = match c {
            '\\' => {
                let (piece, taken) = escape(rest, false)?;
                out.push_str(&piece);
                taken
            }
            '[' => class(rest, &mut out)?,
            '{' => {
                let repeat = repeat(rest);
                out.push_str(repeat.unwrap_or(r"\{"));
                repeat.map_or(1, str::len)
            }
            '(' => {
                group(rest)?;
                out.push('(');
                1
            }
            c => {
                out.push(c);
                c.len_utf8()
            }
        };
        rest = &rest[taken..];
    }
    Ok(out)
}

/// `{2}`, `{2,}` or `{2,3}` at the beginning of `rest`; everything else in braces is text to Go.
fn repeat(rest: &str) -> Option<&str> {
    let whole = &rest[..=rest.find('}')?];
    let (least, most) = whole[1..whole.len() - 1].split_once(',').unwrap_or((&whole[1..whole.len() - 1], ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    (!least.is_empty() && digits(least) && digits(most)).then_some(whole)
}

/// Go's flags are fewer than ours.
fn group(rest: &str) -> Result<(), String> {
    let Some(kind) = rest.strip_prefix("(?") else { return Ok(()) };
    if kind.starts_with("P<") || kind.starts_with('<') && !kind.starts_with("<=") && !kind.starts_with("<!") {
        return Ok(());
    }
    let flags = kind.split([':', ')']).next().unwrap_or_default();
    match flags.chars().find(|flag| !"imsU-".contains(*flag)) {
        Some(flag) => Err(format!("`(?{flag}` is unknown")),
        None => Ok(()),
    }
}

/// What `\x` at the beginning of `rest` is here, and how long it was.
fn escape(rest: &str, in_class: bool) -> Result<(String, usize), String> {
    let Some(c) = rest[1..].chars().next() else { return Err("`\\` at its end".to_owned()) };
    let same = |taken: usize| Ok((rest[..taken].to_owned(), taken));
    let here = match c {
        'd' => "[0-9]",
        'D' => "[^0-9]",
        's' => r"[\t\n\f\r ]",
        'S' => r"[^\t\n\f\r ]",
        'w' => "[0-9A-Za-z_]",
        'W' => "[^0-9A-Za-z_]",
        'b' if !in_class => r"(?-u:\b)",
        'B' if !in_class => r"(?-u:\B)",
        'A' | 'z' if !in_class => return same(2),
        'a' | 'f' | 't' | 'n' | 'r' | 'v' => return same(2),
        'x' | 'p' | 'P' if rest[2..].starts_with('{') => {
            let end = rest.find('}').ok_or("a `{` without `}`")?;
            return same(end + 1);
        }
        'x' if rest.len() >= 4 && rest.is_char_boundary(4) => return same(4),
        'p' | 'P' if rest[2..].starts_with(|c: char| c.is_ascii_alphabetic()) => return same(3),
        'Q' if !in_class => {
            let literal = rest[2..].split(r"\E").next().unwrap_or_default();
            let end = if rest[2..].contains(r"\E") { 2 } else { 0 };
            return Ok((regex::escape(literal), 2 + literal.len() + end));
        }
        c if c.is_ascii() && !c.is_ascii_alphanumeric() => return Ok((literal(c), 2)),
        c => return Err(format!("`\\{c}` is unknown")),
    };
    Ok((here.to_owned(), 2))
}

fn literal(c: char) -> String {
    format!(r"\x{{{:x}}}", u32::from(c))
}

/// `[…]` at the beginning of `rest`; gives how long it was.
fn class(rest: &str, out: &mut String) -> Result<usize, String> {
    let mut at = 1;
    out.push('[');
    if rest[at..].starts_with('^') {
        out.push('^');
        at += 1;
    }
    let first = at;
    loop {
        let here = &rest[at..];
        if here.is_empty() {
            return Err("a `[` without `]`".to_owned());
        }
        if here.starts_with(']') && at > first {
            out.push(']');
            return Ok(at + 1);
        }
        if here.starts_with("[:")
            && let Some(end) = here.find(":]")
        {
            out.push_str(&here[..end + 2]);
            at += end + 2;
            continue;
        }
        let (low, taken) = member(here)?;
        out.push_str(&low);
        at += taken;
        let end = &rest[at..];
        if end.starts_with('-') && !end.starts_with("-]") && end.len() > 1 && !low.starts_with('[') {
            let (high, taken) = member(&end[1..])?;
            out.push('-');
            out.push_str(&high);
            at += 1 + taken;
        }
    }
}

/// One character, or one of the classes that a class may have in it.
fn member(here: &str) -> Result<(String, usize), String> {
    match here.chars().next() {
        Some('\\') => escape(here, true),
        Some(c) => Ok((literal(c), c.len_utf8())),
        None => Err("a `[` without `]`".to_owned()),
    }
}
