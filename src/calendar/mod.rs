//! Which slots a rule means.
//!
//! In: a [`Rule`] and two instants. Out: its [`Slot`]s between them, in the order in which they are due, over clock
//! changes of every zone; which row of data a slot takes ([`pick()`]); what another calendar would change ([`diff`]).
//! Never: a clock of its own, a file, a database.

mod days;
mod diff;
mod every;
mod expand;
mod history;
pub mod ics;
mod pick;
mod read;
mod rule;
mod slot;
mod words;

pub use days::{Days, DaysError, Nth};
pub use diff::{Difference, diff};
pub use every::Every;
pub use expand::Slots;
pub use history::{History, Used};
pub use pick::{Picked, adopt, all_are_new, id_of, pick};
pub use read::{KEYS, ReadDays, read};
pub use rule::{Pick, Places, Rule, Unapproved};
pub use slot::{Change, Slot, SlotId, SlotIdError};
