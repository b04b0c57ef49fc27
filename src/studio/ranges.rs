//! A file for a browser that plays it: whole, or the part that is asked for (RFC 9110 §14).
//!
//! In: a file, `Range`. Out: 200, 206 or 416. Never: more of the file in memory than is asked for.

use std::io::SeekFrom;
use std::path::Path;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

use super::problem::Problem;

/// Answers with a file. `tag` is of its bytes: a part of another file is not what is asked for.
///
/// # Errors
/// 404 where the file went away; 416 for a part that it does not have.
pub async fn answer(
    path: &Path,
    kind: &'static str,
    tag: &str,
    asked: &HeaderMap,
) -> Result<Response, Problem> {
    let gone = |_| Problem::not_found("its file is kept no longer");
    let mut file = tokio::fs::File::open(path).await.map_err(gone)?;
    let length = file.metadata().await.map_err(gone)?.len();
    let tag = format!("\"{tag}\"");
    let text = |name: HeaderName| asked.get(name).and_then(|value| value.to_str().ok());
    let is_current = text(header::IF_RANGE).is_none_or(|given| given == tag);
    let range = text(header::RANGE).filter(|_| is_current);
    let part = match range.map_or(Part::Whole, |range| Part::read(range, length)) {
        Part::None => {
            let mut refused = Problem::new(
                StatusCode::RANGE_NOT_SATISFIABLE,
                "range",
                "the file has no such part",
            )
            .into_response();
            let all = HeaderValue::from_str(&format!("bytes */{length}"));
            let all = all.map_err(Problem::internal)?;
            refused.headers_mut().insert(header::CONTENT_RANGE, all);
            return Ok(refused);
        }
        Part::Whole => None,
        Part::Bytes(first, last) => Some((first, last)),
    };
    let (first, count) = part.map_or((0, length), |(first, last)| (first, last - first + 1));
    file.seek(SeekFrom::Start(first)).await.map_err(gone)?;
    let mut bytes = Vec::new();
    file.take(count)
        .read_to_end(&mut bytes)
        .await
        .map_err(gone)?;
    let mut answer = Body::from(bytes).into_response();
    let headers = answer.headers_mut();
    let mut put = |name: HeaderName, value: &str| -> Result<(), Problem> {
        let value = HeaderValue::from_str(value).map_err(Problem::internal)?;
        headers.insert(name, value);
        Ok(())
    };
    put(header::CONTENT_TYPE, kind)?;
    put(header::ACCEPT_RANGES, "bytes")?;
    put(header::ETAG, &tag)?;
    if let Some((first, last)) = part {
        put(
            header::CONTENT_RANGE,
            &format!("bytes {first}-{last}/{length}"),
        )?;
        *answer.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    Ok(answer)
}

/// What is asked of a file.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    /// All of it, or a form that is not understood.
    Whole,
    /// From one byte to another, both included.
    Bytes(u64, u64),
    /// What it does not have.
    None,
}

impl Part {
    fn read(range: &str, length: u64) -> Self {
        let Some((from, to)) = range
            .strip_prefix("bytes=")
            .and_then(|range| range.split_once('-'))
        else {
            return Self::Whole;
        };
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let (from, to) = (from.trim(), to.trim());
        // several parts at once are answered with the whole, as the standard allows
        if !digits(from) || !digits(to) || from.is_empty() && to.is_empty() {
            return Self::Whole;
        }
        let number = |text: &str| text.parse::<u64>().unwrap_or(u64::MAX);
        if from.is_empty() {
            let count = number(to).min(length);
            return match count {
                0 => Self::None,
                count => Self::Bytes(length - count, length - 1),
            };
        }
        let first = number(from);
        let last = match to {
            "" => u64::MAX,
            to => number(to),
        };
        match () {
            () if last < first => Self::Whole,
            () if first >= length => Self::None,
            () => Self::Bytes(first, last.min(length - 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_as_the_standard_says() {
        for (range, wanted) in [
            ("bytes=0-0", Part::Bytes(0, 0)),
            ("bytes=0-", Part::Bytes(0, 99)),
            ("bytes=90-500", Part::Bytes(90, 99)),
            ("bytes=-10", Part::Bytes(90, 99)),
            ("bytes=-500", Part::Bytes(0, 99)),
            ("bytes=-0", Part::None),
            ("bytes=100-", Part::None),
            ("bytes=99999999999999999999-", Part::None),
            ("bytes=5-4", Part::Whole),
            ("bytes=0-1,5-6", Part::Whole),
            ("bytes=-", Part::Whole),
            ("bytes=a-b", Part::Whole),
            ("lines=0-1", Part::Whole),
        ] {
            assert_eq!(Part::read(range, 100), wanted, "{range}");
        }
        assert_eq!(Part::read("bytes=0-", 0), Part::None);
    }
}
