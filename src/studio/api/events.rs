//! `events`: what happened, as server-sent events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use futures_util::{Stream, StreamExt as _, stream};
use tokio::sync::broadcast::error::RecvError;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::input::text;
use crate::studio::events::Event;
use crate::studio::state::Studio;

/// How often a stream without news says that it lives.
const COMMENT: Duration = Duration::from_secs(15);

/// The routes.
pub fn router() -> OpenApiRouter<Studio> {
    OpenApiRouter::new().routes(routes!(events))
}

/// What happens from now on, and what was missed since `Last-Event-ID`: `file` `{path, hash}`, `slot` and `story` `{id, state}`.
#[utoipa::path(get, path = "/events", tag = "events",
    params(("Last-Event-ID" = Option<String>, Header, description = "The number of the last event that was seen")),
    responses((status = 200, description = "A stream that does not end", body = String, content_type = "text/event-stream")))]
async fn events(
    State(studio): State<Studio>,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Sent, Infallible>>> {
    let last = text(&headers, "last-event-id").parse().ok();
    let (missed, receiver) = studio.events.listen(last);
    let coming = stream::unfold(receiver, |mut receiver| async {
        loop {
            match receiver.recv().await {
                Ok(event) => return Some((event, receiver)),
                // a listener that was too slow goes on with what is there
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    });
    let listening = studio.listen();
    let all = stream::iter(missed).chain(coming).map(move |event| {
        let _listening = &listening;
        Ok(sent(&event))
    });
    // a first comment, so that a client sees at once that it is connected
    let first = stream::once(async { Ok(Sent::default().comment("here")) });
    let ended = studio.clone();
    let stream = first
        .chain(all)
        .take_until(async move { ended.closed().await });
    Sse::new(stream).keep_alive(KeepAlive::new().interval(COMMENT))
}

fn sent(event: &Arc<Event>) -> Sent {
    Sent::default()
        .id(event.id.to_string())
        .event(event.kind)
        .data(event.data.to_string())
}
