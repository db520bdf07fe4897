//! Calls to the host that wait for an answer.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use js_sys::Uint8Array;
use tokio::sync::oneshot;
use wasm_bindgen::prelude::*;

use crate::error::StoreFailure;
use crate::{executor, host};

/// The answer of the host.
pub enum Reply {
    Bytes(Option<Bytes>),
    Head(Option<Info>),
    List(Vec<(String, Info)>),
    Flag(bool),
}

#[derive(Debug, Clone, Copy)]
pub struct Info {
    pub size: u64,
    pub modified_ms: i64,
}

/// Objects by path, in the order that SlateDB expects.
pub type Listing = BTreeMap<String, Info>;

type Answer = Result<Reply, StoreFailure>;

thread_local! {
    static WAITING: RefCell<HashMap<u32, oneshot::Sender<Answer>>> = RefCell::new(HashMap::new());
    static NEXT: Cell<u32> = const { Cell::new(1) };
}

/// The next number of a call, never 0.
pub fn next_id() -> u32 {
    NEXT.with(|next| {
        let id = next.get();
        next.set(if id == u32::MAX { 1 } else { id + 1 });
        id
    })
}

/// Calls the host now. The future is its answer; dropping it cancels the call.
pub fn start(call: impl FnOnce(&host::Host, u32)) -> Call {
    let id = next_id();
    let (sender, answer) = oneshot::channel();
    WAITING.with(|waiting| waiting.borrow_mut().insert(id, sender));
    host::with(|host| call(host, id));
    Call { id, answer }
}

pub struct Call {
    pub id: u32,
    answer: oneshot::Receiver<Answer>,
}

impl Call {
    /// Whether the host has not answered yet.
    pub fn is_waiting(&self) -> bool {
        WAITING.with(|waiting| waiting.borrow().contains_key(&self.id))
    }
}

impl Future for Call {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answer> {
        Pin::new(&mut self.answer)
            .poll(cx)
            .map(|answer| answer.expect("a call is answered before it is forgotten"))
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        WAITING.with(|waiting| waiting.borrow_mut().remove(&self.id));
    }
}

// The answer to a cancelled call is dropped. Every answer runs the engine at once.
fn settle(call: u32, answer: Answer) {
    if executor::is_poisoned() {
        return;
    }
    let sender = WAITING.with(|waiting| waiting.borrow_mut().remove(&call));
    if let Some(sender) = sender {
        let _ = sender.send(answer);
        executor::run();
    }
}

#[wasm_bindgen(js_name = settleBytes)]
pub fn settle_bytes(call: u32, bytes: Option<Uint8Array>) {
    settle(call, Ok(Reply::Bytes(bytes.map(|bytes| bytes.to_vec().into()))));
}

/// A negative size means that the object does not exist.
#[wasm_bindgen(js_name = settleHead)]
pub fn settle_head(call: u32, size: f64, modified_ms: f64) {
    let found = (size >= 0.0).then_some(Info { size: size as u64, modified_ms: modified_ms as i64 });
    settle(call, Ok(Reply::Head(found)));
}

#[wasm_bindgen(js_name = settleList)]
pub fn settle_list(call: u32, paths: Vec<String>, sizes: Vec<f64>, modified_ms: Vec<f64>) {
    let infos = sizes
        .into_iter()
        .zip(modified_ms)
        .map(|(size, modified_ms)| Info { size: size as u64, modified_ms: modified_ms as i64 });
    settle(call, Ok(Reply::List(paths.into_iter().zip(infos).collect())));
}

#[wasm_bindgen(js_name = settleFlag)]
pub fn settle_flag(call: u32, flag: bool) {
    settle(call, Ok(Reply::Flag(flag)));
}

#[wasm_bindgen(js_name = settleError)]
pub fn settle_error(call: u32, failure: u32, message: String) {
    settle(call, Err(StoreFailure { failure, message }));
}
