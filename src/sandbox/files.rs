//! The page, and the media behind it.

use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

use axum::http::{HeaderMap, header};
use axum::response::Response;

use super::app::App;
use super::http::{is_foreign, own_error};
use super::refusal::Refusal;
use super::reply::{Reply, put_headers, typed};

/// The most bytes one answer carries: a browser asks on with `Range`.
const PIECE: u64 = 8 * 1024 * 1024;

/// `GET /`: what is live.
pub fn page(headers: &HeaderMap) -> Response {
    if is_foreign(headers) {
        return own_error(403, "not from another site");
    }
    let mut response = typed(200, "text/html; charset=utf-8", include_str!("page.html"));
    let policy = "default-src 'self'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src 'self' data:";
    put_headers(
        &mut response,
        &[("content-security-policy", policy.to_owned())],
    );
    response
}

/// `GET /cdn/{file}`: a story's picture or film, whole or a range of it.
pub async fn medium(app: &Arc<App>, file: &str, headers: &HeaderMap) -> Response {
    let kind = match file.rsplit_once('.') {
        Some((hash, "jpg")) if is_hash(hash) => "image/jpeg",
        Some((hash, "mp4")) if is_hash(hash) => "video/mp4",
        Some((hash, "mov")) if is_hash(hash) => "video/quicktime",
        _ => return Reply::from(Refusal::path(&format!("cdn/{file}"))).into_response(),
    };
    let path = app.folder.media(file);
    let range = headers
        .get(header::RANGE)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let read = tokio::task::spawn_blocking(move || piece(&path, range.as_deref())).await;
    let Ok(Ok((bytes, from, total))) = read else {
        return Reply::from(Refusal::path(&format!("cdn/{file}"))).into_response();
    };
    let is_whole = bytes.len() as u64 == total;
    let mut extra = vec![
        ("accept-ranges", "bytes".to_owned()),
        // the name holds the content's hash
        (
            "cache-control",
            "private, max-age=31536000, immutable".to_owned(),
        ),
    ];
    if !is_whole {
        let last = (from + bytes.len() as u64).saturating_sub(1);
        extra.push(("content-range", format!("bytes {from}-{last}/{total}")));
    }
    let mut response = typed(if is_whole { 200 } else { 206 }, kind, bytes);
    put_headers(&mut response, &extra);
    response
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The bytes a range asks for, where they start, and how many there are in all.
fn piece(path: &std::path::Path, range: Option<&str>) -> std::io::Result<(Vec<u8>, u64, u64)> {
    let mut file = std::fs::File::open(path)?;
    let total = file.metadata()?.len();
    let (from, to) = match range.and_then(|text| bounds(text, total)) {
        Some((from, to)) => (from, to.min(from + PIECE - 1)),
        None => (0, total.saturating_sub(1)),
    };
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(to + 1 - from).read_to_end(&mut bytes)?;
    Ok((bytes, from, total))
}

/// `bytes=0-99`, `bytes=100-`, `bytes=-100`: first and last byte; what cannot be met is passed over.
fn bounds(text: &str, total: u64) -> Option<(u64, u64)> {
    let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
    let end = total.checked_sub(1)?;
    match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last && first <= end => Some((first, last.min(end))),
        (Ok(first), Err(_)) if last.is_empty() && first <= end => Some((first, end)),
        (Err(_), Ok(last)) if first.is_empty() && last > 0 => {
            Some((total.saturating_sub(last), end))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_browsers_write_them() {
        assert_eq!(bounds("bytes=0-9", 100), Some((0, 9)));
        assert_eq!(bounds("bytes=90-200", 100), Some((90, 99)));
        assert_eq!(bounds("bytes=5-", 100), Some((5, 99)));
        assert_eq!(bounds("bytes=-10", 100), Some((90, 99)));
        for wrong in [
            "bytes=9-5",
            "bytes=100-",
            "bytes=-0",
            "bytes=-",
            "bytes=a-b",
            "lines=1-2",
        ] {
            assert_eq!(bounds(wrong, 100), None, "{wrong}");
        }
        assert_eq!(bounds("bytes=0-", 0), None);
    }
}
