use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A node: it tells its name to whoever says something, again and again, and answers checks. One that
/// is not well has no pod: it lets clients wait.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) at: SocketAddr,
    healthy: Arc<AtomicBool>,
    asked: Arc<AtomicU32>,
    task: JoinHandle<()>,
}

impl Node {
    pub(crate) async fn start(name: &str, ip: IpAddr, port: u16) -> Self {
        let listener = TcpListener::bind((ip, port)).await.unwrap();
        let at = listener.local_addr().unwrap();
        let healthy = Arc::new(AtomicBool::new(true));
        let asked = Arc::new(AtomicU32::new(0));
        let (words, well, met) = (name.to_owned(), Arc::clone(&healthy), Arc::clone(&asked));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, words.clone(), Arc::clone(&well), Arc::clone(&met)));
            }
        });
        Self { name: name.to_owned(), at, healthy, asked, task }
    }

    /// How often clients asked it.
    pub(crate) fn asked(&self) -> u32 {
        self.asked.load(Ordering::Acquire)
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

async fn serve(
    mut stream: TcpStream,
    name: String,
    healthy: Arc<AtomicBool>,
    asked: Arc<AtomicU32>,
) {
    let mut buffer = vec![0; 1024];
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        if buffer[..read].starts_with(b"GET /healthz ") {
            let code = if healthy.load(Ordering::Acquire) { "200 OK" } else { "503 No pod" };
            let _ = stream.write_all(format!("HTTP/1.0 {code}\r\n\r\n").as_bytes()).await;
            return;
        }
        asked.fetch_add(1, Ordering::Release);
        if !healthy.load(Ordering::Acquire) {
            continue;
        }
        if stream.write_all(name.as_bytes()).await.is_err() {
            return;
        }
    }
}
