//! Sorted words, which stand for the keys of blocks and rows.

/// Four bytes of a key as a number, padded with zeros.
#[inline(always)]
pub(super) fn word_u32(key: &[u8], from: usize) -> u32 {
    let rest = key.get(from..).unwrap_or(&[]);
    match rest.first_chunk() {
        Some(bytes) => u32::from_be_bytes(*bytes),
        None => {
            let mut bytes = [0; 4];
            bytes[..rest.len()].copy_from_slice(rest);
            u32::from_be_bytes(bytes)
        }
    }
}

/// Eight bytes of a key as a number, padded with zeros.
#[inline(always)]
pub(super) fn word_u64(key: &[u8], from: usize) -> u64 {
    let rest = key.get(from..).unwrap_or(&[]);
    match rest.first_chunk() {
        Some(bytes) => u64::from_be_bytes(*bytes),
        None => {
            let mut bytes = [0; 8];
            bytes[..rest.len()].copy_from_slice(rest);
            u64::from_be_bytes(bytes)
        }
    }
}

/// The number of words before `word`. The search begins where the word is if all are at equal distances, so that
/// numbers are found without touching much memory; it never takes more than twice the steps of a binary search.
#[inline(always)]
pub(super) fn lower_bound<T: Copy + Ord + Into<u64>>(words: &[T], word: T) -> usize {
    let (Some(&first), Some(&last)) = (words.first(), words.last()) else { return 0 };
    if word <= first {
        return 0;
    }
    if word > last {
        return words.len();
    }
    // The word at `low` is before `word`, the one at `high` is not.
    let (mut low, mut high) = (0, words.len() - 1);
    let part = (word.into() - first.into()) as f64 / (last.into() - first.into()) as f64;
    let guess = ((part * high as f64) as usize).min(high);
    let mut step = 1;
    if words[guess] < word {
        low = guess;
        while low + step < high {
            let next = low + step;
            if words[next] >= word {
                high = next;
                break;
            }
            low = next;
            step *= 2;
        }
    } else {
        high = guess;
        while low + step < high {
            let next = high - step;
            if words[next] < word {
                low = next;
                break;
            }
            high = next;
            step *= 2;
        }
    }
    while high - low > 1 {
        let middle = (low + high) / 2;
        match words[middle] < word {
            true => low = middle,
            false => high = middle,
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::lower_bound;

    #[test]
    fn finds_the_number_of_words_before_a_word() {
        for words in [vec![], vec![7u32], vec![7, 7, 7], vec![0, 1, 2, 900, u32::MAX], (0..100).map(|i| i * i).collect()] {
            for word in words.iter().flat_map(|word| [word.wrapping_sub(1), *word, word.wrapping_add(1)]) {
                assert_eq!(lower_bound(&words, word), words.partition_point(|other| *other < word));
            }
        }
    }
}
