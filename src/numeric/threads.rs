//! How many threads the kernels may use. One, unless [`allow`] says more.
//!
//! Work is cut into tasks by its sizes alone and every task writes its own part of the result, so the number of
//! threads, which may even change while something runs, never changes a bit.
//!
//! Threads are borrowed from one budget for the whole process: what is [`busy`] elsewhere (a campaign that runs its
//! cases side by side) is not there for the kernels, and what it gives back they take. So nothing is ever
//! oversubscribed, however deep parallel parts are nested.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Threads that may run besides the one that began, and how many of them do.
struct Budget {
    spare: AtomicUsize,
    taken: AtomicUsize,
}

static BUDGET: Budget = Budget { spare: AtomicUsize::new(0), taken: AtomicUsize::new(0) };

/// Lets the kernels use up to `threads` threads at once in this process, the calling one included; 0 counts as 1.
///
/// ```
/// use unlearn::numeric::threads;
/// assert_eq!(threads::allowed(), 1);
/// threads::allow(2);
/// assert_eq!(threads::allowed(), 2);
/// ```
pub fn allow(threads: usize) {
    BUDGET.spare.store(threads.saturating_sub(1), Ordering::Relaxed);
}

/// What [`allow`] has set: 1 in a library that nobody has told otherwise.
pub fn allowed() -> usize {
    BUDGET.spare.load(Ordering::Relaxed) + 1
}

/// Threads that belong to whoever holds this; the kernels do without them.
#[derive(Debug)]
pub struct Busy(usize);

/// Says that one more thread than the first is at work, until the value is dropped.
pub fn busy() -> Busy {
    BUDGET.taken.fetch_add(1, Ordering::Relaxed);
    Busy(1)
}

impl Drop for Busy {
    fn drop(&mut self) {
        BUDGET.taken.fetch_sub(self.0, Ordering::Relaxed);
    }
}

impl Budget {
    /// Takes up to `most` threads; how many.
    fn borrow(&self, most: usize) -> usize {
        let spare = self.spare.load(Ordering::Relaxed);
        let mut granted = 0;
        // Fails only when nothing is left, and then nothing is taken.
        let _ = self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |taken| {
            granted = most.min(spare.saturating_sub(taken));
            (granted > 0).then_some(taken + granted)
        });
        granted
    }
}

/// Calls `work(scratch, index, item)` for every item, each thread with a scratch of its own.
///
/// `work` must not depend on what is in the scratch from items before.
pub(crate) fn each<T: Send, S>(
    items: &mut [T],
    scratch: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, usize, &mut T) + Sync,
) {
    let helpers = Busy(BUDGET.borrow(items.len().saturating_sub(1)));
    if helpers.0 == 0 {
        let mut scratch = scratch();
        items.iter_mut().enumerate().for_each(|(i, item)| work(&mut scratch, i, item));
        return;
    }
    let queue = Mutex::new(items.iter_mut().enumerate());
    let run = || {
        let mut scratch = scratch();
        loop {
            let next = queue.lock().expect("no thread panics while it takes an item").next();
            let Some((i, item)) = next else { break };
            work(&mut scratch, i, item);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..helpers.0 {
            scope.spawn(run);
        }
        run();
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_worked_on_once_and_nothing_is_kept() {
        for threads in [0, 1, 2, 5] {
            allow(threads);
            let mut items = vec![0; 37];
            each(
                &mut items,
                || 0,
                |calls: &mut usize, i, item| {
                    *calls += 1;
                    *item += i;
                },
            );
            assert_eq!(items, (0..37).collect::<Vec<_>>(), "{threads} threads");
        }
        allow(1);
    }

    #[test]
    fn no_more_is_lent_than_there_is() {
        let budget = Budget { spare: AtomicUsize::new(3), taken: AtomicUsize::new(1) };
        assert_eq!((budget.borrow(1), budget.borrow(4), budget.borrow(1)), (1, 1, 0));
        budget.spare.store(0, Ordering::Relaxed);
        assert_eq!(budget.borrow(1), 0);
    }
}
