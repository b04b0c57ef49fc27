//! Which files may be uploaded, and where they may lie.
//!
//! In: the first bytes of a file, the place that a request names. Out: what it is; a place in an assets folder. Never: the
//! file's name as a proof of what it is.

use std::path::{Component, Path, PathBuf};

use super::template_files::{relative, stays_in};
use super::write;
use crate::platform::{Content, is_web_page, sniff};
use crate::project::Project;

/// What a file of the project's assets is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asset {
    /// A picture.
    Picture,
    /// A clip.
    Clip,
    /// A font.
    Font,
    /// A sound.
    Sound,
}

impl Asset {
    /// As answers say it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Picture => "picture",
            Self::Clip => "clip",
            Self::Font => "font",
            Self::Sound => "sound",
        }
    }

    /// Whether a file of that name may be it: what is a picture is not called a template.
    pub fn may_be_called(self, name: &str) -> bool {
        let ending = ending_of(name);
        let mut own = ENDINGS.iter().filter(|(kind, ..)| *kind == self);
        ending.is_some_and(|ending| own.any(|(_, own, _)| *own == ending))
    }

    /// What a file of that name may be, with its content type; the content decides where that matters.
    pub fn called(name: &str) -> Option<(Self, &'static str)> {
        let ending = ending_of(name)?;
        let found = ENDINGS.iter().find(|(_, own, _)| *own == ending)?;
        Some((found.0, found.2))
    }
}

/// How file names end, small letters, with what such a file is and its content type. What carries sound alone as well as film
/// is a clip by its bytes, and its content type is that of its name.
const ENDINGS: &[(Asset, &str, &str)] = &[
    (Asset::Picture, "jpg", "image/jpeg"),
    (Asset::Picture, "jpeg", "image/jpeg"),
    (Asset::Picture, "png", "image/png"),
    (Asset::Picture, "webp", "image/webp"),
    (Asset::Picture, "avif", "image/avif"),
    (Asset::Picture, "heic", "image/heic"),
    (Asset::Picture, "heif", "image/heif"),
    (Asset::Picture, "gif", "image/gif"),
    (Asset::Picture, "svg", "image/svg+xml"),
    (Asset::Picture, "bmp", "image/bmp"),
    (Asset::Picture, "tif", "image/tiff"),
    (Asset::Picture, "tiff", "image/tiff"),
    (Asset::Clip, "mp4", "video/mp4"),
    (Asset::Clip, "m4v", "video/x-m4v"),
    (Asset::Clip, "mov", "video/quicktime"),
    (Asset::Clip, "webm", "video/webm"),
    (Asset::Clip, "mkv", "video/x-matroska"),
    (Asset::Clip, "avi", "video/x-msvideo"),
    (Asset::Clip, "mpg", "video/mpeg"),
    (Asset::Clip, "mpeg", "video/mpeg"),
    (Asset::Clip, "ts", "video/mp2t"),
    (Asset::Clip, "mts", "video/mp2t"),
    (Asset::Clip, "m2ts", "video/mp2t"),
    (Asset::Clip, "flv", "video/x-flv"),
    (Asset::Clip, "ogv", "video/ogg"),
    (Asset::Clip, "wmv", "video/x-ms-wmv"),
    (Asset::Clip, "3gp", "video/3gpp"),
    (Asset::Clip, "mxf", "application/mxf"),
    (Asset::Clip, "ogg", "audio/ogg"),
    (Asset::Clip, "oga", "audio/ogg"),
    (Asset::Clip, "opus", "audio/ogg"),
    (Asset::Clip, "m4a", "audio/mp4"),
    (Asset::Clip, "mka", "audio/x-matroska"),
    (Asset::Font, "ttf", "font/ttf"),
    (Asset::Font, "otf", "font/otf"),
    (Asset::Font, "ttc", "font/collection"),
    (Asset::Font, "otc", "font/collection"),
    (Asset::Font, "woff", "font/woff"),
    (Asset::Font, "woff2", "font/woff2"),
    (Asset::Sound, "mp3", "audio/mpeg"),
    (Asset::Sound, "wav", "audio/wav"),
    (Asset::Sound, "flac", "audio/flac"),
    (Asset::Sound, "aac", "audio/aac"),
    (Asset::Sound, "aif", "audio/aiff"),
    (Asset::Sound, "aiff", "audio/aiff"),
];

fn ending_of(name: &str) -> Option<String> {
    let (_, ending) = name.rsplit_once('.')?;
    Some(ending.to_ascii_lowercase())
}

/// Files that are looked at; what is beyond is not found.
const MOST_FILES: usize = 20_000;

/// Every file of the project that people made, against its folder: none that is hidden, of OUT, or of other programs' folders.
pub fn all(project: &Project) -> Vec<String> {
    let mut open = vec![project.root.clone()];
    let mut found = Vec::new();
    let mut seen = 0;
    while let Some(folder) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries.flatten() {
            seen += 1;
            let (name, path) = (entry.file_name(), entry.path());
            let name = name.to_string_lossy();
            let is_ours = !name.starts_with('.') && Some(&path) != project.out.as_ref();
            match entry.file_type() {
                _ if !is_ours || seen > MOST_FILES => {}
                Ok(kind) if kind.is_dir() && !["target", "node_modules"].contains(&&*name) => {
                    open.push(path);
                }
                Ok(kind) if kind.is_file() => found.extend(relative(project, &path)),
                _ => {}
            }
        }
    }
    found.sort();
    found
}

/// A digest of every picture, clip, font and sound of the project: their names and bytes; of one over 64 MiB its length and
/// the time that it was written.
pub fn digest(project: &Project) -> String {
    let mut hasher = blake3::Hasher::new();
    for path in all(project) {
        if Asset::called(&path).is_none() {
            continue;
        }
        hasher.update(path.as_bytes()).update(&[0]);
        let file = project.root.join(&path);
        let Ok(about) = file.metadata() else { continue };
        hasher.update(&about.len().to_le_bytes());
        if about.len() > 64 * 1024 * 1024 {
            hasher.update(format!("{:?}", about.modified().ok()).as_bytes());
        } else if let Ok(file) = std::fs::File::open(&file) {
            // one that cannot be read now is another than one that can
            let read = hasher.update_reader(file).is_ok();
            hasher.update(&[u8::from(read)]);
        }
    }
    hasher.finalize().to_hex()[..32].to_owned()
}

/// What a file is, by its first bytes.
pub fn asset_of(head: &[u8]) -> Option<Asset> {
    if let Some(found) = font_or_sound(head) {
        return Some(found);
    }
    match sniff(head) {
        Content::Jpeg | Content::Png | Content::OtherStill(_) => Some(Asset::Picture),
        Content::Film(_) if !is_web_page(head) => Some(Asset::Clip),
        _ => None,
    }
}

/// OpenType 1.9, WOFF 1 and 2; ID3, MPEG audio, RIFF WAVE, FLAC, AIFF, ADTS.
fn font_or_sound(head: &[u8]) -> Option<Asset> {
    let begins = |what: &[u8]| head.starts_with(what);
    let fonts: [&[u8]; 6] = [b"\0\x01\0\0", b"OTTO", b"ttcf", b"true", b"wOFF", b"wOF2"];
    if fonts.iter().any(|what| begins(what)) {
        return Some(Asset::Font);
    }
    let form = head.get(8..12);
    let is_wave = begins(b"RIFF") && form == Some(b"WAVE");
    let is_aiff = begins(b"FORM") && matches!(form, Some(b"AIFF" | b"AIFC"));
    // a frame of MPEG audio or ADTS: eleven or twelve bits that are set, and a layer or none
    let is_frame =
        matches!(head, [0xFF, second, third, ..] if second & 0xE0 == 0xE0 && third & 0xF0 != 0xF0);
    let is_frame = is_frame && !matches!(head, [0xFF, 0xFE | 0xFF, ..]);
    let is_sound = is_wave || is_aiff || begins(b"ID3") || begins(b"fLaC") || is_frame;
    // a JPEG begins with FF D8, which no frame does
    is_sound.then_some(Asset::Sound)
}

/// The place that `to` names: a file in a folder called `assets`, or in a folder below it. A folder takes the file under its
/// `own` name.
pub fn place(project: &Project, to: &str, own: &str) -> Option<PathBuf> {
    let named = project.root.join(to).is_dir() || to.ends_with('/');
    let path = match named {
        true => format!("{}/{own}", to.trim_end_matches('/')),
        false => to.to_owned(),
    };
    let is_text = !path.contains(['\\', ':']) && !path.chars().any(char::is_control);
    let parts: Vec<_> = Path::new(&path).components().collect();
    let are_plain = parts.iter().all(|part| match part {
        Component::Normal(name) => !name.to_string_lossy().starts_with('.'),
        _ => false,
    });
    let is_whole = path.split('/').count() == parts.len();
    let folders = &parts[..parts.len().saturating_sub(1)];
    let at = folders
        .iter()
        .position(|part| part.as_os_str() == "assets")?;
    let file = project.root.join(&path);
    let assets: PathBuf = folders[..=at].iter().collect();
    let assets = project.root.join(assets);
    let out = project.out.as_ref();
    let is_output = out.is_some_and(|out| file.starts_with(out));
    let is_name = write::is_possible(&file);
    if !is_text || !is_name || !are_plain || !is_whole || is_output {
        return None;
    }
    // the folder may have to be made; then nothing in it can be a link
    let stays = match assets.symlink_metadata() {
        Ok(_) => {
            let real = assets.canonicalize();
            real.is_ok_and(|real| real.starts_with(&project.root)) && stays_in(&file, &assets)
        }
        Err(_) => stays_in(&file, &project.root),
    };
    stays.then_some(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_bytes_say() {
        for (head, wanted) in [
            (&b"\xFF\xD8\xFF\xE0\0\x10JFIF"[..], Some(Asset::Picture)),
            (b"\x89PNG\r\n\x1a\n", Some(Asset::Picture)),
            (
                b"<svg xmlns='http://www.w3.org/2000/svg'/>",
                Some(Asset::Picture),
            ),
            (b"\0\0\0\x18ftypmp42", Some(Asset::Clip)),
            (b"\0\x01\0\0\0\x0c", Some(Asset::Font)),
            (b"OTTO\0", Some(Asset::Font)),
            (b"ID3\x04", Some(Asset::Sound)),
            (b"\xFF\xFB\x90\x64", Some(Asset::Sound)),
            (b"RIFF\0\0\0\0WAVEfmt ", Some(Asset::Sound)),
            (b"<!doctype html><script>", None),
            (b"#!/bin/sh\n", None),
            (b"[vars]\n", None),
            (b"", None),
        ] {
            assert_eq!(asset_of(head), wanted, "{head:?}");
        }
        assert!(Asset::Picture.may_be_called("a.JPG") && !Asset::Picture.may_be_called("a.toml"));
    }

    #[test]
    fn an_upload_stays_in_an_assets_folder() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join("assets/fonts")).unwrap();
        std::fs::create_dir_all(root.join("assets/x")).unwrap();
        let outside = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(outside.path(), root.join("assets/link")).unwrap();
        let project = Project::none(&root);
        let place = |to: &str| place(&project, to, "own.jpg");
        assert_eq!(place("assets/a.jpg"), Some(root.join("assets/a.jpg")));
        assert_eq!(place("assets"), Some(root.join("assets/own.jpg")));
        assert_eq!(place("assets/"), Some(root.join("assets/own.jpg")));
        assert_eq!(
            place("assets/fonts"),
            Some(root.join("assets/fonts/own.jpg"))
        );
        assert_eq!(
            place("assets/new/a.jpg"),
            Some(root.join("assets/new/a.jpg"))
        );
        for to in [
            "",
            "a.jpg",
            "templates/a.jpg",
            "assets/../a.jpg",
            "../assets/a.jpg",
            "/assets/a.jpg",
            "assets/.hidden/a.jpg",
            "assets/.a.jpg",
            "assets\\a.jpg",
            "assets/a\0.jpg",
            "assets/link/a.jpg",
            "assets/link",
            "assets//a.jpg",
        ] {
            assert_eq!(place(to), None, "{to:?}");
        }
        let long = "y".repeat(300);
        assert_eq!(place(&format!("assets/{long}.jpg")), None);
        assert_eq!(place(&format!("assets/{long}/")), None);
        assert_eq!(place("assets/a/../b.jpg"), None);
    }
}
