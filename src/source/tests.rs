//! Sources against servers on this machine that say what they are told to say.

mod copies;
mod guard;
mod pages;
mod pictures;

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{IpAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::HeaderName;
use url::Url;

use super::address::private;
use super::*;
use crate::diag::{Code, Diagnostic, Place, Source};

/// As much of a picture as tells that it is one.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

/// What a server says to the request of that number, from 0.
type Script = dyn Fn(&str, usize) -> Reply + Send + Sync;

enum Reply {
    /// All of it.
    Whole(Vec<u8>),
    /// A byte at a time, for ever.
    Drip,
}

struct Server {
    url: Url,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn new(script: impl Fn(&str, usize) -> Reply + Send + Sync + 'static) -> Self {
        Self::at("127.0.0.1", script)
    }

    fn at(host: &str, script: impl Fn(&str, usize) -> Reply + Send + Sync + 'static) -> Self {
        let socket = TcpListener::bind((host, 0)).expect("a port");
        let url = format!("http://{}/", socket.local_addr().expect("an address"));
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (all, script): (_, Arc<Script>) = (heard.clone(), Arc::new(script));
        std::thread::spawn(move || {
            for stream in socket.incoming().flatten() {
                let (all, script) = (all.clone(), script.clone());
                std::thread::spawn(move || converse(stream, &all, script.as_ref()));
            }
        });
        Self {
            url: url.parse().expect("an address"),
            heard,
        }
    }

    /// One that says the same whatever it is asked.
    fn saying(answer: Vec<u8>) -> Self {
        Self::new(move |_, _| Reply::Whole(answer.clone()))
    }

    fn url(&self, path: &str) -> Url {
        self.url.join(path).expect("an address")
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().expect("no panic").clone()
    }

    fn count(&self) -> usize {
        self.heard().len()
    }
}

fn converse(mut stream: TcpStream, heard: &Mutex<Vec<String>>, script: &Script) {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => request.push(byte[0]),
            _ => return,
        }
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let number = {
        let mut heard = heard.lock().expect("no panic");
        heard.push(request.clone());
        heard.len() - 1
    };
    match script(&request, number) {
        Reply::Whole(bytes) => {
            let _ = stream.write_all(&bytes);
        }
        Reply::Drip => {
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/csv\r\ncontent-length: 9999\r\n\r\n";
            let _ = stream.write_all(head.as_bytes());
            while stream.write_all(b"a").is_ok() {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }
}

fn answer(status: u16, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let length = body.len();
    let mut bytes = format!(
        "HTTP/1.1 {status} Said\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n"
    )
    .into_bytes();
    bytes.extend(body);
    bytes
}

fn csv(body: &str) -> Vec<u8> {
    answer(200, "content-type: text/csv\r\n", body)
}

fn redirect(to: impl std::fmt::Display) -> Vec<u8> {
    answer(302, &format!("location: {to}\r\n"), "")
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(bytes).expect("packed");
    packed.finish().expect("packed")
}

fn menu(url: Url) -> Options {
    Options {
        private: true,
        ..Options::new(
            "menu",
            url,
            Place::whole(&Source::new("storypress.toml", "")),
        )
    }
}

fn sources(root: &Path, options: Options) -> Sources {
    Sources::new(root, vec![options])
}

fn at(minutes: i64) -> Timestamp {
    let start: Timestamp = "2026-11-28T10:00:00Z".parse().expect("a time");
    start + SignedDuration::from_mins(minutes)
}

fn text(copy: &Copy) -> String {
    std::fs::read_to_string(&copy.file).expect("a copy")
}

fn said(diagnostic: &Diagnostic) -> String {
    format!("{}: {}", diagnostic.code.as_str(), diagnostic.message)
}

fn warned(copy: &Copy) -> String {
    copy.diagnostics
        .iter()
        .map(said)
        .collect::<Vec<_>>()
        .join("\n")
}

/// What a source that answers so says where it has no copy.
async fn refused(answer: Vec<u8>) -> String {
    let root = tempfile::tempdir().expect("a folder");
    let server = Server::saying(answer);
    let sources = sources(root.path(), menu(server.url("menu.csv")));
    said(&sources.fetch("menu", at(0)).await.expect_err("no copy"))
}
