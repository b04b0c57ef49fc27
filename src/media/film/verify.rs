//! The rules for Story films, each with its source.
//!
//! In: a file and whose rules. Out: one line a rule; on the way every picture is decoded and shown to who wants to
//! see it. Never: a changed file. "Meta" is the IG User media reference of Meta's Instagram platform documentation,
//! read in November 2026; where it is silent the rule is ours.

use std::fs;
use std::path::Path;

use super::boxes::{self, Boxes, Entry, Samples, Track};
use super::decode::{self, Decoded, Units, Watch};
use super::instead;
use super::level::{self, Needs};
use super::probe::{self, Film, VideoProbe};
use crate::diag::Severity;
use crate::media::Error;
use crate::media::rules::Sheet;
use crate::media::verify::{Profile, Report, Rule};
use crate::platform::{
    self, BUDGET_BYTES, Cancel, FILM_LEAST_RATE, FILM_LEAST_SECONDS, FILM_MOST_COLUMNS,
    FILM_MOST_RATE, FILM_MOST_SECONDS, FILM_SIZES, PLATFORM_VIDEO_BYTES,
};

/// Seconds that are looked at, picture by picture; what is longer is no Story. Reasoned: twice what the platform takes.
const LOOKED_AT: f64 = 120.0;

/// Seconds by which clocks of picture and sound round.
const TICK: f64 = 0.002;

/// Seconds by which picture and sound of our films may start or end apart: a frame of sound, and one of the picture.
const APART: f64 = 0.05;

/// Bits a second of sound: 128 kbit/s, and what an encoder with a goal may be over it.
const SOUND_BITS: f64 = 128_000.0 * 1.1;

/// What is known of a film before it is judged.
struct Evidence {
    container: &'static str,
    bytes: u64,
    boxes: Boxes,
    film: Option<Film>,
    decoded: Decoded,
    /// Why the file could not be used at all.
    unusable: Option<String>,
}

/// Holds a film against the rules; `max_bytes` stands for the profile's own limit of size.
///
/// # Errors
/// [`Error::Io`] if it cannot be read, [`Error::Cancelled`]. What is no film gets a report with its `whole` rule broken.
pub(in crate::media) fn check(
    path: &Path,
    profile: Profile,
    max_bytes: Option<u64>,
    cancel: &Cancel,
    watch: &mut Watch<'_>,
) -> Result<Report, Error> {
    let evidence = Evidence::gather(path, cancel, watch)?;
    let mut sheet = Sheet::new(profile);
    sheet.file(&evidence, path, max_bytes);
    if is_mp4(evidence.container) {
        sheet.movie(&evidence);
        if let Some(film) = &evidence.film {
            sheet.picture(&evidence, &film.probe.video, film.shown);
            sheet.audio(&evidence);
            sheet.times(&evidence, film);
        }
        sheet.metadata(&evidence);
    }
    let whole = evidence.whole();
    sheet.must(
        "whole",
        whole.is_ok(),
        whole.unwrap_or_else(|message| message),
    );
    Ok(Report {
        path: path.to_owned(),
        profile,
        bytes: evidence.bytes,
        rules: sheet.rules,
    })
}

/// The rule that a file's name must not say another kind than its bytes; nothing where it does not.
pub(in crate::media) fn name(path: &Path, is_film: bool, profile: Profile) -> Option<Rule> {
    let extension = path.extension()?.to_string_lossy().to_lowercase();
    let stills = ["jpg", "jpeg", "png", "gif", "webp", "heic", "avif"];
    let films = ["mp4", "mov", "m4v", "webm", "mkv", "avi"];
    let (wrong, held) = match is_film {
        true => (&stills[..], "a film"),
        false => (&films[..], "no film"),
    };
    if !wrong.contains(&extension.as_str()) {
        return None;
    }
    let mut sheet = Sheet::new(profile);
    // ours: who fetches the file goes by its type, which follows the name
    sheet.promise("name", false, format!("`.{extension}`, and it is {held}"));
    sheet.rules.pop()
}

fn is_mp4(container: &str) -> bool {
    matches!(container, "MP4" | "MOV")
}

impl Evidence {
    fn gather(path: &Path, cancel: &Cancel, watch: &mut Watch<'_>) -> Result<Self, Error> {
        let bytes = fs::metadata(path).map_err(Error::io("read", path))?.len();
        let container = platform::content_of(path)
            .map_err(Error::io("read", path))?
            .film()
            .unwrap_or("no film");
        let mut evidence = Self {
            container,
            bytes,
            boxes: Boxes::default(),
            film: None,
            decoded: Decoded::default(),
            unusable: None,
        };
        match evidence.analyse(path, cancel, watch) {
            Ok(()) => Ok(evidence),
            Err(Error::Unreadable { message, .. }) => Ok(Self {
                unusable: Some(message),
                ..evidence
            }),
            Err(error) => Err(error),
        }
    }

    fn analyse(
        &mut self,
        path: &Path,
        cancel: &Cancel,
        watch: &mut Watch<'_>,
    ) -> Result<(), Error> {
        if is_mp4(self.container) {
            self.boxes = instead::walk(path)?;
        }
        instead::believable(path, &self.boxes)?;
        let units = self.picture().and_then(|track| units(&track.entry));
        self.film = Some(probe::read(path, cancel)?);
        self.decoded = decode::decode(path, units, LOOKED_AT, cancel, watch)?;
        Ok(())
    }

    /// The picture's track.
    fn picture(&self) -> Option<&Track> {
        self.boxes.tracks(b"vide").next()
    }

    /// The sound's track.
    fn sound(&self) -> Option<&Track> {
        self.boxes.tracks(b"soun").next()
    }

    /// Everything that should come out of the film came out.
    fn whole(&self) -> Result<String, String> {
        let decoded = &self.decoded;
        let trouble = [&self.boxes.broken, &self.unusable, &decoded.refused];
        if let Some(message) = trouble.into_iter().flatten().next() {
            return Err(message.clone());
        }
        if let Some(first) = decoded.first_corrupt {
            return Err(match decoded.corrupt {
                1 => format!("picture {first} is damaged"),
                count => format!("{count} pictures are damaged, picture {first} first"),
            });
        }
        if decoded.stopped {
            return Ok(format!(
                "its first {LOOKED_AT} s decode; the rest was not looked at"
            ));
        }
        if decoded.pictures != decoded.packets {
            let (got, of) = (decoded.pictures, decoded.packets);
            return Err(format!("{got} of {of} pictures decode"));
        }
        // an edit list leaves samples out, and fragments are counted elsewhere
        let counted = |track: &&Track| track.edits.is_none() && !self.boxes.is_fragmented();
        if let Some(track) = self.picture().filter(counted)
            && track.samples != decoded.packets
        {
            let (got, of) = (decoded.packets, track.samples);
            return Err(format!("{got} of {of} pictures are in the file"));
        }
        if let Some(track) = self.sound().filter(counted)
            && &track.entry.coding == b"mp4a"
            && track.samples != decoded.sound_packets
        {
            let (got, of) = (decoded.sound_packets, track.samples);
            return Err(format!(
                "{got} of {of} packets of the sound are in the file"
            ));
        }
        Ok(format!("all {} pictures decode", decoded.pictures))
    }
}

fn units(entry: &Entry) -> Option<Units> {
    Some(Units {
        length: entry.unit_length?,
        is_hevc: matches!(&entry.coding, b"hvc1" | b"hev1"),
    })
}

impl Sheet {
    /// The platform asks for `must`; that and `promise` is what we promise.
    fn both(&mut self, rule: &'static str, must: bool, promise: bool, message: impl Into<String>) {
        if must {
            self.promise(rule, promise, message);
        } else {
            self.must(rule, false, message);
        }
    }

    fn file(&mut self, evidence: &Evidence, path: &Path, max_bytes: Option<u64>) {
        let container = evidence.container;
        // Meta: MOV or MP4. Ours: MP4, with one table of contents for all of it.
        let fragments = evidence.boxes.is_fragmented();
        self.both(
            "format",
            is_mp4(container),
            container == "MP4" && !fragments,
            match container {
                "MP4" | "MOV" if fragments => format!("{container} in fragments"),
                "MP4" | "MOV" => container.to_owned(),
                other => format!("{other}; the platform takes MP4 and MOV only"),
            },
        );
        let named = name(path, is_film(container), self.profile);
        self.rules.extend(named);
        // Meta: 100 MB
        let limit = max_bytes.unwrap_or(match self.profile {
            Profile::Budget => BUDGET_BYTES,
            Profile::Platform => PLATFORM_VIDEO_BYTES,
        });
        let bytes = evidence.bytes;
        self.must(
            "size",
            (1..=limit).contains(&bytes),
            format!("{bytes} bytes of {limit}"),
        );
    }

    /// What the boxes say.
    fn movie(&mut self, evidence: &Evidence) {
        let found = &evidence.boxes;
        // Meta: the moov atom is at the front of the file
        let order = (found.offset(b"moov"), found.offset(b"mdat"));
        self.must(
            "moov-first",
            matches!(order, (Some(moov), Some(data)) if moov < data),
            match order {
                (Some(moov), Some(data)) if moov < data => "before the data",
                (Some(_), Some(_)) => "behind the data",
                (Some(_), None) => "there is no data",
                (None, _) => "there is none",
            },
        );
        let Some(movie) = &found.movie else { return };
        // Meta: no edit lists. Nobody has seen one refused, and most films that phones and FFmpeg write have one.
        let edited = movie.tracks.iter().filter(|t| t.edits.is_some()).count();
        self.promise(
            "edit-list",
            edited == 0,
            match edited {
                0 => "none".to_owned(),
                n => format!("{n} of {} tracks have one", movie.tracks.len()),
            },
        );
        let count = |handler| found.tracks(handler).count();
        let (pictures, sounds) = (count(b"vide"), count(b"soun"));
        let others = movie.tracks.len() - pictures - sounds;
        // ours: Meta names no number of tracks; silence is not ruled out, and ours have a silent track
        let sound = match self.profile {
            Profile::Budget => sounds == 1,
            Profile::Platform => sounds <= 1,
        };
        self.both(
            "streams",
            pictures > 0,
            pictures == 1 && sound && others == 0,
            format!("{pictures} of pictures, {sounds} of sound, {others} of other kinds"),
        );
    }

    /// How the picture is coded, and what it looks like.
    fn picture(&mut self, evidence: &Evidence, video: &VideoProbe, shown: (u32, u32)) {
        let entry = evidence.picture().map(|t| t.entry).unwrap_or_default();
        // Meta: HEVC or H.264
        let h264 = video.codec == "h264";
        self.both(
            "codec",
            h264 || video.codec == "hevc",
            h264 && &entry.coding == b"avc1",
            format!("{} ({})", video.codec, boxes::shown(entry.coding)),
        );
        if h264 {
            self.level(evidence, video, &entry);
        }
        let (width, height) = (video.coded_width, video.coded_height);
        // Meta: at most 1920 columns. Ours: the canvas of the app, or three quarters or two thirds of it.
        self.both(
            "pixels",
            width <= FILM_MOST_COLUMNS,
            FILM_SIZES.contains(&(width, height)) && video.sample_aspect == "1:1",
            match video.sample_aspect.as_str() {
                "1:1" => format!("{width}×{height}"),
                other => format!("{width}×{height}, each of them {other}"),
            },
        );
        // Meta: between 0.1:1 and 10:1, and 9:16 is recommended
        let ratio = f64::from(shown.0) / f64::from(shown.1.max(1));
        self.both(
            "aspect",
            (0.1..=10.0).contains(&ratio),
            (ratio / 0.5625 - 1.0).abs() < 0.005,
            format!("{ratio:.4}:1, 9:16 is 0.5625:1"),
        );
        // ours: whether the platform honours the matrix is not documented, so ours are upright
        let upright = evidence.picture().is_none_or(Track::is_upright);
        self.promise(
            "orientation",
            upright,
            match (upright, video.rotation, video.mirrored) {
                (true, ..) => "upright".to_owned(),
                (_, degrees, false) => format!("to be turned by {degrees}°"),
                (_, degrees, true) => format!("to be mirrored, and turned by {degrees}°"),
            },
        );
        self.colors(video, &entry);
        // Meta: progressive
        let (half, all) = (evidence.decoded.interlaced, evidence.decoded.pictures);
        self.must(
            "progressive",
            half == 0 && video.field_order == "progressive",
            match half {
                0 => "progressive".to_owned(),
                n => format!("{n} of {all} pictures are interlaced"),
            },
        );
    }

    /// Ours: High, which every phone decodes, and a level that says enough; decoders believe it.
    fn level(&mut self, evidence: &Evidence, video: &VideoProbe, entry: &Entry) {
        let track = evidence.picture();
        let Some([_, _, claimed]) = entry.avc else {
            return;
        };
        let is_high = video.profile == Some("High");
        let needs = Needs {
            width: video.coded_width,
            height: video.coded_height,
            rate: track.and_then(Track::rate).unwrap_or(video.frame_rate),
            references: evidence.decoded.references,
            bit_rate: track.and_then(Track::bit_rate).unwrap_or(0.0),
            is_high,
        };
        let excess = level::excess(u32::from(claimed), &needs);
        let named = format!(
            "{}, level {}",
            video.profile.unwrap_or("no profile"),
            video.level.as_deref().unwrap_or("none")
        );
        self.promise(
            "profile",
            is_high && excess.is_none(),
            match excess {
                None => named,
                Some(what) => format!("{named}, too low for {what}"),
            },
        );
    }

    fn colors(&mut self, video: &VideoProbe, entry: &Entry) {
        // Meta: 4:2:0. Ours: 8 bits.
        self.both(
            "chroma",
            video.chroma == Some("4:2:0"),
            video.bit_depth == 8,
            format!(
                "{}, {} bits",
                video.chroma.unwrap_or("no chroma"),
                video.bit_depth
            ),
        );
        // ours: what is tagged otherwise, or not at all, is shown otherwise by one player or the next
        let tagged = entry.color == Some(([1, 1, 1], false));
        let names = [
            video.color_primaries,
            video.color_transfer,
            video.color_matrix,
        ];
        let right = names == [Some("bt709"); 3] && video.color_range == "limited";
        self.promise(
            "color",
            tagged && right,
            match (tagged && right, video.hdr, entry.color) {
                (true, ..) => "BT.709, limited range".to_owned(),
                (_, Some(hdr), _) => format!("{hdr}, which is not BT.709"),
                (_, _, None) => "not tagged in the container".to_owned(),
                _ => format!(
                    "{} (primaries, transfer, matrix), {} range",
                    names.map(|name| name.unwrap_or("none")).join(", "),
                    video.color_range
                ),
            },
        );
    }

    /// What is heard.
    fn audio(&mut self, evidence: &Evidence) {
        let film = evidence.film.as_ref();
        let Some(audio) = film.and_then(|film| film.probe.audio.as_ref()) else {
            // ours: films without sound are taken, but one in a row of others with sound is a hole
            if self.profile == Profile::Budget {
                self.must("audio", false, "no sound, not even silence");
            }
            return;
        };
        let track = evidence.sound();
        let bits = track.and_then(Track::bit_rate);
        let bits = bits.or(audio.bit_rate.map(|b| b as f64)).unwrap_or(0.0);
        let object = track.and_then(|t| t.entry.audio_object);
        // Meta: AAC, at most 48 kHz, 1 or 2 channels, 128 kbit/s
        let must = audio.codec == "aac"
            && audio.sample_rate <= 48_000
            && (1..=2).contains(&audio.channels)
            && bits <= SOUND_BITS;
        self.both(
            "audio",
            must,
            object == Some(2) && audio.sample_rate == 48_000 && audio.channels == 2,
            format!(
                "{}{}, {} Hz, {}, {:.0} kbit/s",
                audio.codec,
                audio.profile.map_or(String::new(), |p| format!(" {p}")),
                audio.sample_rate,
                audio.layout,
                bits / 1000.0
            ),
        );
    }

    /// What runs in time.
    fn times(&mut self, evidence: &Evidence, film: &Film) {
        let track = evidence.picture();
        let walk = track.and_then(Track::walk);
        let video = &film.probe.video;
        let rate = track.and_then(Track::rate).unwrap_or(video.frame_rate);
        let constant = walk.map_or(video.constant_rate, |w| w.is_constant);
        // Meta: 23 to 60 a second. Ours: evenly.
        self.both(
            "frame-rate",
            (FILM_LEAST_RATE - 0.01..=FILM_MOST_RATE + 0.01).contains(&rate),
            constant,
            format!(
                "{} a second, {}",
                short(rate),
                if constant { "constant" } else { "variable" }
            ),
        );
        if let Some(walk) = &walk {
            self.groups(walk, evidence.decoded.false_start);
        }
        // Meta: at most 25 Mbit/s
        if let Some(bits) = track.and_then(Track::bit_rate) {
            self.must(
                "bit-rate",
                bits <= 25e6,
                format!("{:.2} Mbit/s", bits / 1e6),
            );
        }
        let seconds = walk.map_or(film.probe.duration_s, |walk| walk.seconds);
        let heard = evidence.sound().and_then(Track::walk);
        let all = heard.map_or(seconds, |sound| seconds.max(sound.seconds - APART));
        // Meta: 3 to 60 seconds
        self.must(
            "duration",
            seconds >= FILM_LEAST_SECONDS - TICK && all <= FILM_MOST_SECONDS + TICK,
            format!("{} s", short(seconds)),
        );
        if let (Some(seen), Some(heard)) = (walk, heard) {
            self.sync(evidence, &seen, &heard);
        }
    }

    /// Meta: closed groups of pictures. Ours: a start every two seconds at the least.
    fn groups(&mut self, walk: &Samples, false_start: Option<u64>) {
        let longest = format!("a start every {} s at the least", short(walk.longest_group));
        let open = match (walk.starts_clean, walk.open_at, false_start) {
            (false, ..) => Some("it does not start with a picture to start at".to_owned()),
            (_, Some(at), _) => Some(format!(
                "open: picture {at} is shown before the start that it follows"
            )),
            (_, _, Some(at)) => Some(format!(
                "open: at picture {at} nothing forbids to refer to earlier ones"
            )),
            _ => None,
        };
        let short_enough = walk.longest_group <= 2.0 + TICK;
        self.both(
            "gop",
            open.is_none(),
            short_enough,
            open.unwrap_or_else(|| format!("closed, {longest}")),
        );
    }

    /// Ours: picture and sound start at once and end together, so that no player has to guess.
    fn sync(&mut self, evidence: &Evidence, seen: &Samples, heard: &Samples) {
        let seen = evidence.span(evidence.picture(), seen);
        let heard = evidence.span(evidence.sound(), heard);
        let ends = (seen.1 - heard.1).abs();
        let together = seen.0.abs() <= TICK && heard.0.abs() <= TICK && ends < APART;
        self.promise(
            "sync",
            together,
            if together {
                format!("both start at 0 and end {:.0} ms apart", ends * 1000.0)
            } else {
                format!(
                    "picture from {:.3} to {:.3} s, sound from {:.3} to {:.3} s",
                    seen.0, seen.1, heard.0, heard.1
                )
            },
        );
    }

    /// Ours: where and with what a film was taken is nobody's business but the maker's.
    fn metadata(&mut self, evidence: &Evidence) {
        let Some(movie) = &evidence.boxes.movie else {
            return;
        };
        let named = |names: Vec<&str>| names.join(", ");
        let places = named(movie.places().collect());
        let devices = named(movie.devices().collect());
        let mut others: Vec<&str> = movie.others().collect();
        let top = |kind: &boxes::FourCc| evidence.boxes.offset(kind).is_some();
        others.extend(top(b"uuid").then_some("uuid"));
        others.extend(top(b"meta").then_some("meta"));
        if !places.is_empty() {
            self.promise(
                "metadata",
                false,
                format!("the place it was taken ({places})"),
            );
        } else if !devices.is_empty() {
            self.promise(
                "metadata",
                false,
                format!("what it was taken with ({devices})"),
            );
        } else if !others.is_empty() {
            let message = format!("remarks ({})", named(others));
            self.add("metadata", false, Severity::Warning, message);
        } else {
            self.promise("metadata", true, "none");
        }
    }
}

impl Evidence {
    /// Seconds at which a track starts and ends, by its edit list if it has one.
    fn span(&self, track: Option<&Track>, walk: &Samples) -> (f64, f64) {
        let all = (walk.start, walk.start + walk.seconds);
        let Some(track) = track.filter(|t| t.edits.as_ref().is_some_and(|e| !e.is_empty())) else {
            return all;
        };
        let unit = 1.0 / f64::from(track.timescale.max(1));
        let movie = self.boxes.movie.as_ref().map_or(1, |movie| movie.timescale);
        let (mut at, mut span) = (0.0, None::<(f64, f64)>);
        for edit in track.edits.iter().flatten() {
            let lasts = edit.duration as f64 / f64::from(movie.max(1));
            // a negative start is a pause
            if edit.start >= 0 {
                let begins = at + (all.0 - edit.start as f64 * unit).max(0.0);
                let left = (all.1 - edit.start as f64 * unit).max(0.0);
                // no length means: to the end
                let shows = if lasts > 0.0 { lasts.min(left) } else { left };
                let ends = at + shows;
                span = Some((span.map_or(begins, |s| s.0), ends));
            }
            at += lasts;
        }
        span.unwrap_or(all)
    }
}

fn is_film(container: &str) -> bool {
    container != "no film"
}

/// At most three digits behind the point, and none that say nothing.
fn short(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
