//! Rows in memory, in the order in which they came, and the bytes of one row.
//!
//! A row is the length of its key (16 bits), the length of its value (32 bits), key, value. Sorted parts in storage have
//! the same layout.

pub const ROW_HEADER_BYTES: usize = 6;
/// An address of a row has 20 bits within a segment and 12 bits for the segment.
const SEGMENT_BITS: u32 = 20;
const MAX_SEGMENT_BYTES: usize = 1 << SEGMENT_BITS;
/// The most bytes before a row that stays in its chunk.
const MAX_START: usize = 16 << 10;
const CACHE_LINE_BYTES: usize = 64;
const MAX_SEGMENTS: usize = 1 << (32 - SEGMENT_BITS);

/// A row as slices of the memory that has it.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    /// Header, key and value.
    pub bytes: &'a [u8],
    /// Key and value.
    pub content: &'a [u8],
    pub key: &'a [u8],
}

fn header(content_bytes: usize, key_bytes: usize) -> [u8; ROW_HEADER_BYTES] {
    let [a, b] = (key_bytes as u16).to_le_bytes();
    let [c, d, e, f] = ((content_bytes - key_bytes) as u32).to_le_bytes();
    [a, b, c, d, e, f]
}

/// The row at an offset, which must be that of a row.
pub fn row_at(data: &[u8], at: usize) -> Row<'_> {
    let header = &data[at..at + ROW_HEADER_BYTES];
    let key_bytes = usize::from(u16::from_le_bytes([header[0], header[1]]));
    let value_bytes = u32::from_le_bytes([header[2], header[3], header[4], header[5]]) as usize;
    let bytes = &data[at..at + ROW_HEADER_BYTES + key_bytes + value_bytes];
    let content = &bytes[ROW_HEADER_BYTES..];
    Row { bytes, content, key: &content[..key_bytes] }
}

struct Segment {
    data: Vec<u8>,
    /// Where its first row is.
    start: usize,
}

/// Rows in segments of memory. Freed segments are used again, so memory of WebAssembly does not become fragmented.
pub struct Rows {
    segment_bytes: usize,
    segments: Vec<Segment>,
    spare: Vec<Vec<u8>>,
    bytes: usize,
    count: usize,
}

impl Rows {
    /// `limit_bytes` is the most that the rows will take.
    pub fn new(limit_bytes: usize) -> Self {
        let segment_bytes = (limit_bytes / 16).clamp(1 << 12, MAX_SEGMENT_BYTES);
        Self { segment_bytes, segments: Vec::new(), spare: Vec::new(), bytes: 0, count: 0 }
    }

    pub fn count(&self) -> usize {
        self.count
    }

    /// Bytes of all segments.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether there are no more addresses.
    pub fn is_full(&self) -> bool {
        self.segments.len() >= MAX_SEGMENTS - 1
    }

    /// Adds a row; `content` is its key and value.
    pub fn push(&mut self, content: &[u8], key_bytes: usize) {
        let needed = ROW_HEADER_BYTES + content.len();
        let segment = match self.segments.last_mut() {
            Some(Segment { data, .. }) if data.capacity() - data.len() >= needed => data,
            _ => self.add_segment(needed),
        };
        segment.extend_from_slice(&header(content.len(), key_bytes));
        segment.extend_from_slice(content);
        self.count += 1;
    }

    fn add_segment(&mut self, needed: usize) -> &mut Vec<u8> {
        // A long row is alone, so that it does not leave a segment half empty, and its address fits.
        let segment = match needed > self.segment_bytes / 2 {
            true => Vec::with_capacity(needed),
            false => self.spare.pop().unwrap_or_else(|| Vec::with_capacity(self.segment_bytes)),
        };
        &mut self.push_segment(segment, 0).data
    }

    fn push_segment(&mut self, data: Vec<u8>, start: usize) -> &mut Segment {
        self.bytes += data.capacity();
        self.segments.push(Segment { data, start });
        self.segments.last_mut().expect("a segment was added")
    }

    /// Whether a row that goes from `start` to the end of `chunk` can stay there as a segment: it is long, and its header
    /// has room before it. Many such segments would leave no addresses for others.
    pub fn takes_over(&self, chunk: &[u8], start: usize) -> bool {
        let has_room = (ROW_HEADER_BYTES..=MAX_START).contains(&start);
        let is_long = chunk.len() - start > self.segment_bytes / 8;
        has_room && is_long && self.segments.len() < MAX_SEGMENTS / 2
    }

    /// Adds such a row without copying it.
    pub fn take_over(&mut self, mut chunk: Vec<u8>, start: usize, key_bytes: usize) {
        let row = start - ROW_HEADER_BYTES;
        let content_bytes = chunk.len() - start;
        chunk[row..start].copy_from_slice(&header(content_bytes, key_bytes));
        self.push_segment(chunk, row);
        self.count += 1;
    }

    /// The addresses of all rows, in their order.
    pub fn addresses(&self) -> impl Iterator<Item = u32> + '_ {
        self.segments.iter().enumerate().flat_map(|(number, segment)| {
            let mut at = segment.start;
            std::iter::from_fn(move || {
                if at == segment.data.len() {
                    return None;
                }
                let address = (number as u32) << SEGMENT_BITS | at as u32;
                at += row_at(&segment.data, at).bytes.len();
                Some(address)
            })
        })
    }

    pub fn get(&self, address: u32) -> Row<'_> {
        let segment = &self.segments[(address >> SEGMENT_BITS) as usize].data;
        row_at(segment, address as usize & (MAX_SEGMENT_BYTES - 1))
    }

    /// Reads the rows of some addresses into the cache of the processor, all at the same time. Each of them is somewhere
    /// else in memory, so one after the other would wait for each.
    pub fn touch(&self, addresses: impl Iterator<Item = u32>) {
        let mut sum = 0;
        for address in addresses {
            let segment = &self.segments[(address >> SEGMENT_BITS) as usize].data;
            let at = address as usize & (MAX_SEGMENT_BYTES - 1);
            sum += u32::from(segment[at]) + u32::from(*segment.get(at + CACHE_LINE_BYTES).unwrap_or(&0));
        }
        std::hint::black_box(sum);
    }

    /// Forgets all rows and keeps the memory.
    pub fn clear(&mut self) {
        for Segment { mut data, .. } in self.segments.drain(..) {
            if data.capacity() == self.segment_bytes {
                data.clear();
                self.spare.push(data);
            }
        }
        self.bytes = 0;
        self.count = 0;
    }

    /// Frees the memory.
    pub fn release(&mut self) {
        self.clear();
        self.spare = Vec::new();
    }
}
