//! A safe interface to a weft pool, which takes closures and gives typed results and errors. A closure crosses the
//! border as `ctx` with its `drop`, a result as a box with its `result_drop`, a panic or an error value as the payload
//! of a weft error. Read on in main.rs, which uses it, or in abi.rs for the functions of weft.

use crate::abi::*;
use std::any::Any;
use std::ffi::{CStr, CString};
use std::marker::PhantomData;
use std::os::raw::{c_char, c_void};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr::{null, null_mut};

/// A call of weft failed, with this status.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub struct Status(pub weft_status);

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // SAFETY: both return static strings for every value.
        let (name, text) =
            unsafe { (CStr::from_ptr(weft_status_name(self.0)), CStr::from_ptr(weft_status_text(self.0))) };
        write!(f, "{}: {}", name.to_string_lossy(), text.to_string_lossy())
    }
}

fn check(status: weft_status) -> Result<(), Status> {
    if status == WEFT_OK {
        Ok(())
    } else {
        Err(Status(status))
    }
}

/// The outcome of a task that fails: a code and a text.
#[derive(Debug, PartialEq, Eq, Clone)]
pub struct Failure {
    pub code: i32,
    pub message: String,
}

/// Why there is no result.
#[derive(Debug)]
pub enum TaskError {
    /// The closure returned an error.
    Failed(Failure),
    /// The closure panicked, with this text.
    Panicked(String),
    /// The error came from elsewhere: its code, kind and message.
    Foreign(i32, String, String),
    /// The future has no outcome to read: cancelled, timed out, taken.
    NoOutcome(Status),
}

impl std::fmt::Display for TaskError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            TaskError::Failed(failure) => write!(f, "failed with {}: {}", failure.code, failure.message),
            TaskError::Panicked(text) => write!(f, "panicked: {text}"),
            TaskError::Foreign(code, kind, message) => write!(f, "failed with {code}, {kind}: {message}"),
            TaskError::NoOutcome(status) => write!(f, "{status}"),
        }
    }
}

/// The tag of an error whose payload is a boxed Failure.
fn failure_tag() -> *const c_char {
    b"rust/weft-from-rust/Failure\0".as_ptr().cast()
}

/// Runs a closure. ctx is a boxed `Option<F>`: the closure is taken out here, and drop frees the empty box.
unsafe extern "C" fn run<T, F>(ctx: *mut c_void, result: *mut *mut c_void, error: *mut *mut weft_error_t) -> weft_status
where
    T: Send,
    F: FnOnce() -> Result<T, Failure> + Send,
{
    // SAFETY: ctx is the closure of submit_batch; weft calls run at most once, and before drop.
    let body = unsafe { &mut *ctx.cast::<Option<F>>() }.take();
    // A panic must not unwind into C.
    match catch_unwind(AssertUnwindSafe(|| body.map(|body| body()))) {
        Ok(Some(Ok(value))) => {
            // SAFETY: result is never NULL. take() or drop_box gets the box back.
            unsafe { *result = Box::into_raw(Box::new(value)).cast() };
            WEFT_OK
        }
        Ok(Some(Err(failure))) => {
            store_error("Failure", failure, error);
            WEFT_EFAILED
        }
        Ok(None) => WEFT_EFAILED, // it ran twice, which would be a fault of weft
        Err(panic) => {
            store_error("panic", Failure { code: 0, message: panic_text(panic) }, error);
            WEFT_EFAILED
        }
    }
}

/// Sets a weft error that carries the whole Rust value. If even that fails, only the status tells of the failure.
fn store_error(kind: &str, failure: Failure, error: *mut *mut weft_error_t) {
    let kind = CString::new(kind).unwrap_or_default();
    let message = CString::new(failure.message.replace('\0', "?")).unwrap_or_default();
    let code = failure.code;
    let payload = Box::into_raw(Box::new(failure)).cast();
    // SAFETY: the strings are copied; the payload belongs to the error only if the call succeeds.
    let status = unsafe {
        weft_error_create_foreign(
            code,
            kind.as_ptr(),
            message.as_ptr(),
            failure_tag(),
            payload,
            Some(drop_box::<Failure>),
            error,
        )
    };
    if status != WEFT_OK {
        // SAFETY: the call failed, so this function still owns the payload.
        unsafe { drop_box::<Failure>(payload) };
    }
}

fn panic_text(panic: Box<dyn Any + Send>) -> String {
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => panic.downcast_ref::<&str>().unwrap_or(&"a panic without a text").to_string(),
    }
}

/// The drop of everything that crosses the border as a box.
unsafe extern "C" fn drop_box<T>(pointer: *mut c_void) {
    // SAFETY: pointer came from Box::into_raw of the same T, and weft drops exactly once.
    drop(unsafe { Box::from_raw(pointer.cast::<T>()) });
}

/// A pool of worker threads.
pub struct Pool(*mut weft_executor_t);

// SAFETY: all functions of weft may be called from any thread.
unsafe impl Send for Pool {}
unsafe impl Sync for Pool {}

impl Pool {
    pub fn new(max_workers: u32, name_prefix: &str) -> Result<Pool, Status> {
        let prefix = CString::new(name_prefix).unwrap_or_default();
        let options = weft_executor_options_t {
            size: std::mem::size_of::<weft_executor_options_t>() as u32,
            max_workers,
            name_prefix: prefix.as_ptr(),
            stack_size: 0,
            affinity: null(),
            affinity_count: 0,
            nice: 0,
            max_spares: 0,
            max_helpers: 0,
            linger: 0,
            max_queue: 0,
            full_timeout: 0,
            when_full: 0,
            daemon: 0,
            initializer: None,
            initializer_ctx: null_mut(),
            initializer_drop: None,
            worker_start: null(),
            worker_stop: null(),
            worker_rest: null(),
            worker_ctx: null_mut(),
            worker_drop: None,
            signals: 0,
            flags: 0,
        };
        let mut executor = null_mut();
        // SAFETY: options is complete and copied by the call.
        check(unsafe { weft_executor_create(null_mut(), &options, &mut executor) })?;
        Ok(Pool(executor))
    }

    /// Submits the closures at once, all or none, and returns their futures in the same order.
    pub fn submit_batch<T, F>(&self, closures: impl IntoIterator<Item = F>) -> Result<Vec<Future<T>>, Status>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T, Failure> + Send + 'static,
    {
        let calls: Vec<weft_call_t> = closures
            .into_iter()
            .map(|closure| weft_call_t {
                fn_: Some(run::<T, F>),
                ctx: Box::into_raw(Box::new(Some(closure))).cast(),
                drop: Some(drop_box::<Option<F>>),
            })
            .collect();
        let options = weft_task_options_t {
            size: std::mem::size_of::<weft_task_options_t>() as u32,
            priority: 0,
            token: null_mut(),
            domain: null_mut(),
            result_drop: Some(drop_box::<T>),
            name: null(),
        };
        let mut futures = vec![null_mut(); calls.len()];
        // SAFETY: futures has room for as many futures as there are calls.
        let status =
            unsafe { weft_executor_submit_batch(self.0, &options, calls.as_ptr(), calls.len(), futures.as_mut_ptr()) };
        if let Err(status) = check(status) {
            for call in calls {
                // SAFETY: nothing was accepted, so the caller still owns every ctx.
                unsafe { drop_box::<Option<F>>(call.ctx) };
            }
            return Err(status);
        }
        Ok(futures.into_iter().map(|future| Future(future, PhantomData)).collect())
    }

    /// Waits until everything submitted has run and the workers have ended.
    pub fn shutdown(&self) -> Result<(), Status> {
        // SAFETY: self holds a reference.
        check(unsafe { weft_executor_shutdown(self.0, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER) })
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        // SAFETY: the one reference of self.
        unsafe { weft_executor_unref(self.0) }
    }
}

/// The future outcome of one closure. Dropping it does not stop the closure.
pub struct Future<T>(*mut weft_future_t, PhantomData<fn() -> T>);

// SAFETY: as for Pool; the result is Send.
unsafe impl<T: Send> Send for Future<T> {}

impl<T> Future<T> {
    /// Waits for the closure and moves its result out.
    pub fn get(self) -> Result<T, TaskError> {
        let mut result = null_mut();
        // SAFETY: self holds a reference; the caller owns a taken result, which is the box that run() made.
        match unsafe { weft_future_take(self.0, WEFT_FOREVER, &mut result) } {
            WEFT_OK => Ok(*unsafe { Box::from_raw(result.cast::<T>()) }),
            WEFT_EFAILED => Err(self.error()),
            status => Err(TaskError::NoOutcome(Status(status))),
        }
    }

    fn error(&self) -> TaskError {
        let mut error = null_mut();
        // SAFETY: on success error is an owned reference, given back below; strings and payload live as long as it.
        unsafe {
            let status = weft_future_exception(self.0, WEFT_FOREVER, &mut error);
            if status != WEFT_OK || error.is_null() {
                return TaskError::NoOutcome(Status(status));
            }
            let text = |pointer| CStr::from_ptr(pointer).to_string_lossy().into_owned();
            let (code, kind) = (weft_error_code(error), text(weft_error_kind(error)));
            let payload = weft_error_payload(error, failure_tag()).cast::<Failure>().as_ref();
            let answer = match payload {
                Some(failure) if kind == "panic" => TaskError::Panicked(failure.message.clone()),
                Some(failure) => TaskError::Failed(failure.clone()),
                None => TaskError::Foreign(code, kind, text(weft_error_message(error))),
            };
            weft_error_unref(error);
            answer
        }
    }
}

impl<T> Drop for Future<T> {
    fn drop(&mut self) {
        // SAFETY: the one reference of self.
        unsafe { weft_future_unref(self.0) }
    }
}
