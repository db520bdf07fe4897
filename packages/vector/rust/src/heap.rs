/// The best rows of one query: a binary heap with the worst at its root. Of equal distances the lower row is better.
pub struct Heap {
    pub distances: *mut f64,
    pub rows: *mut u32,
    pub len: *mut u32,
    pub capacity: usize,
}

#[inline(always)]
fn is_worse(distance: f64, row: u32, than: f64, than_row: u32) -> bool {
    distance > than || (distance == than && row > than_row)
}

impl Heap {
    /// The distance up to which a row enters the heap; infinite while there is room.
    #[inline(always)]
    pub unsafe fn worst(&self) -> f64 {
        if (*self.len as usize) < self.capacity {
            f64::INFINITY
        } else {
            *self.distances
        }
    }

    pub unsafe fn push(&self, distance: f64, row: u32) {
        let (distances, rows) = (self.distances, self.rows);
        let len = *self.len as usize;
        if len < self.capacity {
            let mut at = len;
            while at > 0 {
                let parent = (at - 1) / 2;
                if !is_worse(distance, row, *distances.add(parent), *rows.add(parent)) {
                    break;
                }
                *distances.add(at) = *distances.add(parent);
                *rows.add(at) = *rows.add(parent);
                at = parent;
            }
            *distances.add(at) = distance;
            *rows.add(at) = row;
            *self.len = len as u32 + 1;
            return;
        }
        if !is_worse(*distances, *rows, distance, row) {
            return;
        }
        let mut at = 0;
        loop {
            let mut child = 2 * at + 1;
            if child >= len {
                break;
            }
            if child + 1 < len
                && is_worse(
                    *distances.add(child + 1),
                    *rows.add(child + 1),
                    *distances.add(child),
                    *rows.add(child),
                )
            {
                child += 1;
            }
            if !is_worse(*distances.add(child), *rows.add(child), distance, row) {
                break;
            }
            *distances.add(at) = *distances.add(child);
            *rows.add(at) = *rows.add(child);
            at = child;
        }
        *distances.add(at) = distance;
        *rows.add(at) = row;
    }
}
