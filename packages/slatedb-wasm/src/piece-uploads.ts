import type { ObjectStore, ObjectUpload } from './object-store.js'

/** Bytes of a piece, at most: `PIECE_BYTES` of `rust/engine/src/table_writer/upload.rs`. */
const PIECE_BYTES = 1 << 20
/** Buffers that wait for the next upload. */
const MAX_SPARE = 4

/** Objects that the engine stores in pieces. */
export class PieceUploads {
  readonly #open = new Map<string, OpenUpload>()
  readonly #spare: Uint8Array[] = []

  /** Copies the next bytes of an object now. If it returns a promise, no bytes may follow before that ends. */
  append(
    objects: ObjectStore,
    store: number,
    path: string,
    bytes: Uint8Array,
  ): Promise<void> | undefined {
    const key = keyOf(store, path)
    let open = this.#open.get(key)
    if (open === undefined) {
      const buffers = (): Uint8Array => this.#spare.pop() ?? new Uint8Array(PIECE_BYTES)
      open = new OpenUpload(store, Promise.resolve(objects.upload!(path)), buffers)
      this.#open.set(key, open)
    }
    return open.append(bytes)
  }

  /** Makes an object visible. */
  async complete(store: number, path: string): Promise<void> {
    const key = keyOf(store, path)
    const open = this.#open.get(key)!
    await open.complete()
    this.#open.delete(key)
    for (const buffer of open.buffers) if (this.#spare.length < MAX_SPARE) this.#spare.push(buffer)
  }

  /** Removes what was stored of an object that is not complete. */
  abandon(store: number, path: string): void {
    const key = keyOf(store, path)
    this.#open.get(key)?.abort()
    this.#open.delete(key)
  }

  /** The same for all of a store, by default of all stores. */
  abandonAll(store?: number): void {
    for (const [key, open] of this.#open) {
      if (store !== undefined && store !== open.store) continue
      open.abort()
      this.#open.delete(key)
    }
  }
}

/** An upload that collects bytes in one buffer while the other one is written. */
class OpenUpload {
  readonly store: number
  readonly #upload: Promise<ObjectUpload>
  readonly #newBuffer: () => Uint8Array
  #filling: Uint8Array | undefined
  #used = 0
  /** The buffer that is written, or was. */
  #written: Uint8Array | undefined

  constructor(store: number, upload: Promise<ObjectUpload>, newBuffer: () => Uint8Array) {
    this.store = store
    this.#upload = upload
    this.#newBuffer = newBuffer
    // The first write reports it.
    upload.catch(() => {})
  }

  /** Its buffers, when it is complete. */
  get buffers(): Uint8Array[] {
    return [this.#filling, this.#written].filter((buffer) => buffer !== undefined)
  }

  /** Takes at most as many bytes as a buffer has. */
  append(bytes: Uint8Array): Promise<void> | undefined {
    const buffer = (this.#filling ??= this.#newBuffer())
    const room = buffer.length - this.#used
    if (bytes.length < room) {
      buffer.set(bytes, this.#used)
      this.#used += bytes.length
      return undefined
    }
    buffer.set(bytes.subarray(0, room), this.#used)
    // No bytes come before a write has ended, so the other buffer is free.
    this.#filling = this.#written ?? this.#newBuffer()
    this.#filling.set(bytes.subarray(room))
    this.#used = bytes.length - room
    this.#written = buffer
    return this.#write(buffer)
  }

  async complete(): Promise<void> {
    if (this.#used > 0) await this.#write(this.#filling!.subarray(0, this.#used))
    await (await this.#upload).complete()
  }

  abort(): void {
    // Its buffers are not used again, because a write may still read them.
    this.#upload.then((upload) => upload.abort()).catch(() => {})
  }

  async #write(bytes: Uint8Array): Promise<void> {
    await (await this.#upload).write(bytes)
  }
}

function keyOf(store: number, path: string): string {
  return `${store} ${path}`
}
