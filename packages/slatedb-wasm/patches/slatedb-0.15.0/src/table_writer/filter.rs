//! Bloom filters as `filter.rs` builds them, without a list and 13 divisions for each key.

use std::sync::Arc;

use siphasher::sip::SipHasher13;

use crate::filter::{BloomFilter, BloomFilterBuilder};
use crate::filter_policy::{BloomFilterPolicy, FilterBuilder, NamedFilter};

pub(super) struct FilterEncoder {
    bits_per_key: u32,
    hashes: Vec<u64>,
}

impl FilterEncoder {
    pub(super) fn new(bits_per_key: u32) -> Self {
        Self { bits_per_key, hashes: Vec::new() }
    }

    pub(super) fn push(&mut self, key: &[u8]) {
        self.hashes.push(SipHasher13::new().hash(key));
    }

    /// Adds keys by their hashes.
    pub(super) fn extend(&mut self, hashes: &[u64]) {
        self.hashes.extend_from_slice(hashes);
    }

    /// The size of the filter in bytes.
    pub(super) fn bytes(&self) -> usize {
        let bits = self.hashes.len() as u64 * u64::from(self.bits_per_key);
        // SlateDB counts bits in 32 bits.
        bits.div_ceil(8).min(u64::from(u32::MAX / 8)) as usize
    }

    /// The filter of the keys so far. The next one begins empty.
    pub(super) fn finish(&mut self) -> NamedFilter {
        // The header of SlateDB's encoding, which has the number of probes, then the bits.
        let mut encoded = Vec::new();
        BloomFilterBuilder::new(self.bits_per_key, true, None).build().encode(&mut encoded);
        let header_bytes = encoded.len();
        let probes = encoded.iter().fold(0, |number, byte| number << 8 | u32::from(*byte));
        encoded.resize(header_bytes + self.bytes(), 0);
        let bits = &mut encoded[header_bytes..];
        for hash in &self.hashes {
            set(bits, *hash, probes);
        }
        self.hashes.clear();
        NamedFilter {
            name: BloomFilterPolicy::NAME.to_string(),
            filter: Arc::new(BloomFilter::decode(&encoded, true, None)),
        }
    }
}

/// Sets the bits of a key: enhanced double hashing, where sums are below twice the number of bits.
fn set(filter: &mut [u8], hash: u64, probes: u32) {
    let bits = (filter.len() * 8) as u32;
    let mut at = hash as u32 % bits;
    let mut step = (hash >> 32) as u32 % bits;
    for i in 0..probes {
        step += i;
        while step >= bits {
            step -= bits;
        }
        filter[(at / 8) as usize] |= 1 << (at % 8);
        at = match at.checked_add(step) {
            Some(sum) if sum < bits => sum,
            _ => at.wrapping_add(step).wrapping_sub(bits),
        };
    }
}
