//! Shows a folder of uploaded files on loopback, for a sandbox that fetches as the platform does.
//!
//! Never: a name that is not a content hash, so no listing, no other file, no way out of the folder.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::net::Ipv4Addr;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path as Segment, State};
use axum::http::header::{
    ACCEPT_RANGES, ALLOW, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, RANGE,
};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use url::Url;

use super::name::Format;

/// How much of a file is in memory for one answer.
const CHUNK_BYTES: u64 = 256 * 1024;

/// A folder that is shown on loopback, until this is stopped or dropped.
#[derive(Debug)]
pub struct Served {
    /// `http://127.0.0.1:PORT/`: names are joined to its end.
    pub url: Url,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Served {
    /// Lets answers that are on their way come to their end, for two seconds at most, and closes the port.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            // nobody listens when the server has ended by itself
            let _ = stop.send(());
        }
        let _ = tokio::time::timeout(Duration::from_secs(2), &mut self.task).await;
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves the files of `dir` whose names are content hashes, on a free port of 127.0.0.1.
///
/// Files that come later are served as well. Ranges are answered with 206, `robots.txt` is 404: all is allowed.
///
/// # Errors
/// No port can be opened.
pub async fn serve(dir: &Path) -> io::Result<Served> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let url = format!("http://{}/", listener.local_addr()?);
    let url = Url::parse(&url).map_err(io::Error::other)?;
    let folder: Arc<Path> = dir.into();
    let router = Router::new().route("/{name}", any(file)).with_state(folder);
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(async move {
        let until = async {
            // a dropped sender stops it as well
            let _ = stopped.await;
        };
        // small answers would wait for the other side's delayed acknowledgement, 40 ms each
        let listener = listener.tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        });
        if let Err(e) = axum::serve(listener, router)
            .with_graceful_shutdown(until)
            .await
        {
            tracing::debug!("the folder's server has ended: {e}");
        }
    });
    Ok(Served {
        url,
        stop: Some(stop),
        task,
    })
}

async fn file(
    method: Method,
    Segment(name): Segment<String>,
    State(folder): State<Arc<Path>>,
    headers: HeaderMap,
) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "GET, HEAD")]).into_response();
    }
    let Some(format) = Format::of_name(&name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let path = folder.join(&name);
    let Ok((file, length)) = open(path).await else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let asked = headers.get(RANGE).and_then(|range| range.to_str().ok());
    let (status, range) = match asked.map(|text| part_of(text, length)) {
        None | Some(Part::Whole) => (StatusCode::OK, 0..length),
        Some(Part::Some(range)) => (StatusCode::PARTIAL_CONTENT, range),
        Some(Part::Nowhere) => {
            let total = format!("bytes */{length}");
            return (StatusCode::RANGE_NOT_SATISFIABLE, [(CONTENT_RANGE, total)]).into_response();
        }
    };
    let mut answer = Response::builder()
        .status(status)
        .header(CONTENT_TYPE, format.content_type())
        .header(CONTENT_LENGTH, range.end - range.start)
        .header(ACCEPT_RANGES, "bytes");
    if status == StatusCode::PARTIAL_CONTENT {
        let place = format!("bytes {}-{}/{length}", range.start, range.end - 1);
        answer = answer.header(CONTENT_RANGE, place);
    }
    let body = match method {
        Method::HEAD => Body::empty(),
        _ => stream(file, range),
    };
    answer
        .body(body)
        .unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

async fn open(path: PathBuf) -> io::Result<(File, u64)> {
    let opened = tokio::task::spawn_blocking(move || {
        let file = File::open(path)?;
        let meta = file.metadata()?;
        if meta.is_file() {
            Ok((file, meta.len()))
        } else {
            Err(io::ErrorKind::NotFound.into())
        }
    });
    opened.await.map_err(io::Error::other)?
}

/// What of a file is still to be sent.
struct Rest {
    file: File,
    range: Range<u64>,
}

fn stream(file: File, range: Range<u64>) -> Body {
    let rest = Rest { file, range };
    Body::from_stream(futures_util::stream::try_unfold(rest, |rest| async {
        if rest.range.is_empty() {
            return Ok(None);
        }
        let read = tokio::task::spawn_blocking(move || rest.read());
        read.await.map_err(io::Error::other)?.map(Some)
    }))
}

impl Rest {
    /// The next chunk, and what is left then.
    fn read(mut self) -> io::Result<(Vec<u8>, Self)> {
        let mut chunk = Vec::new();
        let wanted = CHUNK_BYTES.min(self.range.end - self.range.start);
        self.file.seek(SeekFrom::Start(self.range.start))?;
        (&mut self.file).take(wanted).read_to_end(&mut chunk)?;
        if chunk.is_empty() {
            // the file is shorter than it was: better a broken answer than a wrong one
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.range.start += chunk.len() as u64;
        Ok((chunk, self))
    }
}

/// What a `Range` header asks for.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    /// None, or one that need not be understood.
    Whole,
    Some(Range<u64>),
    /// Past the end.
    Nowhere,
}

/// Reads `bytes=FROM-TO`, `bytes=FROM-` and `bytes=-LAST`; several ranges at once are answered with the whole.
fn part_of(header: &str, length: u64) -> Part {
    let Some((first, last)) = header
        .trim()
        .strip_prefix("bytes=")
        .filter(|ranges| !ranges.contains(','))
        .and_then(|range| range.split_once('-'))
    else {
        return Part::Whole;
    };
    let (first, last) = (first.trim(), last.trim());
    let range = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(length),
        (Ok(first), Err(_)) if last.is_empty() => first..length,
        (Err(_), Ok(last)) if first.is_empty() => length.saturating_sub(last)..length,
        _ => return Part::Whole,
    };
    if range.is_empty() {
        Part::Nowhere
    } else {
        Part::Some(range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_a_part_the_whole_or_nowhere() {
        assert_eq!(part_of("bytes=0-0", 10), Part::Some(0..1));
        assert_eq!(part_of("bytes=4-99", 10), Part::Some(4..10));
        assert_eq!(part_of("bytes=4-", 10), Part::Some(4..10));
        assert_eq!(part_of("bytes=-3", 10), Part::Some(7..10));
        assert_eq!(part_of("bytes=-30", 10), Part::Some(0..10));
        assert_eq!(
            part_of(&format!("bytes=1-{}", u64::MAX), 10),
            Part::Some(1..10)
        );
        for nowhere in ["bytes=10-", "bytes=10-12", "bytes=-0"] {
            assert_eq!(part_of(nowhere, 10), Part::Nowhere, "{nowhere}");
        }
        for whole in [
            "items=0-1",
            "bytes=5-2",
            "bytes=0-1,4-5",
            "bytes=a-b",
            "bytes=-",
            "bytes",
        ] {
            assert_eq!(part_of(whole, 10), Part::Whole, "{whole}");
        }
    }
}
