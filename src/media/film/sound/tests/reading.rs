//! From files to samples.

use super::*;
use crate::media::Error;

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
        let read = heard(&audio(&path));
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
    let mut pcm = heard(&audio(&path)).pcm;
    assert!(pcm.samples.iter().any(|sample| sample[0] > 1.5));
    level(&mut pcm, Aim::Kept);
    assert!(peak(&pcm) <= -1.0);
}

#[test]
fn one_channel_is_heard_on_both_sides_at_its_level() {
    let folder = folder();
    let path = make(
        &folder,
        "-f lavfi -i sine=440:d=2:r=8000 -af volume=4 -c:a pcm_s16le",
        "phone.wav",
    );
    let pcm = heard(&audio(&path)).pcm;
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
    let pcm = heard(&audio(&path)).pcm;
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
        let read = heard(&AudioSource {
            zero,
            length: 3.0,
            ..audio(&path)
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
    let pcm = heard(&audio(&path)).pcm;
    assert!((onset(&pcm) - 0.5).abs() < 0.002, "{}", onset(&pcm));
    assert!((pcm.seconds() - 2.5).abs() < 0.01, "{}", pcm.seconds());
    // and where the picture starts with it, there is none
    let pcm = heard(&AudioSource {
        zero: Some(0.5),
        ..audio(&path)
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
    let pcm = heard(&audio(&path)).pcm;
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
    let pcm = heard(&audio(&path)).pcm;
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
    let pcm = heard(&audio(&path)).pcm;
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
    let pcm = heard(&audio(&path)).pcm;
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
fn two_recordings_in_one_file_are_heard_one_after_the_other() {
    // the second has other channels, another rate, and starts its clock anew
    let folder = folder();
    let one = make(
        &folder,
        &format!("{} -c:a aac -ac 1", beeps(44100, 2.0)),
        "one.ts",
    );
    let two = make(
        &folder,
        &format!("{} -c:a aac -ac 2", beeps(48000, 2.0)),
        "two.ts",
    );
    let both = folder.path().join("both.ts");
    let bytes = [std::fs::read(one).unwrap(), std::fs::read(two).unwrap()].concat();
    std::fs::write(&both, bytes).unwrap();
    let pcm = heard(&AudioSource {
        zero: None,
        ..audio(&both)
    })
    .pcm;
    assert!((pcm.seconds() - 4.0).abs() < 0.15, "{}", pcm.seconds());
    for start in [0.5, 1.5, 2.5, 3.5] {
        assert!(
            level_of(&pcm, 0, start + 0.05, start + 0.1) > -16.0,
            "{start}"
        );
        assert!(
            level_of(&pcm, 1, start + 0.05, start + 0.1) > -16.0,
            "{start}"
        );
        assert!(
            level_of(&pcm, 0, start + 0.2, start + 0.4) < -45.0,
            "{start}"
        );
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
        let pcm = heard(&AudioSource {
            from,
            until: Some(from + 2.0),
            ..audio(&path)
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
        let pcm = heard(&AudioSource {
            speed,
            ..audio(&path)
        })
        .pcm;
        assert!(
            (pcm.seconds() - 6.0 / speed).abs() < 0.01,
            "{speed}: {}",
            pcm.seconds()
        );
        let tone = pitch(&pcm, 1000.0, 0.5, 0.6);
        assert!((tone + 6.0).abs() < 1.0, "{speed}: {tone}");
        let pcm = heard(&AudioSource {
            speed,
            ..audio(&clicks)
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
    let round = AudioSource {
        until: Some(1.2),
        looped: true,
        length: 5.0,
        ..audio(&path)
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
    let pcm = heard(&audio(&cut)).pcm;
    assert!((7.0..13.0).contains(&pcm.seconds()), "{}", pcm.seconds());
    assert!(level_of(&pcm, 0, 5.01, 5.09) > -12.0);
}

#[test]
fn damage_is_silent_and_reported_and_moves_nothing() {
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
        let read = heard(&audio(&hurt));
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
    assert_eq!(read(&audio(&path), &Cancel::default()).unwrap(), None);
    let text = folder.path().join("text.mp4");
    std::fs::write(&text, "no film at all").unwrap();
    assert!(matches!(
        read(&audio(&text), &Cancel::default()),
        Err(Error::Unreadable { .. })
    ));
    let cancel = Cancel::default();
    cancel.stop();
    assert!(matches!(
        read(&audio(&path), &cancel),
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
    let pcm = heard(&audio(&path)).pcm;
    assert!(pitch(&pcm, 900.0, 0.5, 0.6) > pitch(&pcm, 400.0, 0.5, 0.6) + 20.0);
}
