//! rayon: spawn, join, and parallel iterators.

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use weft_bench_peers::*;

fn pool(m: &Measurement) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(m.workers).build().unwrap()
}

fn post_outside(m: &mut Measurement) {
    let pool = pool(m);
    let number = m.choose(1_000_000, 300_000, 2_000);
    m.report_per_piece(number, |m| {
        let before = total();
        let begin = Instant::now();
        for _ in 0..number {
            pool.spawn(count);
        }
        wait_for(m, before, number, nap);
        begin.elapsed()
    });
}

fn post_inside(m: &mut Measurement) {
    let pool = pool(m);
    let number = m.choose(1_000_000, 300_000, 2_000);
    m.report_per_piece(number, |m| {
        let before = total();
        let begin = Instant::now();
        pool.spawn(move || {
            for _ in 0..number {
                rayon::spawn(count);
            }
        });
        wait_for(m, before, number, nap);
        begin.elapsed()
    });
}

fn grow_tree(depth: u64) {
    count();
    if depth > 1 {
        rayon::spawn(move || grow_tree(depth - 1));
        rayon::spawn(move || grow_tree(depth - 1));
    }
}

fn tree(m: &mut Measurement) {
    let pool = pool(m);
    let depth = m.choose(20, 18, 8);
    let number = (1 << depth) - 1;
    m.report_per_piece(number, |m| {
        let before = total();
        let begin = Instant::now();
        pool.spawn(move || grow_tree(depth));
        wait_for(m, before, number, nap);
        begin.elapsed()
    });
}

fn fork_fibonacci(n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    let (a, b) = rayon::join(|| fork_fibonacci(n - 1), || fork_fibonacci(n - 2));
    a + b
}

fn fork_join(m: &mut Measurement) {
    let pool = pool(m);
    let n = m.choose(30, 26, 12);
    let (mut wanted, mut next) = (0, 1);
    for _ in 0..n {
        (wanted, next) = (next, wanted + next);
    }
    m.report_per_piece(2 * next - 1, |m| {
        let begin = Instant::now();
        let got = pool.install(|| fork_fibonacci(std::hint::black_box(n)));
        let took = begin.elapsed();
        m.expect(wanted, got, "Fibonacci number");
        took
    });
}

fn round_trip(m: &mut Measurement) {
    let pool = pool(m);
    m.report_quantiles(m.choose(10_000, 2_000, 200), || {
        pool.spawn(|| RAN.raise());
        RAN.wait_and_lower();
    });
}

fn pending_memory(m: &mut Measurement) {
    let pool = pool(m);
    GATE.close();
    for _ in 0..m.workers {
        pool.spawn(|| GATE.pass());
    }
    GATE.wait_until_inside(m.workers);
    let number = m.choose(1_000_000, 300_000, 2_000);
    let (counted, before) = (total(), resident_bytes());
    for _ in 0..number {
        pool.spawn(count);
    }
    m.report("", (resident_bytes() - before) / number as f64);
    GATE.open();
    wait_for(m, counted, number, nap);
}

fn idle(m: &mut Measurement) {
    let pool = pool(m);
    let number = m.choose(200_000, 200_000, 2_000);
    let burst = |m: &Measurement| {
        let counted = total();
        for _ in 0..number {
            pool.spawn(count);
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

// Four sums at once, as workloads/range.hpp does.
fn sum_of(part: &[f64]) -> f64 {
    let mut sums = [0.0; 4];
    let pieces = part.chunks_exact(4);
    let rest: f64 = pieces.remainder().iter().sum();
    for piece in pieces {
        for (sum, value) in sums.iter_mut().zip(piece) {
            *sum += value;
        }
    }
    sums.iter().sum::<f64>() + rest
}

fn parallel_sum(m: &mut Measurement) {
    let pool = pool(m);
    let data: Vec<f64> = (0..m.choose(10_000_000, 10_000_000, 10_000))
        .map(|i| (i % 8) as f64)
        .collect();
    let wanted: f64 = data.iter().sum();
    let mut best: f64 = 0.0;
    for _ in 0..10 {
        let begin = Instant::now();
        let got: f64 = pool.install(|| data.par_chunks(16_384).map(sum_of).sum());
        let took = begin.elapsed();
        m.expect(wanted, got, "sum");
        best = best.max((data.len() * 8) as f64 / took.as_nanos() as f64);
    }
    m.report("", best);
}

fn tiny_loop(m: &mut Measurement) {
    let pool = pool(m);
    let cells: [AtomicU64; 4] = Default::default();
    let count = m.choose(20_000, 5_000, 200);
    let mut turns = 0;
    // Inside the pool, because to enter it costs more than the loop.
    pool.install(|| {
        m.report_quantiles(count, || {
            (0..4)
                .into_par_iter()
                .for_each(|i| cells[i].store(cells[i].load(Relaxed) + 1, Relaxed));
            turns += 1;
        })
    });
    for each in &cells {
        m.expect(turns, each.load(Relaxed), "turns of the loop");
    }
}

fn main() {
    run(
        "rayon",
        &[
            ("W1", post_outside),
            ("W3", post_inside),
            ("W4", tree),
            ("W4j", fork_join),
            ("W5", round_trip),
            ("W8", pending_memory),
            ("W9", idle),
            ("W11", parallel_sum),
            ("W11b", tiny_loop),
        ],
    );
}
