/** Bytes `offset` to `offset + length` of a file. */
export interface ByteRange {
  /** First byte. */
  readonly offset: number
  /** Number of bytes. */
  readonly length: number
}

/** Where the bytes of a file come from; they must not change while the file is open. */
export interface SqliteSource {
  /** Bytes of the file. */
  readonly size: number
  /** Exactly these bytes. The reader owns them afterwards. */
  read(offset: number, length: number): Promise<Uint8Array>
  /** The same for several ranges at once, in their order; without it, `read` is called for each. */
  readMany?(ranges: readonly ByteRange[]): Promise<readonly Uint8Array[]>
}
