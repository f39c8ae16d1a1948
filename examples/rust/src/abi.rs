//! The part of weft's C ABI that this example calls, written by hand from include/weft/*.h. The headers say what each
//! function does and which side owns what. Read on in pool.rs, which makes this safe.

#![allow(non_camel_case_types)]

use std::os::raw::{c_char, c_void};

pub type weft_status = i32;
pub const WEFT_OK: weft_status = 0;
pub const WEFT_EFAILED: weft_status = -6;
pub const WEFT_ESHUTDOWN: weft_status = -14;
pub const WEFT_FOREVER: i64 = i64::MAX;
pub const WEFT_SHUTDOWN_WAIT: u32 = 1;

pub type weft_drop_fn = Option<unsafe extern "C" fn(*mut c_void)>;
pub type weft_task_fn =
    Option<unsafe extern "C" fn(*mut c_void, *mut *mut c_void, *mut *mut weft_error_t) -> weft_status>;
pub type weft_initializer_fn = Option<unsafe extern "C" fn(*mut c_void, *mut *mut weft_error_t) -> weft_status>;

/// Opaque types of the library, used only behind pointers.
macro_rules! opaque {
    ($($name:ident)*) => { $(#[repr(C)] pub struct $name { _private: [u8; 0] })* };
}
opaque!(weft_runtime_t weft_executor_t weft_future_t weft_error_t weft_cancel_token_t weft_domain_t);

#[repr(C)]
pub struct weft_executor_options_t {
    pub size: u32,
    pub max_workers: u32,
    pub name_prefix: *const c_char,
    pub stack_size: u64,
    pub affinity: *const u32,
    pub affinity_count: u32,
    pub nice: i32,
    pub max_spares: u32,
    pub max_helpers: u32,
    pub linger: i64,
    pub max_queue: u64,
    pub full_timeout: i64,
    pub when_full: u32,
    pub daemon: u32,
    pub initializer: weft_initializer_fn,
    pub initializer_ctx: *mut c_void,
    pub initializer_drop: weft_drop_fn,
    pub worker_start: *const c_void, // hooks that are not used here
    pub worker_stop: *const c_void,
    pub worker_rest: *const c_void,
    pub worker_ctx: *mut c_void,
    pub worker_drop: weft_drop_fn,
    pub signals: u32,
    pub flags: u32,
}

#[repr(C)]
pub struct weft_task_options_t {
    pub size: u32,
    pub priority: u32,
    pub token: *mut weft_cancel_token_t,
    pub domain: *mut weft_domain_t,
    pub result_drop: weft_drop_fn,
    pub name: *const c_char,
}

#[repr(C)]
pub struct weft_call_t {
    pub fn_: weft_task_fn,
    pub ctx: *mut c_void,
    pub drop: weft_drop_fn,
}

extern "C" {
    pub fn weft_status_name(status: weft_status) -> *const c_char;
    pub fn weft_status_text(status: weft_status) -> *const c_char;

    pub fn weft_error_create_foreign(
        code: i32,
        kind: *const c_char,
        message: *const c_char,
        tag: *const c_char,
        payload: *mut c_void,
        drop: weft_drop_fn,
        out: *mut *mut weft_error_t,
    ) -> weft_status;
    pub fn weft_error_unref(error: *mut weft_error_t);
    pub fn weft_error_code(error: *const weft_error_t) -> i32;
    pub fn weft_error_kind(error: *const weft_error_t) -> *const c_char;
    pub fn weft_error_message(error: *const weft_error_t) -> *const c_char;
    pub fn weft_error_payload(error: *const weft_error_t, tag: *const c_char) -> *mut c_void;

    pub fn weft_executor_create(
        runtime: *mut weft_runtime_t,
        options: *const weft_executor_options_t,
        out: *mut *mut weft_executor_t,
    ) -> weft_status;
    pub fn weft_executor_unref(executor: *mut weft_executor_t);
    pub fn weft_executor_submit_batch(
        executor: *mut weft_executor_t,
        options: *const weft_task_options_t,
        calls: *const weft_call_t,
        count: usize,
        futures: *mut *mut weft_future_t,
    ) -> weft_status;
    pub fn weft_executor_shutdown(executor: *mut weft_executor_t, flags: u32, timeout: i64) -> weft_status;

    pub fn weft_future_unref(future: *mut weft_future_t);
    pub fn weft_future_take(future: *mut weft_future_t, timeout: i64, result: *mut *mut c_void) -> weft_status;
    pub fn weft_future_exception(
        future: *mut weft_future_t,
        timeout: i64,
        error: *mut *mut weft_error_t,
    ) -> weft_status;
}
