//! What of a file a film is made without.
//!
//! In: an opened file, and the stream that is seen. Out: words for every other stream but sound. Never: a decision.

use ffmpeg_next::format::context::Input;
use ffmpeg_next::format::stream::Disposition;
use ffmpeg_next::{Stream, codec, media};

use super::av;

/// Words for the streams beside the picture, in the file's order; those that are alike are counted.
pub(super) fn of(input: &Input, picture: usize) -> Vec<String> {
    let mut counted: Vec<(String, usize)> = Vec::new();
    for stream in input.streams().filter(|stream| stream.index() != picture) {
        let Some(words) = words(&stream) else {
            continue;
        };
        match counted.iter_mut().find(|(known, _)| *known == words) {
            Some((_, count)) => *count += 1,
            None => counted.push((words, 1)),
        }
    }
    let kinds = counted.into_iter().map(|(words, count)| match count {
        1 => words,
        count => format!("{count} × {words}"),
    });
    kinds.collect()
}

fn words(stream: &Stream<'_>) -> Option<String> {
    let parameters = stream.parameters();
    let is_cover = stream.disposition().contains(Disposition::ATTACHED_PIC);
    let what = match parameters.medium() {
        media::Type::Audio => return None,
        media::Type::Video if is_cover => "cover picture",
        media::Type::Video => "other picture track",
        media::Type::Subtitle => "subtitles",
        media::Type::Attachment => "attached file",
        _ => "data track",
    };
    let codec = parameters.id();
    let details = [
        (codec != codec::Id::None).then(|| codec.name().to_owned()),
        av::remark(stream, c"language").filter(|language| language != "und"),
        av::remark(stream, c"title"),
    ];
    let details: Vec<String> = details.into_iter().flatten().collect();
    Some(match details.is_empty() {
        true => what.to_owned(),
        false => format!("{what} ({})", details.join(", ")),
    })
}
