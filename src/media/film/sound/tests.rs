//! Whole ways: files made by the `ffmpeg` program, read, mixed, encoded, muxed, and heard again.

use std::path::{Path, PathBuf};
use std::process::Command;

use ffmpeg_next as ffmpeg;
use tempfile::TempDir;

use super::*;
use crate::media::Error;
use crate::media::film::Cancel;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder for the test")
}

/// Runs the `ffmpeg` program, with the words of one string as its arguments; the last one is the file in `folder`.
fn make(folder: &TempDir, arguments: &str, name: &str) -> PathBuf {
    let path = folder.path().join(name);
    let status = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-y"])
        .args(arguments.split_whitespace())
        .arg(&path)
        .status()
        .expect("the ffmpeg program is there");
    assert!(status.success(), "{arguments}");
    path
}

fn voice(path: &Path) -> Voice {
    Voice {
        path: path.to_owned(),
        zero: Some(0.0),
        from: 0.0,
        until: None,
        speed: 1.0,
        looped: false,
        at: 0.0,
        length: 60.0,
        volume: 1.0,
        fade_in: 0.0,
        fade_out: 0.0,
    }
}

fn heard(voice: &Voice) -> Read {
    read(voice, &Cancel::default())
        .unwrap()
        .expect("there is sound")
}

/// The level of one side between two seconds, dB.
fn level_of(pcm: &Pcm, side: usize, from: f64, to: f64) -> f64 {
    let part = &pcm.samples[samples(from)..samples(to).min(pcm.samples.len())];
    let power: f64 = part
        .iter()
        .map(|sample| f64::from(sample[side]).powi(2))
        .sum();
    decibels((power / part.len() as f64).sqrt())
}

/// How much of one pitch there is between two seconds, dB of a full-scale tone.
fn pitch(pcm: &Pcm, hertz: f64, from: f64, to: f64) -> f64 {
    let part = &pcm.samples[samples(from)..samples(to).min(pcm.samples.len())];
    let (mut sine, mut cosine) = (0.0, 0.0);
    for (index, sample) in part.iter().enumerate() {
        let angle = std::f64::consts::TAU * hertz * index as f64 / f64::from(RATE);
        sine += f64::from(sample[0]) * angle.sin();
        cosine += f64::from(sample[0]) * angle.cos();
    }
    decibels(2.0 * (sine * sine + cosine * cosine).sqrt() / part.len() as f64)
}

/// The first second in which something is louder than -40 dB.
fn onset(pcm: &Pcm) -> f64 {
    let first = pcm
        .samples
        .iter()
        .position(|sample| sample[0].abs().max(sample[1].abs()) > 0.01);
    first.expect("it is heard") as f64 / f64::from(RATE)
}

/// Clicks of a millisecond, 1 kHz, every half second from 0 on, as a source of the `ffmpeg` program.
fn beeps(rate: u32, seconds: f64) -> String {
    format!(
        "-f lavfi -i aevalsrc=exprs=if(lt(mod(t\\,0.5)\\,0.1)\\,0.5*sin(2*PI*1000*t)\\,0):s={rate}:d={seconds}"
    )
}

fn muxed(packets: &Packets, path: &Path) {
    let mut output = ffmpeg::format::output_as(path, "mp4").unwrap();
    let mut stream = output.add_stream(ffmpeg::codec::Id::AAC).unwrap();
    stream.set_parameters(packets.parameters.clone());
    stream.set_time_base(packets.time_base);
    let mut options = ffmpeg::Dictionary::new();
    options.set("use_editlist", "0");
    options.set("movflags", "+faststart+negative_cts_offsets");
    output.write_header_with(options).unwrap();
    let time_base = output.stream(0).unwrap().time_base();
    for packet in &packets.packets {
        let mut packet = packet.clone();
        packet.set_stream(0);
        packet.rescale_ts(packets.time_base, time_base);
        packet.write_interleaved(&mut output).unwrap();
    }
    output.write_trailer().unwrap();
}

/// A sound that says where it is: a rising tone on the left, noise in bursts on the right.
fn telling(seconds: f64) -> Pcm {
    let mut pcm = Pcm::silent(seconds);
    let mut seed = 1u32;
    for (index, sample) in pcm.samples.iter_mut().enumerate() {
        let time = index as f64 / f64::from(RATE);
        seed ^= seed << 13;
        seed ^= seed >> 17;
        seed ^= seed << 5;
        let noise = seed as f32 / u32::MAX as f32 - 0.5;
        let burst = 0.1 + 0.9 * (time * 7.0).sin().abs() as f32;
        let tone = (std::f64::consts::TAU * (200.0 * time + 20.0 * time * time)).sin() as f32;
        *sample = [0.4 * tone, 0.4 * noise * burst];
    }
    pcm
}

#[test]
fn surround_is_mixed_down_with_every_voice_at_its_level() {
    let folder = folder();
    for (channel, left, right) in [
        ("FL", 0.0, -200.0),
        ("FC", -3.0, -3.0),
        ("BR", -200.0, -3.0),
    ] {
        let path = make(
            &folder,
            &format!("-f lavfi -i sine=1000:d=1:r=48000 -af pan=5.1|{channel}=8*c0 -c:a pcm_f32le"),
            "surround.wav",
        );
        let read = heard(&voice(&path));
        // a full-scale tone is 3 dB under full scale
        let tone = -3.0;
        for (side, level) in [left, right].into_iter().enumerate() {
            let is = level_of(&read.pcm, side, 0.1, 0.9);
            assert!(
                (is - (tone + level)).abs() < 0.2 || (level < -100.0 && is < -90.0),
                "{channel} {side}: {is}"
            );
        }
    }
    // everything at once is louder than full scale and is not cut off there
    let path = make(
        &folder,
        "-f lavfi -i sine=1000:d=1:r=48000 -af pan=7.1|FL=8*c0|FR=8*c0|FC=8*c0|BL=8*c0|BR=8*c0|SL=8*c0|SR=8*c0 -c:a pcm_f32le",
        "loud.wav",
    );
    let mut pcm = heard(&voice(&path)).pcm;
    assert!(pcm.samples.iter().any(|sample| sample[0] > 1.5));
    assert!(level(&mut pcm, Aim::Kept).true_peak <= -1.0);
}

#[test]
fn one_channel_is_heard_on_both_sides_at_its_level() {
    let folder = folder();
    let path = make(
        &folder,
        "-f lavfi -i sine=440:d=2:r=8000 -af volume=4 -c:a pcm_s16le",
        "phone.wav",
    );
    let pcm = heard(&voice(&path)).pcm;
    assert!((pcm.seconds() - 2.0).abs() < 0.001, "{}", pcm.seconds());
    let [left, right] = [0, 1].map(|side| level_of(&pcm, side, 0.1, 1.9));
    assert!((left - right).abs() < 0.01);
    assert!((left - (-18.06 + 12.04 - 3.0)).abs() < 0.2, "{left}");
}

#[test]
fn channels_that_nobody_knows_are_heard_all_the_same() {
    let folder = folder();
    let nine = (1..9).map(|_| "0").collect::<Vec<_>>().join("|");
    let path = make(
        &folder,
        &format!(
            "-f lavfi -i aevalsrc=exprs=0.5*sin(2*PI*500*t)|{nine}:d=1:s=48000 -c:a pcm_s16le"
        ),
        "nine.wav",
    );
    let pcm = heard(&voice(&path)).pcm;
    assert!(level_of(&pcm, 0, 0.1, 0.9) > -30.0);
    assert!(level_of(&pcm, 1, 0.1, 0.9) < -90.0);
}

#[test]
fn every_usual_format_is_read_in_time() {
    let folder = folder();
    for (codec, name) in [
        ("libmp3lame", "a.mp3"),
        ("libopus", "a.webm"),
        ("libvorbis", "a.mkv"),
        ("libvorbis", "a.ogg"),
        ("aac", "a.mov"),
        ("aac", "a.mp4"),
        ("aac", "a.ts"),
        ("aac", "a.flv"),
        ("pcm_s24le", "a.mkv"),
        ("pcm_s16be", "a.mov"),
        ("pcm_u8", "a.avi"),
        ("libmp3lame", "a.avi"),
        ("ac3", "a.mkv"),
        ("flac", "a.flac"),
        ("alac", "a.m4a"),
    ] {
        let rate = if codec == "libopus" { 48000 } else { 44100 };
        let path = make(
            &folder,
            &format!("{} -c:a {codec} -ac 2", beeps(rate, 3.0)),
            name,
        );
        // some containers start their clock elsewhere
        let zero = match name {
            // the encoder's padding cannot be told from sound in it
            "a.ts" => Some(1.4232),
            "a.flv" => Some(0.0232),
            "a.mp3" => None,
            "a.avi" if codec == "libmp3lame" => Some(0.025),
            _ => Some(0.0),
        };
        let read = heard(&Voice {
            zero,
            length: 3.0,
            ..voice(&path)
        });
        let pcm = read.pcm;
        assert!(
            read.damaged.is_empty(),
            "{codec} {name}: {:?}",
            read.damaged
        );
        assert!(
            (pcm.seconds() - 3.0).abs() < 0.06,
            "{codec} {name}: {} s",
            pcm.seconds()
        );
        for beep in 0..5 {
            let start = f64::from(beep) * 0.5;
            let on = level_of(&pcm, 0, start + 0.01, start + 0.09);
            let off = level_of(&pcm, 0, start + 0.13, start + 0.45);
            assert!(
                (on + 12.04).abs() < 1.0 && off < -45.0,
                "{codec} {name} at {start}: {on} dB, then {off} dB"
            );
        }
        let mut late = pcm.clone();
        late.samples.drain(..samples(0.3));
        let late = onset(&late) + 0.3 - 0.5;
        assert!(
            late.abs() < 0.007,
            "{codec} {name}: {:.1} ms late",
            late * 1000.0
        );
    }
}

#[test]
fn a_late_start_is_silence_before_it() {
    let folder = folder();
    let path = make(
        &folder,
        &format!("-itsoffset 0.5 {} -c:a pcm_s16le", beeps(44100, 2.0)),
        "late.mkv",
    );
    let pcm = heard(&voice(&path)).pcm;
    assert!((onset(&pcm) - 0.5).abs() < 0.002, "{}", onset(&pcm));
    assert!((pcm.seconds() - 2.5).abs() < 0.01, "{}", pcm.seconds());
    // and where the picture starts with it, there is none
    let pcm = heard(&Voice {
        zero: Some(0.5),
        ..voice(&path)
    })
    .pcm;
    assert!(onset(&pcm) < 0.002, "{}", onset(&pcm));
}

#[test]
fn a_gap_in_the_timestamps_becomes_silence_of_its_length() {
    let folder = folder();
    let tone = "-f lavfi -i sine=1000:d=2:r=48000 -c:a pcm_s16le";
    let path = make(
        &folder,
        &format!("{tone} -bsf:a setts=pts='if(gte(PTS,1000),PTS+700,PTS)'"),
        "gap.mkv",
    );
    let pcm = heard(&voice(&path)).pcm;
    assert!((pcm.seconds() - 2.7).abs() < 0.01, "{}", pcm.seconds());
    assert!(level_of(&pcm, 0, 0.1, 0.95) > -25.0);
    assert!(level_of(&pcm, 0, 1.05, 1.65) < -90.0);
    assert!(level_of(&pcm, 0, 1.75, 2.65) > -25.0);
}

#[test]
fn what_comes_twice_is_heard_once() {
    let folder = folder();
    let tone = "-f lavfi -i sine=1000:d=2:r=48000 -c:a pcm_s16le";
    let path = make(
        &folder,
        &format!("{tone} -bsf:a setts=pts='if(gte(PTS,1000),PTS-200,PTS)'"),
        "twice.mkv",
    );
    let pcm = heard(&voice(&path)).pcm;
    assert!((pcm.seconds() - 1.8).abs() < 0.05, "{}", pcm.seconds());
    assert!(level_of(&pcm, 0, 0.1, 1.7) > -22.0);
}

#[test]
fn a_small_gap_moves_nothing_and_silences_nothing() {
    // the option everybody copies made 30 s of silence of this
    let folder = folder();
    let path = make(
        &folder,
        "-f lavfi -i sine=1000:d=36:r=48000 -c:a aac -bsf:a setts=ts='if(gte(TS,10000),TS+21,TS)'",
        "jitter.mkv",
    );
    let pcm = heard(&voice(&path)).pcm;
    assert!((pcm.seconds() - 36.0).abs() < 0.06, "{}", pcm.seconds());
    for second in 0..35 {
        let level = level_of(&pcm, 0, f64::from(second) + 0.1, f64::from(second) + 1.0);
        assert!(level > -22.0, "{second}: {level}");
    }
}

#[test]
fn sound_whose_clock_runs_away_is_stretched_after_its_picture() {
    let folder = folder();
    // 2 ms are lost every second: 60 in half a minute
    let path = make(
        &folder,
        &format!(
            "{} -c:a pcm_s16le -bsf:a setts=ts=TS*1.002",
            beeps(48000, 30.0)
        ),
        "drift.mkv",
    );
    let pcm = heard(&voice(&path)).pcm;
    for beep in [4, 20, 40, 56] {
        let due = f64::from(beep) * 0.5 * 1.002;
        let mut after = pcm.clone();
        after.samples.drain(..samples(due - 0.2));
        let late = onset(&after) - 0.2;
        assert!(late.abs() < 0.01, "beep {beep}: {:.1} ms", late * 1000.0);
        assert!((pitch(&pcm, 1000.0 / 1.002, due + 0.02, due + 0.08) + 6.0).abs() < 1.0);
    }
}

#[test]
fn a_stretch_is_cut_to_the_sample() {
    let folder = folder();
    let path = make(
        &folder,
        &format!("{} -c:a aac -b:a 128k", beeps(48000, 40.0)),
        "long.mp4",
    );
    // the second is after a seek
    for from in [2.3, 31.3] {
        let pcm = heard(&Voice {
            from,
            until: Some(from + 2.0),
            ..voice(&path)
        })
        .pcm;
        assert_eq!(pcm.samples.len(), 96_000);
        assert!((onset(&pcm) - 0.2).abs() < 0.002, "{from}: {}", onset(&pcm));
    }
}

#[test]
fn other_speeds_keep_the_pitch_and_the_time() {
    let folder = folder();
    let path = make(
        &folder,
        "-f lavfi -i sine=1000:d=6:r=48000 -af volume=4 -c:a flac",
        "tone.flac",
    );
    let clicks = make(
        &folder,
        &format!("{} -c:a flac", beeps(48000, 6.0)),
        "clicks.flac",
    );
    for speed in [0.5, 0.8, 1.25, 2.0] {
        let pcm = heard(&Voice {
            speed,
            ..voice(&path)
        })
        .pcm;
        assert!(
            (pcm.seconds() - 6.0 / speed).abs() < 0.01,
            "{speed}: {}",
            pcm.seconds()
        );
        let tone = pitch(&pcm, 1000.0, 0.5, 0.6);
        assert!((tone + 6.0).abs() < 1.0, "{speed}: {tone}");
        let pcm = heard(&Voice {
            speed,
            ..voice(&clicks)
        })
        .pcm;
        for beep in 1..10 {
            let due = f64::from(beep) * 0.5 / speed;
            let mut after = pcm.clone();
            after.samples.drain(..samples(due - 0.1));
            let late = onset(&after) - 0.1;
            assert!(
                late.abs() < 0.015,
                "{speed}, beep {beep}: {:.1} ms",
                late * 1000.0
            );
        }
    }
}

#[test]
fn a_loop_begins_again_with_the_picture() {
    let folder = folder();
    let path = make(
        &folder,
        &format!("{} -c:a flac", beeps(48000, 0.95)),
        "short.flac",
    );
    let round = Voice {
        until: Some(1.2),
        looped: true,
        length: 5.0,
        ..voice(&path)
    };
    let pcm = heard(&round).pcm;
    for turn in 0..4 {
        let start = f64::from(turn) * 1.2;
        assert!(
            level_of(&pcm, 0, start + 0.01, start + 0.09) > -10.0,
            "{turn}"
        );
        assert!(
            level_of(&pcm, 0, start + 0.51, start + 0.59) > -10.0,
            "{turn}"
        );
        assert!(
            level_of(&pcm, 0, start + 0.62, start + 1.19) < -90.0,
            "{turn}"
        );
    }
    assert!(pcm.seconds() <= 5.0);
}

#[test]
fn a_truncated_file_gives_what_is_left() {
    let folder = folder();
    let path = make(
        &folder,
        &format!("{} -c:a aac -movflags +faststart", beeps(48000, 20.0)),
        "whole.mp4",
    );
    let bytes = std::fs::read(&path).unwrap();
    let cut = folder.path().join("cut.mp4");
    std::fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    let pcm = heard(&voice(&cut)).pcm;
    assert!((7.0..13.0).contains(&pcm.seconds()), "{}", pcm.seconds());
    assert!(level_of(&pcm, 0, 5.01, 5.09) > -12.0);
}

#[test]
fn damage_is_silent_and_told_and_moves_nothing() {
    let folder = folder();
    // in the first the container loses its way, in the second only the decoder does
    for (name, codec) in [
        ("whole.mkv", "ac3 -b:a 192k"),
        ("whole.mp4", "aac -b:a 128k"),
        ("whole.mov", "alac"),
    ] {
        let source = beeps(48000, 8.0).replace("0)", "0.2*sin(2*PI*300*t))");
        let path = make(&folder, &format!("{source} -c:a {codec} -ac 2"), name);
        let mut bytes = std::fs::read(&path).unwrap();
        let (from, to) = (bytes.len() * 50 / 100, bytes.len() * 53 / 100);
        bytes[from..to]
            .iter_mut()
            .step_by(7)
            .for_each(|byte| *byte ^= 0x5a);
        let hurt = folder.path().join(name.replace("whole", "hurt"));
        std::fs::write(&hurt, &bytes).unwrap();
        let read = heard(&voice(&hurt));
        assert!(!read.damaged.is_empty(), "{name}");
        for (start, end) in &read.damaged {
            assert!(
                *start > 3.5 && *end < 5.1 && end > start,
                "{name}: {:?}",
                read.damaged
            );
        }
        // what follows still stands where it belongs
        let mut after = read.pcm.clone();
        after.samples.drain(..samples(5.3));
        let late = loud_onset(&after) - 0.2;
        assert!(late.abs() < 0.007, "{name}: {late}");
        assert!((read.pcm.seconds() - 8.0).abs() < 0.06);
    }
}

/// The first second in which something is louder than a third of full scale.
fn loud_onset(pcm: &Pcm) -> f64 {
    let first = pcm.samples.iter().position(|sample| sample[0].abs() > 0.3);
    first.expect("it is heard") as f64 / f64::from(RATE)
}

#[test]
fn a_film_without_sound_has_none_and_a_text_is_refused() {
    let folder = folder();
    let path = make(
        &folder,
        "-f lavfi -i testsrc=d=1:s=64x64 -c:v libx264",
        "silent.mp4",
    );
    assert_eq!(read(&voice(&path), &Cancel::default()).unwrap(), None);
    let text = folder.path().join("text.mp4");
    std::fs::write(&text, "no film at all").unwrap();
    assert!(matches!(
        read(&voice(&text), &Cancel::default()),
        Err(Error::Unreadable { .. })
    ));
    let cancel = Cancel::default();
    cancel.stop();
    assert!(matches!(
        read(&voice(&path), &cancel),
        Err(Error::Cancelled)
    ));
}

#[test]
fn the_default_stream_is_the_one_that_is_heard() {
    let folder = folder();
    let path = make(
        &folder,
        "-f lavfi -i testsrc=d=2:s=64x64 -f lavfi -i sine=400:d=2 -f lavfi -i sine=900:d=2 -map 0 -map 1 -map 2 \
         -c:a aac -disposition:a:0 0 -disposition:a:1 default",
        "two.mp4",
    );
    let pcm = heard(&voice(&path)).pcm;
    assert!(pitch(&pcm, 900.0, 0.5, 0.6) > pitch(&pcm, 400.0, 0.5, 0.6) + 20.0);
}

#[test]
fn the_finished_file_sounds_as_it_was_meant_to_and_to_the_sample() {
    let folder = folder();
    let pcm = telling(7.77);
    for rate in [32_000, 64_000, 128_000] {
        let packets = encode(&pcm, rate, &Cancel::default()).unwrap();
        assert_eq!(packets.packets[0].pts(), Some(0));
        let length: i64 = packets.packets.iter().map(ffmpeg::Packet::duration).sum();
        assert_eq!(length, pcm.samples.len() as i64);
        let path = folder.path().join("sound.mp4");
        muxed(&packets, &path);
        let back = decode(&path, &Cancel::default()).unwrap();
        assert!(back.samples.len().abs_diff(pcm.samples.len()) < 1024);
        compare(&back, &pcm).unwrap();
        assert_eq!(lag(&back, &pcm, samples(3.0)), 0, "{rate}");
        // nothing clicks at the start: the first samples are near nothing
        assert!(
            back.samples[..16]
                .iter()
                .flatten()
                .all(|sample| sample.abs() < 0.02),
            "{rate}"
        );
    }
}

/// By how many samples the second is found later in the first, by its right side.
fn lag(is: &Pcm, was: &Pcm, at: usize) -> isize {
    let length = 24_000;
    let alike = |lag: isize| -> f64 {
        (0..length)
            .map(|i| {
                f64::from(is.samples[(at + i).wrapping_add_signed(lag)][1])
                    * f64::from(was.samples[at + i][1])
            })
            .sum()
    };
    (-200..=200)
        .max_by(|a, b| alike(*a).total_cmp(&alike(*b)))
        .unwrap()
}

#[test]
fn silence_costs_next_to_nothing() {
    let packets = encode(&Pcm::silent(60.0), 128_000, &Cancel::default()).unwrap();
    assert!(packets.bytes < 60_000, "{}", packets.bytes);
    assert_eq!(packets.packets.len(), 2813);
}

#[test]
fn what_is_lost_is_named() {
    let wanted = telling(20.0);
    compare(&wanted, &wanted).unwrap();
    let told = |change: &dyn Fn(&mut Vec<[f32; 2]>)| {
        let mut pcm = wanted.clone();
        change(&mut pcm.samples);
        compare(&pcm, &wanted).unwrap_err()
    };
    let half = told(&|samples| samples[480_000..].fill([0.0; 2]));
    assert!(
        half.starts_with("from 10.00 s to 20.00 s the sound is silent"),
        "{half}"
    );
    let inserted = told(&|samples| {
        samples.splice(240_000..240_000, vec![[0.0; 2]; 30 * 48_000]);
    });
    assert!(
        inserted.starts_with("from 5.00 s to 20.00 s") || inserted.starts_with("from 5.00 s to 35"),
        "{inserted}"
    );
    let late = told(&|samples| {
        samples.splice(0..0, vec![[0.0; 2]; 2_400]);
    });
    assert_eq!(late, "the sound is 50 ms too late");
    let early = told(&|samples| {
        samples.drain(..1_440);
    });
    assert_eq!(early, "the sound is 30 ms too early");
    let side = told(&|samples| samples.iter_mut().for_each(|sample| sample[1] = 0.0));
    assert!(
        side.starts_with("from 0.00 s to 20.00 s the right sound is silent"),
        "{side}"
    );
    let short = told(&|samples| samples.truncate(samples.len() - 5000));
    assert!(short.contains("19.90 s long where 20.00 s"), "{short}");
    let added = {
        let mut silent = wanted.clone();
        silent.samples[480_000..].fill([0.0; 2]);
        compare(&wanted, &silent).unwrap_err()
    };
    assert!(added.ends_with("where silent was wanted"), "{added}");
}

#[test]
fn loudness_comes_to_its_target_and_peaks_stay_down() {
    for (volume, target) in [(0.04, -14.0), (0.3, -14.0), (2.0, -14.0), (1.0, -23.0)] {
        let mut pcm = telling(12.0);
        pcm.samples
            .iter_mut()
            .for_each(|sample| *sample = scaled(*sample, volume));
        let told = level(&mut pcm, Aim::Loudness(target));
        let after = told.after.unwrap();
        assert!(
            (after - f64::from(target)).abs() < 0.5,
            "{volume}: {told:?}"
        );
        assert!(told.true_peak <= -1.0, "{volume}: {told:?}");
    }
}

#[test]
fn our_loudness_is_what_others_measure() {
    let folder = folder();
    let mut pcm = telling(12.0);
    let told = level(&mut pcm, Aim::Loudness(-14.0));
    let raw = folder.path().join("sound.raw");
    let bytes: Vec<u8> = pcm
        .samples
        .iter()
        .flatten()
        .flat_map(|sample| sample.to_le_bytes())
        .collect();
    std::fs::write(&raw, bytes).unwrap();
    let output = Command::new("ffmpeg")
        .args([
            "-nostdin",
            "-hide_banner",
            "-f",
            "f32le",
            "-ar",
            "48000",
            "-ac",
            "2",
            "-i",
        ])
        .arg(&raw)
        .args(["-af", "ebur128=peak=true", "-f", "null", "-"])
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    let summary = &words[words.rfind("Summary:").unwrap()..];
    let value = |name: &str| -> f64 {
        let line = summary
            .lines()
            .find(|line| line.trim().starts_with(name))
            .unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    assert!(
        (value("I:") - told.after.unwrap()).abs() <= 0.1,
        "{told:?} {summary}"
    );
    assert!(value("Peak:") <= -1.0, "{told:?} {summary}");
    assert!(
        (value("Peak:") - told.true_peak).abs() < 0.2,
        "{told:?} {summary}"
    );
}

#[test]
fn the_bed_goes_down_while_the_film_is_heard_and_comes_back() {
    let mut film = Pcm::silent(6.0);
    for index in 96_000..192_000 {
        film.samples[index] = [0.3 * (index as f32 * 0.05).sin(); 2];
    }
    let bed: Vec<[f32; 2]> = (0..480_000)
        .map(|index| [0.2 * (index as f32 * 0.3).sin(); 2])
        .collect();
    let own = Read {
        pcm: film,
        at: 0.0,
        damaged: Vec::new(),
    };
    let bed = Read {
        pcm: Pcm { samples: bed },
        at: 0.0,
        damaged: Vec::new(),
    };
    let mixed = mix(std::slice::from_ref(&own), Some((&bed, 0.75)), 6.0);
    assert_eq!(mixed.samples.len(), samples(6.0));
    let hertz = 0.3 * 48_000.0 / std::f64::consts::TAU;
    let full = 20.0 * 0.2f64.log10();
    assert!((pitch(&mixed, hertz, 0.5, 1.5) - full).abs() < 0.2);
    assert!((pitch(&mixed, hertz, 2.1, 3.9) - (full - 12.04)).abs() < 0.5);
    assert!((pitch(&mixed, hertz, 5.6, 5.9) - full).abs() < 0.5);
    // already down when the first word comes
    assert!(pitch(&mixed, hertz, 2.0, 2.05) < full - 10.0);
    // without a film there is nothing to make way for
    let alone = mix(&[], Some((&bed, 1.0)), 6.0);
    assert!((pitch(&alone, hertz, 2.1, 3.9) - full).abs() < 0.1);
}

#[test]
fn fades_start_and_end_at_nothing() {
    let folder = folder();
    let path = make(
        &folder,
        "-f lavfi -i sine=1000:d=4:r=48000 -af volume=4 -c:a flac",
        "tone.flac",
    );
    let pcm = heard(&Voice {
        fade_in: 1.0,
        fade_out: 1.0,
        length: 3.0,
        volume: 0.5,
        ..voice(&path)
    })
    .pcm;
    assert_eq!(pcm.samples.len(), 144_000);
    let levels = [0.0, 0.5, 1.0, 1.5, 2.0, 2.5].map(|start| level_of(&pcm, 0, start, start + 0.05));
    assert!(
        levels[0] < -50.0 && levels[1] < levels[2] - 5.0 && levels[5] < levels[3] - 4.0,
        "{levels:?}"
    );
    assert!(
        (levels[3] - (-18.06 + 12.04 - 3.0 - 6.0)).abs() < 0.3,
        "{levels:?}"
    );
    assert!(level_of(&pcm, 0, 2.99, 3.0) < -60.0);
}

#[test]
fn parts_do_not_click_at_their_seams() {
    let mut pcm = Pcm {
        samples: vec![[0.5; 2]; 48_000],
    };
    pcm.seam(true, false);
    assert!(pcm.samples[0][0] < 0.001 && pcm.samples[400][0] == 0.5);
    assert_eq!(pcm.samples[47_999][0], 0.5);
    pcm.seam(false, true);
    assert!(pcm.samples[47_999][0] < 0.001);
    let steps = pcm
        .samples
        .windows(2)
        .map(|pair| (pair[1][0] - pair[0][0]).abs());
    assert!(steps.fold(0.0, f32::max) < 0.01);
}
