//! `ralf intents eval`: how well, with one model or with two beside each other.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::pin::pin;
use std::time::{Duration, Instant};

use clap::Args;
use ralf_intents::eval::{Case, Comparison, Evaluation, Report, cases};

use super::{Helpers, Readers, Ready, helpers, read};

#[derive(Args)]
pub(in crate::cli) struct Eval {
    #[command(flatten)]
    readers: Readers,
    /// A second model, or `none`: both read all sentences, and what they read differently is counted
    #[arg(long, value_name = "NAME")]
    compare: Option<String>,
    /// The configuration that says where the second model is, if it is not the first one's
    #[arg(long, value_name = "FILE", requires = "compare")]
    compare_config: Option<PathBuf>,
    /// With --compare: the sentences that are read differently
    #[arg(long, requires = "compare")]
    details: bool,
    /// The sentences
    file: PathBuf,
}

pub(super) async fn run(eval: &Eval) -> Result<(), String> {
    let file = &eval.file;
    let cases = cases(&read(file)?).map_err(|errors| {
        let named: Vec<String> =
            errors.0.iter().map(|e| format!("{}:{}: {}", file.display(), e.line, e.message)).collect();
        format!("{}\nlines that can't be used: {}; nothing was measured", named.join("\n"), named.len())
    })?;
    if cases.is_empty() {
        return Err(format!("{}: there are no sentences in it", file.display()));
    }
    let ready = eval.readers.ready()?;
    for case in &cases {
        if case.intent != "none" && ready.understanding.catalogue().get(&case.intent).is_none() {
            eprintln!("note: there is no intent `{}`, so this can't go right: {}", case.intent, case.text);
        }
    }
    let first = eval.readers.helpers(&ready).await?;
    let second = match &eval.compare {
        None => None,
        Some(name) => {
            let config = eval.compare_config.as_deref().or(eval.readers.config.as_deref());
            Some(helpers("--compare", Some(name), config, eval.readers.no_embeddings, &ready).await?)
        }
    };
    // A model that is not there would be measured as one that never answers.
    if let Some(wrong) = [Some(&first), second.as_ref()].into_iter().flatten().find_map(|h| h.wrong.first()) {
        return Err(format!("{wrong}; nothing was measured"));
    }
    let (report, whole) = measure(&ready, &cases, &first).await;
    let count = report.judged.len();
    let Some(second) = second.filter(|_| whole) else {
        let json = eval.readers.json;
        println!("{}", if json { report.to_json().to_string() } else { report.to_string() });
        return finished(whole, count, cases.len());
    };
    let (other, whole) = measure(&ready, &cases, &second).await;
    let count = other.judged.len();
    let compared = Comparison::new(report, other);
    if eval.readers.json {
        println!("{}", compared.to_json());
    } else {
        print!("{compared}");
        if eval.details {
            compared.differences.iter().for_each(|difference| println!("\n{difference}"));
        }
    }
    finished(whole, count, cases.len())
}

/// How long servers that failed are waited for, in all.
const PATIENCE: Duration = Duration::from_secs(120);

/// Whoever counts on the figures must see that they are of a part.
fn finished(whole: bool, count: usize, all: usize) -> Result<(), String> {
    if whole { Ok(()) } else { Err(format!("stopped: these are the figures of {count} of {all} sentences")) }
}

/// Reads all cases, or those before somebody pressed Ctrl-C; whether it was all of them.
async fn measure(ready: &Ready, cases: &[Case], helpers: &Helpers) -> (Report, bool) {
    let mut run = Evaluation::new(&ready.understanding, &ready.names, helpers.aids());
    let mut stop = pin!(tokio::signal::ctrl_c());
    let mut progress = Progress::new(helpers.name(), cases.len());
    let (mut patience, mut without) = (PATIENCE, 0);
    for (n, case) in cases.iter().enumerate() {
        progress.show(n);
        let read = async {
            let began = Instant::now();
            without += usize::from(!helpers.back(patience).await);
            patience = patience.saturating_sub(began.elapsed());
            run.read(case).await;
        };
        tokio::select! {
            biased;
            _ = &mut stop => {
                progress.end();
                return (run.done(), false);
            }
            () = read => {}
        }
    }
    progress.end();
    if without > 0 {
        eprintln!(
            "note: {} could not be asked for a while: {without} of {} sentences were read without it",
            helpers.name(),
            cases.len()
        );
    }
    (run.done(), true)
}

/// How far it is, on standard error, when it takes a while.
struct Progress<'a> {
    what: &'a str,
    all: usize,
    began: Instant,
    next: Duration,
    in_place: bool,
}

impl<'a> Progress<'a> {
    fn new(what: &'a str, all: usize) -> Self {
        let in_place = std::io::stderr().is_terminal();
        Self { what, all, began: Instant::now(), next: Duration::from_secs(2), in_place }
    }

    fn show(&mut self, done: usize) {
        let took = self.began.elapsed();
        if took < self.next || done == 0 {
            return;
        }
        let left = took.div_f64(done as f64).mul_f64((self.all - done) as f64).as_secs();
        let text = format!("{}: {done} of {}, about {left} s left", self.what, self.all);
        if self.in_place {
            eprint!("\r{text}  ");
        } else {
            eprintln!("{text}");
        }
        self.next = took + Duration::from_secs(if self.in_place { 1 } else { 15 });
    }

    fn end(&self) {
        if self.in_place && self.next > Duration::from_secs(2) {
            eprintln!();
        }
    }
}
