//! What a command says, as far as it is kept.

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// How much of it is kept. A daemon that refuses a config says why in the first lines.
const MOST_BYTES: usize = 64 * 1024;

/// One output of a command. What is read stays when the reading is given up.
#[derive(Debug)]
pub(super) struct Gathered<R> {
    from: Option<R>,
    bytes: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Gathered<R> {
    pub(super) const fn of(from: Option<R>) -> Self {
        Self { from, bytes: Vec::new() }
    }

    /// Reads until nobody has the other end. What is too much is read as well, and dropped: a command
    /// whose output nobody reads would stand still.
    pub(super) async fn read(&mut self) {
        let Some(from) = &mut self.from else { return };
        let mut piece = vec![0; 8192];
        loop {
            // An output that can't be read has come to its end.
            let count = from.read(&mut piece).await.unwrap_or(0);
            if count == 0 {
                return;
            }
            let room = MOST_BYTES.saturating_sub(self.bytes.len()).min(count);
            self.bytes.extend(piece.iter().take(room));
        }
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}
