//! What the tests and the local demonstrations of this workspace share: the local AWS, canned servers, a small model container.

pub mod iris;
pub mod loopback;
pub mod stand_in;

mod http;
