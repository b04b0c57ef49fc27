//! Once and only once: the real program against a sandbox, killed at every point of the staircase, under every fault.
//!
//! After each case the sandbox's own list tells the truth: every picture at most once, and exactly once unless its
//! story says `uncertain`, `missed` or `failed`.

mod answers;
mod by_hand;
mod calendar;
mod clocks;
mod decided;
mod disk;
mod faults;
mod flow;
mod foresight;
mod held_up;
mod kills;
mod machines;
mod mailbox;
mod many;
mod month;
mod months;
mod night;
mod notices;
mod numbers;
#[path = "../store/receiver.rs"]
mod receiver;
pub mod rehearsal;
mod secrets;
#[path = "../store/server.rs"]
mod server;
mod service;
mod surroundings;
mod taken_over;
mod times;
mod tokens;
mod turns;
mod two;
mod year;
