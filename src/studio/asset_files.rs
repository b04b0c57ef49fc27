//! Which files may be uploaded, and where they may lie.
//!
//! In: the first bytes of a file, the place that a request names. Out: what it is; a place in an assets folder. Never: the
//! file's name as a proof of what it is.

use std::path::{Component, Path, PathBuf};

use super::template_files::stays_in;
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

    /// How file names of it end.
    fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Picture => &[
                "jpg", "jpeg", "png", "webp", "avif", "heic", "heif", "gif", "svg", "bmp", "tif",
                "tiff",
            ],
            Self::Clip => &[
                "mp4", "m4v", "mov", "webm", "mkv", "avi", "mpg", "mpeg", "ts", "mts", "m2ts",
                "flv", "ogv", "wmv", "3gp", "mxf", "ogg", "oga", "opus", "m4a", "mka",
            ],
            Self::Font => &["ttf", "otf", "ttc", "otc", "woff", "woff2"],
            Self::Sound => &["mp3", "wav", "flac", "aac", "aif", "aiff"],
        }
    }

    /// Whether a file of that name may be it: what is a picture is not called a template.
    pub fn may_be_called(self, name: &str) -> bool {
        let ending = name
            .rsplit_once('.')
            .map(|(_, ending)| ending.to_ascii_lowercase());
        ending.is_some_and(|ending| self.endings().contains(&&*ending))
    }
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
    if !is_text || !are_plain || !is_whole || is_output {
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
    }
}
