//! What the tests, `tour` and `demo` share: the local AWS, canned servers, a small model container.
//!
//! Nothing here needs the AWS SDK. Every server listens on 127.0.0.1 only and ends when its value is dropped.
//!
//! ```
//! use sandbox::loopback::{Answer, Loopback};
//!
//! let server = Loopback::start(|request| Answer::new(200).body("text/plain", request.path.clone()))?;
//! println!("answers at {}", server.url());
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! - [`demo`]: the scene of the demonstration.
//! - [`stand_in`]: a local AWS with several accounts, which programs reach by their environment.
//! - [`iris`]: a model container, good or bad as a test wants it.
//! - [`loopback`]: a canned HTTP server.
//! - [`model_server`]: mlflow's and AWS's own model servers, with models trained here.

/// The README's example, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub mod demo;
pub mod iris;
pub mod loopback;
pub mod model_server;
pub mod printed;
pub mod stand_in;

mod http;
