//! Tokio's single-threaded runtime. Each call and each answer of JavaScript runs it until no task is ready.
//!
//! Tokio parks its thread when no task is ready, which is impossible here. `on_thread_park` is called before that. It
//! wakes the future of `run`, so tokio returns instead. Only answers of the host wake tasks from outside, and `run`
//! follows each answer, so no ready task is left.

use std::cell::OnceCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;
use tokio::runtime::{Builder, Runtime};

use crate::error::EngineError;
use crate::host;

static RUNNING: AtomicBool = AtomicBool::new(false);
static POISONED: AtomicBool = AtomicBool::new(false);
static STALLED: AtomicBool = AtomicBool::new(false);
static WAITER: Mutex<Option<Waker>> = Mutex::new(None);

thread_local! {
    static RUNTIME: OnceCell<Runtime> = const { OnceCell::new() };
}

fn with_runtime<T>(f: impl FnOnce(&Runtime) -> T) -> T {
    RUNTIME.with(|runtime| {
        f(runtime.get_or_init(|| {
            Builder::new_current_thread()
                .on_thread_park(|| {
                    STALLED.store(true, Ordering::Relaxed);
                    if let Some(waiter) = WAITER.lock().take() {
                        waiter.wake();
                    }
                })
                .build()
                .expect("a runtime without drivers needs nothing of the platform")
        }))
    })
}

/// Ready as soon as every task waits for the host.
struct Stalled;

impl Future for Stalled {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if STALLED.swap(false, Ordering::Relaxed) {
            return Poll::Ready(());
        }
        *WAITER.lock() = Some(cx.waker().clone());
        Poll::Pending
    }
}

pub fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    with_runtime(|runtime| runtime.spawn(task));
}

/// Runs tasks until all wait for the host. A call from within a task (a callback that calls the engine) does nothing,
/// because the outer run continues with the new tasks.
pub fn run() {
    if RUNNING.swap(true, Ordering::Relaxed) {
        return;
    }
    with_runtime(|runtime| runtime.block_on(Stalled));
    RUNNING.store(false, Ordering::Relaxed);
}

/// Fails once the engine has stopped.
pub fn check() -> Result<(), EngineError> {
    match is_poisoned() {
        false => Ok(()),
        true => Err(EngineError::internal("the engine has stopped after an earlier error")),
    }
}

pub fn is_poisoned() -> bool {
    POISONED.load(Ordering::Relaxed)
}

/// Stops the engine after a panic. The call ends with a trap, and the state may be inconsistent.
pub fn poison(message: &str) {
    if !POISONED.swap(true, Ordering::Relaxed) {
        host::with(|host| host.poisoned(message));
    }
}
