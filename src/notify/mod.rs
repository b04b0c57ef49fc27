//! Tells people and programs what happened: webhooks, mail, commands.
//!
//! In: the store's events, and the project's [`Target`]s. Out: notices that have arrived, and a heartbeat.
//! Never: a delay of a story, a story's second publish, a secret in a message.
//!
//! The store holds what is to be told; it was written with the change that caused it. A [`Deliverer`] gives it to the
//! targets, under the same name at every try, until it has arrived or ten tries more have failed within three days.

mod deliver;
mod exec;
mod failure;
mod heartbeat;
mod mail;
mod payload;
mod retry;
mod signature;
mod target;
mod webhook;
mod words;

pub use deliver::Deliverer;
pub use target::{Smtp, Target, Tls, To, Wrong, is_readable, web};
