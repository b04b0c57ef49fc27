//! Sends a film's bytes to the platform, and goes on where a connection broke.

use std::io::SeekFrom;
use std::path::Path;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use reqwest::Method;
use secrecy::ExposeSecret;
use tokio::fs::File;
use tokio::io::AsyncSeekExt;
use url::Url;

use super::client::Client;
use super::error::{Cause, Error};
use super::refusal::Call;
use super::wire::authorization;
use super::{Container, StatusCode};

/// How often an upload is begun that gets no further.
const TRIES: usize = 4;

/// A file at its length.
struct Film<'a> {
    path: &'a Path,
    bytes: u64,
}

/// How a container stands that bytes are sent to.
enum Arrived {
    All,
    UpTo(u64),
    /// It will never be ready.
    Broken,
}

impl Client {
    /// Sends a film to a container that was made with [`Source::Resumable`](super::Source::Resumable), from where
    /// the platform has it on; an upload that broke off, also in an earlier run, is gone on with.
    ///
    /// # Errors
    /// After four tries that got no further, or at once where the platform refuses it.
    pub async fn send_bytes(&self, container: &Container, file: &Path) -> Result<(), Error> {
        let to = self.upload_address(container)?;
        let bytes = tokio::fs::metadata(file)
            .await
            .map_err(|e| of_file(file, &e))?
            .len();
        let film = Film { path: file, bytes };
        let mut pauses = self.pauses();
        let mut furthest = 0;
        // the first look tells what an earlier run has sent
        let mut begin = match self.arrived(container, &film).await {
            Ok(Arrived::All) => return Ok(()),
            Ok(Arrived::UpTo(offset)) => offset,
            Ok(Arrived::Broken) | Err(_) => 0,
        };
        loop {
            let error = match self.send_from(&to, &film, begin).await {
                Ok(()) => return Ok(()),
                Err(error) if may_go_on(&error) => error,
                Err(error) => return Err(error),
            };
            match self.arrived(container, &film).await {
                Ok(Arrived::All) => return Ok(()),
                Ok(Arrived::Broken) => return Err(error),
                Ok(Arrived::UpTo(offset)) => begin = offset,
                // a read that fails decides nothing; the platform tells where it is wrong
                Err(_) => {}
            }
            if begin > furthest {
                furthest = begin;
                pauses = self.pauses();
            }
            let Some(pause) = pauses.next() else {
                return Err(error);
            };
            tracing::debug!(begin, bytes, %error, "the upload goes on");
            tokio::time::sleep(pause).await;
        }
    }

    fn pauses(&self) -> impl Iterator<Item = Duration> + use<> {
        ExponentialBuilder::default()
            .with_min_delay(self.options.upload_pause)
            .with_max_times(TRIES - 1)
            .build()
    }

    /// Where the platform said that the bytes go; the token goes along, so it has to be the upload host.
    fn upload_address(&self, container: &Container) -> Result<Url, Error> {
        let refuse = |cause| Error::new(Call::SendBytes, cause);
        let Some(uri) = &container.uri else {
            return Err(refuse(Cause::NotHere(
                "this container fetches its bytes itself",
            )));
        };
        let host = &self.options.hosts.rupload;
        match Url::parse(uri) {
            Ok(url) if url.origin() == host.origin() && url.username().is_empty() => Ok(url),
            Ok(url) => Err(refuse(Cause::Elsewhere(super::options::shown(&url)))),
            Err(_) => Err(self
                .wire
                .strange(Call::SendBytes, 200, "`uri` is no address")),
        }
    }

    async fn send_from(&self, to: &Url, film: &Film<'_>, offset: u64) -> Result<(), Error> {
        let call = Call::SendBytes;
        let mut file = File::open(film.path)
            .await
            .map_err(|e| of_file(film.path, &e))?;
        let at = SeekFrom::Start(offset);
        file.seek(at).await.map_err(|e| of_file(film.path, &e))?;
        let request = self
            .wire
            .request(Method::POST, to.clone())
            .headers(authorization("OAuth", self.token.expose_secret())?)
            .header("offset", offset)
            .header("file_size", film.bytes)
            // a stream has no length of its own, and the host requires one
            .header(reqwest::header::CONTENT_LENGTH, film.bytes - offset)
            .timeout(self.options.upload_timeout)
            .body(file);
        let said = self.wire.send(call, request).await?;
        match said["success"].as_bool() {
            Some(true) => Ok(()),
            _ => Err(self.wire.strange(call, 200, "no `success`")),
        }
    }

    async fn arrived(&self, container: &Container, film: &Film<'_>) -> Result<Arrived, Error> {
        let status = self.transfer(container).await?;
        let phases = status.phases.clone().unwrap_or_default();
        Ok(match status.code {
            StatusCode::Finished | StatusCode::Published => Arrived::All,
            _ if status.trouble().is_some() => Arrived::Broken,
            _ if phases.is_uploaded || phases.transferred >= film.bytes => Arrived::All,
            _ => Arrived::UpTo(phases.transferred),
        })
    }
}

/// The connection broke, or the upload host said what it also says of films that pass when sent again.
fn may_go_on(error: &Error) -> bool {
    match &error.cause {
        Cause::NotSent(_) | Cause::Lost(_) | Cause::Strange { .. } => true,
        Cause::Refused(refusal) => {
            let passing = [
                "OffsetInvalidError",
                "PartialRequestError",
                "ProcessingFailedError",
            ];
            refusal.status >= 500
                || refusal
                    .kind
                    .as_deref()
                    .is_some_and(|k| passing.contains(&k))
        }
        _ => false,
    }
}

fn of_file(path: &Path, error: &std::io::Error) -> Error {
    let said = format!("{}: {error}", path.display());
    Error::new(Call::SendBytes, Cause::File(said))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use jiff::Timestamp;

    use super::super::listener::{Listener, Reply, json};
    use super::super::{Hosts, Login, Next, Options};
    use super::*;

    const DONE: &str = r#"{"success":true,"message":"Upload successful."}"#;

    fn client(server: &Listener) -> Client {
        let options = Options {
            hosts: Hosts::at(&server.url),
            upload_pause: Duration::from_millis(1),
            ..Options::new(Login::Facebook)
        };
        Client::new(options, "EAAtoken".into(), None).unwrap()
    }

    fn container(uri: String) -> Container {
        Container {
            id: "17".parse().unwrap(),
            uri: Some(uri),
            made: Timestamp::UNIX_EPOCH,
        }
    }

    fn here(server: &Listener) -> Container {
        container(format!("{}ig-api-upload/v26.0/17", server.url))
    }

    fn film() -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"0123456789").unwrap();
        file
    }

    fn at(transferred: u64) -> Reply {
        json(
            200,
            &format!(
                r#"{{"id":"17","status_code":"IN_PROGRESS","video_status":{{"uploading_phase":{{"status":"in_progress","bytes_transferred":{transferred}}},"processing_phase":{{"status":"not_started"}}}}}}"#
            ),
        )
    }

    fn failed(kind: &str) -> Reply {
        json(
            400,
            &format!(
                r#"{{"debug_info":{{"retriable":false,"type":"{kind}","message":"{{\"success\":false}}"}}}}"#
            ),
        )
    }

    #[tokio::test]
    async fn a_film_is_sent_whole() {
        let server = Listener::new([at(0), json(200, DONE)]);
        client(&server)
            .send_bytes(&here(&server), film().path())
            .await
            .unwrap();
        let sent = &server.heard()[1];
        assert!(
            sent.starts_with("POST /ig-api-upload/v26.0/17 HTTP/1.1"),
            "{sent}"
        );
        for header in [
            "authorization: OAuth EAAtoken",
            "offset: 0",
            "file_size: 10",
            "content-length: 10",
        ] {
            assert!(sent.contains(&format!("{header}\r\n")), "{header}: {sent}");
        }
        assert!(sent.ends_with("\r\n\r\n0123456789"));
    }

    #[tokio::test]
    async fn an_upload_that_broke_off_goes_on_where_it_was() {
        let server = Listener::new([
            at(0),
            Reply::Hang,
            at(4),
            failed("ProcessingFailedError"),
            at(7),
            json(200, DONE),
        ]);
        client(&server)
            .send_bytes(&here(&server), film().path())
            .await
            .unwrap();
        let heard = server.heard();
        assert!(heard[3].contains("offset: 4\r\n") && heard[3].ends_with("\r\n\r\n456789"));
        assert!(heard[5].contains("offset: 7\r\n") && heard[5].ends_with("\r\n\r\n789"));
    }

    #[tokio::test]
    async fn an_upload_that_failed_by_word_only_is_done() {
        let server = Listener::new([at(0), failed("ProcessingFailedError"), at(10)]);
        client(&server)
            .send_bytes(&here(&server), film().path())
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn an_upload_that_gets_nowhere_ends() {
        let rounds = (0..4).flat_map(|_| [failed("ProcessingFailedError"), at(0)]);
        let server = Listener::new(std::iter::once(at(0)).chain(rounds));
        let error = client(&server)
            .send_bytes(&here(&server), film().path())
            .await
            .unwrap_err();
        assert_eq!(error.next(), Next::NewContainer { tries: 2 });
        assert_eq!(server.heard().len(), 9);
    }

    #[tokio::test]
    async fn a_token_that_may_not_upload_is_told_at_once() {
        let server = Listener::new([at(0), failed("NotAuthorizedError")]);
        let error = client(&server)
            .send_bytes(&here(&server), film().path())
            .await
            .unwrap_err();
        assert_eq!(error.next(), Next::Login);
    }

    #[tokio::test]
    async fn bytes_and_token_go_to_the_upload_host_only() {
        let server = Listener::new([]);
        let container = container("https://rupload.example.com/x".to_owned());
        let error = client(&server)
            .send_bytes(&container, film().path())
            .await
            .unwrap_err();
        assert_eq!(
            error.cause,
            Cause::Elsewhere("https://rupload.example.com".into())
        );
        assert_eq!(server.connections(), 0);
    }
}
