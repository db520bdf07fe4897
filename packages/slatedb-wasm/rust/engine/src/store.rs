//! The object store of SlateDB, on callbacks of JavaScript.

use std::fmt;
use std::ops::Range;
use std::sync::atomic::AtomicU32;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::stream::{self, BoxStream, StreamExt};
use js_sys::Uint8Array;
use object_store::path::Path;
use object_store::{
    Attributes, CopyOptions, Error, Extensions, GetOptions, GetRange, GetResult, GetResultPayload,
    ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode, PutMultipartOptions, PutOptions,
    PutPayload, PutResult, Result, UploadPart,
};

use tokio::sync::OnceCell;

use crate::calls::{self, Info, Listing, Reply};
use crate::error::{CutShort, StoreFailure};
use crate::{executor, host};
use crate::fetch::Fetch;
use crate::now::NowReads;
use crate::prefetch::Prefetched;

/// The store with this number at the host.
#[derive(Debug, Clone)]
pub struct HostStore {
    store: u32,
    snapshot: Option<Arc<Snapshot>>,
    now: Option<NowReads>,
}

/// The objects at the time a reader was opened.
#[derive(Debug)]
struct Snapshot {
    listing: OnceCell<Listing>,
    prefetched: Prefetched,
    prefetch_bytes: u64,
}

impl HostStore {
    pub fn writable(store: u32) -> Self {
        Self { store, snapshot: None, now: None }
    }

    /// Shows the objects that existed at the first call, and refuses writes. One list replaces about twelve requests
    /// with which SlateDB looks for newer manifests and logs. The ends of tables are fetched together with the manifest
    /// if their size is at most `prefetch_bytes`.
    pub fn snapshot(store: u32, prefetch_bytes: u32) -> Self {
        let snapshot = Snapshot {
            listing: OnceCell::new(),
            prefetched: Prefetched::default(),
            prefetch_bytes: u64::from(prefetch_bytes),
        };
        Self { store, snapshot: Some(Arc::new(snapshot)), now: NowReads::of(store) }
    }

    /// Of a store that can answer without a wait, how many reads in a row it did not.
    pub fn refusals(&self) -> Option<Arc<AtomicU32>> {
        self.now.as_ref().map(NowReads::refusals)
    }
}

impl fmt::Display for HostStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JavaScript store {}", self.store)
    }
}

impl HostStore {
    /// Its number at the host.
    pub fn number(&self) -> u32 {
        self.store
    }

    /// Whether it takes objects in pieces.
    pub fn takes_pieces(&self) -> bool {
        host::with(|host| host.takes_pieces(self.store))
    }

    async fn listing(&self) -> Result<Option<&Listing>> {
        let Some(snapshot) = &self.snapshot else { return Ok(None) };
        let listing = snapshot.listing.get_or_try_init(|| async {
            let listing = self.ask_for_entries("").await?;
            for tail in snapshot.prefetched.plan(&listing, snapshot.prefetch_bytes) {
                let store = self.clone();
                executor::spawn(async move {
                    tail.fetch(&store).await;
                });
            }
            Ok(listing)
        });
        listing.await.map(Some)
    }

    async fn find(&self, path: &Path) -> Result<Info> {
        let store = self.store;
        if let Some(listing) = self.listing().await? {
            return listing.get(path.as_ref()).copied().ok_or_else(|| not_found(path));
        }
        match calls::start(|host, call| host.head(call, store, path.as_ref())).await {
            Ok(Reply::Head(found)) => found.ok_or_else(|| not_found(path)),
            Ok(_) => Err(unexpected()),
            Err(failure) => Err(failed(failure)),
        }
    }

    async fn read(&self, path: &Path, range: &Range<u64>) -> Result<Bytes> {
        if let Some(snapshot) = &self.snapshot {
            if let Some(bytes) = snapshot.prefetched.take(self, path, range).await {
                return Ok(bytes);
            }
        }
        self.fetch(path, range).await
    }

    async fn write(&self, path: &Path, payload: PutPayload, if_absent: bool) -> Result<()> {
        self.check_writable(path)?;
        let store = self.store;
        let bytes = js_bytes(&payload);
        drop(payload);
        match calls::start(|host, call| host.put(call, store, path.as_ref(), bytes, if_absent)).await {
            Ok(Reply::Flag(true)) => Ok(()),
            Ok(Reply::Flag(false)) => Err(Error::AlreadyExists {
                path: path.to_string(),
                source: "the object is already there".into(),
            }),
            Ok(_) => Err(unexpected()),
            Err(failure) => Err(failed(failure)),
        }
    }

    async fn remove(&self, path: &Path) -> Result<()> {
        self.check_writable(path)?;
        let store = self.store;
        match calls::start(|host, call| host.remove(call, store, path.as_ref())).await {
            Ok(_) => Ok(()),
            Err(failure) => Err(failed(failure)),
        }
    }

    async fn entries(&self, prefix: Option<&Path>) -> Result<Vec<ObjectMeta>> {
        let directory = prefix.map_or("", |prefix| prefix.as_ref());
        let entries = match self.listing().await? {
            None => Vec::from_iter(self.ask_for_entries(directory).await?),
            Some(listing) => {
                let below = |path: &str| match path.strip_prefix(directory) {
                    Some(rest) => directory.is_empty() || rest.starts_with('/'),
                    None => false,
                };
                let found = listing.iter().filter(|(path, _)| below(path));
                found.map(|(path, info)| (path.clone(), *info)).collect()
            }
        };
        entries.into_iter().map(|(path, info)| Ok(meta(Path::parse(path)?, info))).collect()
    }

    async fn ask_for_entries(&self, directory: &str) -> Result<Listing> {
        let store = self.store;
        match calls::start(|host, call| host.list(call, store, directory)).await {
            Ok(Reply::List(found)) => Ok(Listing::from_iter(found)),
            Ok(_) => Err(unexpected()),
            Err(failure) => Err(failed(failure)),
        }
    }

    fn check_writable(&self, path: &Path) -> Result<()> {
        match self.snapshot {
            None => Ok(()),
            Some(_) => Err(Error::NotSupported {
                source: format!("opened for reading only; would write {path}").into(),
            }),
        }
    }
}

impl Fetch for HostStore {
    /// Asks the host, even for prefetched bytes.
    async fn fetch(&self, path: &Path, range: &Range<u64>) -> Result<Bytes> {
        if let Some(bytes) = self.now.as_ref().and_then(|now| now.read(path, range)) {
            return Ok(bytes);
        }
        let store = self.store;
        let end = if range.end == TO_THE_END { f64::INFINITY } else { range.end as f64 };
        let start = range.start as f64;
        match calls::start(|host, call| host.get(call, store, path.as_ref(), start, end)).await {
            Ok(Reply::Bytes(found)) => found.ok_or_else(|| not_found(path)),
            Ok(_) => Err(unexpected()),
            Err(failure) => Err(failed(failure)),
        }
    }
}

const TO_THE_END: u64 = u64::MAX;

// JavaScript stores this copy, so SlateDB's copy can be freed.
fn js_bytes(payload: &PutPayload) -> Uint8Array {
    let bytes = Uint8Array::new_with_length(payload.content_length() as u32);
    let mut offset = 0;
    for part in payload.iter() {
        let end = offset + part.len() as u32;
        bytes.subarray(offset, end).copy_from(part);
        offset = end;
    }
    bytes
}

fn meta(location: Path, info: Info) -> ObjectMeta {
    ObjectMeta {
        location,
        last_modified: DateTime::<Utc>::from_timestamp_millis(info.modified_ms).unwrap_or_default(),
        size: info.size,
        e_tag: None,
        version: None,
    }
}

fn not_found(path: &Path) -> Error {
    Error::NotFound { path: path.to_string(), source: "no such object".into() }
}

fn cut_short(path: &Path) -> Error {
    Error::Generic { store: "JavaScript", source: Box::new(CutShort(path.to_string())) }
}

pub fn failed(failure: StoreFailure) -> Error {
    Error::Generic { store: "JavaScript", source: Box::new(failure) }
}

pub fn unexpected() -> Error {
    Error::Generic { store: "JavaScript", source: "the host gave the answer to another call".into() }
}

#[async_trait]
impl ObjectStore for HostStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let if_absent = match options.mode {
            PutMode::Create => true,
            PutMode::Overwrite => false,
            PutMode::Update(_) => {
                return Err(Error::NotSupported {
                    source: "a JavaScript store cannot replace one version of an object".into(),
                })
            }
        };
        self.write(location, payload, if_absent).await?;
        Ok(PutResult { e_tag: None, version: None, extensions: Extensions::default() })
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        _options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.check_writable(location)?;
        Ok(Box::new(WholeUpload { store: self.clone(), location: location.clone(), parts: Vec::new() }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        // A read needs the size first only if it counts from the end, or asks for the size alone.
        let needs_size = options.head || matches!(options.range, Some(GetRange::Suffix(_)));
        let info = match needs_size || self.snapshot.is_some() {
            true => Some(self.find(location).await?),
            false => None,
        };
        let size = info.map_or(TO_THE_END, |info| info.size);
        if let (Some(GetRange::Bounded(wanted)), Some(_), false) = (&options.range, info, options.head) {
            // Checked before the request, because a damaged index may ask for most of a large table.
            if wanted.end < wanted.start || wanted.end > size {
                return Err(cut_short(location));
            }
        }
        let range = match &options.range {
            Some(GetRange::Suffix(length)) => size.saturating_sub(*length)..size,
            Some(GetRange::Offset(start)) => (*start).min(size)..size,
            Some(GetRange::Bounded(range)) => range.start.min(size)..range.end.min(size),
            None => 0..size,
        };
        let bytes = match options.head {
            true => Bytes::new(),
            false => self.read(location, &range).await?,
        };
        let end = range.start + bytes.len() as u64;
        if end > range.end {
            return Err(Error::Generic {
                store: "JavaScript",
                source: format!("{location}: more bytes than bytes {range:?} came").into(),
            });
        }
        let wanted = match &options.range {
            Some(GetRange::Bounded(wanted)) if !options.head => wanted.end.saturating_sub(wanted.start),
            _ => 0,
        };
        if (bytes.len() as u64) < wanted {
            return Err(cut_short(location));
        }
        // Without the size the object may be longer. No caller uses the size then.
        let info = info.unwrap_or(Info { size: end, modified_ms: 0 });
        Ok(GetResult {
            payload: GetResultPayload::Stream(stream::once(async move { Ok(bytes) }).boxed()),
            meta: meta(location.clone(), info),
            range: range.start..end,
            attributes: Attributes::default(),
            extensions: Extensions::default(),
        })
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let store = self.clone();
        locations
            .then(move |location| {
                let store = store.clone();
                async move {
                    let location = location?;
                    store.remove(&location).await?;
                    Ok(location)
                }
            })
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let store = self.clone();
        let prefix = prefix.cloned();
        stream::once(async move { store.entries(prefix.as_ref()).await })
            .flat_map(|listed| match listed {
                Ok(entries) => stream::iter(entries.into_iter().map(Ok)).boxed(),
                Err(error) => stream::once(async move { Err(error) }).boxed(),
            })
            .boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let root = prefix.cloned().unwrap_or_default();
        let mut listed = ListResult {
            common_prefixes: Vec::new(),
            objects: Vec::new(),
            extensions: Extensions::default(),
        };
        for entry in self.entries(prefix).await? {
            let Some(mut rest) = entry.location.prefix_match(&root) else { continue };
            let child = rest.next().map(|part| root.clone().join(part));
            match (child, rest.next()) {
                (Some(child), Some(_)) if listed.common_prefixes.last() != Some(&child) => {
                    listed.common_prefixes.push(child)
                }
                (Some(_), None) => listed.objects.push(entry.clone()),
                _ => {}
            }
        }
        Ok(listed)
    }

    async fn copy_opts(&self, from: &Path, _to: &Path, _options: CopyOptions) -> Result<()> {
        Err(Error::NotSupported { source: format!("a JavaScript store cannot copy {from}").into() })
    }
}

/// A large object. Its parts are kept in memory and written together.
#[derive(Debug)]
struct WholeUpload {
    store: HostStore,
    location: Path,
    parts: Vec<Bytes>,
}

#[async_trait]
impl MultipartUpload for WholeUpload {
    fn put_part(&mut self, part: PutPayload) -> UploadPart {
        self.parts.extend(part);
        Box::pin(async { Ok(()) })
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let payload = PutPayload::from_iter(std::mem::take(&mut self.parts));
        self.store.write(&self.location, payload, false).await?;
        Ok(PutResult { e_tag: None, version: None, extensions: Extensions::default() })
    }

    async fn abort(&mut self) -> Result<()> {
        self.parts.clear();
        Ok(())
    }
}
