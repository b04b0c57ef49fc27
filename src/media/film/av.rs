//! The C side of FFmpeg that has no safe face: its log, shared frames, and files it may open.
//!
//! In: paths, frames. Out: opened files that read through our own reader, and FFmpeg's words as text. One of three
//! files with `unsafe`; `tests/house.rs` holds it. Never: a network address, a playlist, a file that the caller did not name.
#![expect(
    unsafe_code,
    reason = "FFmpeg's log and shared buffers have no safe wrapper"
)]

use std::cell::RefCell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::fs::File;
use std::path::Path;
use std::sync::Once;

use ffmpeg_next as ffmpeg;
use ffmpeg_next::ffi;
use ffmpeg_next::format::Pixel;
use ffmpeg_next::format::context::{Input, StreamIo};
use ffmpeg_next::{Dictionary, Stream, frame};

use super::instead::instead;
use super::lazy_load;
use crate::media::Error;
use crate::platform::{self, Cancel, Content};

/// Containers that hold film or sound; playlists, which name other files, are not among them.
const CONTAINERS: &str = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,m4v,h264,hevc,flv,asf,ogg,wav,w64,\
    aiff,caf,mp3,aac,ac3,eac3,flac,amr,au,gif,apng,mxf,dv,ivf,yuv4mpegpipe,nut,rm,gxf,vob,wtv,swf,obu,mjpeg,vc1,dirac";

/// Bytes a read of the source asks for.
const READ_BYTES: usize = 256 * 1024;

/// Lines that are kept of what FFmpeg says.
const KEPT_LINES: usize = 8;

thread_local! {
    static MESSAGES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Opens the libraries and sets them up, once.
///
/// # Errors
/// [`Error::Film`] with the one that is not there.
pub(super) fn ready() -> Result<(), Error> {
    static READY: Once = Once::new();
    lazy_load::open().map_err(|message| Error::Film { message })?;
    READY.call_once(|| {
        // only registers what must be registered, and cannot fail with the libraries we link
        let _ = ffmpeg::init();
        // SAFETY: the callback is a plain function that lives as long as the program, takes what the library gives,
        // and never unwinds.
        unsafe { ffi::av_log_set_callback(Some(keep)) };
        thrifty();
    });
    Ok(())
}

/// What is freed and large goes back to the system at once.
///
/// glibc learns from the first large piece that is freed, our sound, to keep all that are smaller: the frames of every
/// encoder that is closed, between others still in use, where the next one's do not fit.
#[cfg(target_env = "gnu")]
fn thrifty() {
    /// Its number in glibc.
    const MMAP_THRESHOLD: c_int = -3;
    /// Bytes; a row of macroblocks is smaller, a picture larger.
    const LARGE: c_int = 1 << 19;
    unsafe extern "C" {
        fn mallopt(parameter: c_int, value: c_int) -> c_int;
    }
    // SAFETY: the function takes two numbers, may be called at any time, and refuses what it does not know.
    unsafe { mallopt(MMAP_THRESHOLD, LARGE) };
}

/// Other allocators do so by themselves.
#[cfg(not(target_env = "gnu"))]
fn thrifty() {}

/// Sets an option of an encoder to a path, whose bytes need not be text.
pub(super) fn set_path(options: &mut Dictionary<'_>, key: &CStr, path: &CStr) {
    // SAFETY: the dictionary is owned by nobody else while the call may move it, and both strings end with a zero; they
    // are copied.
    unsafe {
        let mut entries = std::mem::take(options).disown();
        ffi::av_dict_set(&mut entries, key.as_ptr(), path.as_ptr(), 0);
        *options = Dictionary::own(entries);
    }
}

/// A plane's samples, 8 bits each, rows without gaps.
pub(super) fn plane(frame: &frame::Video, plane: usize) -> Vec<u8> {
    let (width, height) = (frame.plane_width(plane), frame.plane_height(plane));
    let mut samples = Vec::with_capacity(width as usize * height as usize);
    let rows = frame.data(plane).chunks(frame.stride(plane));
    for row in rows.take(height as usize) {
        samples.extend_from_slice(&row[..width as usize]);
    }
    samples
}

/// What FFmpeg said on this thread since it was last asked: errors only, oldest first, at most eight lines.
pub(super) fn messages() -> Vec<String> {
    MESSAGES.with_borrow_mut(std::mem::take)
}

/// The last thing FFmpeg said on this thread, or else the name of its error.
pub(super) fn words(error: ffmpeg::Error) -> String {
    let lines = messages();
    // the first line is the cause, later ones say what could not be done because of it
    lines
        .into_iter()
        .next()
        .unwrap_or_else(|| error.to_string())
}

/// What the library refused, in its words.
pub(super) fn failed(error: ffmpeg::Error) -> Error {
    Error::Film {
        message: words(error),
    }
}

/// The other side has to be asked first: there is nothing to take yet, or no room to give.
pub(super) fn is_again(error: ffmpeg::Error) -> bool {
    matches!(error, ffmpeg::Error::Other { errno } if errno == ffmpeg::error::EAGAIN)
}

/// Keeps errors for the report; everything else is dropped, and nothing reaches the screen.
unsafe extern "C" fn keep(
    context: *mut c_void,
    level: c_int,
    format: *const c_char,
    arguments: *mut ffi::__va_list_tag,
) {
    if level > ffi::AV_LOG_ERROR {
        return;
    }
    let mut line = [0 as c_char; 512];
    // the library's own prefix names addresses in memory, which tell a user nothing
    let mut prefix: c_int = 0;
    // SAFETY: the arguments are handed on as they came; the buffer's length is told and the library ends it with a 0.
    let text = unsafe {
        ffi::av_log_format_line2(
            context,
            level,
            format,
            arguments,
            line.as_mut_ptr(),
            line.len() as c_int,
            &raw mut prefix,
        );
        CStr::from_ptr(line.as_ptr())
    };
    let text = text.to_string_lossy();
    let text = text.trim();
    if text.is_empty() {
        return;
    }
    // a thread that is ending has no list any more, and nobody to read it
    let _ = MESSAGES.try_with(|lines| {
        if let Ok(mut lines) = lines.try_borrow_mut()
            && lines.len() < KEPT_LINES
        {
            lines.push(text.to_owned());
        }
    });
}

/// Whether a file is a raw stream of JPEGs, which FFmpeg takes for one picture.
fn is_motion_jpeg(path: &Path) -> bool {
    platform::content_of(path).is_ok_and(|content| content == Content::Film("MJPEG"))
}

/// Opens a film or a sound file for reading; what is opened stops reading when `cancel` is set.
///
/// The bytes come through our own reader, so that the library opens no other file or address, whatever the
/// container names, and a path needs no particular encoding.
///
/// # Errors
/// [`Error::Io`] if the file cannot be opened, [`Error::Cancelled`], [`Error::TooSlow`], [`Error::Unreadable`] in FFmpeg's
/// words otherwise.
pub(super) fn open(path: &Path, cancel: &Cancel) -> Result<Input, Error> {
    ready()?;
    let file = File::open(path).map_err(Error::io("read", path))?;
    messages();
    let unreadable = |error| Error::Unreadable {
        path: path.to_owned(),
        // the library only knows that it is none of its formats
        message: instead(path).unwrap_or_else(|| words(error)),
    };
    let reader = StreamIo::from_read_seek_with_capacity(file, READ_BYTES).map_err(unreadable)?;
    let mut options = Dictionary::new();
    let containers = match is_motion_jpeg(path) {
        true => format!("{CONTAINERS},jpeg_pipe"),
        false => CONTAINERS.to_owned(),
    };
    options.set("format_whitelist", &containers);
    // nothing is reached by name: what we read comes through the reader
    options.set("protocol_whitelist", "none");
    let stop = cancel.clone();
    // raw streams have no mark at their start and are known by their ending
    let name = path
        .file_name()
        .map(|n| n.to_string_lossy().replace('\0', ""));
    ffmpeg::format::input_from_stream_with_interrupt(
        reader,
        name.as_deref(),
        Some(options),
        move || stop.is_stopped(),
    )
    .map_err(|error| match error {
        // a format that was kept from reading says whatever it missed
        _ if cancel.is_stopped() => Error::stopped(cancel, path),
        error => unreadable(error),
    })
}

/// Makes sure that nobody else reads this frame's pixels, by copying them if somebody does.
///
/// # Errors
/// When there is no memory for the copy.
pub(super) fn own(frame: &mut frame::Video) -> Result<(), ffmpeg::Error> {
    // SAFETY: the pointer is that of a living frame which we hold alone.
    match unsafe { ffi::av_frame_make_writable(frame.as_mut_ptr()) } {
        code if code < 0 => Err(ffmpeg::Error::from(code)),
        _ => Ok(()),
    }
}

/// The packet is there for others to refer to, and is never shown: an edit list cuts it off.
pub(super) fn is_hidden(packet: &ffmpeg::Packet) -> bool {
    use ffmpeg::packet::Ref;
    // SAFETY: the pointer is that of a living packet, and only a number is read.
    unsafe { (*packet.as_ptr()).flags & ffi::AV_PKT_FLAG_DISCARD != 0 }
}

/// Reads only one stream of a file from now on; what belongs to the others is skipped where the container allows it.
pub(super) fn only(input: &mut Input, stream: usize) {
    for index in 0..input.nb_streams() as usize {
        let discard = match index == stream {
            true => ffi::AVDiscard::AVDISCARD_DEFAULT,
            false => ffi::AVDiscard::AVDISCARD_ALL,
        };
        // SAFETY: the index is below the count, the context lives, and the field is the caller's to write.
        unsafe { (**(*input.as_mut_ptr()).streams.add(index)).discard = discard };
    }
}

/// What a stream's metadata say under a name.
pub(super) fn tag(stream: &Stream<'_>, name: &CStr) -> Option<String> {
    // SAFETY: the dictionary lives as long as the stream and nobody changes it meanwhile; its values are strings that end
    // with a 0. They need not be UTF-8, which the safe wrapper takes for granted.
    unsafe {
        let entry = ffi::av_dict_get(
            (*stream.as_ptr()).metadata,
            name.as_ptr(),
            std::ptr::null(),
            0,
        );
        (!entry.is_null()).then(|| {
            CStr::from_ptr((*entry).value)
                .to_string_lossy()
                .into_owned()
        })
    }
}

/// The level that a stream's header claims, in its codec's own numbers.
pub(super) fn level(stream: &Stream<'_>) -> Option<u32> {
    // SAFETY: the parameters live as long as the stream that lends them, and only a number is read.
    let level = unsafe { (*stream.parameters().as_ptr()).level };
    u32::try_from(level).ok().filter(|level| *level > 0)
}

/// The name of the profile that a stream's header claims.
pub(super) fn profile(stream: &Stream<'_>) -> Option<&'static str> {
    let parameters = stream.parameters();
    // SAFETY: the parameters live as long as the stream; the name is a constant of the library, or nothing.
    let name = unsafe {
        let parameters = parameters.as_ptr();
        let name = ffi::avcodec_profile_name((*parameters).codec_id, (*parameters).profile);
        (!name.is_null()).then(|| CStr::from_ptr(name))
    };
    name?.to_str().ok()
}

/// The names under which a file says something about itself, in lower case.
pub(super) fn remarks(input: &Input) -> Vec<String> {
    let mut names = Vec::new();
    // SAFETY: the dictionaries live as long as the input, nobody changes them meanwhile, and their keys are strings that
    // end with a 0. They need not be UTF-8, which the safe wrapper takes for granted.
    unsafe {
        let context = input.as_ptr();
        let mut dictionaries = vec![(*context).metadata];
        dictionaries.extend(input.streams().map(|stream| (*stream.as_ptr()).metadata));
        for dictionary in dictionaries {
            let mut entry = std::ptr::null();
            loop {
                let all = ffi::AV_DICT_IGNORE_SUFFIX;
                entry = ffi::av_dict_get(dictionary, c"".as_ptr(), entry, all);
                if entry.is_null() {
                    break;
                }
                names.push(
                    CStr::from_ptr((*entry).key)
                        .to_string_lossy()
                        .to_lowercase(),
                );
            }
        }
    }
    names
}

/// Where a format keeps its coverage: the plane, the bytes from one pixel to the next, the byte of the first, and how many
/// bits it has; nothing for formats without one, and for those with a palette.
pub(super) fn coverage(format: Pixel) -> Option<(usize, usize, usize, u8)> {
    let descriptor = format.descriptor()?;
    // SAFETY: a descriptor is a constant of the library.
    unsafe {
        let descriptor = &*descriptor.as_ptr();
        let last = descriptor.comp[usize::from(descriptor.nb_components).clamp(1, 4) - 1];
        let has_one = descriptor.flags & ffi::AV_PIX_FMT_FLAG_ALPHA as u64 != 0
            && descriptor.flags & ffi::AV_PIX_FMT_FLAG_PAL as u64 == 0;
        let number = |n: c_int| usize::try_from(n).ok();
        Some((
            number(last.plane)?,
            number(last.step)?,
            number(last.offset)?,
            u8::try_from(last.depth).ok()?,
        ))
        .filter(|_| has_one)
    }
}

/// Bits of a component; 0 for formats that are none.
pub(super) fn depth(format: Pixel) -> u8 {
    let Some(descriptor) = format.descriptor() else {
        return 0;
    };
    // SAFETY: a descriptor is a constant of the library.
    let depth = unsafe { (*descriptor.as_ptr()).comp[0].depth };
    u8::try_from(depth).unwrap_or(0)
}

/// The places of a frame's channels by FFmpeg's numbers, in the order of the channels; empty where nothing names them.
pub(super) fn places(frame: &frame::Audio) -> Vec<i32> {
    /// The number of the first channel of a sphere.
    const SPHERE: i32 = 0x400;
    let of_mask = |mask: u64| (0..64).filter(move |bit| mask >> bit & 1 == 1);
    // SAFETY: the frame lives, and its layout says by `order` which field of the union was written. A map has an entry
    // for each channel, that begins with a number, which is read as such: it need not be one that the bindings know.
    unsafe {
        let layout = &(*frame.as_ptr()).ch_layout;
        let channels = layout.nb_channels.clamp(0, 1024);
        match layout.order {
            ffi::AVChannelOrder::AV_CHANNEL_ORDER_NATIVE => of_mask(layout.u.mask).collect(),
            ffi::AVChannelOrder::AV_CHANNEL_ORDER_AMBISONIC => {
                let beside: Vec<i32> = of_mask(layout.u.mask).collect();
                let sphere = channels - beside.len() as i32;
                (0..sphere).map(|n| SPHERE + n).chain(beside).collect()
            }
            ffi::AVChannelOrder::AV_CHANNEL_ORDER_CUSTOM if !layout.u.map.is_null() => {
                let number = |n: i32| layout.u.map.add(n as usize).cast::<i32>().read();
                (0..channels).map(number).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// What a stream says about itself under a name: its language, its title.
pub(super) fn remark(stream: &Stream<'_>, name: &CStr) -> Option<String> {
    // SAFETY: the dictionary lives as long as the stream that lends it, nobody changes it meanwhile, and its values are
    // strings that end with a 0. They need not be UTF-8, which the safe wrapper takes for granted.
    let value = unsafe {
        let entry = ffi::av_dict_get(
            (*stream.as_ptr()).metadata,
            name.as_ptr(),
            std::ptr::null(),
            0,
        );
        if entry.is_null() {
            return None;
        }
        CStr::from_ptr((*entry).value)
            .to_string_lossy()
            .into_owned()
    };
    let value = value.trim();
    (!value.is_empty()).then(|| value.to_owned())
}

/// Whether pixels of a format can be see-through.
pub(super) fn is_see_through(format: Pixel) -> bool {
    let Some(descriptor) = format.descriptor() else {
        return false;
    };
    // SAFETY: a descriptor is a constant of the library.
    let flags = unsafe { (*descriptor.as_ptr()).flags };
    flags & ffi::AV_PIX_FMT_FLAG_ALPHA as u64 != 0
}
