//! The rehearsal platform, asked as clients ask the real one.

mod faults;
mod fetching;
mod limits;
mod logins;
mod protocol;
mod stage;
mod uploads;
mod worlds;
