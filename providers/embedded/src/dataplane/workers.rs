use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread::{self, JoinHandle};

use tokio::runtime::{Builder, Handle, Runtime};
use tokio_util::sync::CancellationToken;

use super::counters::Counter;

/// The threads that carry traffic. Each has a loop of its own: what belongs to one connection is
/// never moved, and nobody waits for a lock of the others.
#[derive(Debug)]
pub(super) struct Workers {
    all: Vec<Arc<Worker>>,
    turn: AtomicUsize,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) handle: Handle,
    /// The connections that it carries.
    load: Counter,
}

/// One connection on a worker, from its accept to its end.
#[derive(Debug)]
pub(super) struct Load(Arc<Worker>);

impl Workers {
    /// Starts so many; they end with `stop`.
    pub(super) fn start(
        count: usize,
        stop: &CancellationToken,
    ) -> io::Result<(Self, Vec<JoinHandle<()>>)> {
        let mut workers = Self { all: Vec::with_capacity(count), turn: AtomicUsize::new(0) };
        let mut threads = Vec::with_capacity(count);
        for number in 0..count {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            let handle = runtime.handle().clone();
            workers.all.push(Arc::new(Worker { handle, load: Counter::default() }));
            let name = format!("seaway-proxy-{number}");
            let stop = stop.clone();
            threads.push(thread::Builder::new().name(name).spawn(move || run(&runtime, &stop))?);
        }
        Ok((workers, threads))
    }

    /// Up to `most` of them, beginning with the next one in turn.
    pub(super) fn some(&self, most: usize) -> impl Iterator<Item = Arc<Worker>> {
        let first = self.turn.fetch_add(1, Relaxed);
        let all = self.all.iter().cycle().skip(first % self.all.len());
        all.take(most.min(self.all.len())).cloned()
    }

    /// Who carries a connection that `here` has accepted: `here`, as that costs nothing, unless
    /// another one has notably less to carry.
    pub(super) fn place(&self, here: &Arc<Worker>) -> Load {
        let lightest = self.all.iter().min_by_key(|worker| worker.load.get()).unwrap_or(here);
        let least = lightest.load.get();
        let carrier = if here.load.get() <= least + least / 8 + 1 { here } else { lightest };
        carrier.load.one();
        Load(Arc::clone(carrier))
    }
}

fn run(runtime: &Runtime, stop: &CancellationToken) {
    runtime.block_on(stop.cancelled());
}

impl Load {
    pub(super) fn worker(&self) -> &Arc<Worker> {
        &self.0
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.0.load.less_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workers(count: usize) -> (Workers, CancellationToken, Vec<JoinHandle<()>>) {
        let stop = CancellationToken::new();
        let (workers, threads) = Workers::start(count, &stop).unwrap();
        (workers, stop, threads)
    }

    fn loads(workers: &Workers) -> Vec<u64> {
        workers.all.iter().map(|worker| worker.load.get()).collect()
    }

    #[test]
    fn a_burst_at_one_door_is_carried_by_all() {
        let (workers, stop, threads) = workers(4);
        let burst: Vec<_> = (0..400).map(|_| workers.place(&workers.all[0])).collect();
        let (most, least) = (loads(&workers).into_iter().max(), loads(&workers).into_iter().min());
        assert!(most.unwrap() - least.unwrap() <= 14, "{:?}", loads(&workers));
        drop(burst);
        assert_eq!(loads(&workers), [0; 4]);
        stop.cancel();
        for thread in threads {
            thread.join().unwrap();
        }
    }

    #[test]
    fn who_accepts_carries_while_nobody_is_idler() {
        let (workers, stop, _threads) = workers(2);
        let here = &workers.all[1];
        let first = workers.place(here);
        assert_eq!(loads(&workers), [0, 1]);
        drop((first, stop.drop_guard()));
    }
}
