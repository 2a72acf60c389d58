//! How clients find the sandbox.

use base64::{Engine, engine::general_purpose::STANDARD};
use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    net::SocketAddr,
    os::unix::fs::OpenOptionsExt,
    path::Path,
};
use uuid::Uuid;

/// A kubeconfig in YAML.
pub(crate) fn text(addr: SocketAddr, token: &str, authority: &str) -> String {
    let authority = STANDARD.encode(authority);
    format!(
        "apiVersion: v1\n\
         kind: Config\n\
         clusters:\n\
         - name: seaway-sandbox\n  \
           cluster:\n    \
             server: https://{addr}\n    \
             certificate-authority-data: {authority}\n\
         users:\n\
         - name: seaway-sandbox\n  \
           user:\n    \
             token: {token:?}\n\
         contexts:\n\
         - name: seaway-sandbox\n  \
           context:\n    \
             cluster: seaway-sandbox\n    \
             user: seaway-sandbox\n    \
             namespace: default\n\
         current-context: seaway-sandbox\n"
    )
}

/// Writes a file for its owner only; a reader sees all of it or nothing.
pub(crate) fn write(path: &Path, text: &str) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    };
    let temporary = folder.join(format!(".kubeconfig-{}", Uuid::new_v4()));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&temporary)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_file(&temporary);
    }
    written
}
