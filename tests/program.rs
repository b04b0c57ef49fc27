//! The program under test.

use std::sync::LazyLock;

static PROGRAM: LazyLock<String> = LazyLock::new(|| {
    let another = std::env::var("STORYPRESS_TEST_PROGRAM");
    another.unwrap_or_else(|_| env!("CARGO_BIN_EXE_storypress").to_owned())
});

/// Where it is: the one that Cargo built with the tests, or another one that `STORYPRESS_TEST_PROGRAM` names.
pub fn program() -> &'static str {
    &PROGRAM
}
