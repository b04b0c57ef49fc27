//! What is remembered, and by whom it is shared.

use std::sync::Arc;

use storypress::scene::Identity;
use storypress::scene::picture::{Fit, Limits, Pictures};

use super::make;

#[test]
fn a_picture_is_made_once_for_all_threads_and_stories() {
    let bytes = make::jpeg(&make::texture(640, 480), turbojpeg::Subsamp::Sub2x2);
    let (_folder, path) = make::file("a.jpg", &bytes);
    let pictures = Pictures::new(Limits::default());
    let wanted = make::wanted(200, 300, Fit::Cover);
    let all: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| pictures.prepare(&path, &wanted).expect("it is whole")))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("no thread panics"))
            .collect()
    });
    assert_eq!(pictures.made(), 1);
    assert!(
        all.iter()
            .all(|made| Arc::ptr_eq(&made.pixels, &all[0].pixels))
    );
    pictures
        .prepare(&path, &make::wanted(100, 100, Fit::Cover))
        .expect("it is whole");
    assert_eq!(pictures.made(), 2, "another box is another picture");
}

#[test]
fn what_does_not_fit_is_forgotten_and_made_again_the_same() {
    let pictures = Pictures::new(Limits {
        cache_bytes: 50_000,
        ..Limits::default()
    });
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let wanted = make::wanted(100, 100, Fit::Cover);
    let paths: Vec<_> = (0..3)
        .map(|i| {
            let path = folder.path().join(format!("{i}.jpg"));
            let bytes = make::jpeg(&make::texture(300 + i, 200), turbojpeg::Subsamp::Sub2x2);
            std::fs::write(&path, bytes).expect("a temporary file can be written");
            path
        })
        .collect();
    let first = pictures.prepare(&paths[0], &wanted).expect("it is whole");
    for path in &paths[1..] {
        pictures.prepare(path, &wanted).expect("it is whole");
    }
    let again = pictures.prepare(&paths[0], &wanted).expect("it is whole");
    assert_eq!(pictures.made(), 4);
    assert_eq!(first.pixels, again.pixels);
}

#[test]
fn a_file_that_changes_is_read_anew() {
    let (_folder, path) = make::file(
        "a.png",
        &make::encode(make::corners(8, 8), image::ImageFormat::Png),
    );
    let pictures = Pictures::new(Limits::default());
    let before = pictures.digest(&path).expect("it can be read");
    assert_eq!(pictures.size(&path), Ok((8, 8)));
    std::fs::write(
        &path,
        make::encode(make::corners(9, 8), image::ImageFormat::Png),
    )
    .expect("a temporary file can be written");
    assert_eq!(pictures.size(&path), Ok((9, 8)));
    assert_ne!(pictures.digest(&path), Ok(before));
    let bytes = std::fs::read(&path).expect("it can be read");
    assert_eq!(pictures.digest(&path), Ok(*blake3::hash(&bytes).as_bytes()));
}

#[test]
fn a_file_that_changes_after_it_was_read_has_no_digest_for_what_was_read() {
    let (_folder, path) = make::file("a.bin", b"one");
    let pictures = Pictures::new(Limits::default());
    let noted = Identity::of(&path).expect("it is there");
    let read = Some(*blake3::hash(b"one").as_bytes());
    assert_eq!(pictures.digest_of_read(&noted), read);
    std::fs::write(&path, b"another").expect("a temporary file can be written");
    assert_eq!(pictures.digest_of_read(&noted), None);
    std::fs::remove_file(&path).expect("it can be removed");
    assert_eq!(pictures.digest_of_read(&noted), None);
}

#[test]
fn a_broken_picture_is_tried_once() {
    let (_folder, path) = make::file("a.jpg", b"no picture at all");
    let pictures = Pictures::new(Limits::default());
    for _ in 0..5 {
        pictures
            .prepare(&path, &make::wanted(10, 10, Fit::Cover))
            .expect_err("it is none");
    }
    assert_eq!(pictures.made(), 1);
}
