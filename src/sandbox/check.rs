//! Holds a fetched file against the platform's rules, and keeps it when it is good.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use super::app::App;
use super::objects::{Medium, Verdict};
use super::refusal::Refusal;
use crate::media::{self, Kind, Profile};

/// Checks `path`, whose hash is known, and moves it to the world's media; a bad file is removed.
///
/// The same bytes are decoded once a run.
pub async fn check(
    app: &Arc<App>,
    path: PathBuf,
    kind: Kind,
    sha256: String,
    bytes: u64,
) -> Verdict {
    let key = format!("{sha256} {kind:?}");
    let known = {
        let verdicts = app.verdicts.lock().unwrap_or_else(PoisonError::into_inner);
        verdicts.get(&key).cloned()
    };
    if let Some(verdict) = known {
        let _ = std::fs::remove_file(&path);
        return verdict;
    }
    let _turn = app.checks.acquire().await;
    let kept = Arc::clone(app);
    let judged = tokio::task::spawn_blocking(move || {
        let verdict = judge(&kept, &path, kind, sha256, bytes);
        let _ = std::fs::remove_file(&path);
        verdict
    });
    let verdict = judged.await.unwrap_or_else(|_| Err(Refusal::server()));
    let mut verdicts = app.verdicts.lock().unwrap_or_else(PoisonError::into_inner);
    verdicts.insert(key, verdict.clone());
    verdict
}

fn judge(app: &App, path: &Path, kind: Kind, sha256: String, bytes: u64) -> Verdict {
    let found = media::verify(path, Profile::Platform).map_err(|_| Refusal::server())?;
    let extension = extension(path).ok_or_else(|| Refusal::unfetched("no media"))?;
    if (kind == Kind::Image) != (extension == "jpg") {
        return Err(wrong_kind(kind));
    }
    if !found.is_ok() {
        let words: Vec<String> = found
            .broken()
            .map(|rule| format!("{}: {}", rule.rule, rule.said))
            .collect();
        let first = found.broken().next().map_or("", |rule| rule.rule);
        return Err(refusal(kind, first, &words.join("; ")));
    }
    let file = format!("{sha256}.{extension}");
    std::fs::rename(path, app.folder.media(&file)).map_err(|_| Refusal::unwritten())?;
    Ok(Medium {
        file,
        sha256,
        bytes,
    })
}

/// By the first bytes, as the real one goes: neither name nor type counts.
fn extension(path: &Path) -> Option<&'static str> {
    use std::io::Read;
    let mut head = [0; 12];
    let mut file = std::fs::File::open(path).ok()?;
    file.read_exact(&mut head).ok()?;
    match head {
        [0xff, 0xd8, 0xff, ..] => Some("jpg"),
        [0x89, b'P', b'N', b'G', ..] => Some("png"),
        [_, _, _, _, b'f', b't', b'y', b'p', b'q', b't', ..] => Some("mov"),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => Some("mp4"),
        _ => None,
    }
}

fn wrong_kind(kind: Kind) -> Refusal {
    match kind {
        Kind::Image => Refusal::image_format("only JPEG is taken"),
        Kind::Video => Refusal::new(352, "The video format is not supported.").subcode(2_207_026),
    }
}

/// The refusal that the platform has for a broken rule.
fn refusal(kind: Kind, rule: &str, said: &str) -> Refusal {
    match (kind, rule) {
        (Kind::Image, "size") => Refusal::too_large(),
        (Kind::Image, "aspect") => Refusal::aspect(),
        (Kind::Image, _) => Refusal::image_format(said),
        (Kind::Video, _) => Refusal::new(352, format!("The video format is not supported: {said}"))
            .subcode(2_207_026),
    }
}
