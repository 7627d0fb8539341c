//! An address that refuses connections while the socket exists: a merely free port may be in use a
//! moment later.

use std::net::SocketAddr;

use tokio::net::TcpSocket;

/// A bound socket that refuses connections until it listens.
pub(crate) fn unused_port() -> (TcpSocket, SocketAddr) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}
