//! How the C library's allocator deals with the memory of pictures.
//!
//! In: nothing. Out: nothing. Never: a change of what is computed.
//!
//! Each thread that paints may get a heap of its own, eight for a core, and a heap keeps the largest picture that was made
//! in it: a worker that made a thousand pictures held 315 MB, the studio 276 MB after eighty. With a heap for a core, which
//! gives back what is free at its end, it is half of that, and nothing is slower (100 stories on two cores: 1.11 s and
//! 1.15 s).
#![allow(unsafe_code, reason = "the C library has no other way to be told")]

/// Asks for as many heaps as there are cores, and that they give back what is free: for what runs for days, before it has
/// threads. Other systems need no word.
pub(super) fn set_up() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let heaps = i32::try_from(cores.max(2)).unwrap_or(i32::MAX);
        for (what, value) in [
            (libc::M_ARENA_MAX, heaps),
            (libc::M_TRIM_THRESHOLD, 128 * 1024),
        ] {
            // SAFETY: two numbers go in; a value that it does not take changes nothing
            unsafe { libc::mallopt(what, value) };
        }
    }
}
