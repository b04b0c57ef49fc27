//! How long a file is by its container's own word.
//!
//! In: an opened file, and which of its streams are used. Out: a [`Promise`]. Never: a measured length.

use std::path::Path;

use ffmpeg_next::format::context::Input;

use super::{av, ebml};

/// When the streams that are used are over, as their container says it.
#[derive(Debug, Default)]
pub(super) struct Promise {
    /// All of them, on the file's own clock; nothing where the file is all there, or says nothing that can be believed.
    pub ends: Option<f64>,
    /// The picture, where the file is all there: its last one stays until then.
    pub kept: Option<f64>,
}

impl Promise {
    /// Only these containers say it; of others it is guessed by bytes.
    pub fn of(
        path: &Path,
        input: &Input,
        picture: usize,
        sound: Option<usize>,
        packets: u64,
    ) -> Self {
        let streams = || [Some(picture), sound].into_iter().flatten();
        let format = input.format();
        let names: Vec<&str> = format.name().split(',').collect();
        if names.contains(&"mov") {
            let end = |index: usize| {
                let stream = input.stream(index)?;
                let unit = f64::from(stream.time_base());
                let start =
                    Some(stream.start_time()).filter(|s| *s != ffmpeg_next::ffi::AV_NOPTS_VALUE);
                (stream.duration() > 0)
                    .then(|| (stream.duration() + start.unwrap_or(0)) as f64 * unit)
            };
            let frames = input.stream(picture).map_or(0, |s| s.frames());
            return Self {
                ends: streams().filter_map(end).reduce(f64::max),
                kept: (packets > 0 && frames == packets as i64)
                    .then(|| end(picture))
                    .flatten(),
            };
        }
        if !names.contains(&"matroska") && !names.contains(&"webm") {
            return Self::default();
        }
        let stated =
            |index: usize| av::tag(&input.stream(index)?, c"DURATION").and_then(|t| clock(&t));
        let whole = (input.duration() > 0)
            .then(|| input.duration() as f64 / f64::from(ffmpeg_next::ffi::AV_TIME_BASE));
        // of a file with other tracks the longest may be one that is not used
        let only = input.streams().count() == streams().count();
        if ebml::is_whole(path) == Some(true) {
            let kept = stated(picture).or(whole.filter(|_| only && sound.is_none()));
            return Self { ends: None, kept };
        }
        let tagged = streams().filter_map(stated).reduce(f64::max);
        Self {
            ends: tagged.or(whole.filter(|_| only)),
            kept: None,
        }
    }
}

/// Seconds of `00:00:04.667000000`.
fn clock(text: &str) -> Option<f64> {
    text.trim().split(':').try_fold(0.0, |seconds, part| {
        let part: f64 = part.parse().ok()?;
        (0.0..1e6).contains(&part).then_some(seconds * 60.0 + part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_track_says_its_length_as_a_clock() {
        assert_eq!(clock("00:00:04.667000000"), Some(4.667));
        assert_eq!(clock("01:02:03.5"), Some(3723.5));
        assert_eq!(clock("soon"), None);
    }
}
