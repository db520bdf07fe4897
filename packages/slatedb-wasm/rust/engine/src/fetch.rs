use std::future::Future;
use std::ops::Range;

use bytes::Bytes;
use object_store::path::Path;
use object_store::Result;

/// A source of ranges of objects.
pub trait Fetch {
    fn fetch(&self, path: &Path, range: &Range<u64>) -> impl Future<Output = Result<Bytes>> + Send;
}
