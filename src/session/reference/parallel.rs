//! Work on all processors.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What a function makes of every item, in the order of the items.
pub(super) fn map<I: Sync, O: Send>(items: &[I], make: impl Fn(&I) -> O + Sync) -> Vec<O> {
    let n_threads = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let done: Vec<Mutex<Option<O>>> = items.iter().map(|_| Mutex::new(None)).collect();
    let work = || {
        while let Some(item) = {
            let index = next.fetch_add(1, Ordering::Relaxed);
            items.get(index).map(|item| (index, item))
        } {
            let made = make(item.1);
            *done[item.0].lock().unwrap_or_else(|held| held.into_inner()) = Some(made);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..n_threads.min(items.len()) {
            scope.spawn(work);
        }
        work();
    });
    done.into_iter()
        .filter_map(|slot| slot.into_inner().unwrap_or_else(|held| held.into_inner()))
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn results_stand_in_the_order_of_the_items() {
        let items: Vec<usize> = (0..100).collect();
        let doubled = super::map(&items, |n| 2 * n);
        assert_eq!(doubled, (0..100).map(|n| 2 * n).collect::<Vec<_>>());
        assert!(super::map(&Vec::<usize>::new(), |n| 2 * n).is_empty());
    }
}
