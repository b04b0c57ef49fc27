//! `accounts`: who publishes.

use utoipa_axum::router::OpenApiRouter;

use crate::studio::state::Studio;

/// The routes.
pub fn router() -> OpenApiRouter<Studio> {
    OpenApiRouter::new()
}
