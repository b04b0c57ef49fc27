//! `/healthz`, `/readyz`, `/metrics`: a worker asked over HTTP.
//!
//! In: an address, a worker. Out: whether its loop turns, whether its store answers, its numbers.
//! Never: a secret, a change, more than one question to the store at a time.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use super::error::Error;
use super::metrics::{self, Known};
use crate::pipeline::{Driver, Pulse};
use crate::store;

/// A loop that has not gone round for so long has come to a stop.
pub(super) const STILL: Duration = Duration::from_secs(60);

/// How long the store has to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whoever asks again within this gets the same answer.
const FRESH: Duration = Duration::from_secs(1);

/// A worker that is looked at from outside.
#[derive(Debug, Default)]
pub(super) struct Watched {
    /// Of the time before it is at work.
    pub opening: Pulse,
    at_work: OnceLock<AtWork>,
    scraped: Mutex<Option<(Instant, String)>>,
    asked: Mutex<Option<Instant>>,
}

/// What is asked when it is at work.
#[derive(Debug)]
pub(super) struct AtWork {
    /// Its stories.
    pub driver: Arc<Driver>,
    /// What it knows of its accounts.
    pub known: Arc<Known>,
    /// What people call them.
    pub names: HashMap<String, String>,
}

impl Watched {
    /// It has a store, and begins.
    pub fn begins(&self, at_work: AtWork) {
        // it begins once
        let _ = self.at_work.set(at_work);
    }

    /// Its loop turns.
    pub fn is_well(&self) -> bool {
        let pulse = self.at_work.get().map(|worker| worker.driver.pulse());
        pulse.unwrap_or(&self.opening).still_for() < STILL
    }

    /// The store answers, and its schema is ours.
    async fn is_ready(&self) -> Result<(), String> {
        let worker = self.at_work.get().ok_or("the store is not open yet")?;
        // one question at a time, and none where the last answer is a good one of just now
        let mut asked = self.asked.lock().await;
        if asked.is_some_and(|at| at.elapsed() < FRESH) {
            return Ok(());
        }
        *asked = None;
        within(worker.driver.store().check_schema()).await?;
        *asked = Some(Instant::now());
        Ok(())
    }

    async fn numbers(&self) -> Result<String, String> {
        let worker = self.at_work.get().ok_or("the store is not open yet")?;
        let mut scraped = self.scraped.lock().await;
        if let Some((at, text)) = &*scraped
            && at.elapsed() < FRESH
        {
            return Ok(text.clone());
        }
        let now = worker.driver.now();
        let gauges = within(worker.driver.store().gauges(now)).await?;
        let text = metrics::text(&gauges, &worker.known, &worker.names, now);
        *scraped = Some((Instant::now(), text.clone()));
        Ok(text)
    }
}

/// What the store says, if it says so soon.
async fn within<T>(question: impl Future<Output = Result<T, store::Error>>) -> Result<T, String> {
    match tokio::time::timeout(PATIENCE, question).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("the store does not answer".to_owned()),
    }
}

/// An open port; closed when it is dropped.
#[derive(Debug)]
pub(super) struct Listening {
    /// Where it really is: port 0 is a free one.
    pub address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Answers at `address`, a host or number with a port.
///
/// # Errors
/// `Refused` where that is no address, or its port cannot be had.
pub(super) async fn listen(address: &str, watched: Arc<Watched>) -> Result<Listening, Error> {
    let port = address.rsplit_once(':').map(|(_, port)| port);
    let is_one = port.is_some_and(|port| port.parse::<u16>().is_ok()) && !address.starts_with(':');
    if !is_one {
        return Err(Error::refused(format!(
            "`--listen {}` is no address: give a host and a port, as 127.0.0.1:9464 or [::]:9464",
            address.escape_debug()
        )));
    }
    let cannot = |why: std::io::Error| Error::refused(format!("cannot listen on {address}: {why}"));
    let listener = TcpListener::bind(address).await.map_err(cannot)?;
    let bound = listener.local_addr().map_err(cannot)?;
    let router = Router::new()
        .route("/healthz", get(health))
        .route("/readyz", get(ready))
        .route("/metrics", get(numbers))
        .with_state(watched);
    let task = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::warn!(%error, "the worker does not answer over HTTP any more");
        }
    });
    Ok(Listening {
        address: bound,
        task,
    })
}

fn plain(outcome: Result<(), String>) -> Response {
    let (status, said) = match outcome {
        Ok(()) => (StatusCode::OK, "ok".to_owned()),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, why),
    };
    let headers = [
        (CONTENT_TYPE, "text/plain; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
    ];
    (status, headers, format!("{said}\n")).into_response()
}

async fn health(State(watched): State<Arc<Watched>>) -> Response {
    plain(match watched.is_well() {
        true => Ok(()),
        false => Err(format!(
            "the worker's loop has not turned for {} s",
            STILL.as_secs()
        )),
    })
}

async fn ready(State(watched): State<Arc<Watched>>) -> Response {
    plain(watched.is_ready().await)
}

async fn numbers(State(watched): State<Arc<Watched>>) -> Response {
    match watched.numbers().await {
        Ok(text) => {
            let headers = [
                (CONTENT_TYPE, metrics::CONTENT_TYPE),
                (CACHE_CONTROL, "no-store"),
            ];
            (headers, text).into_response()
        }
        Err(why) => plain(Err(why)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_worker_whose_loop_stands_still_is_not_well() {
        let Some(long_ago) = Instant::now().checked_sub(STILL * 2) else {
            return;
        };
        let watched = Arc::new(Watched {
            opening: Pulse::begun(long_ago),
            ..Watched::default()
        });
        let status = async || health(State(watched.clone())).await.status().as_u16();
        assert_eq!(status().await, 503);
        watched.opening.turn();
        assert_eq!(status().await, 200);
        // without a store it is well and not ready
        assert_eq!(ready(State(watched.clone())).await.status().as_u16(), 503);
        assert_eq!(numbers(State(watched)).await.status().as_u16(), 503);
    }

    #[tokio::test]
    async fn what_is_no_address_is_told() {
        for wrong in [
            "9464",
            ":9464",
            "localhost",
            "127.0.0.1:",
            "127.0.0.1:http",
            "",
        ] {
            let told = listen(wrong, Arc::default()).await.expect_err(wrong);
            assert!(told.to_string().contains("127.0.0.1:9464"), "{told}");
        }
        let first = listen("127.0.0.1:0", Arc::default()).await.expect("a port");
        let taken = first.address.to_string();
        let told = listen(&taken, Arc::default())
            .await
            .expect_err("it is taken");
        assert!(
            told.to_string()
                .starts_with(&format!("cannot listen on {taken}: "))
        );
    }
}
