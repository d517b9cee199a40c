//! The order of work of a factorisation: block columns, each factored by [`super::panel`] and taken from all that follow.
//!
//! A block column is brought up to date by one panel after the other, in their order, and factored when it has seen all
//! before it. Which columns are worked on at a time, and by whom, is left open: it changes no entry. Threads take the
//! foremost column that can be worked on, so that the next panel is ready before the others wait for it.

use super::panel::Panel;
use crate::numeric::gram::Kernel;
use crate::numeric::threads;
use std::sync::{Condvar, Mutex, MutexGuard, RwLock};

/// Columns of a block: a multiple of the rows and columns of every kernel's tile.
pub(super) const BLOCK: usize = 96;
/// Multiplications below which a second thread is not worth it.
const WORTH_THREADS: usize = 1 << 24;

/// Cholesky on the lower triangle of `s`, of order `k`. The operations on any one entry, and their order, depend on `k` and the
/// kernel alone.
pub(super) fn factor(kernel: Kernel, s: &mut [f64], k: usize, least: f64) -> Result<(), usize> {
    let blocks: Vec<&mut [f64]> = s.chunks_mut(BLOCK * k.max(1)).collect();
    let hands = if k * k * (k / 6) < WORTH_THREADS { 1 } else { threads::allowed().min(blocks.len()) };
    if hands <= 1 { alone(kernel, blocks, k, least) } else { together(kernel, blocks, k, least, hands) }
}

/// One panel at a time.
fn alone(kernel: Kernel, mut blocks: Vec<&mut [f64]>, k: usize, least: f64) -> Result<(), usize> {
    let mut panel = Panel::default();
    for number in 0..blocks.len() {
        panel.factor(kernel, blocks[number], k, number * BLOCK, least)?;
        for (offset, columns) in blocks[number + 1..].iter_mut().enumerate() {
            panel.take_from(kernel, columns, k, ((number + 1) * BLOCK, offset * BLOCK));
        }
    }
    Ok(())
}

/// What all threads know.
struct Progress {
    /// Panels that are factored.
    factored: usize,
    /// How many panels each block has seen.
    seen: Vec<usize>,
    /// Blocks that someone is working on.
    busy: Vec<bool>,
    /// A pivot that failed.
    failed: Option<usize>,
}

impl Progress {
    /// The block to work on, where `places` panels are kept: the one that becomes the next panel, else the one that has seen
    /// least, so that the places of old panels become free; of those the foremost.
    fn next(&self, places: usize) -> Option<usize> {
        let ready = |c: &usize| {
            let (c, seen) = (*c, self.seen[*c]);
            // A panel takes the place of one that all have seen.
            let free = || c < places || self.seen[c - places + 1..].iter().all(|seen| *seen > c - places);
            !self.busy[c] && (c == 0 || seen < self.factored) && (seen + 1 < c || free())
        };
        let left = self.factored..self.seen.len();
        let first = Some(self.factored).filter(ready);
        first.or_else(|| left.filter(ready).min_by_key(|&c| self.seen[c]))
    }

    fn finished(&self) -> bool {
        self.failed.is_some() || self.factored == self.seen.len()
    }
}

/// Several threads.
fn together(
    kernel: Kernel,
    blocks: Vec<&mut [f64]>,
    k: usize,
    least: f64,
    hands: usize,
) -> Result<(), usize> {
    let count = blocks.len();
    let panels: Vec<RwLock<Panel>> =
        (0..count.min(hands + 2)).map(|_| RwLock::new(Panel::with_room(kernel, k))).collect();
    let blocks: Vec<Mutex<&mut [f64]>> = blocks.into_iter().map(Mutex::new).collect();
    let progress =
        Mutex::new(Progress { factored: 0, seen: vec![0; count], busy: vec![false; count], failed: None });
    let changed = Condvar::new();
    let work = || {
        let mut now = held(&progress);
        while !now.finished() {
            let Some(c) = now.next(panels.len()) else {
                now = changed.wait(now).expect("no thread panics while it holds the progress");
                continue;
            };
            let seen = now.seen[c];
            now.busy[c] = true;
            drop(now);
            let mut columns = blocks[c].lock().expect("no one else works on the block");
            if c > 0 {
                let panel = panels[seen % panels.len()].read().expect("no panel is left half done");
                panel.take_from(kernel, &mut columns, k, ((seen + 1) * BLOCK, (c - seen - 1) * BLOCK));
            }
            // The outcome of a factorisation, where this block's turn has come.
            let outcome = (seen + 1 >= c).then(|| {
                let mut panel = panels[c % panels.len()].write().expect("no panel is left half done");
                panel.factor(kernel, &mut columns, k, c * BLOCK, least)
            });
            drop(columns);
            now = held(&progress);
            now.busy[c] = false;
            now.seen[c] = seen + 1;
            match outcome {
                Some(Ok(())) => now.factored = c + 1,
                Some(Err(pivot)) => now.failed = Some(pivot),
                None => {}
            }
            changed.notify_all();
        }
    };
    threads::each(&mut vec![(); hands], || (), |(), _, ()| work());
    let failed = held(&progress).failed;
    failed.map_or(Ok(()), Err)
}

fn held(progress: &Mutex<Progress>) -> MutexGuard<'_, Progress> {
    progress.lock().expect("no thread panics while it holds the progress")
}
