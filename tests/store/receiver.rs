//! A server on loopback that takes notices, and answers as it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use serde_json::Value;

/// The secret of the tests, as `[notify] secret_env` names it.
pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// What came.
#[derive(Debug, Clone)]
pub struct Received {
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Received {
    pub fn id(&self) -> &str {
        self.headers["webhook-id"].to_str().expect("a text")
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// As the standard's own crate sees it.
    #[allow(
        dead_code,
        reason = "each of the binaries that hold this file uses a part of it"
    )]
    pub fn is_signed(&self) -> bool {
        let webhook = standardwebhooks::Webhook::new(SECRET).expect("a secret");
        webhook.verify(&self.body, &self.headers).is_ok()
    }
}

#[derive(Default)]
struct Shared {
    received: Vec<Received>,
    answers: VecDeque<u16>,
    pause: Duration,
}

impl Shared {
    /// How to answer, and after how long.
    fn take(&mut self, received: Received) -> (u16, Duration) {
        self.received.push(received);
        (self.answers.pop_front().unwrap_or(200), self.pause)
    }
}

/// A server of notices, gone with its runtime.
pub struct Receiver {
    pub url: String,
    shared: Arc<Mutex<Shared>>,
}

impl Receiver {
    /// Answers so at first, and with 200 then; each answer takes `pause`.
    pub async fn start(answers: &[u16], pause: Duration) -> Self {
        let shared = Arc::new(Mutex::new(Shared {
            answers: answers.iter().copied().collect(),
            pause,
            ..Shared::default()
        }));
        let taken = shared.clone();
        let take = move |headers: HeaderMap, body: Bytes| {
            let taken = taken.clone();
            async move {
                let (answer, pause) = taken
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .take(Received { headers, body });
                tokio::time::sleep(pause).await;
                let status = StatusCode::from_u16(answer).expect("a status");
                match status.is_redirection() {
                    true => (status, [(header::LOCATION, "/elsewhere")]).into_response(),
                    false => status.into_response(),
                }
            }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move {
            let router = Router::new().fallback(take);
            axum::serve(listener, router).await.expect("a server");
        });
        Self {
            url: format!("http://{address}/hook/hush-4711"),
            shared,
        }
    }

    pub fn received(&self) -> Vec<Received> {
        let shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.received.clone()
    }

    /// Waits until so many have come, for half a minute at most.
    #[allow(
        dead_code,
        reason = "each of the binaries that hold this file uses a part of it"
    )]
    pub async fn wait_for(&self, count: usize) -> Vec<Received> {
        let started = Instant::now();
        while self.received().len() < count && started.elapsed() < Duration::from_secs(30) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.received()
    }
}
