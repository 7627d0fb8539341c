//! A small model container that predicts the species of an iris flower. It serves `GET /ping` and
//! `POST /invocations`, as SageMaker's containers do.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let container = sandbox::iris::Container::start().await?; println!("try: curl -H 'content-type:
//! text/csv' -d '5.1,3.5,1.4,0.2' {}/invocations", container.url()); container.stop().await;
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

/// How a container behaves; tests also need bad ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Behaviour {
    /// Correct responses, without delay.
    #[default]
    Healthy,
    /// Every flower is `virginica`, as from a badly trained model.
    WrongModel,
    /// Every invocation gets a 500 with a message; `/ping` works.
    Broken,
    /// Correct responses, each after this delay, for `/ping` too.
    Slow(Duration),
    /// `/ping` gets a 503; invocations work.
    Unhealthy,
}

/// A running container on 127.0.0.1. Dropping it stops it.
#[derive(Debug)]
pub struct Container {
    server: Server,
    behaviour: Arc<Mutex<Behaviour>>,
}

impl Container {
    /// Starts a healthy container on a free port. Fails if there is none.
    #[expect(clippy::unused_async, reason = "a later container may have to wait")]
    pub async fn start() -> io::Result<Self> {
        Self::serve(Behaviour::default())
    }

    /// Starts a container with this behaviour; needs no runtime.
    pub fn serve(behaviour: Behaviour) -> io::Result<Self> {
        let behaviour = Arc::new(Mutex::new(behaviour));
        let current = Arc::clone(&behaviour);
        let server = Server::start(move |request| {
            let behaviour = *current.lock().unwrap_or_else(PoisonError::into_inner);
            async move { Ok(answer(&request, behaviour).await) }
        })?;
        Ok(Self { server, behaviour })
    }

    /// The container's URL, such as `http://127.0.0.1:40123`, without a trailing slash.
    pub fn url(&self) -> &str {
        self.server.url()
    }

    /// Changes the behaviour for the following requests.
    pub fn set_behaviour(&self, behaviour: Behaviour) {
        *self.behaviour.lock().unwrap_or_else(PoisonError::into_inner) = behaviour;
    }

    /// Stops the container and returns when its port is closed.
    pub async fn stop(mut self) {
        // Joining blocks briefly; an error means that the server has already stopped.
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
        (_, "/ping" | "/invocations") => message(405, &format!("`{path}` does not support {}", request.method)),
        _ => message(404, "a model container serves `GET /ping` and `POST /invocations`"),
    }
}

fn message(status: u16, text: &str) -> http::Response {
    http::response(status, "application/json", json!({ "message": text }).to_string())
}
