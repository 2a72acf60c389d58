use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// An open connection.
#[derive(Debug)]
pub(crate) struct Client(TcpStream);

impl Client {
    pub(crate) async fn connect(from: IpAddr, to: SocketAddr) -> io::Result<Self> {
        let socket = if to.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.bind(SocketAddr::new(from, 0))?;
        Ok(Self(socket.connect(to).await?))
    }

    /// The node that answers; an error if the connection is broken.
    pub(crate) async fn ask(&mut self) -> io::Result<String> {
        self.0.write_all(b"who?").await?;
        let mut buffer = vec![0; 64];
        let read = self.0.read(&mut buffer).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(String::from_utf8_lossy(&buffer[..read]).into_owned())
    }
}

/// The node that a new connection from this client is led to.
pub(crate) async fn ask(from: IpAddr, to: SocketAddr) -> io::Result<String> {
    Client::connect(from, to).await?.ask().await
}
