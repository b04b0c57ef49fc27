//! A server for tests that says what it is told to say, byte by byte, and keeps what it was sent.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use url::Url;

/// What is done with a request.
#[derive(Debug, Clone)]
pub(super) enum Reply {
    /// Status line, headers, body; the connection stays open.
    Say(String),
    /// Closes without a word.
    Hang,
    /// One byte at a time, so many milliseconds apart, for ever.
    Drip(u64),
}

/// A JSON answer.
pub(super) fn json(status: u16, body: &str) -> Reply {
    with_headers(status, "", body)
}

/// A JSON answer with further header lines, each with its line end.
pub(super) fn with_headers(status: u16, headers: &str, body: &str) -> Reply {
    Reply::Say(format!(
        "HTTP/1.1 {status} Said\r\ncontent-type: application/json; charset=UTF-8\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    ))
}

/// The server: answers request by request in the order of its script, then hangs.
pub(super) struct Listener {
    pub url: Url,
    heard: Arc<Mutex<Vec<String>>>,
    connections: Arc<Mutex<usize>>,
}

impl Listener {
    pub fn new(script: impl IntoIterator<Item = Reply>) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", socket.local_addr().unwrap())
            .parse()
            .unwrap();
        let script: Arc<Mutex<Vec<Reply>>> = Arc::new(Mutex::new(script.into_iter().collect()));
        let heard = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(Mutex::new(0));
        let (all_heard, count) = (heard.clone(), connections.clone());
        std::thread::spawn(move || {
            for stream in socket.incoming().flatten() {
                *count.lock().unwrap() += 1;
                let (script, heard) = (script.clone(), all_heard.clone());
                std::thread::spawn(move || converse(stream, &script, &heard));
            }
        });
        Self {
            url,
            heard,
            connections,
        }
    }

    /// Everything that was sent, a request each.
    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    pub fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }
}

fn converse(mut stream: TcpStream, script: &Mutex<Vec<Reply>>, heard: &Mutex<Vec<String>>) {
    while let Some(request) = request(&mut stream) {
        heard.lock().unwrap().push(request);
        let reply = {
            let mut script = script.lock().unwrap();
            if script.is_empty() {
                Reply::Hang
            } else {
                script.remove(0)
            }
        };
        match reply {
            Reply::Say(text) => {
                if stream.write_all(text.as_bytes()).is_err() {
                    return;
                }
            }
            Reply::Hang => return,
            Reply::Drip(pause_ms) => {
                let head = "HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n";
                let _ = stream.write_all(head.as_bytes());
                while stream.write_all(b"{").is_ok() {
                    std::thread::sleep(Duration::from_millis(pause_ms));
                }
                return;
            }
        }
    }
}

/// A whole request, head and body.
fn request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| {
                    line.to_ascii_lowercase()
                        .strip_prefix("content-length: ")?
                        .parse()
                        .ok()
                })
                .unwrap_or(0);
            if body.len() >= length {
                return Some(text);
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return None,
            Ok(n) => bytes.extend_from_slice(&buffer[..n]),
        }
    }
}
