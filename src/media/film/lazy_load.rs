//! FFmpeg's libraries, opened when the first film is touched.
//!
//! Loading them takes the system 65 to 95 ms of the processor, for they bring 165 others, and most commands touch no film.
//! So each function of theirs that we call stands here under its own name and jumps to where a slot says, as in a
//! procedure linkage table (PLT); the linker finds all of them and asks for no library. Before a library is open, the slot leads to
//! `resolve`, which opens them all.
//!
//! In: the first call. Out: the libraries, for as long as the program lives. Never: another library than the one that we
//! were built against. Elsewhere than on Linux and x86-64 they are linked as usual, and this file does nothing. One of
//! three files with `unsafe`; `tests/house.rs` holds it, and that no function is missing here.

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub(super) use late::open;

/// They were there when the program started.
///
/// # Errors
/// None.
#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
pub(super) fn open() -> Result<(), String> {
    Ok(())
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[expect(
    unsafe_code,
    reason = "a library that is opened late is called through addresses"
)]
mod late {
    use std::arch::global_asm;
    use std::ffi::c_void;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicPtr, Ordering};

    use ffmpeg_next::ffi;
    use libloading::os::unix::{Library, RTLD_LAZY, RTLD_LOCAL};

    /// Of each function its name, which ends with a zero for the system, and what is called under it.
    macro_rules! functions {
        ($($name:ident)*) => {
            const NAMES: &[&str] = &[$(concat!(stringify!($name), "\0")),*];

            global_asm!(
                ".pushsection .data.storypress_late, \"aw\", @progbits",
                ".p2align 3",
                ".globl storypress_late_slots",
                ".hidden storypress_late_slots",
                "storypress_late_slots:",
                ".popsection",
                // A function: where its slot says. At first that is its second half, which asks for the address.
                ".macro storypress_late name",
                ".globl \\name",
                ".hidden \\name",
                ".type \\name, @function",
                "\\name:",
                "jmp *.Lstorypress_slot_\\@(%rip)",
                ".Lstorypress_ask_\\@:",
                "pushq $(.Lstorypress_slot_\\@ - storypress_late_slots)",
                "jmp .Lstorypress_late_ask",
                ".size \\name, . - \\name",
                ".pushsection .data.storypress_late, \"aw\", @progbits",
                ".Lstorypress_slot_\\@:",
                ".quad .Lstorypress_ask_\\@",
                ".popsection",
                ".endm",
                ".pushsection .text.storypress_late, \"ax\", @progbits",
                // Keeps all that an argument can be in, by the System V ABI, and goes on where the answer says.
                ".Lstorypress_late_ask:",
                "pushq %rax",
                "pushq %rcx",
                "pushq %rdx",
                "pushq %rsi",
                "pushq %rdi",
                "pushq %r8",
                "pushq %r9",
                "subq $136, %rsp",
                "movups %xmm0, (%rsp)",
                "movups %xmm1, 16(%rsp)",
                "movups %xmm2, 32(%rsp)",
                "movups %xmm3, 48(%rsp)",
                "movups %xmm4, 64(%rsp)",
                "movups %xmm5, 80(%rsp)",
                "movups %xmm6, 96(%rsp)",
                "movups %xmm7, 112(%rsp)",
                "movq 192(%rsp), %rdi",
                "call {resolve}",
                "movq %rax, %r11",
                "movups (%rsp), %xmm0",
                "movups 16(%rsp), %xmm1",
                "movups 32(%rsp), %xmm2",
                "movups 48(%rsp), %xmm3",
                "movups 64(%rsp), %xmm4",
                "movups 80(%rsp), %xmm5",
                "movups 96(%rsp), %xmm6",
                "movups 112(%rsp), %xmm7",
                "addq $136, %rsp",
                "popq %r9",
                "popq %r8",
                "popq %rdi",
                "popq %rsi",
                "popq %rdx",
                "popq %rcx",
                "popq %rax",
                "addq $8, %rsp",
                "jmp *%r11",
                $(concat!("storypress_late ", stringify!($name))),*,
                ".purgem storypress_late",
                ".popsection",
                resolve = sym resolve,
                options(att_syntax),
            );
        };
    }

    unsafe extern "C" {
        #[link_name = "storypress_late_slots"]
        static SLOTS: [AtomicPtr<c_void>; NAMES.len()];
    }

    /// The six, by the names under which the system has what we were built against.
    fn libraries() -> [String; 6] {
        [
            ("avutil", ffi::LIBAVUTIL_VERSION_MAJOR),
            ("swresample", ffi::LIBSWRESAMPLE_VERSION_MAJOR),
            ("swscale", ffi::LIBSWSCALE_VERSION_MAJOR),
            ("avcodec", ffi::LIBAVCODEC_VERSION_MAJOR),
            ("avformat", ffi::LIBAVFORMAT_VERSION_MAJOR),
            ("avfilter", ffi::LIBAVFILTER_VERSION_MAJOR),
        ]
        .map(|(name, major)| format!("lib{name}.so.{major}"))
    }

    /// Opens the libraries, if nobody has.
    ///
    /// # Errors
    /// Which of them is not there, in the system's words.
    pub(in crate::media::film) fn open() -> Result<(), String> {
        static OPENED: OnceLock<Result<(), String>> = OnceLock::new();
        OPENED.get_or_init(load).clone()
    }

    fn load() -> Result<(), String> {
        let mut opened = Vec::new();
        for name in libraries() {
            // SAFETY: these are FFmpeg's own libraries, whose start does nothing but set themselves up.
            let library = unsafe { Library::open(Some(&name), RTLD_LAZY | RTLD_LOCAL) };
            opened.push(library.map_err(|error| error.to_string())?);
        }
        for (index, name) in NAMES.iter().enumerate() {
            // SAFETY: only the address is taken; whoever calls it does so by FFmpeg's own declaration.
            let found = opened.iter().find_map(|library| unsafe {
                let symbol = library.get::<*mut c_void>(name.as_bytes()).ok()?;
                Some(symbol.into_raw())
            });
            // what this release does not have, the crate that was built against it does not call
            let address = found.unwrap_or(missing as *mut c_void);
            // SAFETY: the slots are as many as the names, and are written and read as a whole.
            unsafe { SLOTS[index].store(address, Ordering::Release) };
        }
        // never closed: the slots lead into them
        std::mem::forget(opened);
        Ok(())
    }

    extern "C" fn missing() -> ! {
        eprintln!("storypress: this release of FFmpeg has no such function");
        std::process::exit(127);
    }

    /// Where the function is whose slot is `offset` bytes behind the first. There is nobody to return an error to: what
    /// may find no library calls [`open`] before.
    extern "C" fn resolve(offset: usize) -> *mut c_void {
        if let Err(error) = open() {
            eprintln!("storypress: FFmpeg's libraries cannot be opened: {error}");
            std::process::exit(127);
        }
        // SAFETY: as above; the offset is that of a slot.
        unsafe { SLOTS[offset / size_of::<*mut c_void>()].load(Ordering::Acquire) }
    }

    functions! {
        av_buffersink_get_frame av_buffersink_get_samples av_buffersink_get_time_base av_buffersink_set_frame_size
        av_buffersrc_add_frame av_buffersrc_close av_buffersrc_get_nb_failed_requests av_codec_is_decoder
        av_codec_is_encoder av_color_primaries_name av_color_range_name av_color_space_name av_color_transfer_name
        av_dict_copy av_dict_free av_dict_get av_dict_set av_dump_format av_find_best_stream av_frame_alloc
        av_frame_copy av_frame_copy_props av_frame_free av_frame_get_buffer av_frame_get_side_data
        av_frame_make_writable av_frame_unref av_free av_freep av_get_bits_per_pixel av_get_bytes_per_sample
        av_get_channel_layout_nb_channels av_get_default_channel_layout av_get_sample_fmt_name av_init_packet
        av_interleaved_write_frame av_log_format_line2 av_log_get_flags av_log_get_level av_log_set_callback
        av_log_set_flags av_log_set_level av_mallocz av_opt_set_bin av_opt_set_dict av_packet_make_writable
        av_packet_ref av_packet_rescale_ts av_packet_unref av_pix_fmt_desc_get av_read_frame av_read_pause av_read_play
        av_realloc av_reduce av_sample_fmt_is_planar av_strdup av_strerror av_write_frame av_write_trailer
        avcodec_alloc_context3 avcodec_close avcodec_configuration avcodec_encode_subtitle avcodec_find_decoder
        avcodec_find_decoder_by_name avcodec_find_encoder avcodec_find_encoder_by_name avcodec_flush_buffers
        avcodec_free_context avcodec_get_name avcodec_get_type avcodec_license avcodec_open2 avcodec_parameters_alloc
        avcodec_parameters_copy avcodec_parameters_free avcodec_parameters_from_context avcodec_parameters_to_context
        avcodec_profile_name avcodec_receive_frame avcodec_receive_packet avcodec_send_frame avcodec_send_packet
        avcodec_version avfilter_configuration avfilter_get_by_name avfilter_graph_alloc avfilter_graph_config
        avfilter_graph_create_filter avfilter_graph_dump avfilter_graph_free avfilter_graph_get_filter
        avfilter_graph_parse_ptr avfilter_inout_alloc avfilter_inout_free avfilter_license avfilter_link
        avfilter_pad_count avfilter_pad_get_name avfilter_pad_get_type avfilter_version avformat_alloc_context
        avformat_alloc_output_context2 avformat_close_input avformat_configuration avformat_find_stream_info
        avformat_free_context avformat_license avformat_network_deinit avformat_network_init avformat_new_stream
        avformat_open_input avformat_seek_file avformat_version avformat_write_header avio_alloc_context avio_close
        avio_context_free avio_flush avio_open avio_size swr_alloc_set_opts swr_convert_frame swr_free swr_get_delay
        swr_init swresample_configuration swresample_license swresample_version sws_allocVec sws_freeContext
        sws_freeFilter sws_freeVec sws_getCachedContext sws_getContext sws_getDefaultFilter sws_getGaussianVec
        sws_isSupportedEndiannessConversion sws_isSupportedInput sws_isSupportedOutput sws_normalizeVec sws_scale
        sws_scaleVec swscale_configuration swscale_license swscale_version
    }
}
