/* weft as an extension of CPython uses it: Executor(max_workers).submit(callable, ...) gives a Future with result().
 *
 * Callables run on the workers of a weft pool, with the interpreter's lock. To pass that lock from thread to thread
 * costs as much as hundreds of tasks. So a task of weft is a drain: it takes the lock once and runs all pending
 * callables. One more drain is posted while callables are left and a worker is free, because a callable may release the
 * lock. The start hook gives a worker its thread state, which the worker keeps. A waiter for a result waits for a
 * promise of weft, which is made only then.
 *
 * Unless a comment says otherwise, everything is read and written with the interpreter's lock.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdint.h>
#include <time.h>
#include <weft/weft.h>

typedef struct future {
  PyObject_VAR_HEAD        /* its size is the number of arguments at the end */
      struct future *next; /* in the list of pending futures */
  PyObject *callable;      /* like names and arguments, kept until it has run */
  PyObject *names;         /* the names of the last arguments; NULL: none */
  PyObject *result;
  PyObject *exception;
  weft_future_t *promise; /* the first waiter makes it; NULL: no thread waits */
  int done;
  PyObject *arguments[1];
} future;

typedef struct executor {
  PyObject_HEAD weft_executor_t *pool;
  future *first, *last; /* the pending futures; the list owns a reference to each */
  unsigned max_workers;
  unsigned drains;        /* drains that are posted and have not ended */
  unsigned posted_drains; /* those that do not have the interpreter's lock yet: 0 or 1 */
  int is_shut_down;
} executor;

static PyTypeObject future_type;
static weft_runtime_t *runtime; /* of all executors; ends before the interpreter */

static PyObject *refused(weft_status status) {
  return PyErr_Format(PyExc_RuntimeError, "%s", weft_status_name(status));
}

/* --- futures --- */

static int future_traverse(PyObject *object, visitproc visit, void *arg) {
  future *const self = (future *)object;
  Py_VISIT(self->callable);
  Py_VISIT(self->names);
  Py_VISIT(self->result);
  Py_VISIT(self->exception);
  for (Py_ssize_t i = 0; i != Py_SIZE(self); ++i) Py_VISIT(self->arguments[i]);
  return 0;
}

static void forget_call(future *self) {
  Py_CLEAR(self->callable);
  Py_CLEAR(self->names);
  for (Py_ssize_t i = 0; i != Py_SIZE(self); ++i) Py_CLEAR(self->arguments[i]);
}

static int future_clear(PyObject *object) {
  future *const self = (future *)object;
  forget_call(self);
  Py_CLEAR(self->result);
  Py_CLEAR(self->exception);
  return 0;
}

static void future_dealloc(PyObject *object) {
  PyObject_GC_UnTrack(object);
  future_clear(object);
  weft_future_unref(((future *)object)->promise);
  PyObject_GC_Del(object);
}

static future *make_future(PyObject *const *arguments, Py_ssize_t positional, PyObject *names) {
  const Py_ssize_t count = positional + (names != NULL ? PyTuple_GET_SIZE(names) : 0) - 1;
  future *const made = PyObject_GC_NewVar(future, &future_type, count);
  if (made == NULL) return NULL;
  made->next = NULL;
  made->callable = Py_NewRef(arguments[0]);
  made->names = Py_XNewRef(names);
  made->result = NULL;
  made->exception = NULL;
  made->promise = NULL;
  made->done = 0;
  for (Py_ssize_t i = 0; i != count; ++i) made->arguments[i] = Py_NewRef(arguments[i + 1]);
  PyObject_GC_Track(made);
  return made;
}

static void run(future *self) {
  const Py_ssize_t named = self->names != NULL ? PyTuple_GET_SIZE(self->names) : 0;
  self->result = PyObject_Vectorcall(self->callable, self->arguments, (size_t)(Py_SIZE(self) - named), self->names);
  if (self->result == NULL) {
    PyObject *type, *traceback;
    PyErr_Fetch(&type, &self->exception, &traceback);
    PyErr_NormalizeException(&type, &self->exception, &traceback);
    if (traceback != NULL) PyException_SetTraceback(self->exception, traceback);
    Py_XDECREF(type);
    Py_XDECREF(traceback);
  }
  self->done = 1;
  forget_call(self);
  if (self->promise != NULL) weft_future_set_result(self->promise, NULL);
}

/* Returns 0, or -1 with an exception set. Waits in slices: a signal does not end a wait of weft, but Python's handler
 * for the signal may raise an exception. */
static int wait_until_done(future *self, int64_t timeout) {
  static const int64_t slice = 100000000;
  weft_status status = WEFT_OK;
  if (self->promise == NULL) status = weft_future_create(NULL, &self->promise);
  while (status == WEFT_OK && !self->done) {
    weft_future_t *const promise = self->promise; /* the caller's reference to self keeps it */
    const int64_t most = timeout < slice ? timeout : slice;
    Py_BEGIN_ALLOW_THREADS status = weft_future_wait(promise, most);
    Py_END_ALLOW_THREADS if (status != WEFT_ETIMEDOUT) continue;
    if (PyErr_CheckSignals() != 0) return -1;
    if (timeout != WEFT_FOREVER) timeout -= most;
    if (timeout > 0) status = WEFT_OK;
  }
  if (status == WEFT_OK) return 0;
  if (status == WEFT_ETIMEDOUT)
    PyErr_SetNone(PyExc_TimeoutError);
  else
    refused(status);
  return -1;
}

static PyObject *future_result(PyObject *object, PyObject *const *arguments, Py_ssize_t count) {
  future *const self = (future *)object;
  if (!self->done) {
    int64_t timeout = WEFT_FOREVER;
    if (count > 1) return PyErr_Format(PyExc_TypeError, "result() takes a timeout at most");
    if (count == 1 && arguments[0] != Py_None) {
      const double seconds = PyFloat_AsDouble(arguments[0]);
      if (PyErr_Occurred() != NULL) return NULL;
      if (seconds < 9e9) timeout = seconds > 0 ? (int64_t)(seconds * 1e9) : 0;
    }
    if (wait_until_done(self, timeout) != 0) return NULL;
  }
  if (self->exception == NULL) return Py_NewRef(self->result);
  PyErr_SetObject((PyObject *)Py_TYPE(self->exception), self->exception);
  return NULL;
}

static PyObject *future_done(PyObject *object, PyObject *Py_UNUSED(ignored)) {
  return PyBool_FromLong(((future *)object)->done);
}

static PyMethodDef future_methods[] = {
    {"result", (PyCFunction)(void (*)(void))future_result, METH_FASTCALL, "Wait for the result, and give or raise it."},
    {"done", future_done, METH_NOARGS, "Whether the call has ended."},
    {NULL, NULL, 0, NULL},
};

static PyTypeObject future_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "weft_pool.Future",
    .tp_basicsize = offsetof(future, arguments),
    .tp_itemsize = sizeof(PyObject *),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_traverse = future_traverse,
    .tp_clear = future_clear,
    .tp_dealloc = future_dealloc,
    .tp_methods = future_methods,
};

/* --- workers --- */

static weft_status attach(void *interpreter, weft_worker_t *worker, weft_error_t **error) {
  (void)error;
  worker->data = PyThreadState_New(interpreter);
  return worker->data != NULL ? WEFT_OK : WEFT_ENOMEM;
}

static void detach(void *interpreter, weft_worker_t *worker) {
  (void)interpreter;
  PyEval_RestoreThread(worker->data);
  PyThreadState_Clear(worker->data);
  PyThreadState_DeleteCurrent();
}

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static weft_status drain(void *ctx, void **result, weft_error_t **error);

/* Posts one more drain, if a worker may be free and no drain is on its way. */
static weft_status call_worker(executor *self) {
  if (self->posted_drains != 0 || self->drains == self->max_workers) return WEFT_OK;
  const weft_status status = weft_executor_post(self->pool, NULL, drain, self, NULL);
  if (status != WEFT_OK) return self->drains != 0 ? WEFT_OK : status; /* a running drain will find it */
  Py_INCREF(self); /* the drain's reference; the drain cannot begin before this thread releases the lock */
  ++self->drains;
  ++self->posted_drains;
  return WEFT_OK;
}

/* Callables in C never ask whether another thread wants the lock, so it is offered here. That is done only after the
 * interpreter's own interval, because a thread that is woken sooner only begins to wait again. */
static weft_status drain(void *ctx, void **result, weft_error_t **error) {
  static const int64_t patience = 5000000;
  executor *const self = ctx;
  int64_t since;
  unsigned ran = 0;
  (void)result, (void)error;
  PyEval_RestoreThread(weft_worker_data());
  since = now();
  --self->posted_drains;
  while (self->first != NULL) {
    future *const next = self->first;
    self->first = next->next;
    if (self->first != NULL) call_worker(self);
    run(next);
    Py_DECREF(next);
    if (++ran % 64 == 0 && now() - since > patience) {
      PyThreadState *const state = PyEval_SaveThread();
      PyEval_RestoreThread(state);
      since = now();
    }
  }
  --self->drains;
  Py_DECREF(self);
  PyEval_SaveThread();
  return WEFT_OK;
}

/* --- the executor --- */

static PyObject *executor_new(PyTypeObject *type, PyObject *arguments, PyObject *names) {
  static char *known[] = {"max_workers", NULL};
  weft_executor_options_t options;
  weft_status status;
  executor *self;
  weft_executor_options_init(&options);
  if (!PyArg_ParseTupleAndKeywords(arguments, names, "I", known, &options.max_workers)) return NULL;
  options.worker_start = attach;
  options.worker_stop = detach;
  options.worker_ctx = PyInterpreterState_Get();
  self = (executor *)type->tp_alloc(type, 0); /* zeroed */
  if (self == NULL) return NULL;
  self->max_workers = options.max_workers;
  status = weft_executor_create(runtime, &options, &self->pool);
  if (status == WEFT_OK) return (PyObject *)self;
  Py_DECREF(self);
  return refused(status);
}

/* Nothing is pending, because a drain would have a reference. */
static void executor_dealloc(PyObject *object) {
  weft_executor_unref(((executor *)object)->pool);
  Py_TYPE(object)->tp_free(object);
}

static PyObject *executor_submit(PyObject *object, PyObject *const *arguments, Py_ssize_t count, PyObject *names) {
  executor *const self = (executor *)object;
  future *made;
  weft_status status;
  if (count == 0) return PyErr_Format(PyExc_TypeError, "submit() takes a callable");
  if (self->is_shut_down) return refused(WEFT_ESHUTDOWN);
  made = make_future(arguments, count, names);
  if (made == NULL) return NULL;
  status = call_worker(self);
  if (status != WEFT_OK) {
    Py_DECREF(made);
    return refused(status);
  }
  if (self->first != NULL)
    self->last->next = made;
  else
    self->first = made;
  self->last = made;
  return Py_NewRef((PyObject *)made);
}

static PyObject *executor_shutdown(PyObject *object, PyObject *Py_UNUSED(ignored)) {
  executor *const self = (executor *)object;
  weft_status status;
  self->is_shut_down = 1;
  Py_BEGIN_ALLOW_THREADS status = weft_executor_shutdown(self->pool, WEFT_SHUTDOWN_WAIT, WEFT_FOREVER);
  Py_END_ALLOW_THREADS if (status != WEFT_OK) return refused(status);
  Py_RETURN_NONE;
}

static PyObject *executor_enter(PyObject *self, PyObject *Py_UNUSED(ignored)) {
  return Py_NewRef(self);
}

static PyObject *executor_exit(PyObject *self, PyObject *Py_UNUSED(exception)) {
  return executor_shutdown(self, NULL);
}

static PyMethodDef executor_methods[] = {
    {"submit", (PyCFunction)(void (*)(void))executor_submit, METH_FASTCALL | METH_KEYWORDS, "Have a callable called."},
    {"shutdown", executor_shutdown, METH_NOARGS, "Wait until all has run and the workers have ended."},
    {"__enter__", executor_enter, METH_NOARGS, NULL},
    {"__exit__", executor_exit, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyTypeObject executor_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "weft_pool.Executor",
    .tp_basicsize = sizeof(executor),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = executor_new,
    .tp_dealloc = executor_dealloc,
    .tp_methods = executor_methods,
};

/* --- the module --- */

/* The interpreter would end a worker that outlives it and asks for the lock. */
static PyObject *end(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(ignored)) {
  weft_status status;
  Py_BEGIN_ALLOW_THREADS status = weft_runtime_shutdown(runtime, WEFT_FOREVER);
  Py_END_ALLOW_THREADS if (status != WEFT_OK) return refused(status);
  Py_RETURN_NONE;
}

static PyMethodDef module_functions[] = {
    {"_end", end, METH_NOARGS, "At the end of the interpreter: wait until all has run and all workers have ended."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "weft_pool", .m_size = -1,
                                        .m_methods = module_functions};

/* Returns 0, or -1 with an exception set. */
static int call_end_at_exit(PyObject *module) {
  PyObject *const atexit = PyImport_ImportModule("atexit"), *const function = PyObject_GetAttrString(module, "_end");
  PyObject *const answer =
      atexit != NULL && function != NULL ? PyObject_CallMethod(atexit, "register", "O", function) : NULL;
  Py_XDECREF(atexit);
  Py_XDECREF(function);
  Py_XDECREF(answer);
  return answer != NULL ? 0 : -1;
}

PyMODINIT_FUNC PyInit_weft_pool(void) {
  PyObject *module;
  weft_status status = WEFT_OK;
  if (runtime == NULL) status = weft_runtime_create(NULL, &runtime);
  if (status != WEFT_OK) return refused(status);
  if (PyType_Ready(&future_type) != 0 || PyType_Ready(&executor_type) != 0) return NULL;
  module = PyModule_Create(&definition);
  if (module == NULL) return NULL;
  if (PyModule_AddObjectRef(module, "Executor", (PyObject *)&executor_type) == 0 && call_end_at_exit(module) == 0)
    return module;
  Py_DECREF(module);
  return NULL;
}
