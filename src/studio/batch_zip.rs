//! The pictures of a batch as one ZIP, sent while they are made.
//!
//! In: a batch and places in it. Out: a stream of bytes. Never: the whole file in memory; a file that looks whole and is not:
//! where it is broken off, the stream ends with an error, and what could not be made is named in `not-made.txt`.

use std::io::{self, Write};
use std::sync::Arc;

use axum::body::{Body, Bytes};
use tokio::sync::mpsc::{Sender, channel};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::batch::Batch;
use super::batch_decisions::Verdict;
use super::problem::Problem;
use crate::media::Media;
use crate::platform::Cancel;

/// So many bytes are sent at once.
const PIECE: usize = 64 * 1024;

/// What was not made is told here.
const NOT_MADE: &str = "not-made.txt";

/// A ZIP of the pictures at these places.
pub fn body(batch: Arc<Batch>, places: Vec<usize>, stop: Cancel) -> Body {
    let (sender, receiver) = channel::<io::Result<Bytes>>(4);
    tokio::task::spawn_blocking(move || {
        let pipe = Pipe {
            sender: sender.clone(),
            piece: Vec::with_capacity(PIECE),
        };
        if let Err(error) = written(&batch, &places, &stop, pipe) {
            // who went away hears nothing
            let _ = sender.blocking_send(Err(error));
        }
    });
    Body::from_stream(futures_util::stream::unfold(
        receiver,
        async |mut receiver| Some((receiver.recv().await?, receiver)),
    ))
}

fn written(batch: &Batch, places: &[usize], stop: &Cancel, pipe: Pipe) -> io::Result<()> {
    let mut zip = ZipWriter::new_stream(pipe);
    // a JPEG does not get smaller
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut not_made = String::new();
    let is_decided = batch.is_decided();
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    for some in places.chunks(threads) {
        for (place, made) in made(batch, some, stop) {
            let name = &batch.stories[place].name;
            if stop.is_stopped() {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let bytes = made.and_then(|media| {
                std::fs::read(&media.path).map_err(|error| Problem::not_found(error.to_string()))
            });
            let is_approved =
                (batch.decision(name)).is_some_and(|decision| decision.verdict == Verdict::Approve);
            match bytes {
                Ok(_) if is_decided && !is_approved => {
                    not_made += &format!("{name}: another picture was approved\n");
                }
                Ok(bytes) => {
                    zip.start_file(format!("{name}.jpg"), stored)?;
                    zip.write_all(&bytes)?;
                }
                Err(problem) => not_made += &format!("{name}: {}\n", reasons(&problem)),
            }
        }
    }
    if !not_made.is_empty() {
        zip.start_file(NOT_MADE, stored)?;
        zip.write_all(not_made.as_bytes())?;
    }
    zip.finish()?.into_inner().flush()
}

fn reasons(problem: &Problem) -> String {
    let told = problem.to_json();
    let found = told["diagnostics"].as_array().into_iter().flatten();
    let messages: Vec<&str> = found.filter_map(|d| d["message"].as_str()).collect();
    match messages.is_empty() {
        true => problem.detail().to_owned(),
        false => messages.join("; "),
    }
}

/// The pictures at some places, each on a thread of its own, in their order.
fn made(batch: &Batch, some: &[usize], stop: &Cancel) -> Vec<(usize, Result<Media, Problem>)> {
    std::thread::scope(|scope| {
        let each: Vec<_> = some
            .iter()
            .map(|place| (*place, scope.spawn(|| batch.picture(*place, stop))))
            .collect();
        let joined = each.into_iter().map(|(place, thread)| {
            let broke = |_| Err(Problem::internal("a picture broke its thread"));
            (place, thread.join().unwrap_or_else(broke))
        });
        joined.collect()
    })
}

/// Bytes on their way to who asked.
struct Pipe {
    sender: Sender<io::Result<Bytes>>,
    piece: Vec<u8>,
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let piece = std::mem::take(&mut self.piece);
        let sent = self.sender.blocking_send(Ok(piece.into()));
        sent.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}
