//! Clips in every shape that people have, made by the `ffmpeg` command out of its own patterns and tones.
//!
//! A clip is made once and stays in the build's folder for temporary files, under a name that follows its recipe.
#![allow(
    dead_code,
    reason = "a test asks for the clips and known times that it needs"
)]

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, LazyLock, Mutex, OnceLock};

use sha2::{Digest, Sha256};

/// How a clip is made.
pub struct Recipe {
    /// The word it is asked for by.
    pub name: &'static str,
    /// How its file's name ends.
    pub extension: &'static str,
    /// The pattern, as FFmpeg's filters describe it; nothing for sound alone.
    pub picture: &'static str,
    /// The tone, or nothing.
    pub sound: &'static str,
    /// Encoders and their options.
    pub options: &'static [&'static str],
    /// What is changed in the file afterwards.
    pub then: Then,
}

/// What is changed in a clip after FFmpeg wrote it.
#[derive(Clone, Copy)]
pub enum Then {
    /// Nothing.
    Stay,
    /// Players turn the picture by this matrix: a, b, c, d.
    Turn([i8; 4]),
    /// The same streams are copied once more, with these options before the input and behind it.
    Copy(&'static str, &'static str),
}

/// Seconds of most clips.
pub const SECONDS: f64 = 3.2;

/// Seconds at which `flash` clips turn white and beep.
pub const FLASHES: [f64; 3] = [1.0, 2.0, 3.0];

/// Seconds that `late` clips have sound alone before the picture comes: white and beep are together in them too.
pub const LATE: f64 = 0.5;

/// Seconds that an edit list cuts from the start of `edited`; its flashes come that much sooner.
pub const EDITED: f64 = 0.7;

/// Colours of the corners of `corners` clips, each a quarter of each side: two on top, two at the bottom.
pub const CORNERS: [[u8; 3]; 4] = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 0]];

/// Colours of the bands of `patches` clips, as BT.709 shows them: eight of equal height from the top.
pub const PATCHES: [[u8; 3]; 8] = [
    [235, 235, 235],
    [160, 160, 160],
    [96, 96, 96],
    [32, 32, 32],
    [180, 60, 50],
    [60, 140, 70],
    [50, 70, 160],
    [220, 170, 130],
];

const H264: &str = "-c:v libx264 -preset veryfast -crf 23 -pix_fmt yuv420p";
const BT709: &str = "-colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv";
const AAC: &str = "-c:a aac -b:a 96k";
const HEVC10: &str = "-c:v libx265 -preset ultrafast -crf 20 -pix_fmt yuv420p10le -tag:v hvc1 -x265-params log-level=none:repeat-headers=0";
const BT2020_HLG: &str =
    "-colorspace bt2020nc -color_primaries bt2020 -color_trc arib-std-b67 -color_range tv";
const BT2020_PQ: &str =
    "-colorspace bt2020nc -color_primaries bt2020 -color_trc smpte2084 -color_range tv";
/// What `ffmpeg` is told to write the file that the platform asks for.
const LEGAL: &str = "-c:v libx264 -preset veryfast -crf 26 -maxrate 6M -bufsize 6M -profile:v high -pix_fmt yuv420p \
    -g 60 -keyint_min 30 -bf 2 -flags +cgop -c:a aac -b:a 128k -ar 48000 -ac 2 -shortest \
    -movflags +faststart+negative_cts_offsets -use_editlist 0 -map_metadata -1 -fflags +bitexact";

const VERTICAL: &str = "testsrc2=s=360x640:r=30:d=3.2";
const STORY: &str = "testsrc2=s=720x1280:r=30:d=3.2";
/// The same of pictures that are quickly encoded and decoded: for what is wrong beside the pictures.
const PLAIN_STORY: &str = "smptebars=s=720x1280:r=30:d=3.2";
const FIELDS: &str = "testsrc2=s=360x640:r=60:d=3.2,tinterlace=interleave_top";
const FIELDS_BOTTOM: &str = "testsrc2=s=360x640:r=60:d=3.2,tinterlace=interleave_bottom";
const ODD: &str = "testsrc2=s=362x640:r=30:d=3.2,format=yuv444p,crop=361:639:0:0";
/// The first half second has sound alone.
const LATE_PICTURE: &str = "-vf trim=start=0.5 -fps_mode vfr";
const STEREO: &str = "sine=f=440:d=3.2:r=48000,pan=stereo|c0=c0|c1=c0";
const MONO: &str = "sine=f=440:d=3.2:r=48000";
const SURROUND: &str =
    "sine=f=440:d=3.2:r=48000,pan=5.1|FL=0.5*c0|FR=0.5*c0|FC=c0|LFE=0.2*c0|BL=0.3*c0|BR=0.3*c0";

macro_rules! corners {
    () => {
        "testsrc2=s=360x640:r=30:d=3.2,scale=out_color_matrix=bt709:out_range=tv,format=gbrp,\
        drawbox=0:0:iw/4:ih/4:red:fill,drawbox=3*iw/4:0:iw/4:ih/4:lime:fill,\
        drawbox=0:3*ih/4:iw/4:ih/4:blue:fill,drawbox=3*iw/4:3*ih/4:iw/4:ih/4:yellow:fill,\
        scale=out_color_matrix=bt709:out_range=tv,format=yuv420p"
    };
    ($turn:literal) => {
        concat!(corners!(), ",", $turn)
    };
}

macro_rules! patches {
    ($then:literal) => {
        concat!(
            "color=black:s=360x640:r=30:d=3.2,format=gbrp,\
            drawbox=0:0:iw:80:0xEBEBEB:fill,drawbox=0:80:iw:80:0xA0A0A0:fill,\
            drawbox=0:160:iw:80:0x606060:fill,drawbox=0:240:iw:80:0x202020:fill,\
            drawbox=0:320:iw:80:0xB43C32:fill,drawbox=0:400:iw:80:0x3C8C46:fill,\
            drawbox=0:480:iw:80:0x3246A0:fill,drawbox=0:560:iw:80:0xDCAA82:fill,",
            $then
        )
    };
}

/// The bands of `patches` in HLG: 203 cd/m² for white, through the OOTF of BT.2100 backwards, which takes luminance for all
/// three. FFmpeg's own filter takes each for itself, and makes other colours.
const HLG_PATCHES: &str = "nullsrc=s=8x8:r=30:d=3.2,format=yuv444p10le,geq=\
    lum='693*eq(Y,0)+549*eq(Y,1)+358*eq(Y,2)+162*eq(Y,3)+356*eq(Y,4)+439*eq(Y,5)+292*eq(Y,6)+590*eq(Y,7)':\
    cb='512*lt(Y,4)+438*eq(Y,4)+430*eq(Y,5)+672*eq(Y,6)+441*eq(Y,7)':\
    cr='512*lt(Y,4)+650*eq(Y,4)+449*eq(Y,5)+493*eq(Y,6)+552*eq(Y,7)',\
    scale=360:640:flags=neighbor,format=yuv420p10le";

/// Black, and white for two frames at each of [`FLASHES`]; the sound beeps for 0.1 s with each.
macro_rules! flash {
    ($rate:literal) => {
        concat!(
            "color=black:s=360x640:r=",
            $rate,
            ":d=4,drawbox=0:0:iw:ih:white:fill:enable='gte(t,0.99)*lt(mod(t+0.001,1),0.066)'"
        )
    };
}
const BEEP: &str = "aevalsrc='0.5*sin(2*PI*1000*t)*gte(t,0.99)*lt(mod(t+0.00001,1),0.1)':d=4:s=48000,\
    pan=stereo|c0=c0|c1=c0";

const fn clip(
    name: &'static str,
    extension: &'static str,
    picture: &'static str,
    sound: &'static str,
    options: &'static [&'static str],
) -> Recipe {
    Recipe {
        name,
        extension,
        picture,
        sound,
        options,
        then: Then::Stay,
    }
}

const fn then(recipe: Recipe, then: Then) -> Recipe {
    Recipe { then, ..recipe }
}

/// A clip that is stored turned and says how it is held.
const fn turned(name: &'static str, picture: &'static str, matrix: [i8; 4]) -> Recipe {
    then(
        clip(name, "mp4", picture, STEREO, &[H264, BT709, AAC]),
        Then::Turn(matrix),
    )
}

/// Every clip that is whole, by name.
#[rustfmt::skip]
pub const CLIPS: &[Recipe] = &[
    // what the platform asks for, at the budget profile's smaller size
    clip("legal", "mp4", STORY, STEREO, &[LEGAL, BT709]),
    // sizes and rates
    clip("vertical", "mp4", VERTICAL, STEREO, &[H264, BT709, AAC]),
    clip("noise", "mp4", "testsrc2=s=360x640:r=30:d=3.2,noise=alls=24:allf=t", STEREO, &["-c:v libx264 -preset veryfast -crf 30 -pix_fmt yuv420p", BT709, AAC]),
    clip("landscape60", "mp4", "testsrc2=s=640x360:r=60:d=3.2", STEREO, &[H264, BT709, AAC]),
    clip("fps10", "mp4", "testsrc2=s=360x640:r=10:d=3.2", STEREO, &[H264, BT709, AAC]),
    clip("fps23976", "mp4", "testsrc2=s=360x640:r=24000/1001:d=3.2", STEREO, &[H264, BT709, AAC]),
    clip("fps25", "mp4", "testsrc2=s=360x640:r=25:d=3.2", STEREO, &[H264, BT709, AAC]),
    clip("fps2997", "mp4", "testsrc2=s=360x640:r=30000/1001:d=3.2", STEREO, &[H264, BT709, AAC]),
    clip("fps120", "mp4", "testsrc2=s=180x320:r=120:d=3.2", STEREO, &[H264, BT709, AAC]),
    clip("fps240", "mp4", "testsrc2=s=180x320:r=240:d=3.2", STEREO, &[H264, BT709, AAC]),
    // every third frame is missing, and half a second stands still
    clip("vfr", "mp4", "testsrc2=s=360x640:r=30:d=3.2,select='mod(n,3)*(lt(t,1.5)+gt(t,2))'", STEREO, &[H264, BT709, AAC, "-fps_mode vfr"]),
    clip("odd", "webm", ODD, STEREO, &["-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 500k -pix_fmt yuv420p -c:a libopus -b:a 64k"]),
    clip("odd444", "mp4", ODD, STEREO, &["-c:v libx264 -preset veryfast -crf 23 -pix_fmt yuv444p", BT709, AAC]),
    clip("tiny", "mp4", "testsrc2=s=16x16:r=30:d=3.2", STEREO, &[H264, BT709, AAC]),
    clip("square", "mp4", "testsrc2=s=360x360:r=30:d=3.2", STEREO, &[H264, BT709, AAC]),
    clip("short", "mp4", "testsrc2=s=360x640:r=30:d=1.2", "sine=f=440:d=1.2:r=48000", &[H264, BT709, AAC]),
    // 70 s with a hard cut every 7 s, and a tone that says by its height which second it is
    clip("long", "mp4", "testsrc2=s=180x320:r=24:d=70,hue=h='36*floor(t/7)',negate=enable='mod(floor(t/7),2)'", "aevalsrc='0.3*sin(2*PI*(300+10*floor(t))*t)':d=70:s=48000", &[H264, BT709, AAC]),
    // how it is held
    clip("corners", "mp4", corners!(), STEREO, &[H264, BT709, AAC]),
    turned("corners-90", corners!("transpose=2"), [0, 1, -1, 0]),
    turned("corners-180", corners!("hflip,vflip"), [-1, 0, 0, -1]),
    turned("corners-270", corners!("transpose=1"), [0, -1, 1, 0]),
    turned("corners-mirrored", corners!("hflip"), [-1, 0, 0, 1]),
    turned("corners-mirrored-90", corners!("transpose=0"), [0, 1, 1, 0]),
    turned("corners-mirrored-180", corners!("vflip"), [1, 0, 0, -1]),
    turned("corners-mirrored-270", corners!("transpose=3"), [0, -1, -1, 0]),
    // the PAL shape of 16:9: 1024×576 in 720×576, at a quarter of it
    clip("anamorphic", "mp4", "testsrc2=s=180x144:r=25:d=3.2,setsar=64/45", STEREO, &[H264, BT709, AAC]),
    clip("nearly-square", "mp4", "testsrc2=s=360x640:r=30:d=3.2,setsar=2844/2845", STEREO, &[H264, BT709, AAC]),
    // fields
    clip("tff", "mp4", FIELDS, STEREO, &[H264, BT709, AAC, "-vf setfield=tff -flags +ilme+ildct -x264-params tff=1"]),
    clip("bff", "mp4", FIELDS_BOTTOM, STEREO, &[H264, BT709, AAC, "-vf setfield=bff -flags +ilme+ildct -x264-params bff=1"]),
    clip("tff-mpeg2", "mpg", FIELDS, STEREO, &["-c:v mpeg2video -b:v 3M -vf setfield=tff -flags +ilme+ildct -c:a mp2 -b:a 128k"]),
    clip("bff-mpeg2", "mkv", FIELDS_BOTTOM, STEREO, &["-c:v mpeg2video -b:v 3M -vf setfield=bff -flags +ilme+ildct -c:a ac3 -b:a 128k"]),
    // colours and depths
    clip("hlg", "mp4", "testsrc2=s=360x640:r=30:d=3.2", STEREO, &[HEVC10, BT2020_HLG, AAC]),
    clip("pq", "mp4", "testsrc2=s=360x640:r=30:d=3.2", STEREO, &[HEVC10, BT2020_PQ, AAC]),
    clip("patches", "mp4", patches!("scale=out_color_matrix=bt709:out_range=tv,format=yuv420p"), "", &[H264, BT709]),
    clip("patches-full", "mp4", patches!("scale=out_color_matrix=bt709:out_range=pc,format=yuvj420p"), "", &["-c:v libx264 -preset veryfast -crf 18 -pix_fmt yuvj420p -colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range pc"]),
    clip("patches-601", "mp4", patches!("scale=out_color_matrix=bt601:out_range=tv,format=yuv420p"), "", &[H264, "-colorspace smpte170m -color_primaries smpte170m -color_trc bt709 -color_range tv"]),
    clip("patches-hlg", "mp4", HLG_PATCHES, "", &[HEVC10, BT2020_HLG]),
    clip("patches-pq", "mp4", patches!("scale=out_color_matrix=bt709:out_range=tv,format=yuv444p10le,zscale=tin=bt709:pin=bt709:min=bt709:rin=limited:t=smpte2084:p=bt2020:m=bt2020nc:r=limited:npl=203,format=yuv420p10le"), "", &[HEVC10, BT2020_PQ]),
    clip("ten-bit", "mp4", VERTICAL, STEREO, &["-c:v libx264 -preset veryfast -crf 23 -pix_fmt yuv420p10le", BT709, AAC]),
    clip("422-10", "mov", VERTICAL, STEREO, &["-c:v prores_ks -profile:v 0 -pix_fmt yuv422p10le", BT709, "-c:a pcm_s16le"]),
    clip("444-10", "mp4", VERTICAL, STEREO, &["-c:v libx264 -preset veryfast -crf 23 -pix_fmt yuv444p10le", BT709, AAC]),
    clip("rgb", "mkv", VERTICAL, STEREO, &["-c:v libx264rgb -preset veryfast -crf 18", "-c:a flac"]),
    clip("grey", "mp4", "testsrc2=s=360x640:r=30:d=3.2,format=gray", "", &["-c:v libx264 -preset veryfast -crf 23 -pix_fmt gray"]),
    // picture and sound apart, and cut in the container
    clip("flash", "mp4", flash!("30"), BEEP, &[H264, BT709, AAC]),
    clip("flash24", "mp4", flash!("24"), BEEP, &[H264, BT709, AAC]),
    clip("late", "mp4", flash!("30"), BEEP, &[H264, BT709, AAC, LATE_PICTURE]),
    clip("late-mkv", "mkv", flash!("30"), BEEP, &[H264, BT709, "-c:a libopus -b:a 96k", LATE_PICTURE]),
    clip("late-sound", "mp4", flash!("30"), BEEP, &[H264, BT709, AAC, "-af atrim=start=0.5"]),
    then(clip("edited", "mp4", flash!("30"), BEEP, &[H264, BT709, AAC]), Then::Copy("-ss 0.7", "-c copy")),
    then(clip("starts-at-ten", "ts", flash!("30"), BEEP, &[H264, BT709, AAC]), Then::Copy("", "-c copy -output_ts_offset 10")),
    clip("fragments", "mp4", VERTICAL, STEREO, &[H264, BT709, AAC, "-movflags +frag_keyframe+empty_moov"]),
    clip("faststart", "mp4", VERTICAL, STEREO, &[H264, BT709, AAC, "-movflags +faststart -g 30"]),
    // sound
    clip("mono", "mp4", VERTICAL, MONO, &[H264, BT709, AAC]),
    clip("surround", "mp4", VERTICAL, SURROUND, &[H264, BT709, "-c:a aac -b:a 256k"]),
    clip("silent", "mp4", VERTICAL, "", &[H264, BT709]),
    clip("quiet-end", "mp4", VERTICAL, "sine=f=440:d=1.6:r=44100", &[H264, BT709, AAC]),
    // containers
    clip("webm", "webm", VERTICAL, STEREO, &["-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 500k -c:a libopus -b:a 64k"]),
    clip("mkv", "mkv", VERTICAL, STEREO, &[H264, BT709, "-c:a flac"]),
    clip("avi", "avi", VERTICAL, STEREO, &["-c:v mpeg4 -q:v 4 -c:a libmp3lame -b:a 128k"]),
    clip("mov", "mov", VERTICAL, STEREO, &[H264, BT709, "-c:a pcm_s16le"]),
    clip("ts", "ts", VERTICAL, STEREO, &[H264, BT709, "-c:a mp2 -b:a 128k"]),
    clip("gif", "gif", "testsrc2=s=180x320:r=10:d=3.2", "", &["-c:v gif"]),
    // what a phone writes about itself
    clip("phone", "mov", VERTICAL, STEREO, &[H264, BT709, AAC, "-movflags +use_metadata_tags -metadata com.apple.quicktime.make=Apple -metadata com.apple.quicktime.model=Phone -metadata com.apple.quicktime.location.ISO6709=+41.3851+002.1734+012.000/"]),
    clip("place", "mp4", VERTICAL, STEREO, &[H264, BT709, AAC, "-metadata location=+41.3851+002.1734/ -metadata creation_time=2026-05-04T10:00:00Z"]),
];

/// What is no film any more, or never was.
pub const DAMAGED: &[&str] = &[
    "truncated",
    "truncated-no-moov",
    "bit-flips",
    "zero-bytes",
    "zeros",
    "audio-only",
    "picture",
    "text",
];

/// The file of a clip or of a damaged one, by name; made when it is first asked for.
pub fn file(name: &str) -> PathBuf {
    match CLIPS.iter().find(|recipe| recipe.name == name) {
        Some(recipe) => made(recipe),
        None => damaged(name),
    }
}

/// A clip of a test's own: its name, pattern, tone and FFmpeg's options.
pub fn own(
    name: &'static str,
    extension: &'static str,
    picture: &'static str,
    sound: &'static str,
    options: &'static [&'static str],
) -> PathBuf {
    made(&clip(name, extension, picture, sound, options))
}

/// A plain variant of `legal` in which the options of `wrong` overrule those that are right.
pub fn legal_but(name: &'static str, extension: &'static str, wrong: &'static str) -> PathBuf {
    let recipe = clip(name, extension, PLAIN_STORY, STEREO, &[LEGAL, BT709]);
    let mut words = words_of(&recipe);
    words.extend(wrong.split_whitespace());
    cached(name, extension, &words.join(" "), |path| run(&words, path))
}

/// A copy of another clip, with these options before it and behind it.
pub fn copied(name: &str, extension: &str, of: &Path, before: &str, behind: &str) -> PathBuf {
    let from = of.to_string_lossy();
    let key = format!("{from} {before} {behind}");
    cached(&format!("{name}-copy"), extension, &key, |path| {
        let mut words: Vec<&str> = before.split_whitespace().collect();
        words.extend(["-i", &*from]);
        words.extend(behind.split_whitespace());
        run(&words, path);
    })
}

/// A file with these bytes.
pub fn written(name: &str, extension: &str, bytes: &[u8]) -> PathBuf {
    let digest = format!("{:x?}", Sha256::digest(bytes));
    cached(name, extension, &digest, |path| {
        fs::write(path, bytes).expect("the folder for temporary files can be written to");
    })
}

fn made(recipe: &Recipe) -> PathBuf {
    let words = words_of(recipe);
    let key = match recipe.then {
        Then::Stay => words.join(" "),
        Then::Turn(matrix) => format!("{} {matrix:?}", words.join(" ")),
        Then::Copy(before, behind) => format!("{} {before} {behind}", words.join(" ")),
    };
    cached(recipe.name, recipe.extension, &key, |path| {
        run(&words, path);
        match recipe.then {
            Then::Stay => {}
            Then::Turn(matrix) => turn(path, matrix),
            Then::Copy(before, behind) => {
                let first = path.with_extension(format!("first.{}", recipe.extension));
                fs::rename(path, &first).expect("a file that was made can be renamed");
                let mut words: Vec<&str> = before.split_whitespace().collect();
                let from = first.to_string_lossy().into_owned();
                words.extend(["-i", &from]);
                words.extend(behind.split_whitespace());
                run(&words, path);
                fs::remove_file(first).expect("a file that was made can be removed");
            }
        }
    })
}

fn words_of(recipe: &Recipe) -> Vec<&'static str> {
    let inputs = [recipe.picture, recipe.sound];
    let inputs = inputs.iter().filter(|input| !input.is_empty());
    let mut words: Vec<_> = inputs
        .flat_map(|input| ["-f", "lavfi", "-i", input])
        .collect();
    words.extend(recipe.options.iter().flat_map(|o| o.split_whitespace()));
    words
}

fn run(words: &[&str], path: &Path) {
    let done = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-y"])
        .args(words)
        .arg(path)
        .output()
        .expect("the tests of film need the `ffmpeg` command");
    assert!(
        done.status.success(),
        "ffmpeg {}: {}",
        words.join(" "),
        String::from_utf8_lossy(&done.stderr)
    );
}

/// Makes a file once in this process, and not at all if an earlier one made it the same way.
fn cached(name: &str, extension: &str, key: &str, make: impl FnOnce(&Path)) -> PathBuf {
    static MADE: LazyLock<Mutex<HashMap<PathBuf, Arc<OnceLock<()>>>>> =
        LazyLock::new(Mutex::default);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("film");
    let digest = Sha256::digest(key.as_bytes());
    let [a, b, c, d, ..] = digest[..] else {
        unreachable!("a digest has 32 bytes")
    };
    let path = folder.join(format!("{name}-{a:02x}{b:02x}{c:02x}{d:02x}.{extension}"));
    let once = MADE
        .lock()
        .expect("nobody panics while holding it")
        .entry(path.clone())
        .or_default()
        .clone();
    once.get_or_init(|| {
        if path.exists() {
            return;
        }
        fs::create_dir_all(&folder).expect("the build's folder can be written to");
        // another process may be at the same: what has the final name is whole
        let unfinished = folder.join(format!(".{}-{name}.{extension}", std::process::id()));
        make(&unfinished);
        fs::rename(&unfinished, &path).expect("a file that was made can be renamed");
    });
    path
}

/// Writes the matrix of the picture's track, which says how players turn it.
fn turn(path: &Path, matrix: [i8; 4]) {
    let mut bytes = fs::read(path).expect("a file that was made can be read");
    // behind the mark: version, flags, times, track, duration, layer, group, volume
    let at = find(&bytes, b"tkhd").expect("an MP4 has a track") + 4 + 40;
    let [a, b, c, d] = matrix;
    for (place, value) in [(0, a), (1, b), (3, c), (4, d)] {
        let fixed = i32::from(value) << 16;
        bytes[at + place * 4..][..4].copy_from_slice(&fixed.to_be_bytes());
    }
    fs::write(path, bytes).expect("a file that was made can be written");
}

/// Where bytes first stand in others.
pub fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

fn damaged(name: &str) -> PathBuf {
    let read = |name| fs::read(file(name)).expect("a file that was made can be read");
    match name {
        "truncated" => {
            let bytes = read("faststart");
            written(name, "mp4", &bytes[..bytes.len() * 55 / 100])
        }
        "truncated-no-moov" => {
            let bytes = read("vertical");
            written(name, "mp4", &bytes[..bytes.len() / 2])
        }
        "bit-flips" => {
            let mut bytes = read("faststart");
            let data = find(&bytes, b"mdat").expect("an MP4 has data") + 4;
            // every 997th byte of the pictures and the sound
            bytes[data..].iter_mut().step_by(997).for_each(|b| *b ^= 64);
            written(name, "mp4", &bytes)
        }
        "zero-bytes" => written(name, "mp4", &[]),
        "zeros" => written(name, "mp4", &[0; 65536]),
        "audio-only" => own("audio-only", "mp4", "", STEREO, &[AAC]),
        "picture" => {
            let still = own(
                "picture",
                "jpg",
                "testsrc2=s=360x640:r=1:d=1",
                "",
                &["-frames:v 1"],
            );
            written(name, "mp4", &fs::read(still).expect("it was made"))
        }
        "text" => written(name, "mp4", b"a film, once it has been filmed\n"),
        other => panic!("no clip is called `{other}`"),
    }
}

#[test]
fn every_clip_can_be_made() {
    let names = CLIPS.iter().map(|recipe| recipe.name);
    for name in names.chain(DAMAGED.iter().copied()) {
        assert!(file(name).exists(), "{name}");
    }
}
