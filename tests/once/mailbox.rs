//! A mail server on loopback: as much of SMTP as it takes to be sent mail.

use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A mail that came.
#[derive(Debug, Clone, Default)]
pub struct Mail {
    pub from: String,
    pub to: Vec<String>,
    /// What AUTH PLAIN said.
    pub login: Option<String>,
    pub raw: String,
}

impl Mail {
    /// A header in plain text: unfolded, its encoded words read (RFC 2047).
    pub fn header(&self, name: &str) -> Option<String> {
        let head = self.raw.split("\r\n\r\n").next().unwrap_or_default();
        let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
        let found: Vec<_> = unfolded
            .split("\r\n")
            .filter_map(|line| line.split_once(": "))
            .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            .collect();
        assert!(found.len() <= 1, "{name} twice: {}", self.raw);
        found.first().map(|(_, value)| decoded(value))
    }

    /// The body, whatever it was encoded with.
    pub fn text(&self) -> String {
        let body = self.raw.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        match self.header("Content-Transfer-Encoding").as_deref() {
            Some("base64") => {
                let body: String = body.split_whitespace().collect();
                let bytes = STANDARD.decode(body).expect("base64");
                String::from_utf8(bytes).expect("a text")
            }
            Some("quoted-printable") => quoted_printable(&body.replace("=\r\n", "")),
            _ => body.to_owned(),
        }
    }
}

/// Reads `=?utf-8?b?…?=`; the space between two of them is none.
fn decoded(value: &str) -> String {
    let mut text = String::new();
    let mut was_encoded = false;
    for word in value.split(' ') {
        let encoded = word
            .strip_prefix("=?utf-8?b?")
            .and_then(|word| word.strip_suffix("?="));
        if !(text.is_empty() || was_encoded && encoded.is_some()) {
            text.push(' ');
        }
        match encoded {
            Some(encoded) => {
                let bytes = STANDARD.decode(encoded).expect("base64");
                text += &String::from_utf8(bytes).expect("a text");
            }
            None => text += word,
        }
        was_encoded = encoded.is_some();
    }
    text
}

fn quoted_printable(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).and_then(|c| std::str::from_utf8(c).ok());
        match code.and_then(|c| u8::from_str_radix(c, 16).ok()) {
            Some(byte) if *first == b'=' => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).expect("a text")
}

#[derive(Default)]
struct Shared {
    mails: Vec<Mail>,
    lines: Vec<String>,
}

/// A mail server, gone with its runtime.
pub struct Mailbox {
    pub port: u16,
    shared: Arc<Mutex<Shared>>,
}

impl Mailbox {
    /// Says that it can do these.
    pub async fn start(extensions: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let shared: Arc<Mutex<Shared>> = Arc::default();
        let extensions: Vec<_> = extensions.iter().map(|e| (*e).to_owned()).collect();
        let kept = shared.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, extensions.clone(), kept.clone()));
            }
        });
        Self { port, shared }
    }

    pub fn mails(&self) -> Vec<Mail> {
        let shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.mails.clone()
    }

    /// What was said to it, mails not counted.
    pub fn lines(&self) -> Vec<String> {
        let shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.lines.clone()
    }
}

async fn serve(
    stream: TcpStream,
    extensions: Vec<String>,
    shared: Arc<Mutex<Shared>>,
) -> std::io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    writer.write_all(b"220 test\r\n").await?;
    let mut mail = Mail::default();
    while let Some(line) = lines.next_line().await? {
        let keep = |act: &dyn Fn(&mut Shared)| {
            act(&mut shared.lock().unwrap_or_else(PoisonError::into_inner));
        };
        keep(&|shared| shared.lines.push(line.clone()));
        let address = |line: &str| {
            let inside = line.split(['<', '>']).nth(1);
            inside.unwrap_or_default().to_owned()
        };
        let mut words = line.split(' ');
        let answer = match words.next().unwrap_or_default() {
            "EHLO" => {
                let mut answer = "250-test\r\n".to_owned();
                for extension in &extensions {
                    answer += &format!("250-{extension}\r\n");
                }
                answer + "250 8BITMIME"
            }
            "AUTH" => {
                let bytes = STANDARD.decode(words.nth(1).unwrap_or_default());
                mail.login = bytes.ok().and_then(|bytes| String::from_utf8(bytes).ok());
                "235 ok".into()
            }
            "MAIL" => {
                mail.from = address(&line);
                "250 ok".into()
            }
            "RCPT" => {
                mail.to.push(address(&line));
                "250 ok".into()
            }
            "DATA" => {
                writer.write_all(b"354 go on\r\n").await?;
                mail.raw = data(&mut lines).await?;
                let mail = std::mem::take(&mut mail);
                keep(&|shared| shared.mails.push(mail.clone()));
                "250 taken".into()
            }
            // it hangs up in the middle of the goodbye: the mail was taken all the same
            "QUIT" => return Ok(()),
            _ => "500 what".into(),
        };
        writer.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
    Ok(())
}

/// The lines of a mail, until the one with a dot.
async fn data(
    lines: &mut tokio::io::Lines<BufReader<tokio::net::tcp::OwnedReadHalf>>,
) -> std::io::Result<String> {
    let mut raw = String::new();
    while let Some(line) = lines.next_line().await? {
        if line == "." {
            break;
        }
        raw += line.strip_prefix('.').unwrap_or(&line);
        raw += "\r\n";
    }
    Ok(raw)
}
