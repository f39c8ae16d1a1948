//! The frame of the peers in Rust: the command line of frame/program.hpp, the counters of frame/tally.hpp, and what
//! several workloads need.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::*};
use std::time::{Duration, Instant};

pub struct Measurement {
    pub workload: String,
    pub workers: usize,
    size: String,
    figures: Vec<(String, f64)>,
}

impl Measurement {
    pub fn choose(&self, full: u64, quick: u64, smoke: u64) -> u64 {
        match self.size.as_str() {
            "smoke" => smoke,
            "quick" => quick,
            _ => full,
        }
    }

    pub fn report(&mut self, suffix: &str, value: f64) {
        self.figures.push((format!("{}{suffix}", self.workload), value));
    }

    /// `once` returns how long it took; the first call warms up.
    pub fn report_per_piece(&mut self, count: u64, mut once: impl FnMut(&Self) -> Duration) {
        once(self);
        let mut took = once(self);
        // For a short workload the median of three counts, as in frame/measurement.hpp.
        if took < Duration::from_millis(200) {
            let mut all = [took, once(self), once(self)];
            all.sort();
            took = all[1];
        }
        self.report("", took.as_nanos() as f64 / count as f64);
    }

    pub fn report_quantiles(&mut self, count: u64, mut once: impl FnMut()) {
        for _ in 0..=count / 10 {
            once();
        }
        let mut times: Vec<u128> = (0..count)
            .map(|_| {
                let begin = Instant::now();
                once();
                begin.elapsed().as_nanos()
            })
            .collect();
        times.sort();
        self.report("", times[times.len() / 2] as f64);
        self.report("_p99", times[times.len() * 99 / 100] as f64);
    }

    pub fn expect<T: PartialEq + std::fmt::Debug>(&self, wanted: T, got: T, what: &str) {
        if wanted != got {
            self.fail(&format!("{what}: {got:?} instead of {wanted:?}"));
        }
    }

    /// Ends the program at once, because a pool that has lost a task may never end by itself.
    pub fn fail(&self, what: &str) -> ! {
        eprintln!("{}, {} workers: {what}", self.workload, self.workers);
        std::process::exit(1);
    }
}

// --- counting tasks ---

#[repr(align(128))]
struct Counter(AtomicU64);
static COUNTERS: [Counter; 4096] = [const { Counter(AtomicU64::new(0)) }; 4096];
static TAKEN: AtomicUsize = AtomicUsize::new(0);
thread_local! { static MINE: Cell<Option<&'static AtomicU64>> = const { Cell::new(None) } }

/// Counts one task that has run.
pub fn count() {
    let mine = MINE.get().unwrap_or_else(|| {
        let claimed = &COUNTERS[TAKEN.fetch_add(1, Relaxed)].0;
        MINE.set(Some(claimed));
        claimed
    });
    mine.store(mine.load(Relaxed) + 1, Release);
}

pub fn total() -> u64 {
    COUNTERS[..TAKEN.load(Relaxed)]
        .iter()
        .map(|each| each.0.load(Acquire))
        .sum()
}

/// Waits until `count` tasks more than `before` have run.
pub fn wait_for(m: &Measurement, before: u64, count: u64, pause: fn()) {
    let mut seen = total();
    let mut since = Instant::now();
    while seen != before + count {
        if seen > before + count {
            m.fail("tasks ran twice");
        }
        pause();
        let sum = total();
        if sum != seen {
            since = Instant::now();
        } else if since.elapsed() > Duration::from_secs(30) {
            m.fail(&format!("tasks were lost: {}", before + count - sum));
        }
        seen = sum;
    }
}

pub fn nap() {
    std::thread::sleep(Duration::from_micros(200));
}

// --- what several workloads need ---

/// Set by a task, waited for by spinning.
pub struct Flag(AtomicBool);
pub static RAN: Flag = Flag(AtomicBool::new(false));

impl Flag {
    pub fn raise(&self) {
        self.0.store(true, Release);
    }
    pub fn wait_and_lower(&self) {
        let mut looks = 0;
        while !self.0.load(Acquire) {
            looks += 1;
            if looks < 500 {
                std::hint::spin_loop();
            } else {
                std::thread::yield_now();
            }
        }
        self.0.store(false, Relaxed);
    }
}

/// Tasks that hold every worker until it is opened.
pub struct Gate {
    inside: AtomicUsize,
    open: AtomicBool,
}
pub static GATE: Gate = Gate {
    inside: AtomicUsize::new(0),
    open: AtomicBool::new(false),
};

impl Gate {
    pub fn pass(&self) {
        self.inside.fetch_add(1, SeqCst);
        while !self.open.load(SeqCst) {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.inside.fetch_sub(1, SeqCst);
    }
    pub fn close(&self) {
        self.open.store(false, SeqCst);
    }
    pub fn wait_until_inside(&self, workers: usize) {
        while self.inside.load(SeqCst) != workers {
            std::thread::yield_now();
        }
    }
    pub fn open(&self) {
        self.open.store(true, SeqCst);
        while self.inside.load(SeqCst) != 0 {
            std::thread::yield_now();
        }
    }
}

pub fn resident_bytes() -> f64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    4096.0 * text.split(' ').nth(1).unwrap().parse::<f64>().unwrap()
}

/// CPU time of all threads, as cpu_clock in frame/resources.hpp reads it, and why.
pub struct CpuClock {
    threads: Vec<i32>,
}

#[repr(C)]
struct Timespec {
    seconds: i64,
    nanoseconds: i64,
}

extern "C" {
    fn clock_gettime(which: i32, time: *mut Timespec) -> i32;
}

impl CpuClock {
    pub fn new() -> Self {
        let threads = std::fs::read_dir("/proc/self/task").unwrap();
        let ids = threads.map(|each| each.unwrap().file_name().into_string().unwrap().parse::<i32>().unwrap());
        CpuClock {
            threads: ids.map(|id| !id << 3 | 6).collect(),
        }
    }

    pub fn milliseconds(&self) -> f64 {
        self.threads.iter().for_each(|&each| {
            Self::read(each);
        });
        const OF_PROCESS: i32 = 2;
        Self::read(OF_PROCESS)
    }

    fn read(which: i32) -> f64 {
        let mut used = Timespec { seconds: 0, nanoseconds: 0 };
        unsafe { clock_gettime(which, &mut used) };
        used.seconds as f64 * 1e3 + used.nanoseconds as f64 * 1e-6
    }
}

// --- the command line ---

pub type Workload = (&'static str, fn(&mut Measurement));

pub fn run(peer: &str, known: &[Workload]) {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| {
        arguments
            .iter()
            .find_map(|each| each.strip_prefix(name).map(str::to_string))
    };
    if arguments.iter().any(|each| each == "--list") {
        known.iter().for_each(|(name, _)| println!("{name}"));
        return;
    }
    let only = value("--only=");
    let mut lines = Vec::new();
    for (name, function) in known {
        if only
            .as_ref()
            .is_some_and(|only| !only.split(',').any(|each| each == *name))
        {
            continue;
        }
        for workers in value("--workers=")
            .unwrap_or("2".into())
            .split(',')
            .map(|each| each.parse().unwrap())
        {
            let size = value("--size=").unwrap_or_default();
            let mut m = Measurement {
                workload: name.to_string(),
                workers,
                size,
                figures: Vec::new(),
            };
            function(&mut m);
            let figures: String = m
                .figures
                .iter()
                .map(|(name, value)| format!(", \"{name}\": {value}"))
                .collect();
            lines.push(format!("{{\"name\": \"{name}/{peer}/{workers}\"{figures}}}"));
        }
    }
    println!("{{\"benchmarks\": [\n{}\n]}}", lines.join(",\n"));
}
