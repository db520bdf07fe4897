//! Appends of few bytes, as rows have them.

/// Longer parts are copied by an instruction of the memory, whose start costs as much as this many bytes.
const SHORT_BYTES: usize = 128;

/// Appends bytes to a list.
#[inline(always)]
pub fn append(list: &mut Vec<u8>, bytes: &[u8]) {
    let count = bytes.len();
    if count > SHORT_BYTES {
        list.extend_from_slice(bytes);
        return;
    }
    list.reserve(count);
    let start = list.len();
    // SAFETY: `reserve` has made room for `count` bytes, all of which are written. `bytes` is in other memory, because
    // `list` is borrowed exclusively.
    unsafe {
        copy_short(bytes.as_ptr(), list.as_mut_ptr().add(start), count);
        list.set_len(start + count);
    }
}

/// # Safety
/// `from` is valid for reads and `to` for writes of `count` bytes, and they do not overlap.
#[inline(always)]
unsafe fn copy_short(from: *const u8, to: *mut u8, count: usize) {
    let word = |at: usize| unsafe {
        let word = from.add(at).cast::<u64>().read_unaligned();
        to.add(at).cast::<u64>().write_unaligned(word);
    };
    let half = |at: usize| unsafe {
        let half = from.add(at).cast::<u32>().read_unaligned();
        to.add(at).cast::<u32>().write_unaligned(half);
    };
    let byte = |at: usize| unsafe { to.add(at).write(from.add(at).read()) };
    match count {
        0 => {}
        1..=3 => {
            byte(0);
            byte(count / 2);
            byte(count - 1);
        }
        4..=7 => {
            half(0);
            half(count - 4);
        }
        8..=16 => {
            word(0);
            word(count - 8);
        }
        _ => {
            // Two words at a time: the compiler would make a copy of memory of a loop of one.
            let mut at = 0;
            while at + 16 <= count {
                word(at);
                word(at + 8);
                at += 16;
            }
            word(count - 16);
            word(count - 8);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::append;

    #[test]
    fn appends_all_bytes_and_no_others() {
        let bytes: Vec<u8> = (0..200).collect();
        for count in 0..bytes.len() {
            for room in [0, 7, 300] {
                let mut list = Vec::with_capacity(room);
                list.push(255);
                append(&mut list, &bytes[..count]);
                assert_eq!(list[0], 255);
                assert_eq!(list[1..], bytes[..count]);
            }
        }
    }
}
