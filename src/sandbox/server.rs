//! Requests: who answers them, what goes wrong on the way, and what is remembered of them.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use futures_util::stream;
use serde_json::{Value, json};

use super::app::App;
use super::ask::{self, Ask};
use super::effect::Effect;
use super::fault::{Do, Fault, On, Plan};
use super::graph;
use super::private_ask::AppAsk;
use super::refusal::Refusal;
use super::reply::{Reply, put_headers, typed};
use super::usage::{Percent, account_header};
use super::wire::Wire;
use super::world::Logged;
use super::{admin, consent, files, private, private_reply, upload};

/// The most that a request's body holds, uploads apart.
const MAX_BODY: usize = 2 * 1024 * 1024;

/// The most that the app sends at once.
const MAX_FILE: usize = 300 * 1024 * 1024;

/// How long `huge` is where the plan does not say.
const HUGE: usize = 5 * 1024 * 1024;

/// Answers one request; ends it when the server ends.
pub async fn serve(
    State(app): State<Arc<App>>,
    ConnectInfo(wire): ConnectInfo<Wire>,
    request: Request,
) -> Response {
    let mut closing = app.closing.subscribe();
    tokio::select! {
        response = route(&app, &wire, request) => response,
        _ = closing.wait_for(|is_closing| *is_closing) => cut(&wire),
    }
}

async fn route(app: &Arc<App>, wire: &Wire, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let path = head.uri.path().to_owned();
    let parts = ask::split(&path).1;
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    match parts.as_slice() {
        [] if head.method == Method::GET => files::page(&head.headers),
        ["sandbox", ..] => {
            let Ok(body) = axum::body::to_bytes(body, MAX_BODY).await else {
                return too_long();
            };
            admin::answer(
                app,
                &head.method,
                &parts[1..],
                &head.uri,
                &head.headers,
                &body,
            )
        }
        ["cdn", file] => files::medium(app, file, &head.headers).await,
        ["oauth", "authorize"] | ["dialog", "oauth"] => {
            consent::answer(app, parts[0] == "dialog", &head.uri, &head.headers)
        }
        ["ig-api-upload", .., id] => {
            let work = Work::Upload {
                id: (*id).to_owned(),
                headers: head.headers,
                body,
            };
            rehearse(app, wire, work, head.method, &path).await
        }
        // the app says that it speaks to Instagram's own host, wherever it is sent to
        parts if private::is_of_app(parts) => {
            let most = if parts.len() == 2 { MAX_FILE } else { MAX_BODY };
            let Ok(body) = axum::body::to_bytes(body, most).await else {
                return too_long();
            };
            let query = head.uri.query().unwrap_or_default();
            let ask = AppAsk::read(head.method.clone(), parts, query, head.headers, body);
            let work = Work::App(Box::new(ask));
            rehearse(app, wire, work, head.method, &path).await
        }
        _ => {
            let Ok(body) = axum::body::to_bytes(body, MAX_BODY).await else {
                return too_long();
            };
            let query = head.uri.query().unwrap_or_default();
            let ask = Ask::read(&head.method, &path, query, &head.headers, &body);
            let work = Work::Graph {
                ask: Box::new(ask),
                headers: head.headers,
            };
            rehearse(app, wire, work, head.method, &path).await
        }
    }
}

fn too_long() -> Response {
    Reply::from(Refusal::parameter(
        "The request is too long, or ended too early",
    ))
    .into_response()
}

/// A request to the platform.
enum Work {
    Graph {
        ask: Box<Ask>,
        headers: HeaderMap,
    },
    Upload {
        id: String,
        headers: HeaderMap,
        body: Body,
    },
    App(Box<AppAsk>),
}

impl Work {
    fn headers(&self) -> &HeaderMap {
        match self {
            Self::Graph { headers, .. } | Self::Upload { headers, .. } => headers,
            Self::App(ask) => &ask.headers,
        }
    }

    fn about(&self, app: &App) -> (On, Option<String>) {
        let world = app.world();
        match self {
            Self::Graph { ask, .. } => graph::about(&world, ask),
            Self::Upload { id, .. } => {
                let user = world.container(id).map(|c| c.user_id.clone());
                (On::Upload, user)
            }
            Self::App(ask) => private::about(&world, ask),
        }
    }

    /// Does it. What has begun is done, also when the client goes away.
    async fn run(self, app: &Arc<App>, effect: Effect, wait: Duration) -> Reply {
        match self {
            Self::Graph { ask, .. } => {
                let app = Arc::clone(app);
                let running = tokio::spawn(async move {
                    tokio::time::sleep(wait).await;
                    graph::run(&app, &ask, effect).await
                });
                running.await.unwrap_or_else(|_| Refusal::server().into())
            }
            Self::App(ask) => {
                let app = Arc::clone(app);
                let running = tokio::spawn(async move {
                    tokio::time::sleep(wait).await;
                    private::run(&app, &ask, effect).await
                });
                running.await.unwrap_or_else(|_| Refusal::server().into())
            }
            Self::Upload { id, headers, body } => {
                tokio::time::sleep(wait).await;
                upload::take(app, &id, &headers, body, effect).await
            }
        }
    }

    /// Does nothing, but reads what the client is sending; `late` then does it after all.
    async fn drop(self, app: &Arc<App>, effect: Effect, late: Option<Duration>) {
        match self {
            Self::Upload { body, .. } => {
                let _ = axum::body::to_bytes(body, usize::MAX).await;
            }
            Self::Graph { .. } | Self::App(_) => {
                if let Some(late) = late {
                    let app = Arc::clone(app);
                    tokio::spawn(async move { self.run(&app, effect, late).await });
                }
            }
        }
    }
}

/// Answers a request to the platform, as the plan of faults has it, and remembers it.
async fn rehearse(app: &Arc<App>, wire: &Wire, work: Work, method: Method, path: &str) -> Response {
    let (on, user_id) = work.about(app);
    let fault = match header_fault(work.headers()) {
        Err(said) => return Reply::from(Refusal::parameter(&said)).into_response(),
        Ok(Some(fault)) => Some(fault),
        Ok(None) => app.world().plan.take(on, user_id.as_deref()),
    };
    let word = fault.as_ref().map(Fault::word);
    let response = match fault {
        None => Some(
            work.run(app, Effect::default(), Duration::ZERO)
                .await
                .into_response(),
        ),
        Some(fault) => faulty(app, work, &fault, on, user_id.as_deref()).await,
    };
    let mut world = app.world();
    let logged = Logged {
        time: world.now(),
        method: method.to_string(),
        path: path.to_owned(),
        on: on.as_str(),
        user_id,
        status: response.as_ref().map(|response| response.status().as_u16()),
        fault: word,
    };
    tracing::debug!(?logged, "a request");
    world.note(logged);
    drop(world);
    response.unwrap_or_else(|| cut(wire))
}

/// An answer that never arrives.
fn cut(wire: &Wire) -> Response {
    wire.cut();
    Response::new(Body::empty())
}

/// `X-Sandbox-Fault`: one fault for this request alone.
fn header_fault(headers: &HeaderMap) -> Result<Option<Fault>, String> {
    let Some(text) = headers.get("x-sandbox-fault") else {
        return Ok(None);
    };
    let faults = Plan::read(text.as_bytes()).map_err(|said| format!("X-Sandbox-Fault: {said}"))?;
    Ok(faults.into_iter().next())
}

/// The answer under a fault; none when the connection is cut.
async fn faulty(
    app: &Arc<App>,
    work: Work,
    fault: &Fault,
    on: On,
    user_id: Option<&str>,
) -> Option<Response> {
    let effect = Effect::of(fault);
    let is_of_app = matches!(work, Work::App(_));
    let wait = match fault.act {
        Do::DelayBefore => Duration::from_millis(fault.ms.unwrap_or(30_000)),
        _ => Duration::ZERO,
    };
    let done = if fault.has_effect() {
        Some(work.run(app, effect, wait).await)
    } else {
        let late = fault.late_ms.map(Duration::from_millis);
        work.drop(app, effect, late).await;
        None
    };
    let body = || {
        done.as_ref()
            .map_or(Value::Null, |reply| reply.body.clone())
    };
    match fault.act {
        Do::DropBefore | Do::DropAfter | Do::PartialDrop => None,
        Do::Html => Some(typed(
            fault.status.unwrap_or(200),
            "text/html; charset=utf-8",
            HTML,
        )),
        Do::Huge => Some(huge(fault)),
        Do::Drip => Some(drip(body().to_string(), fault.ms.unwrap_or(500))),
        Do::Redirect => Some(redirect(fault)),
        Do::Cut => Some(broken_off(body().to_string())),
        Do::Delay => {
            tokio::time::sleep(Duration::from_millis(fault.ms.unwrap_or(30_000))).await;
            done.map(Reply::into_response)
        }
        Do::LetteredId => {
            let mut reply = done?;
            if is_of_app {
                for name in ["pk", "id"] {
                    let id = reply.body["media"][name].as_str().unwrap_or_default();
                    reply.body["media"][name] = format!("x{id}").into();
                }
                return Some(reply.into_response());
            }
            let id = reply.body["id"].as_str().unwrap_or_default().to_owned();
            reply.body["id"] = format!("{id}x").into();
            Some(reply.into_response())
        }
        Do::QuotaReached if on == On::Quota => Some(all_used(app).into_response()),
        _ if is_of_app => Some(match private_reply::of_fault(fault) {
            Some(reply) => reply.into_response(),
            None => done?.into_response(),
        }),
        _ => Some(match refusal(fault, user_id) {
            Some(reply) => reply.into_response(),
            None => done?.into_response(),
        }),
    }
}

const HTML: &str = "<!doctype html><html><head><title>Sorry</title></head><body><h1>Sorry, something went wrong.</h1>\
                    <p>We're working on getting this fixed as soon as we can.</p></body></html>";

/// The refusal that a fault puts in place of the answer.
fn refusal(fault: &Fault, user_id: Option<&str>) -> Option<Reply> {
    let refusal = match fault.act {
        Do::Error | Do::ErrorAfter => return Some(custom(fault)),
        Do::Throttled => return Some(throttled(fault, user_id)),
        Do::ProcessingFailed => return Some(upload::processing_failed()),
        Do::ServerError => Refusal::server(),
        Do::Blocked | Do::BlockedButLive => Refusal::blocked(),
        Do::NotReady => Refusal::not_ready(),
        Do::Unreachable => Refusal::unreachable("get", "0"),
        Do::ExpiredToken => Refusal::expired_token(
            "Friday, 20-Nov-26 00:00:00 PST",
            "Saturday, 21-Nov-26 00:00:00 PST",
        ),
        Do::FetchFailed => Refusal::unfetched("as the plan has it"),
        Do::QuotaReached => Refusal::quota(),
        Do::Challenge => {
            Refusal::new(190, "Error validating access token: a checkpoint is open.").subcode(459)
        }
        Do::NoMedia => return Some(Reply::new(200, json!({"success": true}))),
        _ => return None,
    };
    Some(refusal.into())
}

fn custom(fault: &Fault) -> Reply {
    let status = fault.status.unwrap_or(400);
    if let Some(body) = &fault.body {
        return Reply::new(status, body.clone());
    }
    let message = fault
        .message
        .clone()
        .unwrap_or_else(|| "An unknown error has occurred.".to_owned());
    let mut refusal = Refusal::new(fault.code.unwrap_or(1), message);
    refusal.subcode = fault.subcode;
    refusal.status = status;
    refusal.into()
}

fn throttled(fault: &Fault, user_id: Option<&str>) -> Reply {
    let mut reply = Reply::from(Refusal::throttled());
    let minutes = fault.minutes.unwrap_or(5);
    let percent = Percent {
        calls: 100,
        regain_minutes: i64::try_from(minutes).unwrap_or(i64::MAX),
    };
    let header = account_header(user_id.unwrap_or("0"), percent).to_string();
    reply.headers.push(("x-business-use-case-usage", header));
    reply
}

fn all_used(app: &App) -> Reply {
    let total = app.world().settings.quota_total;
    let config = json!({"quota_total": total, "quota_duration": 86_400});
    Reply::new(
        200,
        json!({"data": [{"quota_usage": total, "config": config}]}),
    )
}

fn huge(fault: &Fault) -> Response {
    let length = fault
        .bytes
        .and_then(|bytes| usize::try_from(bytes).ok())
        .unwrap_or(HUGE);
    let text = format!(
        "{{\"id\":\"1\",\"padding\":\"{}\"}}",
        "x".repeat(length.min(1 << 30))
    );
    typed(200, "application/json; charset=UTF-8", text)
}

/// A byte at a time.
fn drip(text: String, ms: u64) -> Response {
    let bytes = text.into_bytes();
    let drops = stream::unfold((bytes, 0), move |(bytes, at)| async move {
        let byte = *bytes.get(at)?;
        tokio::time::sleep(Duration::from_millis(ms)).await;
        let drop: Result<Bytes, std::convert::Infallible> = Ok(Bytes::from(vec![byte]));
        Some((drop, (bytes, at + 1)))
    });
    typed(
        200,
        "application/json; charset=UTF-8",
        Body::from_stream(drops),
    )
}

/// The first half, and then the connection ends.
fn broken_off(text: String) -> Response {
    let half = text.len() / 2;
    let parts = [
        Ok(Bytes::from(text.into_bytes()[..half].to_vec())),
        Err(std::io::Error::other("cut off")),
    ];
    let body = Body::from_stream(stream::iter(parts));
    typed(200, "application/json; charset=UTF-8", body)
}

fn redirect(fault: &Fault) -> Response {
    // `.invalid` leads nowhere, RFC 2606
    let to = fault
        .to
        .clone()
        .unwrap_or_else(|| "https://elsewhere.invalid/v26.0/me".to_owned());
    let mut response = typed(fault.status.unwrap_or(302), "text/plain", "");
    put_headers(&mut response, &[("location", to)]);
    response
}
