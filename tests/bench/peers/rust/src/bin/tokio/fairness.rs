//! W12 for tokio: see workloads/fairness.hpp. The tasks of a load block their worker, as those of the other peers do.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::*};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Handle};
use weft_bench_peers::*;

/// One kind of probe.
struct Probe {
    under_way: AtomicBool,
    due: AtomicU64, // nanoseconds since the beginning
    took: AtomicU64,
    worst: AtomicU64,
    beginning: Instant,
}

impl Probe {
    fn new() -> &'static Self {
        Box::leak(Box::new(Probe {
            under_way: AtomicBool::new(false),
            due: AtomicU64::new(0),
            took: AtomicU64::new(0),
            worst: AtomicU64::new(0),
            beginning: Instant::now(),
        }))
    }
    fn now(&self) -> u64 {
        self.beginning.elapsed().as_nanos() as u64
    }
    fn is_under_way(&self) -> bool {
        self.under_way.load(Acquire)
    }
    fn begin(&self, delay: Duration) {
        self.worst.fetch_max(self.took.load(Relaxed), Relaxed);
        self.due.store(self.now() + delay.as_nanos() as u64, Relaxed);
        self.under_way.store(true, Release);
    }
    fn arrive(&self) {
        self.took.store(self.now().saturating_sub(self.due.load(Relaxed)), Relaxed);
        self.under_way.store(false, Release);
    }
    fn worst_in_ms(&self) -> f64 {
        let last = if self.is_under_way() {
            self.now().saturating_sub(self.due.load(Relaxed))
        } else {
            self.took.load(Relaxed)
        };
        self.worst.load(Relaxed).max(last) as f64 * 1e-6
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Own,
    Batches,
    Timers,
}

/// What keeps the workers busy.
struct Load {
    kind: Kind,
    length: Duration,
    pool: Handle,
    stopped: AtomicBool,
    asked: AtomicBool,
    pending: AtomicUsize,
    inside: &'static Probe,
}

impl Load {
    fn body(&self) {
        if !self.length.is_zero() {
            sleep(self.length);
        }
        if self.asked.load(Relaxed) && self.asked.swap(false, AcqRel) {
            self.inside.begin(Duration::ZERO);
            let inside = self.inside;
            self.pool.spawn(async move { inside.arrive() });
        }
    }
    fn next(&'static self) {
        if self.kind == Kind::Timers {
            self.pool.spawn(async move {
                tokio::time::sleep(Duration::ZERO).await;
                self.step();
            });
        } else {
            self.pool.spawn(async move { self.step() });
        }
    }
    fn step(&'static self) {
        self.body();
        if self.stopped.load(Relaxed) {
            self.pending.fetch_sub(1, Release);
        } else {
            self.next();
        }
    }
    fn submit_batches(&'static self, batch: usize) {
        while !self.stopped.load(Relaxed) {
            if self.pending.load(Relaxed) > batch {
                sleep(Duration::from_micros(20));
                continue;
            }
            self.pending.fetch_add(batch, Relaxed);
            for _ in 0..batch {
                self.pool.spawn(async move {
                    self.body();
                    self.pending.fetch_sub(1, Release);
                });
            }
        }
    }
}

fn fairness(m: &mut Measurement, kind: Kind, length: Duration) {
    let pool = Builder::new_multi_thread().worker_threads(m.workers).enable_time().build().unwrap();
    let busy: &'static Load = Box::leak(Box::new(Load {
        kind,
        length,
        pool: pool.handle().clone(),
        stopped: AtomicBool::new(false),
        asked: AtomicBool::new(false),
        pending: AtomicUsize::new(0),
        inside: Probe::new(),
    }));
    let mut submitter = None;
    if kind == Kind::Batches {
        let batch = if length.is_zero() { 64 } else { m.workers };
        submitter = Some(std::thread::spawn(move || busy.submit_batches(batch)));
    } else {
        busy.pending.store(2 * m.workers, Relaxed);
        (0..2 * m.workers).for_each(|_| busy.next());
    }
    let (outside, timer) = (Probe::new(), Probe::new());
    let end = Instant::now() + Duration::from_millis(m.choose(10_000, 1_500, 20));
    let delay = Duration::from_millis(1);
    let mut turn = 0;
    while Instant::now() < end {
        sleep(Duration::from_micros(700 + turn * 379 % 1_000));
        turn += 1;
        if !outside.is_under_way() {
            outside.begin(Duration::ZERO);
            pool.spawn(async move { outside.arrive() });
        }
        if !busy.asked.load(Acquire) && !busy.inside.is_under_way() {
            busy.asked.store(true, Release);
        }
        if !timer.is_under_way() {
            timer.begin(delay);
            pool.spawn(async move {
                tokio::time::sleep(delay).await;
                timer.arrive();
            });
        }
    }
    m.report("", outside.worst_in_ms());
    m.report("_inside", busy.inside.worst_in_ms());
    m.report("_timer", timer.worst_in_ms());
    busy.stopped.store(true, Release);
    if let Some(thread) = submitter {
        thread.join().unwrap();
    }
    let since = Instant::now();
    while busy.pending.load(Acquire) != 0 || [outside, timer, busy.inside].iter().any(|each| each.is_under_way()) {
        if since.elapsed() > Duration::from_secs(30) {
            m.fail("tasks were lost");
        }
        sleep(delay);
    }
}

macro_rules! lengths {
    ($name:literal, $kind:expr) => {
        [
            (concat!("W12_", $name, "_0"), |m: &mut Measurement| fairness(m, $kind, Duration::ZERO)),
            (concat!("W12_", $name, "_100us"), |m: &mut Measurement| fairness(m, $kind, Duration::from_micros(100))),
            (concat!("W12_", $name, "_10ms"), |m: &mut Measurement| fairness(m, $kind, Duration::from_millis(10))),
        ]
    };
}

pub fn fair() -> Vec<Workload> {
    let all: [[Workload; 3]; 3] =
        [lengths!("own", Kind::Own), lengths!("batches", Kind::Batches), lengths!("timers", Kind::Timers)];
    all.into_iter().flatten().collect()
}
