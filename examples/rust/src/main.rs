//! A weft pool called from Rust: a batch of closures, their results in order, an error, a panic, and the proof that
//! everything given to weft was dropped exactly once. The exit status is not 0 if anything is wrong.

mod abi;
mod pool;

use pool::{Failure, Pool, Status, TaskError};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

/// Counts its own drops. Closures capture it and results contain it.
struct Witness(Arc<AtomicUsize>);

impl Drop for Witness {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

const TASKS: u64 = 1000;

fn main() -> Result<(), Status> {
    let pool = Pool::new(4, "rust")?;
    results_come_in_order(&pool)?;
    failures_come_back_whole(&pool)?;
    panics_stay_in_their_task(&pool)?;
    pool.shutdown()?;
    everything_is_dropped_once()?;
    println!("all as it should be");
    Ok(())
}

fn results_come_in_order(pool: &Pool) -> Result<(), Status> {
    let words = ["warp".to_string(), "weft".to_string()]; // moved into each closure: an owned value crosses the border
    let futures = pool.submit_batch((0..TASKS).map(|n| {
        let words = words.clone();
        move || Ok((n * n, words[(n % 2) as usize].clone()))
    }))?;
    for (n, future) in (0..TASKS).zip(futures) {
        let (square, word) = future.get().expect("the task has a result");
        assert_eq!((square, word.as_str()), (n * n, if n % 2 == 0 { "warp" } else { "weft" }));
    }
    println!("{TASKS} results in order");
    Ok(())
}

fn failures_come_back_whole(pool: &Pool) -> Result<(), Status> {
    let failure = Failure { code: 42, message: "line 7 is not a setting — läuft nicht".to_string() };
    let theirs = failure.clone();
    let future = pool.submit_batch::<u32, _>([move || Err(theirs)])?.remove(0);
    match future.get() {
        Err(TaskError::Failed(got)) => assert_eq!(got, failure),
        Err(other) => panic!("expected a failure, but the task {other}"),
        Ok(value) => panic!("expected a failure, got {value}"),
    }
    println!("a failure: {} ({})", failure.message, failure.code);
    Ok(())
}

fn panics_stay_in_their_task(pool: &Pool) -> Result<(), Status> {
    let loud = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {})); // the panic below is intended: no report on stderr
    let future = pool.submit_batch::<u32, _>([|| panic!("out of thread")])?.remove(0);
    let outcome = future.get();
    std::panic::set_hook(loud);
    match outcome {
        Err(TaskError::Panicked(text)) => assert_eq!(text, "out of thread"),
        Err(other) => panic!("expected a panic, but the task {other}"),
        Ok(value) => panic!("expected a panic, got {value}"),
    }
    println!("a panic, caught: out of thread");
    Ok(())
}

fn everything_is_dropped_once() -> Result<(), Status> {
    let (captured, returned) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let pool = Pool::new(4, "rust")?;
    let futures = pool.submit_batch((0..TASKS).map(|_| {
        let witness = Witness(captured.clone());
        let result = returned.clone();
        move || {
            let _used = &witness;
            Ok(Witness(result))
        }
    }))?;
    for (n, future) in futures.into_iter().enumerate() {
        if n % 2 == 0 {
            future.get().expect("the task has a result"); // taken, and dropped here; weft drops the others
        }
    }
    pool.shutdown()?;
    assert_eq!(captured.load(Ordering::SeqCst), TASKS as usize);
    assert_eq!(returned.load(Ordering::SeqCst), TASKS as usize);
    println!("{TASKS} closures and {TASKS} results dropped, each once");

    let witness = Witness(captured.clone());
    let refused = pool.submit_batch::<(), _>([move || {
        let _used = &witness;
        Ok(())
    }]);
    assert_eq!(refused.err(), Some(Status(abi::WEFT_ESHUTDOWN)));
    assert_eq!(captured.load(Ordering::SeqCst), TASKS as usize + 1);
    println!("a pool that was shut down refuses, and leaves the closure to us");
    Ok(())
}
