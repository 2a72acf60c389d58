use anyhow::Result;

use crate::args::{Log, Sandbox};
use crate::demo::stage::Stage;
use crate::screen::Screen;
use crate::{interrupt, telemetry};

/// Runs the API and the simulated nodes until SIGINT or SIGTERM.
pub(crate) fn run(args: &Sandbox, log: &Log, screen: &Screen) -> Result<()> {
    telemetry::start(log, "warn", None)?;
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let stop = interrupt::token()?;
        let Some(stage) = Stage::raise(&args.sandbox, 0, &stop).await? else { return Ok(()) };
        screen.line(&format!("API         {}", stage.url()));
        screen.line(&format!("kubeconfig  {}", stage.kubeconfig().display()));
        screen.line(&format!("nodes       {}", args.sandbox.nodes));
        screen.line(&format!(
            "block       {} (free for load balancers: {})",
            stage.block(),
            stage.spare()
        ));
        screen.line(&format!(
            "try         kubectl --kubeconfig {} get nodes",
            stage.kubeconfig().display()
        ));
        screen.line("Ctrl-C ends it.");
        stop.cancelled().await;
        stage.strike().await;
        Ok(())
    })
}
