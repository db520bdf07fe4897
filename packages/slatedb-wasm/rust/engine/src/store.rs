//! SlateDB's object store over the callbacks of JavaScript.

use std::fmt;
use std::ops::Range;

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

use crate::calls::{self, Info, Reply};
use crate::error::StoreFailure;

/// The store the host knows by this number. A read-only one refuses to write before asking the host.
#[derive(Debug, Clone, Copy)]
pub struct HostStore {
    pub store: u32,
    pub read_only: bool,
}

impl fmt::Display for HostStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JavaScript store {}", self.store)
    }
}

impl HostStore {
    async fn find(&self, path: &Path) -> Result<Info> {
        let store = self.store;
        match calls::start(|host, call| host.head(call, store, path.as_ref())).await {
            Ok(Reply::Head(found)) => found.ok_or_else(|| not_found(path)),
            Ok(_) => Err(unexpected()),
            Err(failure) => Err(failed(failure)),
        }
    }

    async fn read(&self, path: &Path, range: &Range<u64>) -> Result<Bytes> {
        let store = self.store;
        let (start, end) = (range.start as f64, range.end as f64);
        match calls::start(|host, call| host.get(call, store, path.as_ref(), start, end)).await {
            Ok(Reply::Bytes(found)) => found.ok_or_else(|| not_found(path)),
            Ok(_) => Err(unexpected()),
            Err(failure) => Err(failed(failure)),
        }
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
        let store = self.store;
        let directory = prefix.map_or("", |prefix| prefix.as_ref());
        match calls::start(|host, call| host.list(call, store, directory)).await {
            Ok(Reply::List(found)) => found
                .into_iter()
                .map(|(path, info)| Ok(meta(Path::parse(path)?, info)))
                .collect(),
            Ok(_) => Err(unexpected()),
            Err(failure) => Err(failed(failure)),
        }
    }

    fn check_writable(&self, path: &Path) -> Result<()> {
        match self.read_only {
            false => Ok(()),
            true => Err(Error::NotSupported {
                source: format!("opened for reading only; would write {path}").into(),
            }),
        }
    }
}

// The bytes exist once more on the other side while they are stored; SlateDB's own copy can go.
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

fn failed(failure: StoreFailure) -> Error {
    Error::Generic { store: "JavaScript", source: Box::new(failure) }
}

fn unexpected() -> Error {
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
        Ok(Box::new(WholeUpload { store: *self, location: location.clone(), parts: Vec::new() }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        // Only a range with both ends is read without asking for the size first.
        let (info, range) = match (&options.range, options.head) {
            (Some(GetRange::Bounded(range)), false) => (None, range.clone()),
            _ => {
                let info = self.find(location).await?;
                let range = match &options.range {
                    Some(GetRange::Suffix(length)) => info.size.saturating_sub(*length)..info.size,
                    Some(GetRange::Offset(start)) => (*start).min(info.size)..info.size,
                    Some(GetRange::Bounded(range)) => range.start..range.end.min(info.size),
                    None => 0..info.size,
                };
                (Some(info), range)
            }
        };
        let bytes = match options.head {
            true => Bytes::new(),
            false => self.read(location, &range).await?,
        };
        let end = range.start + bytes.len() as u64;
        if bytes.len() as u64 > range.end - range.start {
            return Err(Error::Generic {
                store: "JavaScript",
                source: format!("{location}: more bytes than bytes {range:?} came").into(),
            });
        }
        // Fewer bytes than asked for mean that the object ends there.
        let info = info.unwrap_or(Info {
            size: if end < range.end { end } else { range.end },
            modified_ms: 0,
        });
        Ok(GetResult {
            payload: GetResultPayload::Stream(stream::once(async move { Ok(bytes) }).boxed()),
            meta: meta(location.clone(), info),
            range: range.start..end,
            attributes: Attributes::default(),
            extensions: Extensions::default(),
        })
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let store = *self;
        locations
            .then(move |location| async move {
                let location = location?;
                store.remove(&location).await?;
                Ok(location)
            })
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let store = *self;
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
        Err(Error::NotSupported {
            source: format!("a JavaScript store cannot copy {from}").into(),
        })
    }
}

/// A large object: its parts are kept until the last and then written as one.
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
