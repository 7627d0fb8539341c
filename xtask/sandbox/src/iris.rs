//! A small model container that tells the species of an iris flower, as SageMaker's own containers would serve it: `GET /ping` and
//! `POST /invocations`.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let container = sandbox::iris::Container::start().await?;
//! println!("try: curl -H 'content-type: text/csv' -d '5.1,3.5,1.4,0.2' {}/invocations", container.url());
//! container.stop().await;
//! # Ok(())
//! # }
//! ```

mod invocation;
mod model;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::json;

use crate::http::{self, Request, Server};

pub use model::{Prediction, predict};

/// How a container behaves, so that a test can have a bad one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Behaviour {
    /// Right answers, at once.
    #[default]
    Healthy,
    /// Every flower is `virginica`: a model that was trained badly.
    WrongModel,
    /// Every invocation is a 500 with a message; `/ping` is fine.
    Broken,
    /// Right answers, each after this time; `/ping` is as slow.
    Slow(Duration),
    /// `/ping` is a 503, invocations work.
    Unhealthy,
}

/// A container that is serving on 127.0.0.1. Dropping it ends it.
#[derive(Debug)]
pub struct Container {
    server: Server,
    behaviour: Arc<Mutex<Behaviour>>,
}

impl Container {
    /// Starts a healthy container on a free port. Fails when no port can be had.
    #[expect(clippy::unused_async, reason = "callers treat starting a container as waiting for it, and a later one may have to")]
    pub async fn start() -> io::Result<Self> {
        Self::serve(Behaviour::default())
    }

    /// Starts a container of this behaviour, outside of any runtime as well.
    pub fn serve(behaviour: Behaviour) -> io::Result<Self> {
        let behaviour = Arc::new(Mutex::new(behaviour));
        let current = Arc::clone(&behaviour);
        let server = Server::start(move |request| {
            let behaviour = *current.lock().unwrap_or_else(PoisonError::into_inner);
            async move { Ok(answer(&request, behaviour).await) }
        })?;
        Ok(Self { server, behaviour })
    }

    /// Where the container is, such as `http://127.0.0.1:40123`, without a slash at the end.
    pub fn url(&self) -> &str {
        self.server.url()
    }

    /// Changes the behaviour, from the next request on.
    pub fn behave(&self, behaviour: Behaviour) {
        *self.behaviour.lock().unwrap_or_else(PoisonError::into_inner) = behaviour;
    }

    /// Ends the container and returns when its port is closed.
    pub async fn stop(mut self) {
        // The join blocks for as long as one poll of the server takes; a failure means that the server is gone already.
        let _gone = tokio::task::spawn_blocking(move || self.server.end()).await;
    }
}

async fn answer(request: &Request, behaviour: Behaviour) -> http::Response {
    if let Behaviour::Slow(delay) = behaviour {
        tokio::time::sleep(delay).await;
    }
    let path = request.path.split('?').next().unwrap_or_default();
    match (request.method.as_str(), path) {
        ("GET" | "HEAD", "/ping") if behaviour == Behaviour::Unhealthy => message(503, "the model is still loading"),
        ("GET" | "HEAD", "/ping") => http::response(200, "application/json", "{}"),
        ("POST", "/invocations") => match behaviour {
            Behaviour::Broken => message(500, "the model could not be loaded: coefficients of shape (3, 4) expected, found (2, 4)"),
            _ => invocation::answer(request, behaviour == Behaviour::WrongModel),
        },
        (_, "/ping" | "/invocations") => message(405, &format!("`{path}` does not take {}", request.method)),
        _ => message(404, "a model container serves `GET /ping` and `POST /invocations`"),
    }
}

fn message(status: u16, text: &str) -> http::Response {
    http::response(status, "application/json", json!({ "message": text }).to_string())
}
