const MIB = 1024 * 1024

/** Maximum bytes that `ObjectUpload.complete` replaces at the start of an object. */
export const MAX_HEAD_BYTES = MIB

/** Bytes of most parts. S3 wants at least 5 MiB, and some servers want all but the last equal. */
export const PART_BYTES = 8 * MIB
/** Later parts are larger: S3 accepts 10,000 parts, which would be 78 GiB of the small ones. */
const LARGE_PART_BYTES = 64 * MIB
const SMALL_PARTS = 5_000
const MAX_PARTS = 10_000

/** Maximum bytes of one upload: 351 GiB. */
export const MAX_UPLOAD_BYTES =
  SMALL_PARTS * PART_BYTES + (MAX_PARTS - SMALL_PARTS) * LARGE_PART_BYTES

/** Returns the size of a part, by its number from 1. */
export function partBytes(number: number): number {
  return number <= SMALL_PARTS ? PART_BYTES : LARGE_PART_BYTES
}

/** Returns the number of requests of an upload of that many bytes to object storage. */
export function uploadRequests(bytes: number): number {
  if (bytes <= PART_BYTES) return 1
  const small = Math.min(bytes, SMALL_PARTS * PART_BYTES)
  const large = bytes - small
  return 2 + Math.ceil(small / PART_BYTES) + Math.ceil(large / LARGE_PART_BYTES)
}
