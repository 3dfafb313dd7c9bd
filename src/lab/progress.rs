//! What a lab says while it comes up.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// Where news go: standard error, or nowhere.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    speaks: bool,
    terminal: bool,
}

impl Progress {
    /// Says nothing, as tests want it.
    pub fn quiet() -> Self {
        Self { speaks: false, terminal: false }
    }

    /// Speaks on standard error.
    pub fn stderr() -> Self {
        Self { speaks: true, terminal: std::io::stderr().is_terminal() }
    }

    /// One line.
    pub fn line(&self, text: &str) {
        if self.speaks {
            let clear = if self.terminal { "\r\x1b[K" } else { "" };
            tell(&format!("{clear}{text}\n"));
        }
    }

    /// A task that takes a while.
    pub(super) fn task(&self, title: &'static str) -> Task {
        self.line(&format!("{title} …"));
        Task { progress: *self, title, begun: Instant::now(), shown: None }
    }
}

/// Something that takes a while: on a terminal one line that changes, elsewhere a line every few seconds.
pub(super) struct Task {
    progress: Progress,
    title: &'static str,
    begun: Instant,
    shown: Option<Instant>,
}

impl Task {
    /// What it does now.
    pub(super) fn now(&mut self, what: &str) {
        let every = Duration::from_millis(if self.progress.terminal { 100 } else { 5_000 });
        if !self.progress.speaks || self.shown.is_some_and(|shown| shown.elapsed() < every) {
            return;
        }
        self.shown = Some(Instant::now());
        let seconds = self.begun.elapsed().as_secs();
        let what: String = what.chars().take(80).collect();
        if self.progress.terminal {
            tell(&format!("\r\x1b[K  {seconds:>3} s  {what}"));
        } else {
            tell(&format!("  {seconds:>3} s  {what}\n"));
        }
    }

    /// It is done.
    pub(super) fn done(self) {
        self.progress.line(&format!("{}: done in {:.1} s", self.title, self.begun.elapsed().as_secs_f64()));
    }
}

/// To standard error, which may be closed: then nobody is left to be told.
fn tell(text: &str) {
    let mut err = std::io::stderr().lock();
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
}
