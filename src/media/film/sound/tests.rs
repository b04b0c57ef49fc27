//! Whole ways: files made by the `ffmpeg` program, read, mixed, encoded, muxed, and heard again.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::*;
use crate::platform::Cancel;

mod finishing;
mod reading;

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

fn audio(path: &Path) -> AudioSource {
    AudioSource {
        path: path.to_owned(),
        jumps: super::super::times::Jumps::default(),
        stream: None,
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

fn heard(source: &AudioSource) -> Read {
    read(source, &Cancel::default())
        .unwrap()
        .expect("there is sound")
}

/// The highest point of a sound's wave, dB.
fn peak(pcm: &Pcm) -> f64 {
    decibels(f64::from(limit::true_peak(&pcm.samples, 0.0)))
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

/// Beeps of a tenth of a second, 1 kHz, every half second from 0 on, as a source of the `ffmpeg` program.
fn beeps(rate: u32, seconds: f64) -> String {
    format!(
        "-f lavfi -i aevalsrc=exprs=if(lt(mod(t\\,0.5)\\,0.1)\\,0.5*sin(2*PI*1000*t)\\,0):s={rate}:d={seconds}"
    )
}
