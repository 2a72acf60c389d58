use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A node: it tells its name to whoever says something, again and again, and answers checks.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) at: SocketAddr,
    healthy: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl Node {
    pub(crate) async fn start(name: &str, ip: IpAddr, port: u16) -> Self {
        let listener = TcpListener::bind((ip, port)).await.unwrap();
        let at = listener.local_addr().unwrap();
        let healthy = Arc::new(AtomicBool::new(true));
        let (words, well) = (name.to_owned(), Arc::clone(&healthy));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, words.clone(), Arc::clone(&well)));
            }
        });
        Self { name: name.to_owned(), at, healthy, task }
    }

    pub(crate) fn set_healthy(&self, healthy: bool) {
        self.healthy.store(healthy, Ordering::Release);
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, name: String, healthy: Arc<AtomicBool>) {
    let mut buffer = vec![0; 1024];
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        if buffer[..read].starts_with(b"GET /healthz ") {
            let code = if healthy.load(Ordering::Acquire) { "200 OK" } else { "503 No pod" };
            let _ = stream.write_all(format!("HTTP/1.0 {code}\r\n\r\n").as_bytes()).await;
            return;
        }
        if stream.write_all(name.as_bytes()).await.is_err() {
            return;
        }
    }
}
