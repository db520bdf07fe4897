/** The first bytes of every SQLite 3 database: `SQLite format 3` and a zero. */
const MAGIC = new TextEncoder().encode('SQLite format 3\0')
const HEADER_BYTES = 100

/** Page types of b-trees (SQLite file format §1.6). */
const INDEX_INTERIOR = 2
const TABLE_INTERIOR = 5
const INDEX_LEAF = 10
const TABLE_LEAF = 13

/** Bytes of a record's values by serial type, except text and blobs (SQLite file format §2.1). */
const FIXED_BYTES: readonly (number | undefined)[] = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0]
/** The serial type for the integer 1. */
const SERIAL_ONE = 9

/** Bounds on the schema: a manifest has two tables; a few more are harmless. */
const MAX_SCHEMA_ENTRIES = 256
const MAX_SCHEMA_BYTES = 64 * 1024

/**
 * Returns the problem of an untrusted database image, or `undefined` if it is safe to pass to
 * SQLite.
 *
 * SQLite reads damaged files without harm but not in bounded time: pages that point at one another
 * make a table endless, and the WebAssembly build can neither be interrupted nor given a deadline.
 * So every b-tree is walked here first: each page may be reached once, and the sizes in the cells
 * may not exceed the image. Every sound file passes, and these bounds also bound SQLite's work.
 * Source: SQLite "Database File Format" §1.3 and §1.6.
 */
export function findImageProblem(image: Uint8Array): string | undefined {
  if (!MAGIC.every((byte, index) => image[index] === byte))
    return 'does not begin like a SQLite 3 database'
  if (image.length < HEADER_BYTES) return `ends after ${image.length} bytes, within the header`
  if (image[19] === 2) return 'is in WAL mode; write it with a rollback journal'
  const view = new DataView(image.buffer, image.byteOffset, image.length)
  const pageSize = view.getUint16(16) === 1 ? 65_536 : view.getUint16(16)
  const usable = pageSize - image[20]!
  if (pageSize < 512 || (pageSize & (pageSize - 1)) !== 0 || usable < 480)
    return `has pages of ${pageSize} bytes`
  if (image.length < pageSize)
    return `ends after ${image.length} bytes, within page 1 of ${pageSize}`
  try {
    new TreeWalk(view, pageSize, usable).walkAll()
    return undefined
  } catch (error) {
    if (error instanceof Damage) return error.message
    throw error
  }
}

class Damage extends Error {}

/** Start of a cell's payload, its claimed length, and the end of its page. */
interface Payload {
  readonly start: number
  readonly bytes: number
  readonly pageEnd: number
}

class TreeWalk {
  readonly #view: DataView
  readonly #pageSize: number
  /** Bytes of a page without the space reserved at its end. */
  readonly #usable: number
  /** By page number: 1 once a tree has reached it. */
  readonly #reached: Uint8Array
  #payloadBytes = 0

  constructor(view: DataView, pageSize: number, usable: number) {
    this.#view = view
    this.#pageSize = pageSize
    this.#usable = usable
    this.#reached = new Uint8Array(Math.floor(view.byteLength / pageSize) + 1)
  }

  /** The schema's tree begins on page 1 and names the first page of all others. */
  walkAll(): void {
    const roots: number[] = []
    let entries = 0
    this.#walkTree(1, (payload) => {
      entries += 1
      if (entries > MAX_SCHEMA_ENTRIES)
        throw new Damage(`has more than ${MAX_SCHEMA_ENTRIES} schema entries`)
      if (this.#payloadBytes > MAX_SCHEMA_BYTES)
        throw new Damage(`has a schema of more than ${MAX_SCHEMA_BYTES} bytes`)
      const root = this.#rootPage(payload)
      if (root !== 0) roots.push(root)
    })
    for (const root of roots) this.#walkTree(root)
  }

  #walkTree(root: number, visit?: (payload: Payload) => void): void {
    const pending = [root]
    for (let page = pending.pop(); page !== undefined; page = pending.pop()) {
      if (page < 1 || page >= this.#reached.length)
        throw new Damage(`points at page ${page}, which it lacks`)
      if (this.#reached[page] === 1) throw new Damage(`reaches page ${page} twice`)
      this.#reached[page] = 1
      this.#walkPage(page, pending, visit)
    }
  }

  #walkPage(page: number, pending: number[], visit?: (payload: Payload) => void): void {
    const start = (page - 1) * this.#pageSize
    const pageEnd = start + this.#usable
    const header = page === 1 ? start + HEADER_BYTES : start
    const type = this.#view.getUint8(header)
    const interior = type === TABLE_INTERIOR || type === INDEX_INTERIOR
    if (!interior && type !== TABLE_LEAF && type !== INDEX_LEAF)
      throw new Damage(`has no b-tree on page ${page}`)
    const count = this.#view.getUint16(header + 3)
    const pointers = header + (interior ? 12 : 8)
    if (pointers + 2 * count > pageEnd) throw new Damage(`has ${count} cells on page ${page}`)
    if (interior) pending.push(this.#view.getUint32(header + 8))
    for (let i = 0; i < count; i += 1) {
      const cell = start + this.#view.getUint16(pointers + 2 * i)
      if (cell + 4 > pageEnd) throw new Damage(`has a cell beyond the end of page ${page}`)
      if (interior) pending.push(this.#view.getUint32(cell))
      // Rows of a table are only on its leaves; an index has entries at every level.
      if (type === TABLE_INTERIOR) continue
      const payload = this.#payload(interior ? cell + 4 : cell, type === TABLE_LEAF, pageEnd)
      visit?.(payload)
    }
  }

  #payload(at: number, hasRowId: boolean, pageEnd: number): Payload {
    const [bytes, afterLength] = this.#varint(at, pageEnd)
    this.#payloadBytes += bytes
    if (this.#payloadBytes > this.#view.byteLength)
      throw new Damage('claims more data than it has bytes')
    const start = hasRowId ? this.#afterVarint(afterLength, pageEnd) : afterLength
    return { start, bytes, pageEnd }
  }

  /**
   * Returns the fourth column of a schema record; 0 for views and triggers, which have no pages.
   */
  #rootPage({ start, bytes, pageEnd }: Payload): number {
    const end = Math.min(start + this.#localBytes(bytes), pageEnd)
    const [headerBytes, columns] = this.#varint(start, end)
    let at = columns
    let body = start + headerBytes
    for (let column = 0; column < 3; column += 1) {
      const [serial, next] = this.#varint(at, end)
      body += serial >= 12 ? Math.floor((serial - 12) / 2) : (FIXED_BYTES[serial] ?? 0)
      at = next
    }
    const [serial] = this.#varint(at, end)
    const length = FIXED_BYTES[serial]
    if (length === undefined || length > 4 || body + length > end)
      throw new Damage('has an unreadable schema entry')
    if (serial === SERIAL_ONE) return 1
    let root = 0
    for (let i = 0; i < length; i += 1) root = root * 256 + this.#view.getUint8(body + i)
    return root
  }

  /** Returns the bytes of a table row on its leaf; the rest is on overflow pages. */
  #localBytes(bytes: number): number {
    const most = this.#usable - 35
    if (bytes <= most) return bytes
    const least = Math.floor(((this.#usable - 12) * 32) / 255) - 23
    const balanced = least + ((bytes - least) % (this.#usable - 4))
    return balanced <= most ? balanced : least
  }

  /**
   * Returns a length. Varints longer than five bytes cannot be lengths, and SQLite would truncate
   * them to 32 bits.
   */
  #varint(at: number, end: number): [value: number, next: number] {
    let value = 0
    for (let next = at; next < end && next < at + 5; next += 1) {
      const byte = this.#view.getUint8(next)
      value = value * 128 + (byte & 0x7f)
      if (byte < 0x80) return [value, next + 1]
    }
    throw new Damage('has an unreadable length')
  }

  #afterVarint(at: number, end: number): number {
    let next = at
    while (next < end && next < at + 8 && this.#view.getUint8(next) >= 0x80) next += 1
    return next + 1
  }
}
