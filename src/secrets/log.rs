//! The log's way out.

use std::io::{self, Write};

use tracing_subscriber::fmt::MakeWriter;

/// Standard error, behind the redactor. The subscriber hands over whole lines.
#[derive(Debug, Clone, Copy)]
pub struct HidingStderr {
    /// Whether lines are JSON, and shall stay it.
    pub json: bool,
}

impl<'a> MakeWriter<'a> for HidingStderr {
    type Writer = Hiding<io::Stderr>;

    fn make_writer(&'a self) -> Self::Writer {
        Hiding { out: io::stderr(), json: self.json }
    }
}

/// A writer behind the redactor; what is written at once is looked at at once.
#[derive(Debug)]
pub struct Hiding<W> {
    out: W,
    json: bool,
}

impl<W: Write> Write for Hiding<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let redactor = super::redactor();
        if self.json {
            let hidden = redactor.hide_json_text(text.trim_end());
            writeln!(self.out, "{hidden}")?;
        } else {
            self.out.write_all(redactor.hide(&text).as_bytes())?;
        }
        // All of it was taken, however long it is now.
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no panic").write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn no_line_has_a_secret_and_json_stays_json() {
        let value = "log-\"Zwölf\\Boxkämpfer\"-7781";
        super::super::redactor().learn([value]);
        for json in [false, true] {
            let lines = Lines::default();
            let out = lines.clone();
            let make = move || Hiding { out: out.clone(), json };
            let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(make);
            let say = || {
                tracing::error!(error = %value, debug = ?value, "a failure with {value}");
                tracing::error!(body = %serde_json::json!({"a": value, "api_key": "abcd1234"}), "body");
            };
            if json {
                tracing::subscriber::with_default(subscriber.json().finish(), say);
            } else {
                tracing::subscriber::with_default(subscriber.finish(), say);
            }
            let text = String::from_utf8(lines.0.lock().expect("no panic").clone()).expect("UTF-8");
            assert_eq!(text.lines().count(), 2, "{text}");
            for part in ["Zwölf", "Boxk", "7781", "abcd1234"] {
                assert!(!text.contains(part), "{part} in {text}");
            }
            if json {
                text.lines().for_each(|line| {
                    serde_json::from_str::<serde_json::Value>(line).expect("JSON");
                });
            }
        }
    }
}
