//! tokio: its multi-threaded runtime, join handles, and timers.

mod fairness;

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;
use weft_bench_peers::*;

fn runtime(m: &Measurement) -> Runtime {
    Builder::new_multi_thread().worker_threads(m.workers).enable_time().build().unwrap()
}

fn post_outside(m: &mut Measurement) {
    let pool = runtime(m);
    let number = m.choose(1_000_000, 300_000, 2_000);
    m.report_per_piece(number, |m| {
        let before = total();
        let begin = Instant::now();
        for _ in 0..number {
            pool.spawn(async { count() });
        }
        wait_for(m, before, number, nap);
        begin.elapsed()
    });
}

fn submit_and_read(m: &mut Measurement) {
    let pool = runtime(m);
    let number = m.choose(1_000_000, 300_000, 2_000);
    let mut handles: Vec<JoinHandle<u64>> = Vec::with_capacity(number as usize);
    m.report_per_piece(number, |m| {
        let begin = Instant::now();
        for i in 0..number {
            handles.push(pool.spawn(async move { i }));
        }
        let sum = pool.block_on(async {
            let mut sum = 0;
            for each in handles.drain(..) {
                sum += each.await.unwrap();
            }
            sum
        });
        let took = begin.elapsed();
        m.expect(number * (number - 1) / 2, sum, "sum of the results");
        took
    });
}

fn post_inside(m: &mut Measurement) {
    let pool = runtime(m);
    let number = m.choose(1_000_000, 300_000, 2_000);
    m.report_per_piece(number, |m| {
        let before = total();
        let begin = Instant::now();
        pool.spawn(async move {
            for _ in 0..number {
                tokio::spawn(async { count() });
            }
        });
        wait_for(m, before, number, nap);
        begin.elapsed()
    });
}

fn grow_tree(depth: u64) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        count();
        if depth > 1 {
            tokio::spawn(grow_tree(depth - 1));
            tokio::spawn(grow_tree(depth - 1));
        }
    })
}

fn tree(m: &mut Measurement) {
    let pool = runtime(m);
    let depth = m.choose(20, 18, 8);
    let number = (1 << depth) - 1;
    m.report_per_piece(number, |m| {
        let before = total();
        let begin = Instant::now();
        pool.spawn(grow_tree(depth));
        wait_for(m, before, number, nap);
        begin.elapsed()
    });
}

fn round_trip(m: &mut Measurement) {
    let pool = runtime(m);
    m.report_quantiles(m.choose(10_000, 2_000, 200), || {
        pool.spawn(async { RAN.raise() });
        RAN.wait_and_lower();
    });
}

fn future_round_trip(m: &mut Measurement) {
    let pool = runtime(m);
    m.report_quantiles(m.choose(10_000, 2_000, 200), || {
        assert_eq!(pool.block_on(pool.spawn(async { 7 })).unwrap(), 7);
    });
}

fn block(pool: &Handle, m: &Measurement) {
    GATE.close();
    for _ in 0..m.workers {
        pool.spawn(async { GATE.pass() });
    }
    GATE.wait_until_inside(m.workers);
}

fn pending_memory(m: &mut Measurement) {
    let pool = runtime(m);
    block(pool.handle(), m);
    let number = m.choose(1_000_000, 300_000, 2_000);
    let (counted, before) = (total(), resident_bytes());
    for _ in 0..number {
        pool.spawn(async { count() });
    }
    m.report("", (resident_bytes() - before) / number as f64);
    GATE.open();
    wait_for(m, counted, number, nap);
}

fn pending_future_memory(m: &mut Measurement) {
    let pool = runtime(m);
    block(pool.handle(), m);
    let number = m.choose(1_000_000, 300_000, 2_000);
    let mut handles: Vec<Option<JoinHandle<u64>>> = Vec::new();
    handles.resize_with(number as usize, || None);
    let before = resident_bytes();
    for each in &mut handles {
        *each = Some(pool.spawn(async { 1 }));
    }
    m.report("", (resident_bytes() - before) / number as f64);
    GATE.open();
    for each in handles {
        m.expect(1, pool.block_on(each.unwrap()).unwrap(), "result");
    }
}

fn idle(m: &mut Measurement) {
    let pool = runtime(m);
    let number = m.choose(200_000, 200_000, 2_000);
    let burst = |m: &Measurement| {
        let counted = total();
        for _ in 0..number {
            pool.spawn(async { count() });
        }
        wait_for(m, counted, number, std::thread::yield_now);
    };
    burst(m);
    let clock = CpuClock::new();
    burst(m);
    let before = clock.milliseconds();
    std::thread::sleep(Duration::from_millis(m.choose(2_000, 2_000, 50)));
    m.report("", clock.milliseconds() - before);
}

// A sleep is armed when it is polled for the first time, and cancelled when it is dropped.
fn arm(delay: Duration) -> Pin<Box<tokio::time::Sleep>> {
    let mut sleep = Box::pin(tokio::time::sleep(delay));
    assert_eq!(sleep.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Pending);
    sleep
}

fn timer_crowd(m: &mut Measurement) {
    let pool = runtime(m);
    let _inside = pool.enter();
    let number = m.choose(1_000_000, 300_000, 1_000);
    let mut took = (0.0, 0.0);
    for _ in 0..2 {
        let mut timers = Vec::new();
        let begin = Instant::now();
        for i in 0..number {
            timers.push(arm(Duration::from_millis(3_600_000 + i * 7_919 % 1_000_000)));
        }
        let armed = begin.elapsed();
        m.expect(false, timers.iter().any(|each| each.is_elapsed()), "timers that ended early");
        let again = Instant::now();
        drop(timers);
        took = (armed.as_nanos() as f64, again.elapsed().as_nanos() as f64);
    }
    m.report("", took.0 / number as f64);
    m.report("_cancel", took.1 / number as f64);
}

fn lone_timer(m: &mut Measurement) {
    let pool = runtime(m);
    let _inside = pool.enter();
    let number = m.choose(300_000, 100_000, 500);
    m.report_per_piece(number, |_| {
        let begin = Instant::now();
        for _ in 0..number {
            drop(arm(Duration::from_secs(3_600)));
        }
        begin.elapsed()
    });
}

fn main() {
    let others: [Workload; 12] = [
        ("W1", post_outside),
        ("W2", submit_and_read),
        ("FFI_rust", submit_and_read),
        ("W3", post_inside),
        ("W4", tree),
        ("W5", round_trip),
        ("W5f", future_round_trip),
        ("W8", pending_memory),
        ("W8f", pending_future_memory),
        ("W9", idle),
        ("W10", timer_crowd),
        ("W10s", lone_timer),
    ];
    run("tokio", &[fairness::fair().as_slice(), &others].concat());
}
