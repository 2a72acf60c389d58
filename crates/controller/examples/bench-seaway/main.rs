//! The controller with a cloud in memory, for `make bench-controller`: a process of its own, set up as
//! `seaway run` is. It logs to stderr as that does, and answers on stdout each line that comes on
//! stdin with its counts; the line `save` writes the cloud to a file first, where the next process
//! finds it.
//!
//! An example, because it needs the controller as a library, which `integration` must not.

mod cloud;
mod provider;

use std::error::Error;
use std::io::{Write, stdin, stdout};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use kube::Client;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use seaway_controller::{Controller, Options, Pulse};
use seaway_core::drive;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use self::cloud::Cloud;
use self::provider::Bench;

type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let [kubeconfig, world, call_ms] = args.as_slice() else {
        return Err("usage: bench-seaway KUBECONFIG CLOUD-FILE MILLISECONDS-A-CALL".into());
    };
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new("info,kube_client::client::builder=off"))
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .init();
    let file = Kubeconfig::read_from(kubeconfig)?;
    let config = Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await?;
    let client = Client::try_from(config)?;
    let world = PathBuf::from(world);
    let cloud = Arc::new(Cloud::load(&world, Duration::from_millis(call_ms.parse()?))?);
    let driver = drive(Bench::new(Arc::clone(&cloud)));
    let default = Some(driver.name().to_owned());
    let controller = Controller::new(client, vec![driver], default, Options::default());
    let pulse = controller.pulse();
    std::thread::spawn(move || {
        // Whoever asks has gone, or the file can't be written: either way it is over.
        let outcome = answer(&cloud, &world, &pulse);
        std::process::exit(outcome.is_err().into());
    });
    Ok(controller.run(CancellationToken::new()).await?)
}

/// Tells the counts for every line, until there are no more.
fn answer(cloud: &Cloud, world: &Path, pulse: &Pulse) -> std::io::Result<()> {
    for line in stdin().lines() {
        if line? == "save" {
            cloud.save(world)?;
        }
        let mut counts = cloud.counts();
        counts["synced"] = pulse.is_synced().into();
        stdout().write_all(format!("{counts}\n").as_bytes())?;
    }
    Ok(())
}
