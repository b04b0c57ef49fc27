//! The pages: HTML that works without JavaScript, but for the editor.
//!
//! In: requests that the guard let in. Out: pages; forms post here and are sent on with 303. Never: JSON for programs.

mod account_pages;
mod approval;
mod batch;
mod calendar;
mod cards;
mod chart;
mod edit;
mod feed;
mod form;
mod handoff;
mod layout;
mod passes;
mod quota;
mod shared;
mod stories;
mod templates;
mod tray;

use axum::Router;

use super::state::Studio;

/// All pages.
pub fn router() -> Router<Studio> {
    Router::new()
        .merge(edit::router())
        .merge(templates::router())
        .merge(calendar::router())
        .merge(tray::router())
        .merge(approval::router())
        .merge(batch::router())
        .merge(stories::router())
        .merge(handoff::router())
        .merge(feed::router())
        .merge(passes::router())
        .merge(shared::router())
        .merge(account_pages::router())
}
