//! Infrastructure for the tests, `tour` and `demo`: a local AWS and HTTP and model servers.
//!
//! It does not use the AWS SDK. Every server listens only on 127.0.0.1 and stops on drop.
//!
//! ```
//! use sandbox::loopback::{Answer, Loopback};
//!
//! let server = Loopback::start(|request| Answer::new(200).body("text/plain",
//! request.path.clone()))?; println!("serves {}", server.url());
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! - [`demo`]: the environment of `demo`.
//! - [`stand_in`]: a local AWS with several accounts, set in programs' environment variables.
//! - [`iris`]: a model container, healthy or faulty.
//! - [`loopback`]: an HTTP server with a closure as its handler.
//! - [`model_server`]: the model servers of mlflow and AWS, with locally trained models.
//! - [`test_log`]: a parser of the output of `cargo test`.

/// Compiles the README's example.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub mod demo;
pub mod iris;
pub mod loopback;
pub mod model_server;
pub mod printed;
pub mod stand_in;
pub mod test_log;
pub mod usage;

mod http;
