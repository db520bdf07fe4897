/** Buffers of fewer bytes come from memory that glibc keeps. */
const LARGE_BYTES = 64 * 1024
/** Bytes of large buffers before it is worth it. */
const MANY_BYTES = 16 * 1024 * 1024
/** Below the largest block from which glibc learns, 32 MiB. */
const LARGEST_BYTES = 31 * 1024 * 1024

const { process: platform } = globalThis as { process?: { platform?: string } }

let bytesUntilKept = platform?.platform === 'linux' ? MANY_BYTES : Infinity

/**
 * Counts a large buffer, and after many of them tells the allocator of the process to keep up to 62 MiB of freed memory.
 *
 * glibc gives freed memory back to the system from twice the largest block it has seen freed, which for buffers of 64 to
 * 512 KiB is almost at once; each page of the next buffer then takes a page fault. It learns from a block that is freed,
 * here one that is never written, so it takes no memory. Source: mallopt(3), M_MMAP_THRESHOLD.
 */
export function keepFreedMemory(bytes: number, allocate: (bytes: number) => unknown): void {
  if (bytes < LARGE_BYTES || bytesUntilKept === Infinity) return
  bytesUntilKept -= bytes
  if (bytesUntilKept > 0) return
  bytesUntilKept = Infinity
  allocate(LARGEST_BYTES)
}
