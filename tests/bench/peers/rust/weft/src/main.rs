//! weft as a binding in Rust uses it: closures are in the room of their tasks, and results are read from there.

mod abi;
#[path = "../../src/lib.rs"]
#[allow(dead_code)]
mod frame;
mod pool;

use frame::{run, Measurement};
use pool::{Future, Pool};
use std::time::Instant;

fn spawn_and_read(m: &mut Measurement) {
    let pool = Pool::new(m.workers as u32).expect("a pool");
    let number = m.choose(1_000_000, 300_000, 2_000);
    let mut futures: Vec<Future<u64>> = Vec::with_capacity(number as usize);
    m.report_per_piece(number, |m| {
        let begin = Instant::now();
        for i in 0..number {
            futures.push(pool.spawn(move || i).expect("accepted"));
        }
        let sum: u64 = futures.drain(..).map(|each| each.get().expect("a result")).sum();
        let took = begin.elapsed();
        m.expect(number * (number - 1) / 2, sum, "sum of the results");
        took
    });
}

fn main() {
    run("weft_rust", &[("FFI_rust", spawn_and_read)]);
}
