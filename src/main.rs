//! The `storypress` program: see `storypress --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    storypress::cli::main(std::env::args_os())
}
