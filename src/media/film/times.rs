//! The clocks of a file: when each picture shows, whatever its time stamps do on the way.
//!
//! In: the time stamps of a file's packets, in the file's order. Out: [`Measured`], on one clock that runs on from the
//! first picture to the last, and [`Jumps`] that bring a stream's packets to it. Never: decoding; a time that a header
//! alone says.

use ffmpeg_next::Packet;
use ffmpeg_next::format::context::Input;

use super::av;

/// So many pictures in units of a millisecond tell rates apart that lie a thousandth from each other: half a unit in sixty
/// pictures of 33 is a four-thousandth.
const FEW: usize = 60;

/// How near the codec's rate is to what the times say, as a part of it, where they mean the same.
const CLOSE: f64 = 0.002;

/// Seconds after which a picture without a successor is over, where nothing says how long it shows.
const LONE_PICTURE: f64 = 0.04;

/// A clock that goes back further than this starts again, seconds; less is an overlap.
const RESTART: f64 = 1.0;

/// Where the clock of a broadcast leaps by more than this, seconds, in picture and sound alike, it was set: nothing was
/// recorded in between. In other files time stamps are the author's own, and a leap is a long way off.
const LEAP: (f64, f64) = (1.0, 10.0);

/// Without sound, pictures of a broadcast that are so many seconds apart, and so many times further than usual, were
/// recorded one after the other.
const SILENT_LEAP: (f64, f64) = (2.0, 20.0);

/// No film waits for its next picture so long, seconds.
const ABSURD: f64 = 600.0;

/// By how much the leaps of picture and sound may differ, seconds: the two do not stop at the same moment.
const ALIKE: f64 = 0.7;

/// Packets in which the first picture after a leap is looked for: they are stored in another order than shown.
const REORDERED: usize = 16;

/// Containers whose clock may be set anew on the way.
const BROADCASTS: [&str; 6] = ["mpegts", "mpeg", "flv", "live_flv", "ogg", "wtv"];

/// Containers that say how long each picture shows.
const EXACT: [&str; 5] = ["mov", "matroska", "webm", "gif", "apng"];

/// What is added to the time stamps of one stream, from which packet on.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Jumps(Vec<(u64, f64)>);

impl Jumps {
    /// None are needed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Seconds that are added to packet `number` of the stream, from 0.
    fn at(&self, number: u64) -> f64 {
        let after = self.0.partition_point(|(from, _)| *from <= number);
        after.checked_sub(1).map_or(0.0, |last| self.0[last].1)
    }

    /// Brings packet `number` of the stream, from 0, to the clock that runs on; `unit` is the stream's, seconds. Says
    /// whether the clock was set just before it.
    pub fn mend(&self, number: u64, packet: &mut Packet, unit: f64) -> bool {
        if self.0.is_empty() || unit <= 0.0 {
            return false;
        }
        let added = (self.at(number) / unit).round() as i64;
        packet.set_pts(packet.pts().map(|at| at.saturating_add(added)));
        packet.set_dts(packet.dts().map(|at| at.saturating_add(added)));
        self.0.iter().any(|(from, _)| *from == number)
    }
}

/// What a packet says of time, seconds.
#[derive(Debug, Clone, Copy)]
struct Stamp {
    decoded: Option<f64>,
    shown: Option<f64>,
    lasts: f64,
    is_key: bool,
    /// An edit list cuts it off.
    is_hidden: bool,
}

impl Stamp {
    /// When it shows, or is heard.
    fn at(&self) -> Option<f64> {
        self.shown.or(self.decoded)
    }

    /// Where the clock stands, which only grows as long as it is not set.
    fn clock(&self) -> Option<f64> {
        self.decoded.or(self.shown)
    }
}

/// A clock that was set.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Leap {
    /// The first packet after it.
    packet: usize,
    /// Seconds between where it is and where it would be if it had run on.
    by: f64,
}

/// Time stamps of a whole file.
pub(super) struct Times {
    picture: usize,
    sound: Option<usize>,
    /// Seconds a unit, of each stream.
    units: Vec<f64>,
    is_broadcast: bool,
    is_exact: bool,
    pictures: Vec<Stamp>,
    sounds: Vec<Stamp>,
    /// The other tracks of sound that are mixed in, each with its stream.
    others: Vec<(usize, Vec<Stamp>)>,
}

/// What was measured.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Measured {
    /// The time stamp at which the clip begins, seconds.
    pub zero: f64,
    /// When the first picture shows, seconds after `zero`.
    pub first: f64,
    /// When all is over, seconds after `zero`.
    pub seconds: f64,
    /// Pictures that show.
    pub count: u64,
    /// Pictures a second, on average.
    pub rate: f64,
    /// The usual time between two pictures, seconds.
    pub step: f64,
    /// At least half of them are that far from the next.
    pub is_steady: bool,
    /// See [`beat`].
    pub beat: Option<f64>,
    /// All pictures stand equally long, but for rounding.
    pub is_constant: bool,
    /// When the pictures show that decoding can begin at, seconds after `zero`.
    pub keys: Vec<f64>,
    /// The first packet is none that decoding can begin at, and others are.
    pub starts_late: bool,
    /// No time stamp leads to a place in the file.
    pub no_seek: bool,
    /// Of the picture's stream.
    pub picture_jumps: Jumps,
    /// Of the streams of sound, in the order in which they were named.
    pub sound_jumps: Vec<(usize, Jumps)>,
}

impl Times {
    /// For a file of which these streams are used; the first of the sounds is held against the picture.
    pub fn new(input: &Input, picture: usize, sounds: &[usize]) -> Self {
        let is_one_of =
            |names: &[&str]| input.format().name().split(',').any(|n| names.contains(&n));
        Self {
            picture,
            sound: sounds.first().copied(),
            units: input.streams().map(|s| f64::from(s.time_base())).collect(),
            is_broadcast: is_one_of(&BROADCASTS),
            is_exact: is_one_of(&EXACT),
            pictures: Vec::new(),
            sounds: Vec::new(),
            others: sounds.iter().skip(1).map(|s| (*s, Vec::new())).collect(),
        }
    }

    /// Notes a packet as it was read.
    pub fn note(&mut self, stream: usize, packet: &Packet) {
        let list = match stream {
            _ if stream == self.picture => &mut self.pictures,
            _ if Some(stream) == self.sound => &mut self.sounds,
            _ => match self.others.iter_mut().find(|(other, _)| *other == stream) {
                Some((_, list)) => list,
                None => return,
            },
        };
        let unit = self.units.get(stream).copied().unwrap_or(0.0);
        let seconds = |at: i64| at as f64 * unit;
        list.push(Stamp {
            decoded: packet.dts().map(seconds),
            shown: packet.pts().map(seconds),
            lasts: seconds(packet.duration().max(0)),
            is_key: packet.is_key(),
            is_hidden: av::is_hidden(packet),
        });
    }

    /// Packets of pictures so far.
    pub fn packets(&self) -> u64 {
        self.pictures.len() as u64
    }

    /// Puts it all on one clock. `rate` is what the codec says of its pictures a second; `ends` when the container says
    /// that the picture is over, on the file's own clock, where it can be believed.
    pub fn measured(mut self, rate: Option<f64>, ends: Option<f64>) -> Measured {
        let without = self.pictures.iter().filter(|s| s.at().is_none()).count();
        let no_times = without * 2 > self.pictures.len();
        if no_times {
            self.count_out(rate);
        }
        let (picture_jumps, sound_jumps) = self.jumps();
        let jumped = !picture_jumps.is_empty() || sound_jumps.iter().any(|(_, j)| !j.is_empty());
        let own_jumps = sound_jumps
            .first()
            .map(|(_, j)| j.clone())
            .unwrap_or_default();
        let on = |list: &[Stamp], jumps: &Jumps| -> Vec<(f64, Stamp)> {
            let numbered = list.iter().enumerate().filter(|(_, s)| !s.is_hidden);
            numbered
                .filter_map(|(n, s)| Some((s.at()? + jumps.at(n as u64), *s)))
                .collect()
        };
        let mut pictures = on(&self.pictures, &picture_jumps);
        let sounds = on(&self.sounds, &own_jumps);
        pictures.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut shown: Vec<f64> = match self.counted_by_decoding(&picture_jumps) {
            Some(shown) => shown,
            None => pictures.iter().map(|(at, _)| *at).collect(),
        };
        shown.dedup();
        let (first, last) = match (shown.first(), shown.last()) {
            (Some(first), Some(last)) => (*first, *last),
            _ => (0.0, 0.0),
        };
        let count = shown.len().max(1);
        let mut steps: Vec<f64> = shown.windows(2).map(|w| w[1] - w[0]).collect();
        steps.sort_by(f64::total_cmp);
        let step = steps.get(steps.len() / 2).copied().unwrap_or(LONE_PICTURE);
        let mean = match count {
            1 => step,
            _ => (last - first) / (count - 1) as f64,
        };
        // a container's unit of a millisecond rounds 33.3 to 33 and 34
        let near = |s: f64, to: f64| (s - to).abs() <= to * 0.1 + 0.001;
        let even = steps.iter().filter(|s| near(**s, mean)).count();
        let is_constant = even * 100 >= steps.len() * 98;
        let usual = || steps.iter().filter(|s| near(**s, step));
        let is_steady = usual().count() * 2 >= steps.len();
        let beat = if is_constant { None } else { beat(&steps) };

        let heard = |(at, s): &(f64, Stamp)| (*at, at + s.lasts);
        let starts = sounds.iter().map(heard).map(|s| s.0);
        let sound_start = starts.fold(f64::INFINITY, f64::min);
        let stops = sounds.iter().map(heard).map(|s| s.1);
        let sound_end = stops.fold(f64::NEG_INFINITY, f64::max);
        let zero = first - lead(first - sound_start, beat.unwrap_or(step));

        let stated = pictures.last().map_or(0.0, |(_, s)| s.lasts);
        let mut lasts = match stated {
            stated if stated <= 0.0 => step,
            stated if self.is_exact => stated,
            // reckoned from a rate, not read
            stated => stated.min(step * 4.0),
        };
        if let Some(ends) = ends.filter(|ends| !jumped && *ends > last + lasts + step / 2.0) {
            lasts = ends - last;
        }
        // nothing of the sound is lost: the last picture stays until it is over; a tenth of a second is a codec's own tail
        let end = match sound_end - (last + lasts) {
            longer if longer > 0.1 && longer.is_finite() => sound_end,
            _ => last + lasts,
        };
        // a picture that is missing makes the others no slower
        let step = match is_constant && !steps.is_empty() {
            true => usual().sum::<f64>() / usual().count().max(1) as f64,
            false => step,
        };
        // of few pictures, a container's unit of a millisecond cannot tell 29.97 from 30; the codec can
        let is_said = |rate: &f64| count <= FEW && (step * rate - 1.0).abs() < CLOSE;
        let step = rate.filter(is_said).map_or(step, |rate| 1.0 / rate);
        let keys = pictures.iter().filter(|(_, s)| s.is_key);
        Measured {
            zero,
            first: first - zero,
            seconds: end - zero,
            count: count as u64,
            rate: if mean > 0.0 { 1.0 / mean } else { 25.0 },
            step,
            is_steady,
            beat,
            is_constant,
            keys: keys.map(|(at, _)| at - zero).collect(),
            starts_late: self.pictures.iter().position(|s| s.is_key) > Some(0),
            no_seek: jumped || no_times,
            picture_jumps,
            sound_jumps,
        }
    }

    /// When pictures show of which not all say it: DVDs and camcorders give the time of one in several. All are shown in the
    /// rhythm in which they are decoded, so the times are those of decoding, moved to where the first one shows. Which of
    /// them is whose is not known. `None` where all say it, or some say neither.
    fn counted_by_decoding(&self, jumps: &Jumps) -> Option<Vec<f64>> {
        let visible = || {
            self.pictures
                .iter()
                .enumerate()
                .filter(|(_, s)| !s.is_hidden)
        };
        if visible().all(|(_, s)| s.shown.is_some()) {
            return None;
        }
        let on = |n: usize, at: Option<f64>| Some(at? + jumps.at(n as u64));
        let decoded = visible().map(|(n, s)| on(n, s.decoded));
        let mut decoded = decoded.collect::<Option<Vec<f64>>>()?;
        let shown = visible().filter_map(|(n, s)| on(n, s.shown));
        let first = shown.fold(f64::INFINITY, f64::min);
        decoded.sort_by(f64::total_cmp);
        let delay = first - decoded.first().copied()?;
        // a recording that begins in its middle may have no time for its first pictures
        (0.0..1.0)
            .contains(&delay)
            .then(|| decoded.iter().map(|at| at + delay).collect())
    }

    /// A raw stream has no time stamps: its pictures come one after the other at its rate, 25 a second where it says none.
    fn count_out(&mut self, rate: Option<f64>) {
        let lasts = self.pictures.iter().map(|s| s.lasts).find(|l| *l > 0.0);
        let step = rate
            .map(|rate| 1.0 / rate)
            .or(lasts)
            .unwrap_or(LONE_PICTURE);
        for (number, stamp) in self.pictures.iter_mut().enumerate() {
            stamp.shown = Some(number as f64 * step);
            stamp.decoded = stamp.shown;
            stamp.lasts = step;
        }
    }

    /// What brings all streams to one clock. A leap that both make is taken out of both by the same amount, so that they
    /// stay together; the pictures follow each other as if nothing had been.
    fn jumps(&self) -> (Jumps, Vec<(usize, Jumps)>) {
        let least = if self.is_broadcast { LEAP.0 } else { LEAP.1 };
        let step = usual_step(&self.pictures);
        let of_pictures = leaps(&self.pictures, step, least);
        let of_sounds = leaps(&self.sounds, usual_step(&self.sounds), least);
        let mut pairs: Vec<Option<usize>> = vec![None; of_pictures.len()];
        let mut from = 0;
        for (pair, leap) in pairs.iter_mut().zip(&of_pictures) {
            let found = of_sounds[from..]
                .iter()
                .position(|other| is_like(leap, other));
            *pair = found.map(|at| from + at);
            from = pair.map_or(from, |at| at + 1);
        }
        let alone = |leap: &Leap| {
            let silent = self.is_broadcast
                && self.sounds.is_empty()
                && leap.by > SILENT_LEAP.0.max(step * SILENT_LEAP.1);
            leap.by < 0.0 || leap.by > ABSURD || silent
        };
        let mut picture = Jumps::default();
        // the leaps that are taken out, each with what is added after it
        let mut taken: Vec<(Leap, f64)> = Vec::new();
        let mut before = 0;
        for (leap, pair) in of_pictures.iter().zip(&pairs) {
            if pair.is_none() && !alone(leap) {
                continue;
            }
            let (past, next) = self.pictures.split_at(leap.packet);
            let added = picture.at(leap.packet as u64);
            let end = latest(&past[before..]) + added + step;
            let starts = next.iter().take(REORDERED).filter_map(Stamp::at);
            let start = starts.fold(f64::INFINITY, f64::min);
            if !(end - start).is_finite() {
                continue;
            }
            picture.0.push((leap.packet as u64, end - start));
            taken.push((*leap, end - start));
            before = leap.packet;
        }
        let own = self
            .sound
            .map(|stream| (stream, follow(&of_sounds, &taken)));
        let others = self.others.iter().map(|(stream, list)| {
            let leaps = leaps(list, usual_step(list), least);
            (*stream, follow(&leaps, &taken))
        });
        (picture, own.into_iter().chain(others).collect())
    }
}

/// Whether two streams make the same leap.
fn is_like(one: &Leap, other: &Leap) -> bool {
    (one.by - other.by).abs() <= ALIKE.max(one.by.abs() * 0.01)
}

/// What is added after a sound's leaps: the same as after the picture's that are like them, in their order.
fn follow(leaps: &[Leap], taken: &[(Leap, f64)]) -> Jumps {
    let mut jumps = Jumps::default();
    let mut from = 0;
    for leap in leaps {
        let like = taken[from..]
            .iter()
            .position(|(other, _)| is_like(other, leap));
        let added = match like {
            Some(at) => {
                from += at + 1;
                taken[from - 1].1
            }
            None if leap.by < 0.0 || leap.by > ABSURD => jumps.at(leap.packet as u64) - leap.by,
            None => continue,
        };
        jumps.0.push((leap.packet as u64, added));
    }
    jumps
}

/// When the last of some packets shows, seconds.
fn latest(stamps: &[Stamp]) -> f64 {
    let shown = stamps.iter().filter_map(Stamp::at);
    shown.fold(f64::NEG_INFINITY, f64::max)
}

/// The usual time from one packet to the next, seconds.
fn usual_step(stamps: &[Stamp]) -> f64 {
    let pairs = stamps.windows(2);
    let step = |pair: &[Stamp]| Some(pair[1].clock()? - pair[0].clock()?);
    let mut steps: Vec<f64> = pairs.filter_map(step).filter(|s| *s > 0.0).collect();
    steps.sort_by(f64::total_cmp);
    steps.get(steps.len() / 2).copied().unwrap_or(LONE_PICTURE)
}

/// Where a stream's clock does not run on: it goes back, or forward by more than `least` seconds.
fn leaps(stamps: &[Stamp], step: f64, least: f64) -> Vec<Leap> {
    let mut leaps = Vec::new();
    let mut last: Option<f64> = None;
    for (packet, stamp) in stamps.iter().enumerate() {
        let Some(clock) = stamp.clock() else { continue };
        if let Some(due) = last {
            let by = clock - due;
            if by < -RESTART || by > least {
                leaps.push(Leap { packet, by });
            }
        }
        last = Some(clock + stamp.lasts.max(step));
    }
    leaps
}

/// How long before the first picture a clip begins, if its sound does: whole pictures, so that all that follow stand on the
/// film's own. What is less is an encoder's run-up, or the packet through which an edit list cuts.
fn lead(sound: f64, step: f64) -> f64 {
    if !sound.is_finite() || sound <= 0.0 {
        return 0.0;
    }
    // slow clips get several pictures for one
    let step = step.max(0.001) / (step * 23.0).ceil().max(1.0);
    (sound / step + 0.05).floor() * step
}

/// The beat of a clip from which pictures are missing: nearly all stand for one beat or for several.
///
/// Recorders of screens leave out what is the same again, and phones what they had no light for; the clip still runs at the
/// rate of cinema or television that it was made at.
fn beat(steps: &[f64]) -> Option<f64> {
    const BEATS: [f64; 5] = [24.0, 25.0, 30.0, 50.0, 60.0];
    BEATS.iter().find_map(|rate| {
        let beats = |step: f64| (step * rate).round().max(1.0);
        // a container's unit of a millisecond rounds, and 29.97 is 30 here
        let on = |step: &&f64| {
            let beats = beats(**step);
            (**step - beats / rate).abs() <= 0.0011 + beats * 0.0011 / rate
        };
        let on: Vec<f64> = steps.iter().filter(on).copied().collect();
        if on.len() < 3 || on.len() * 100 < steps.len() * 95 {
            return None;
        }
        Some(on.iter().sum::<f64>() / on.iter().map(|step| beats(*step)).sum::<f64>())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sound_before_the_picture_leads_by_whole_pictures() {
        assert_eq!(lead(-0.3, 0.04), 0.0);
        assert_eq!(lead(f64::NEG_INFINITY, 0.04), 0.0);
        assert_eq!(lead(0.021, 1.0 / 30.0), 0.0);
        assert!((lead(0.5, 1.0 / 30.0) - 0.5).abs() < 1e-9);
        // ten pictures a second are shown as thirty
        assert!((lead(0.06, 0.1) - 1.0 / 30.0).abs() < 1e-9);
    }

    fn stamp(shown: Option<f64>, decoded: f64, lasts: f64) -> Stamp {
        Stamp {
            decoded: Some(decoded),
            shown,
            lasts,
            is_key: true,
            is_hidden: false,
        }
    }

    fn times(pictures: Vec<Stamp>, sounds: Vec<Stamp>, others: Vec<(usize, Vec<Stamp>)>) -> Times {
        Times {
            picture: 0,
            sound: Some(1),
            units: vec![0.001; 3],
            is_broadcast: true,
            is_exact: false,
            pictures,
            sounds,
            others,
        }
    }

    #[test]
    fn pictures_that_say_no_time_are_counted() {
        // one after the other, and with two in between that are decoded later than they show
        let plain = (0..100).map(|n| {
            let decoded = f64::from(n) * 0.04;
            stamp((n % 3 != 1).then_some(decoded + 0.04), decoded, 0.04)
        });
        let reordered = (0..99).map(|n| {
            let decoded = f64::from(n) * 0.04;
            let shown = match n % 3 {
                0 => Some(decoded + if n == 0 { 0.04 } else { 0.12 }),
                1 => Some(decoded),
                _ => None,
            };
            stamp(shown, decoded, 0.04)
        });
        for (pictures, count) in [(plain.collect::<Vec<_>>(), 100), (reordered.collect(), 99)] {
            let found = times(pictures, Vec::new(), Vec::new()).measured(None, None);
            assert_eq!((found.count, found.is_constant), (count, true));
            assert!((found.rate - 25.0).abs() < 0.01, "{}", found.rate);
        }
    }

    #[test]
    fn every_track_follows_the_leap_that_the_picture_makes() {
        let run = |step: f64, leap: usize| -> Vec<Stamp> {
            let at = |n: usize| n as f64 * step + if n >= leap { 1000.0 } else { 0.0 };
            (0..2 * leap)
                .map(|n| stamp(Some(at(n)), at(n), step))
                .collect()
        };
        // the second track has other packets than the first
        let all = times(run(0.04, 50), run(0.02, 100), vec![(2, run(0.025, 80))]);
        let found = all.measured(None, None);
        assert_eq!(found.sound_jumps.len(), 2);
        for (stream, packet) in [(1, 100), (2, 80)] {
            let (_, jumps) = &found.sound_jumps[stream - 1];
            assert_eq!(jumps.at(packet - 1), 0.0);
            assert!((jumps.at(packet) + 1000.0).abs() < 1e-6, "{jumps:?}");
        }
        assert!((found.seconds - 4.0).abs() < 0.01, "{}", found.seconds);
    }

    #[test]
    fn pictures_that_are_missing_do_not_change_the_beat() {
        let steps = |rate: f64, beats: &[f64]| {
            let of = |n: &f64| (n / rate * 1000.0).round() / 1000.0;
            beats.iter().cycle().take(60).map(of).collect::<Vec<_>>()
        };
        let rate = |steps: &[f64]| beat(steps).map(|beat| (1.0 / beat).round());
        assert_eq!(rate(&steps(30.0, &[1.0, 2.0])), Some(30.0));
        assert_eq!(rate(&steps(60.0, &[1.0, 1.0, 2.0, 5.0])), Some(60.0));
        assert_eq!(rate(&steps(24.0, &[1.0])), Some(24.0));
        // a camera that has no beat at all
        assert_eq!(rate(&steps(1000.0, &[41.0, 47.0, 36.0, 55.0])), None);
        let ntsc = [1001.0 / 30000.0, 2002.0 / 30000.0].repeat(20);
        let exact = 1.0 / beat(&ntsc).unwrap();
        assert!((exact - 29.97).abs() < 0.001, "{exact}");
    }
}
