//! From samples to a finished file, and back.

use ffmpeg_next as ffmpeg;

use super::*;

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
fn what_is_heard_of_a_loud_sound_keeps_under_the_ceiling() {
    let folder = folder();
    for rate in [32_000, 64_000, 128_000] {
        let mut pcm = telling(5.0);
        level(&mut pcm, Aim::Loudness(-9.0));
        let packets = encode(&pcm, rate, &Cancel::default()).unwrap();
        let path = folder.path().join("sound.mp4");
        muxed(&packets, &path);
        let back = decode(&path, &Cancel::default()).unwrap();
        let peak = peak(&back);
        // a tenth is the encoder's own way with a whole that is a little softer
        assert!(peak <= -1.0, "{rate}: {peak:.2}");
        assert!(peak > -3.0, "{rate}: no softer than it must be: {peak:.2}");
        compare(&back, &pcm).unwrap();
    }
}

#[test]
fn silence_costs_next_to_nothing() {
    let packets = encode(&Pcm::silent(60.0), 128_000, &Cancel::default()).unwrap();
    assert!(packets.bytes < 60_000, "{}", packets.bytes);
    assert_eq!(packets.packets.len(), 2813);
}

#[test]
fn what_is_lost_is_named() {
    let wanted = telling(8.0);
    compare(&wanted, &wanted).unwrap();
    let reported = |change: &dyn Fn(&mut Vec<[f32; 2]>)| {
        let mut pcm = wanted.clone();
        change(&mut pcm.samples);
        compare(&pcm, &wanted).unwrap_err()
    };
    let half = reported(&|samples| samples[192_000..].fill([0.0; 2]));
    assert!(
        half.starts_with("from 4.00 s to 8.00 s the sound is silent"),
        "{half}"
    );
    let inserted = reported(&|samples| {
        samples.splice(96_000..96_000, vec![[0.0; 2]; 30 * 48_000]);
    });
    assert!(
        inserted.starts_with("from 2.00 s to 8.00 s") || inserted.starts_with("from 2.00 s to 32"),
        "{inserted}"
    );
    let late = reported(&|samples| {
        samples.splice(0..0, vec![[0.0; 2]; 2_400]);
    });
    assert_eq!(late, "the sound is 50 ms too late");
    let early = reported(&|samples| {
        samples.drain(..1_440);
    });
    assert_eq!(early, "the sound is 30 ms too early");
    let side = reported(&|samples| samples.iter_mut().for_each(|sample| sample[1] = 0.0));
    assert!(
        side.starts_with("from 0.00 s to 8.00 s the right sound is silent"),
        "{side}"
    );
    let short = reported(&|samples| samples.truncate(samples.len() - 5000));
    assert!(short.contains("7.90 s long where 8.00 s"), "{short}");
    let added = {
        let mut silent = wanted.clone();
        silent.samples[192_000..].fill([0.0; 2]);
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
        let reported = level(&mut pcm, Aim::Loudness(target));
        let after = reported.after.unwrap();
        assert!(
            (after - f64::from(target)).abs() < 0.5,
            "{volume}: {reported:?}"
        );
        assert!(peak(&pcm) <= -1.0, "{volume}: {reported:?}");
    }
}

#[test]
fn our_loudness_is_what_others_measure() {
    let folder = folder();
    let mut pcm = telling(12.0);
    let reported = level(&mut pcm, Aim::Loudness(-14.0));
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
        (value("I:") - reported.after.unwrap()).abs() <= 0.1,
        "{reported:?} {summary}"
    );
    assert!(value("Peak:") <= -1.0, "{reported:?} {summary}");
    assert!(
        (value("Peak:") - peak(&pcm)).abs() < 0.2,
        "{reported:?} {summary}"
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
    let pcm = heard(&AudioSource {
        fade_in: 1.0,
        fade_out: 1.0,
        length: 3.0,
        volume: 0.5,
        ..audio(&path)
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
