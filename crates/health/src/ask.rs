use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::fault::blames_target;
use crate::key::{CheckKey, Question};

/// A header of the PROXY protocol, version 2, with the command LOCAL and no addresses (section 2.2 of
/// its specification): who gets it is to take the connection as its sender's own.
const LOCAL: [u8; 16] = *b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";

/// Why a check failed, and on whose side.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{0}")]
    Target(String),
    #[error("can't check: {0}")]
    Ours(io::Error),
}

impl Failure {
    fn connect(error: io::Error) -> Self {
        if blames_target(&error) {
            Self::Target(format!("connect: {error}"))
        } else {
            Self::Ours(error)
        }
    }
}

pub(crate) async fn ask(key: &CheckKey) -> Result<(), Failure> {
    let question = async {
        match &key.question {
            Question::Nothing(_) => Ok(()),
            Question::Connect(address) => connect(*address).await.map(drop),
            Question::Greet(address) => greet(*address).await,
            Question::Get(address, path) => get(*address, path).await,
        }
    };
    match tokio::time::timeout(key.timeout, question).await {
        Ok(answer) => answer,
        Err(_) => Err(Failure::Target(format!("no answer within {:?}", key.timeout))),
    }
}

async fn connect(address: SocketAddr) -> Result<TcpStream, Failure> {
    let stream = TcpStream::connect(address).await.map_err(Failure::connect)?;
    // Closed by a reset: thousands of checks would otherwise leave a connection in TIME_WAIT each.
    stream.set_zero_linger().map_err(Failure::connect)?;
    Ok(stream)
}

async fn greet(address: SocketAddr) -> Result<(), Failure> {
    let mut stream = connect(address).await?;
    // It was accepted, and that was the question: what becomes of the header is the target's affair.
    drop(stream.write_all(&LOCAL).await);
    Ok(())
}

async fn get(address: SocketAddr, path: &str) -> Result<(), Failure> {
    let mut stream = connect(address).await?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nUser-Agent: seaway\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.map_err(|error| broken(&error))?;
    let mut line = Vec::new();
    // A status line is short; who sends a kilobyte without one doesn't speak HTTP.
    while !line.contains(&b'\n') && line.len() < 1024 {
        if stream.read_buf(&mut line).await.map_err(|error| broken(&error))? == 0 {
            break;
        }
    }
    judge(&line)
}

fn broken(error: &io::Error) -> Failure {
    Failure::Target(format!("HTTP: {error}"))
}

fn judge(answer: &[u8]) -> Result<(), Failure> {
    let line = answer.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let mut words = line.split_whitespace();
    let http = words.next().is_some_and(|word| word.starts_with("HTTP/"));
    match words.next().and_then(|code| code.parse::<u16>().ok()) {
        Some(200..=299) if http => Ok(()),
        Some(code) if http => Err(Failure::Target(format!("HTTP: status {code}"))),
        Some(_) | None => Err(Failure::Target("the answer isn't HTTP".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(answer: &str, want: Result<(), &str>) {
        let got = judge(answer.as_bytes()).map_err(|failure| failure.to_string());
        assert_eq!(got, want.map_err(str::to_owned), "{answer:?}");
    }

    #[test]
    fn any_2xx_passes() {
        check("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", Ok(()));
        check("HTTP/1.0 204\r\n", Ok(()));
        check("HTTP/1.1 503 Service Unavailable\r\n", Err("HTTP: status 503"));
        check("HTTP/1.1 301 Moved\r\n", Err("HTTP: status 301"));
        check("SSH-2.0-OpenSSH 200\r\n", Err("the answer isn't HTTP"));
        check("", Err("the answer isn't HTTP"));
        check("HTTP/1.1 abc\r\n", Err("the answer isn't HTTP"));
    }
}
