//! Clips of a kind that somebody else brought, each with the value that is right for it: lengths that no sound carries,
//! pictures that change on the way, what shines through, clocks that jump, colours of other screens.

use std::fs;
use std::path::{Path, PathBuf};

use crate::make;
use crate::story::{self, FEW, Film, draft, film, folder_with, mean, storypress, transcode};

/// A clip of `tests/film/strangers`.
fn brought(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/film/strangers")
        .join(name)
}

/// Notes of the one film of a call.
fn notes(film: &Film) -> Vec<String> {
    let notes = film.ran.report["items"][0]["outputs"][0]["notes"].as_array();
    let texts = notes.into_iter().flatten().filter_map(|n| n.as_str());
    texts.map(str::to_owned).collect()
}

/// A film whose only complaints are of damage.
fn damaged(clip: &Path, words: &str) -> Film {
    let (folder, clip) = folder_with(clip);
    let ran = transcode(folder.path(), &clip, words);
    let told = ran.told(0);
    assert!(!told.is_empty(), "nothing is said of {}", clip.display());
    assert!(
        told.iter().all(|(code, _)| code == "damaged-media"),
        "{told:?}"
    );
    story::finished(folder, ran, words)
}

#[test]
fn the_last_picture_stays_as_long_as_the_file_says() {
    draft(&brought("gif-last-delay.gif"), "").runs(30.0, 6.0);
    draft(&brought("one-picture.mp4"), "").runs(25.0, 5.0);
    draft(&brought("last-picture-4s.mp4"), "").runs(30.0, 4.667);
    // the same where only the segment says it, and a part of it
    let copied = make::copied(
        "last-picture",
        "mkv",
        &brought("last-picture-4s.mp4"),
        "",
        "-c copy",
    );
    draft(&copied, "").runs(30.0, 4.667);
    draft(&brought("last-picture-4s.mp4"), "--start 0.5 --end 4").runs(30.0, 3.5);
    let pictures = "testsrc2=s=180x320:r=10:d=1";
    let animated = make::own(
        "last-delay",
        "apng",
        pictures,
        "",
        &["-c:v apng -final_delay 5/2 -f apng"],
    );
    draft(&animated, "").runs(30.0, 3.4);
}

#[test]
fn a_picture_that_changes_on_the_way_is_fitted_by_its_own_shape() {
    let made = film(&brought("turns.mkv"), &format!("{FEW} --fit contain")).runs(30.0, 4.0);
    let said = notes(&made);
    let about: Vec<_> = said
        .iter()
        .filter(|n| n.contains("changes on the way"))
        .collect();
    assert_eq!(about.len(), 1, "{said:?}");
    assert!(about[0].contains("640×360 from 2.0 s"), "{about:?}");
    let dark = |at: f64, y: f64| {
        let [r, g, b] = made.picture(at, (54, 96)).at(0.5, y);
        r + g + b < 60.0
    };
    // upright it fills the frame, lying it leaves room above and below
    assert!(!dark(1.0, 0.1) && !dark(1.0, 0.9));
    assert!(dark(3.0, 0.1) && dark(3.0, 0.9) && !dark(3.0, 0.5));

    // the pixels' shape alone: two halves of a broadcast, 4:3 and then 16:9
    let half = |name, shape| {
        let made = make::own(
            name,
            "ts",
            shape,
            "",
            &["-c:v mpeg2video -b:v 1M -pix_fmt yuv420p -g 12"],
        );
        fs::read(made).unwrap()
    };
    let mut bytes = half("narrow", "testsrc2=s=360x288:r=25:d=2,setsar=16/15");
    bytes.extend(half("wide", "testsrc2=s=360x288:r=25:d=2,setsar=64/45"));
    let both = make::written("narrow-wide", "ts", &bytes);
    let made = draft(&both, "--fit contain").runs(25.0, 4.0);
    let rows = |at: f64| {
        let picture = made.picture(at, (54, 960));
        let lit = |y: &usize| {
            let [r, g, b] = picture.at(0.5, (*y as f64 + 0.5) / 960.0);
            r + g + b > 60.0
        };
        (0..960).filter(lit).count() as f64 / 960.0 * 1920.0
    };
    // 1080 columns of 4:3 are 810 rows, of 16:9 608
    assert!((rows(1.0) - 810.0).abs() < 30.0, "{}", rows(1.0));
    assert!((rows(3.0) - 608.0).abs() < 30.0, "{}", rows(3.0));
    assert_eq!(
        notes(&made)
            .iter()
            .filter(|n| n.contains("changes on the way"))
            .count(),
        1
    );
}

/// What a template with a clip as a layer over green shows at a point of the layer, 0–1 of its sides.
fn over_green(clip: &Path, more: &str, points: &[(f64, f64)]) -> Vec<[f64; 3]> {
    let folder = tempfile::tempdir().unwrap();
    let extension = clip.extension().unwrap().to_string_lossy();
    let name = format!("clip.{extension}");
    fs::copy(clip, folder.path().join(&name)).unwrap();
    let template = format!(
        "[output]\nsize = [270, 480]\n[canvas]\nbackground = '#00c800'\n\
         [[layer]]\ntype = 'video'\nsrc = '{name}'\nleft = 100\ntop = 300\nwidth = 800\nheight = 800\n{more}\n"
    );
    fs::write(folder.path().join("film.toml"), template).unwrap();
    let ran = storypress(folder.path(), &["render", "film.toml", "-o", "out"]);
    assert_eq!((ran.code, ran.told(0)), (0, vec![]), "{}", ran.said);
    let picture = story::picture(&folder.path().join("out/film.mp4"), 1.0, (270, 480));
    let at = |(x, y): &(f64, f64)| {
        picture.at((100.0 + 800.0 * x) / 1080.0, (300.0 + 800.0 * y) / 1920.0)
    };
    points.iter().map(at).collect()
}

fn near(found: [f64; 3], wanted: [f64; 3], off: f64) -> bool {
    (0..3).all(|part| (found[part] - wanted[part]).abs() <= off)
}

#[test]
fn what_is_see_through_shows_what_lies_beneath() {
    let green = [0.0, 200.0, 0.0];
    let red_box = "color=red@1:s=180x180:r=30:d=4,format=rgba,geq=r='255*between(X,60,119)':g=0:b=0:\
        a='255*between(X,60,119)*between(Y,60,119)'";
    let prores = make::own(
        "see-through",
        "mov",
        red_box,
        "",
        &["-c:v prores_ks -profile:v 4444 -pix_fmt yuva444p10le -colorspace bt709 -color_range tv"],
    );
    let few_colours = "color=red@1:s=180x180:r=30:d=4,format=rgba,geq=r='255*between(X,60,119)':g=0:b=0:\
        a='255*between(X,60,119)*between(Y,60,119)',\
        split[a][b];[a]palettegen[p];[b][p]paletteuse";
    let gif = make::own("see-through", "gif", few_colours, "", &["-c:v gif"]);
    let png = make::own(
        "see-through-png",
        "mov",
        red_box,
        "",
        &["-c:v png -pix_fmt rgba"],
    );
    let vp8 = make::own(
        "see-through-8",
        "webm",
        red_box,
        "",
        &["-c:v libvpx -b:v 500k -pix_fmt yuva420p -auto-alt-ref 0 -deadline realtime"],
    );
    let points = [(0.1, 0.1), (0.9, 0.5), (0.5, 0.5)];
    for clip in [
        brought("alpha.webm"),
        brought("alpha.mov"),
        prores,
        gif,
        png,
        vp8,
    ] {
        let found = over_green(&clip, "", &points);
        let name = clip.display();
        assert!(
            near(found[0], green, 9.0) && near(found[1], green, 9.0),
            "{name}: {found:.0?}"
        );
        assert!(!near(found[2], green, 60.0), "{name}: {found:.0?}");
    }
    // mixed with what lies beneath, and with round corners: the same
    for more in [
        "blend = 'multiply'",
        "opacity = 0.999",
        "radius = 300",
        "fit = 'contain'\nradius = 20",
    ] {
        let found = over_green(&brought("alpha.mov"), more, &points);
        assert!(
            near(found[0], green, 9.0) && near(found[1], green, 9.0),
            "{more}: {found:.0?}"
        );
    }
}

#[test]
fn what_is_see_through_has_the_colours_of_this_screen() {
    // (192, 64, 64) as Display P3 has it, where it covers
    let box_of_p3 = "color=black@0:s=180x180:r=30:d=4,format=gbrap,geq=r='178*between(X,60,119)':g='74*between(X,60,119)':\
        b='68*between(X,60,119)':a='255*between(X,60,119)*between(Y,60,119)',scale=out_color_matrix=bt709:out_range=tv,format=yuva444p10le";
    let clip = make::own(
        "see-through-p3",
        "mov",
        box_of_p3,
        "",
        &["-c:v prores_ks -profile:v 4444 -pix_fmt yuva444p10le \
            -bsf:v prores_metadata=color_primaries=smpte432:color_trc=bt709:colorspace=bt709"],
    );
    let found = over_green(&clip, "", &[(0.1, 0.1), (0.5, 0.5)]);
    assert!(near(found[0], [0.0, 200.0, 0.0], 9.0), "{found:.0?}");
    assert!(near(found[1], [192.0, 64.0, 64.0], 5.0), "{found:.0?}");
}

#[test]
fn what_is_see_through_lies_over_black_where_nothing_is_beneath() {
    let made = draft(&brought("alpha.webm"), "").runs(30.0, 4.0);
    let corner = made.picture(1.0, (54, 96)).at(0.1, 0.1);
    assert!(near(corner, [0.0; 3], 6.0), "{corner:.0?}");
}

/// The same beep on one track, and on another that is half a second later.
const TWO_TRACKS: &str = "-map 0:v -map 1:a -map 1:a -filter:a:1 adelay=500:all=1 -t 2 -c:v libx264 -pix_fmt yuv420p -g 30 \
    -bf 2 -c:a mp2";

#[test]
fn each_track_of_a_mix_follows_the_clock_that_jumps() {
    let segment = |name, options: String| {
        fs::read(make::own(
            name,
            "ts",
            FLASH,
            BEEP,
            vec![&*options.leak()].leak(),
        ))
        .unwrap()
    };
    let early = segment("tracks-early", TWO_TRACKS.to_owned());
    let late = segment(
        "tracks-late",
        format!("{TWO_TRACKS} -output_ts_offset 1000"),
    );
    for (name, parts) in [
        ("tracks-forward", [&early, &late]),
        ("tracks-back", [&late, &early]),
    ] {
        let both = make::written(name, "ts", &parts.map(|p| p.as_slice()).concat());
        let made = draft(&both, "--sound mix").runs(30.0, 4.0);
        let (flashes, beeps) = (made.flashes(), made.beeps());
        assert_eq!(flashes.len(), 2, "{name}: {flashes:?}");
        let wanted = flashes.iter().flat_map(|at| [*at, at + 0.5]);
        let near = wanted
            .zip(&beeps)
            .all(|(at, beep)| (at - beep).abs() < 0.07);
        assert!(beeps.len() == 4 && near, "{name}: {flashes:?} {beeps:?}");
    }
}

/// White for two pictures after one second, with a beep.
const FLASH: &str =
    "color=black:s=180x320:r=30:d=2,drawbox=0:0:iw:ih:white:fill:enable='gte(t,0.99)*lt(t,1.056)'";
const BEEP: &str =
    "aevalsrc='0.5*sin(2*PI*1000*t)*gte(t,0.99)*lt(t,1.1)':d=2:s=48000,pan=stereo|c0=c0|c1=c0";

#[test]
fn a_clock_that_jumps_is_no_time() {
    let segment = |name, options| fs::read(make::own(name, "ts", FLASH, BEEP, options)).unwrap();
    let early = segment(
        "early",
        &["-c:v libx264 -pix_fmt yuv420p -g 30 -bf 2 -c:a aac"],
    );
    let soon = segment(
        "soon",
        &["-c:v libx264 -pix_fmt yuv420p -g 30 -bf 2 -c:a aac -output_ts_offset 10"],
    );
    let late = segment(
        "late",
        &["-c:v libx264 -pix_fmt yuv420p -g 30 -bf 2 -c:a aac -output_ts_offset 1000"],
    );
    // the clock of 33 bits turns after 95443.7 s
    let last = segment(
        "last",
        &["-c:v libx264 -pix_fmt yuv420p -g 30 -bf 2 -c:a aac -output_ts_offset 95440"],
    );
    for (name, parts) in [
        ("forward", [&early, &late]),
        ("by-eight", [&early, &soon]),
        ("back", [&late, &early]),
        ("turned", [&last, &early]),
    ] {
        let both = make::written(name, "ts", &parts.map(|p| p.as_slice()).concat());
        let made = draft(&both, "").runs(30.0, 4.0);
        let (flashes, beeps) = (made.flashes(), made.beeps());
        assert_eq!(
            (flashes.len(), beeps.len()),
            (2, 2),
            "{name}: {flashes:?} {beeps:?}"
        );
        for (flash, beep) in flashes.iter().zip(&beeps) {
            assert!((flash - beep).abs() < 0.07, "{name}: {flashes:?} {beeps:?}");
        }
        let cut = draft(&both, "--start 0.5").runs(30.0, 3.5);
        assert_eq!(cut.flashes().len(), 2, "{name}");
    }
}

#[test]
fn a_clip_that_begins_late_or_lies_beside_a_longer_track_is_whole() {
    let sound = "sine=f=440:d=3.2:r=48000";
    let late = make::own(
        "late-start",
        "mkv",
        "testsrc2=s=180x320:r=30:d=3.2",
        sound,
        &["-c:v libx264 -pix_fmt yuv420p -c:a aac -output_ts_offset 10"],
    );
    draft(&late, "").runs(30.0, 3.2);
    draft(&late, "--start 0.1 --end 3.15").runs(30.0, 3.05);
    for (name, extension) in [("longer-track", "mkv"), ("longer-track", "mp4")] {
        let beside = make::own(
            name,
            extension,
            "testsrc2=s=180x320:r=30:d=3.2",
            sound,
            &[
                "-filter_complex [1:a]asplit[a][b];[b]apad=pad_dur=4[c] -map 0:v -map [a] -map [c] -disposition:a:0 default -disposition:a:1 0 -c:v libx264 -pix_fmt yuv420p -c:a aac -ac 2",
            ],
        );
        let (folder, clip) = folder_with(&beside);
        let ran = transcode(folder.path(), &clip, "--effort fast");
        let told = ran.told(0);
        assert!(
            told.iter().all(|(code, _)| code != "damaged-media"),
            "{told:?}"
        );
    }
}

#[test]
fn dolby_vision_without_a_base_is_refused_by_name() {
    let (folder, clip) = folder_with(&brought("dolby-vision-5.mp4"));
    let ran = transcode(folder.path(), &clip, "");
    assert_eq!(ran.code, 1);
    let told = ran.told(0);
    assert_eq!(told[0].0, "unreadable-media");
    assert!(told[0].1.contains("Dolby Vision profile 5"), "{told:?}");
    // 8.1 is HDR10 to whoever does not know better
    let mut bytes = fs::read(brought("dolby-vision-5.mp4")).unwrap();
    let at = make::find(&bytes, b"dvcC")
        .or(make::find(&bytes, b"dvvC"))
        .unwrap()
        + 4;
    // seven bits of profile behind two of version, and four of compatibility
    bytes[at + 2] = 8 << 1 | bytes[at + 2] & 1;
    bytes[at + 4] = 1 << 4 | bytes[at + 4] & 0x0F;
    let based = make::written("dolby-vision-8", "mp4", &bytes);
    let (folder, clip) = folder_with(&based);
    let ran = transcode(folder.path(), &clip, "--effort fast");
    assert_eq!(ran.code, 0, "{:?}", ran.told(0));
}

/// The darkest and the brightest of a column of a film.
fn ends(film: &Film) -> (f64, f64) {
    let picture = film.picture(1.0, (9, 96));
    let column: Vec<f64> = (0..96)
        .map(|y| picture.at(0.5, (f64::from(y) + 0.5) / 96.0)[1])
        .collect();
    let fold = |start: f64, pick: fn(f64, f64) -> f64| column.iter().copied().fold(start, pick);
    (fold(255.0, f64::min), fold(0.0, f64::max))
}

#[test]
fn grey_keeps_its_black_and_its_white() {
    let (dark, bright) = ends(&film(&brought("gray-limited.mp4"), "").runs(30.0, 4.0));
    assert!(dark < 4.0 && bright > 247.0, "{dark} {bright}");
    let ramp = "nullsrc=s=180x320:r=30:d=3.2,format=yuv420p,geq=lum='16+219*Y/319':cb=128:cr=128";
    for (name, format) in [("grey-ten", "gray10le"), ("grey-twelve", "gray12le")] {
        let clip = make::own(
            name,
            "mkv",
            ramp,
            "",
            match format {
                "gray10le" => &["-vf format=yuv420p10le,extractplanes=y -c:v ffv1 -color_range tv"],
                _ => &["-vf format=yuv420p12le,extractplanes=y -c:v ffv1 -color_range tv"],
            },
        );
        let (dark, bright) = ends(&draft(&clip, ""));
        assert!(dark < 4.0 && bright > 250.0, "{format}: {dark} {bright}");
    }
    let full = make::own(
        "grey-full",
        "mkv",
        "nullsrc=s=180x320:r=30:d=3.2,format=gray,geq=lum='255*Y/319'",
        "",
        &["-c:v ffv1 -color_range pc"],
    );
    let (dark, bright) = ends(&draft(&full, ""));
    assert!(dark < 4.0 && bright > 250.0, "{dark} {bright}");
}

#[test]
fn other_screens_colors_are_brought_to_this_one() {
    for (name, by) in [
        ("bt2020-sdr.mp4", film as fn(&Path, &str) -> Film),
        ("display-p3.mov", draft),
    ] {
        let made = by(&brought(name), "").runs(30.0, 4.0);
        let found = made.picture(1.0, (9, 16)).at(0.5, 0.5);
        assert!(near(found, [192.0, 64.0, 64.0], 2.5), "{name}: {found:.1?}");
    }
    let color = "color=0xC04040:s=180x320:r=30:d=3.2,format=gbrp,scale=out_color_matrix=bt709:out_range=tv,format=yuv444p16le,\
        zscale=tin=bt709:pin=bt709:min=bt709:rin=limited:";
    for (name, to, tags) in [
        (
            "ntsc",
            "t=bt709:p=smpte170m:m=smpte170m:r=limited",
            "-colorspace smpte170m -color_primaries smpte170m -color_trc smpte170m",
        ),
        (
            "pal",
            "t=bt709:p=bt470bg:m=bt470bg:r=limited",
            "-colorspace bt470bg -color_primaries bt470bg -color_trc bt709",
        ),
        (
            "wide-full",
            "t=bt709:p=bt2020:m=bt2020nc:r=full",
            "-colorspace bt2020nc -color_primaries bt2020 -color_trc bt2020-10",
        ),
        (
            "old",
            "t=bt470m:p=bt470m:m=bt709:r=limited",
            "-colorspace bt709 -color_primaries bt470m -color_trc gamma22",
        ),
    ] {
        let range = if to.ends_with("full") { "pc" } else { "tv" };
        let picture: &'static str = format!("{color}{to},format=yuv420p10le").leak();
        let options: &'static str =
            format!("-c:v libx264 -crf 8 -pix_fmt yuv420p10le {tags} -color_range {range}").leak();
        let clip = make::own(name, "mp4", picture, "", vec![options].leak());
        let made = draft(&clip, "");
        let found = made.picture(1.0, (9, 16)).at(0.5, 0.5);
        assert!(near(found, [192.0, 64.0, 64.0], 3.0), "{name}: {found:.1?}");
    }
}

#[test]
fn a_raw_stream_runs_at_its_rate() {
    let picture = "testsrc2=s=180x320:r=30:d=4";
    for (extension, options, rate) in [
        ("h264", &["-c:v libx264 -pix_fmt yuv420p -bf 2"], 30.0),
        (
            "hevc",
            &["-c:v libx265 -preset ultrafast -pix_fmt yuv420p -x265-params log-level=none"],
            30.0,
        ),
        ("m2v", &["-c:v mpeg2video -b:v 1M -bf 2"], 30.0),
        ("ivf", &["-c:v libvpx -b:v 300k -deadline realtime"], 30.0),
        // it says no rate
        (
            "obu",
            &["-c:v libaom-av1 -cpu-used 8 -b:v 300k -f obu"],
            25.0,
        ),
        ("mjpeg", &["-c:v mjpeg -q:v 4 -pix_fmt yuvj420p"], 25.0),
    ] {
        let clip = make::own("raw", extension, picture, "", options);
        let seconds = 4.0 * 30.0 / rate;
        draft(&clip, "").runs(rate, seconds);
    }
}

#[test]
fn a_raw_stream_of_jpegs_is_a_layers_film() {
    let red = "color=0xC81E1E:s=180x180:r=25:d=4,format=yuvj420p";
    let clip = make::own("webcam", "mjpeg", red, "", &["-c:v mjpeg -q:v 2"]);
    let found = over_green(&clip, "", &[(0.5, 0.5)]);
    assert!(near(found[0], [200.0, 30.0, 30.0], 9.0), "{found:.0?}");
}

#[test]
fn pictures_whose_references_are_missing_are_not_shown() {
    let whole = "testsrc2=s=180x320:r=25:d=6";
    for (name, extension, options) in [
        ("middle-asp", "avi", &["-c:v mpeg4 -bf 2 -g 60 -q:v 4"]),
        (
            "middle-avc",
            "mkv",
            &["-c:v libx264 -pix_fmt yuv420p -g 60 -keyint_min 60 -sc_threshold 0"],
        ),
    ] {
        let clip = make::own(name, extension, whole, "", options);
        let cut = make::copied(name, extension, &clip, "", "-ss 1 -c copy -copyinkf");
        let made = damaged(&cut, "--effort fast");
        // the first whole picture stands for those before it
        let step: f64 = (0..12)
            .map(|n| {
                let pair = made.pictures[n].iter().zip(&made.pictures[n + 1]);
                pair.map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>()
                    / made.pictures[n].len() as f64
            })
            .fold(0.0, f64::max);
        assert!(step < 1.5, "{name}: {step}");
        assert!(mean(&made.pictures[0]) > 60.0);
        assert!(
            (made.seconds - 5.0).abs() < 0.15,
            "{name}: {}",
            made.seconds
        );
    }
}

#[test]
fn slow_clips_come_out_at_a_rate_that_fits_them() {
    let select = "testsrc2=s=180x320:r=15:d=4,select='lt(mod(n,15),12)'";
    let gaps = make::own(
        "fifteen-with-gaps",
        "mkv",
        select,
        "",
        &["-c:v libx264 -pix_fmt yuv420p -fps_mode vfr"],
    );
    // the last picture is the twelfth of its second
    draft(&gaps, "").runs(30.0, 3.8);
    let steady = make::own(
        "twelve",
        "mp4",
        "testsrc2=s=180x320:r=25/2:d=4",
        "",
        &["-c:v libx264 -pix_fmt yuv420p"],
    );
    draft(&steady, "").runs(25.0, 4.0);
}
