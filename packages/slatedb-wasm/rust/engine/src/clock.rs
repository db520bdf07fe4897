//! SlateDB's clock over the host's timers.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use slatedb_common::clock::{SystemClock, SystemClockTicker};

use crate::calls::{self, Call};
use crate::host;

/// Wall-clock time that never runs backwards, because SlateDB relies on it.
#[derive(Debug, Default)]
pub struct HostClock {
    latest_ms: AtomicI64,
}

impl SystemClock for HostClock {
    fn now(&self) -> DateTime<Utc> {
        let now_ms = js_sys::Date::now() as i64;
        let latest_ms = self.latest_ms.fetch_max(now_ms, Ordering::Relaxed).max(now_ms);
        DateTime::from_timestamp_millis(latest_ms).expect("dates of JavaScript are in range")
    }

    fn sleep<'a>(&'a self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async move {
            let milliseconds = duration.as_secs_f64() * 1000.0;
            let mut sleep = Sleep(calls::start(|host, call| host.sleep(call, milliseconds)));
            let _ = (&mut sleep.0).await;
        })
    }

    fn ticker<'a>(&'a self, duration: Duration) -> SystemClockTicker<'a> {
        SystemClockTicker::new(self, duration)
    }
}

struct Sleep(Call);

impl Drop for Sleep {
    fn drop(&mut self) {
        if self.0.is_waiting() {
            host::with(|host| host.cancel_sleep(self.0.id));
        }
    }
}
