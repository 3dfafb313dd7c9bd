//! `ralf intents parse`

use std::fmt::Write as _;
use std::io::{self, BufRead, ErrorKind, Write};
use std::time::Instant;

use clap::Args;
use ralf_intents::{Lang, Outcome, Reading};

use super::{Helpers, Readers, Ready};

#[derive(Args)]
pub(in crate::cli) struct Parse {
    #[command(flatten)]
    readers: Readers,
    /// The language of the talk: de or en
    #[arg(long)]
    lang: Option<Lang>,
    /// The sentence
    text: Vec<String>,
}

/// One sentence, or every line of standard input until it ends or nobody reads on.
pub(super) async fn run(parse: &Parse) -> Result<(), String> {
    let ready = parse.readers.ready()?;
    let helpers = parse.readers.helpers(&ready).await?;
    let mut out = io::stdout().lock();
    let done = if parse.text.is_empty() {
        lines(&ready, parse, &helpers, &mut out).await
    } else {
        say(&mut out, &answer(&ready, parse, &helpers, &parse.text.join(" ")).await)
    };
    match done {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        done => done.map_err(|error| error.to_string()),
    }
}

async fn lines(ready: &Ready, parse: &Parse, helpers: &Helpers, out: &mut impl Write) -> io::Result<()> {
    let mut input = io::stdin().lock();
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        // What is not UTF-8 is a sentence nobody understands, and no reason to stop.
        let text = String::from_utf8_lossy(&line);
        let text = text.strip_suffix('\n').unwrap_or(&text);
        say(out, &answer(ready, parse, helpers, text.strip_suffix('\r').unwrap_or(text)).await)?;
        line.clear();
    }
    Ok(())
}

fn say(out: &mut impl Write, answer: &str) -> io::Result<()> {
    writeln!(out, "{answer}")?;
    out.flush()
}

async fn answer(ready: &Ready, parse: &Parse, helpers: &Helpers, text: &str) -> String {
    let began = Instant::now();
    let reading = ready.read(text, parse.lang, helpers).await;
    let ms = began.elapsed().as_secs_f64() * 1_000.0;
    if parse.readers.json { reading.to_json(text, ms).to_string() } else { show(&reading, text) }
}

fn show(reading: &Reading, text: &str) -> String {
    let mut said = text.to_owned();
    for outcome in std::iter::once(&reading.outcome).chain(&reading.more) {
        let _ = match outcome {
            Outcome::Intent(intent) => write!(said, "\n  → {} {:?}", intent.name, intent.slots),
            Outcome::Ask(ask) => {
                write!(said, "\n  ? {} {:?}: {}", ask.intent, ask.slots, ask.question.get(reading.lang))
            }
            Outcome::None(reason) => write!(said, "\n  – {reason}"),
        };
    }
    for trace in &reading.trace {
        let _ = write!(said, "\n    {}: {}", trace.reader, trace.said);
    }
    said
}
