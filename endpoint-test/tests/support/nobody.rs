//! An address at which nobody listens, for as long as it is held: a port that is merely free may be anybody's a moment later.

use std::net::SocketAddr;

use tokio::net::TcpSocket;

/// A bound socket that refuses connections, until it is made to listen.
pub(crate) fn nobody() -> (TcpSocket, SocketAddr) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}
