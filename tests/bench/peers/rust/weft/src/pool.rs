//! A weft pool that takes closures and gives typed results. The closure is in the room of its task, and the result
//! takes its place. So each needs only weft's one allocation. abi.rs has the functions of weft.

use crate::abi::*;
use std::marker::PhantomData;
use std::mem::{align_of, needs_drop, size_of, ManuallyDrop};
use std::os::raw::c_void;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr::{null, null_mut};

/// A call of weft failed, or the task has no result.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub struct Status(pub weft_status);

fn check(status: weft_status) -> Result<(), Status> {
    if status == WEFT_OK {
        Ok(())
    } else {
        Err(Status(status))
    }
}

/// What weft must know of tasks that run an F to get a T.
struct Room<T, F>(PhantomData<(T, F)>);

impl<T: Send, F: FnOnce() -> T + Send> Room<T, F> {
    const TYPE: weft_task_type_t = weft_task_type_t {
        size: size_of::<weft_task_type_t>() as u32,
        flags: WEFT_TASK_MOVES, // no value is left where one was moved out
        room_size: larger(size_of::<F>(), size_of::<T>()),
        room_align: larger(align_of::<F>(), align_of::<T>()),
        run: Self::run,
        drop: if needs_drop::<F>() { Some(drop_in_place::<F>) } else { None },
        drop_result: if needs_drop::<T>() { Some(drop_in_place::<T>) } else { None },
    };

    unsafe extern "C" fn run(room: *mut c_void, error: *mut *mut weft_error_t) -> weft_status {
        // SAFETY: spawn() moved the closure here. weft runs it once; only if it does not run it, weft drops it.
        let closure = unsafe { room.cast::<F>().read() };
        // A panic must not unwind into C.
        match catch_unwind(AssertUnwindSafe(closure)) {
            Ok(value) => {
                // SAFETY: the room is large enough for it, and empty since the read.
                unsafe { room.cast::<T>().write(value) };
                WEFT_OK
            }
            Err(_) => {
                // SAFETY: the strings are copied. If even that fails, only the status tells of the failure.
                unsafe {
                    weft_error_create(0, b"panic\0".as_ptr().cast(), b"a task panicked\0".as_ptr().cast(), error)
                };
                WEFT_EFAILED
            }
        }
    }
}

const fn larger(a: usize, b: usize) -> u32 {
    if a > b {
        a as u32
    } else {
        b as u32
    }
}

unsafe extern "C" fn drop_in_place<V>(room: *mut c_void) {
    // SAFETY: weft calls this once, and only if there is a V.
    unsafe { room.cast::<V>().drop_in_place() };
}

/// A pool of worker threads.
pub struct Pool(*mut weft_executor_t);

impl Pool {
    pub fn new(max_workers: u32) -> Result<Pool, Status> {
        let options = weft_executor_options_t {
            size: size_of::<weft_executor_options_t>() as u32,
            max_workers,
            name_prefix: null(),
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

    pub fn spawn<T, F>(&self, closure: F) -> Result<Future<T>, Status>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let mut future = null_mut();
        // The closure is moved into the task as bytes, as every value of Rust may be.
        let closure = ManuallyDrop::new(closure);
        // SAFETY: the type is a constant, and its room is as large as it says.
        let status = unsafe {
            weft_executor_submit_value(
                self.0,
                null(),
                &Room::<T, F>::TYPE,
                (&closure as *const ManuallyDrop<F>).cast(),
                size_of::<F>(),
                &mut future,
            )
        };
        if status != WEFT_OK {
            drop(ManuallyDrop::into_inner(closure)); // this thread still owns it
            return Err(Status(status));
        }
        Ok(Future(future, PhantomData))
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        // SAFETY: the one reference of self.
        unsafe {
            weft_executor_shutdown(self.0, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER);
            weft_executor_unref(self.0);
        }
    }
}

/// The future outcome of one closure. Dropping it does not stop the closure.
pub struct Future<T>(*mut weft_future_t, PhantomData<fn() -> T>);

impl<T> Future<T> {
    /// Waits for the closure and moves its result out.
    pub fn get(self) -> Result<T, Status> {
        let mut room = null_mut();
        // SAFETY: the caller owns a taken result, and the room stays until self is dropped.
        unsafe {
            check(weft_future_take(self.0, WEFT_FOREVER, &mut room))?;
            Ok(room.cast::<T>().read())
        }
    }
}

impl<T> Drop for Future<T> {
    fn drop(&mut self) {
        // SAFETY: the one reference of self.
        unsafe { weft_future_unref(self.0) }
    }
}
