//! `/api/v1`: the same work for other programs.
//!
//! In: requests that the guard let in. Out: JSON, pictures, events; the OpenAPI document made from the routes themselves.
//! Never: a page.
//!
//! A file has a `router()` with its routes, each with a `#[utoipa::path]`, and is named in [`router`]. What acts is done once
//! for an `Idempotency-Key` without a word in the route: `idempotency` lies over all of them. A path that goes on over
//! slashes is written `{*path}`; the document calls it `{path}`.

mod accounts;
pub mod answers;
mod assets;
mod batches;
mod condition;
mod drafts;
mod edit;
mod events;
pub mod input;
mod palette;
mod preview;
mod rows;
mod session;
mod slots;
mod stories;
mod templates;
mod undo;

use utoipa_axum::router::OpenApiRouter;

use super::state::Studio;

/// All routes below `/api/v1`.
pub fn router() -> OpenApiRouter<Studio> {
    OpenApiRouter::new()
        .merge(session::router())
        .merge(templates::router())
        .merge(preview::router())
        .merge(assets::router())
        .merge(rows::router())
        .merge(events::router())
        .merge(edit::router())
        .merge(palette::router())
        .merge(slots::router())
        .merge(stories::router())
        .merge(accounts::router())
        .merge(batches::router())
        .merge(undo::router())
        .merge(drafts::router())
}
