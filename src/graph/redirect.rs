//! Waits on this machine for a person to come back from Meta's login page.
//!
//! In: the address that Meta sends people back to. Out: the code of the one answer that belongs to this login.
//! Never: an ear outside loopback, anything repeated of what was sent.

use std::net::Ipv4Addr;
use std::time::Duration;

use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use url::Url;

use super::error::{Cause, Error};
use super::oauth::Flow;
use super::options::is_loopback;
use super::refusal::Call;

/// The longest request head that is read; browsers send a few hundred bytes.
const MAX_HEAD: usize = 16 * 1024;

/// For a request head to come.
const PATIENCE: Duration = Duration::from_secs(10);

/// An open ear on loopback.
#[derive(Debug)]
pub struct Redirect {
    socket: TcpListener,
    url: Url,
}

impl Redirect {
    /// Listens at an address such as `http://localhost:8742/`; port 0 takes a free one.
    ///
    /// # Errors
    /// It is not http on this machine, or the port is taken.
    pub async fn open(at: &Url) -> Result<Self, Error> {
        let refuse = |said: String| Error::new(Call::Setup, Cause::BadOption(said));
        if !Self::can_hear(at) {
            return Err(refuse(
                "only http addresses of this machine can be listened at".to_owned(),
            ));
        }
        // `localhost` may name ::1 too; browsers try both
        let port = at.port_or_known_default().unwrap_or(80);
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .map_err(|e| refuse(format!("cannot listen on port {port}: {e}")))?;
        let mut url = at.clone();
        if let Ok(address) = socket.local_addr() {
            let _ = url.set_port(Some(address.port()));
        }
        Ok(Self { socket, url })
    }

    /// Whether an address is one that [`Redirect::open`] can listen at.
    pub fn can_hear(at: &Url) -> bool {
        is_loopback(at) && at.scheme() == "http" && !matches!(at.host(), Some(url::Host::Ipv6(_)))
    }

    /// The address with its port.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Waits for the answer to `flow`; what else comes is turned away.
    ///
    /// # Errors
    /// The person said no.
    pub async fn code(&self, flow: &Flow) -> Result<SecretString, Error> {
        let (heard, mut requests) = mpsc::channel(8);
        loop {
            tokio::select! {
                accepted = self.socket.accept() => {
                    // browsers open connections ahead of time and say nothing: each waits by itself
                    if let Ok((stream, _)) = accepted {
                        let (heard, base) = (heard.clone(), self.url.clone());
                        tokio::spawn(async move {
                            let asked = tokio::time::timeout(PATIENCE, read(stream, &base)).await;
                            if let Ok(Some(request)) = asked {
                                let _ = heard.send(request).await;
                            }
                        });
                    }
                }
                Some((stream, asked)) = requests.recv() => {
                    if asked.path() != self.url.path() {
                        say(stream, "404 Not Found", "Nothing is here.").await;
                    } else if !flow.is_answered_by(&asked) {
                        say(stream, "400 Bad Request", "This does not belong to the login that is waiting.").await;
                    } else {
                        let code = flow.code(&asked);
                        let told = match &code {
                            Ok(_) => "Done. You can close this page and go back to the terminal.",
                            Err(_) => "The login was refused. The terminal says more.",
                        };
                        say(stream, "200 OK", told).await;
                        return code;
                    }
                }
            }
        }
    }
}

/// The address of a GET request.
async fn read(mut stream: TcpStream, base: &Url) -> Option<(TcpStream, Url)> {
    let mut head = Vec::new();
    let mut buffer = [0; 2048];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let count = stream.read(&mut buffer).await.ok()?;
        if count == 0 || head.len() + count > MAX_HEAD {
            return None;
        }
        head.extend_from_slice(&buffer[..count]);
    }
    let line = head.split(|byte| *byte == b'\r').next()?;
    let target = std::str::from_utf8(line)
        .ok()?
        .strip_prefix("GET ")?
        .split(' ')
        .next()?;
    // an address that begins with two slashes would name a host
    let asked = target.starts_with('/') && !target.starts_with("//");
    let url = asked.then(|| base.join(target).ok())??;
    Some((stream, url))
}

async fn say(mut stream: TcpStream, status: &str, told: &str) {
    let page =
        format!("<!DOCTYPE html><meta charset=utf-8><title>Storypress</title><p>{told}</p>\n");
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {}\r\n\
         cache-control: no-store\r\nreferrer-policy: no-referrer\r\nconnection: close\r\n\r\n{page}",
        page.len()
    );
    // a browser that went away has what it came for
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::super::oauth::App;
    use super::super::{Login, Options};
    use super::*;

    async fn open() -> (Redirect, Flow) {
        let redirect = Redirect::open(&"http://localhost:0/back".parse().unwrap())
            .await
            .unwrap();
        let app = App {
            id: "9".into(),
            secret: "hush".into(),
        };
        let flow = Flow::new(Options::new(Login::Instagram), app, redirect.url().clone()).unwrap();
        (redirect, flow)
    }

    /// Asks for a path, and gives the status line.
    async fn ask(port: u16, target: String) -> String {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))
            .await
            .unwrap();
        let request = format!("GET {target} HTTP/1.1\r\nhost: localhost\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).await.unwrap();
        assert!(!said.contains("AQx"), "{said}");
        said.lines().next().unwrap().to_owned()
    }

    fn state(flow: &Flow) -> String {
        let address = flow.address();
        let mut pairs = address.query_pairs();
        pairs.find(|(n, _)| n == "state").unwrap().1.into_owned()
    }

    #[tokio::test]
    async fn the_answer_is_found_among_strangers() {
        let (redirect, flow) = open().await;
        let (port, state) = (redirect.url().port().unwrap(), state(&flow));
        // opened ahead, says nothing
        let _silent = TcpStream::connect((Ipv4Addr::LOCALHOST, port))
            .await
            .unwrap();
        let browser = async {
            let mut said = Vec::new();
            for target in ["/favicon.ico", "/back?code=AQx&state=0"] {
                said.push(ask(port, target.to_owned()).await);
            }
            said.push(ask(port, format!("/back?code=AQxyz&state={state}")).await);
            said
        };
        let (code, said) = tokio::join!(redirect.code(&flow), browser);
        assert_eq!(code.unwrap().expose_secret(), "AQxyz");
        assert_eq!(
            said,
            [
                "HTTP/1.1 404 Not Found",
                "HTTP/1.1 400 Bad Request",
                "HTTP/1.1 200 OK"
            ]
        );
    }

    #[tokio::test]
    async fn a_no_ends_the_wait() {
        let (redirect, flow) = open().await;
        let (port, state) = (redirect.url().port().unwrap(), state(&flow));
        let no = format!("/back?error=access_denied&error_description=No&state={state}");
        let (code, said) = tokio::join!(redirect.code(&flow), ask(port, no));
        assert!(code.unwrap_err().to_string().contains("access_denied: No"));
        assert_eq!(said, "HTTP/1.1 200 OK");
    }

    #[tokio::test]
    async fn nothing_but_this_machine_is_listened_at() {
        for elsewhere in [
            "https://localhost:1/",
            "http://example.com/",
            "http://192.168.1.2/",
        ] {
            assert!(
                Redirect::open(&elsewhere.parse().unwrap()).await.is_err(),
                "{elsewhere}"
            );
        }
    }
}
