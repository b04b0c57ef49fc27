//! What publishing leaves out of a story.
//!
//! In: what only a person can add, the account's login. Out: what is said of that which nobody adds. Never: a word on what
//! goes along, or is handed to a person with the story.

use super::accounts;
use crate::batch::LeftOut;
use crate::diag::Diagnostic;
use crate::graph::Login;
use crate::pipeline::{carried, needs_a_person};
use crate::project::Project;
use crate::scene::Extras;

/// What is said of a story that goes out on an account of that login; `is_handed`: a person posts what it cannot carry.
pub fn left_out(
    all: Vec<LeftOut>,
    extras: &Extras,
    login: Login,
    is_handed: bool,
) -> Vec<Diagnostic> {
    // a person has the stickers and the words on the page
    if login == Login::ByHand || is_handed && needs_a_person(login, extras) {
        return Vec::new();
    }
    let goes = carried(login, &extras.stickers);
    let is_left = |one: &LeftOut| one.sticker.is_none_or(|at| !goes.contains(&at));
    let left = all.into_iter().filter(is_left);
    left.map(|one| one.said).collect()
}

/// The same for a slot's story, by what the project says of its account; nothing where it names none.
pub fn left_out_of_slot(
    project: &Project,
    account: Option<&str>,
    all: Vec<LeftOut>,
    extras: &Extras,
) -> Vec<Diagnostic> {
    match accounts::account(project, account) {
        Ok(account) => left_out(all, extras, account.login, account.stickers_by_hand),
        Err(_) => Vec::new(),
    }
}
