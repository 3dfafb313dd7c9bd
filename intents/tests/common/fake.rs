//! A fake model server, for faults and recorded answers: it says what it is told to, piece by piece, and keeps what it was
//! asked.

use serde_json::Value;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What the server was asked.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// Method and path, such as `POST /api/chat`.
    pub(crate) line: String,
    /// All header lines, in lower case.
    pub(crate) head: String,
    /// The JSON body, if there is one.
    pub(crate) body: Value,
}

/// What it answers.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    status: u16,
    kind: &'static str,
    header: String,
    /// How long it thinks before it says anything.
    thinks: Duration,
    pieces: Vec<Vec<u8>>,
    end: End,
}

/// How an answer ends.
#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    /// As HTTP wants it.
    Well,
    /// The connection is cut.
    Cut,
    /// Nothing comes any more; the connection stays.
    Silent,
    /// The last piece comes over and over.
    Endless,
}

impl Answer {
    pub(crate) fn new(status: u16, kind: &'static str, text: &str) -> Self {
        let pieces = text.split_inclusive('\n').map(|line| line.as_bytes().to_vec()).collect();
        Self { status, kind, header: String::new(), thinks: Duration::ZERO, pieces, end: End::Well }
    }

    pub(crate) fn json(status: u16, text: &str) -> Self {
        Self::new(status, "application/json", text)
    }

    pub(crate) fn lines(text: &str) -> Self {
        Self::new(200, "application/x-ndjson", text)
    }

    pub(crate) fn events(text: &str) -> Self {
        Self::new(200, "text/event-stream; charset=utf-8", text)
    }

    pub(crate) fn with_header(mut self, header: &str) -> Self {
        let _ = write!(self.header, "{header}\r\n");
        self
    }

    pub(crate) fn thinking(self, thinks: Duration) -> Self {
        Self { thinks, ..self }
    }

    /// In pieces of so many bytes, wherever these end.
    pub(crate) fn torn(self, bytes: usize) -> Self {
        let all = self.pieces.concat();
        Self { pieces: all.chunks(bytes).map(<[u8]>::to_vec).collect(), ..self }
    }

    pub(crate) fn then_cut(self) -> Self {
        Self { end: End::Cut, ..self }
    }

    pub(crate) fn then_silent(self) -> Self {
        Self { end: End::Silent, ..self }
    }

    pub(crate) fn endless(self) -> Self {
        Self { end: End::Endless, ..self }
    }
}

/// The server; it ends with its story.
#[derive(Debug)]
pub(crate) struct Fake {
    pub(crate) url: url::Url,
    asked: Arc<Mutex<Vec<Asked>>>,
    hung_up: watch::Receiver<usize>,
}

impl Fake {
    /// A server that answers every request in the same way.
    pub(crate) async fn always(answer: Answer) -> Self {
        Self::start(move |_| answer.clone()).await
    }

    /// A server that decides for each request.
    pub(crate) async fn start(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let (asked, answer) = (Arc::<Mutex<Vec<Asked>>>::default(), Arc::new(answer));
        let (left, hung_up) = watch::channel(0);
        let kept = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                socket.set_nodelay(true).unwrap();
                let (kept, answer, left) = (Arc::clone(&kept), Arc::clone(&answer), left.clone());
                tokio::spawn(async move {
                    while let Some(asked) = read(&mut socket).await {
                        let answer = answer(&asked);
                        kept.lock().unwrap().push(asked);
                        if !give(&mut socket, &answer).await {
                            left.send_modify(|n| *n += 1);
                            return;
                        }
                        if answer.end == End::Cut {
                            return;
                        }
                    }
                });
            }
        });
        Self { url, asked, hung_up }
    }

    /// What it was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// Waits until somebody hangs up in the middle of an answer.
    pub(crate) async fn abandoned(&mut self) {
        let patience = Duration::from_secs(10);
        let waited = tokio::time::timeout(patience, self.hung_up.wait_for(|n| *n > 0)).await;
        assert!(matches!(waited, Ok(Ok(_))), "nobody hung up");
    }
}

async fn read(socket: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(at) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break at + 4;
        }
        if socket.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let (line, head_lines) = text.split_once("\r\n")?;
    let head_lines = head_lines.to_lowercase();
    let length = head_lines.lines().find_map(|l| l.strip_prefix("content-length:")?.trim().parse().ok());
    let length: usize = length.unwrap_or(0);
    while bytes.len() < head + length {
        if socket.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let body = serde_json::from_slice(&bytes[head..head + length]).unwrap_or_default();
    let line = line.rsplit_once(' ').map_or(line, |(line, _)| line).to_owned();
    Some(Asked { line, head: head_lines, body })
}

/// False when the other side hung up before the end.
async fn give(socket: &mut TcpStream, answer: &Answer) -> bool {
    tokio::time::sleep(answer.thinks).await;
    let Answer { status, kind, header, .. } = answer;
    let head =
        format!("HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\n{header}transfer-encoding: chunked\r\n\r\n");
    if socket.write_all(head.as_bytes()).await.is_err() {
        return false;
    }
    let last = answer.pieces.last().cloned().unwrap_or_default();
    let again = (answer.end == End::Endless).then_some(&last);
    for piece in answer.pieces.iter().chain(again.into_iter().cycle()) {
        let mut chunk = format!("{:x}\r\n", piece.len()).into_bytes();
        chunk.extend_from_slice(piece);
        chunk.extend_from_slice(b"\r\n");
        if socket.write_all(&chunk).await.is_err() {
            return false;
        }
        tokio::task::yield_now().await;
    }
    match answer.end {
        // What comes now is the end of the connection.
        End::Silent => {
            let _ = socket.read(&mut [0; 16]).await;
            false
        }
        End::Cut => true,
        _ => socket.write_all(b"0\r\n\r\n").await.is_ok(),
    }
}
