// Long because one object has all that the module calls, and the failures and timers of those calls.

import type { Bindings } from '../wasm/slatedb.js'
import { SlateDbError, type SlateDbErrorKind } from './error.js'
import { Exchange } from './exchange.js'
import type { ObjectStore } from './object-store.js'
import { PieceUploads } from './piece-uploads.js'
import { isError, isErrorNamed } from './is-error.js'
import { unfilledBytes } from './unfilled-bytes.js'

// Errors of stores wait here until the engine reports them, or retries and forgets them.
const KEPT_FAILURES = 64
// The limit of a timer in milliseconds. A longer sleep never ends.
const MAX_TIMER_MS = 2 ** 31 - 1
// A process need not wait for timers the engine itself is in no hurry about.
const BACKGROUND_MS = 5000

interface Deferred {
  /** The database the call is for. */
  readonly store: number
  resolve(value: unknown): void
  reject(error: unknown): void
}

/** Something of the engine that is let go when the engine stops, so that its memory can be freed. */
export interface Held<T> {
  value: T | undefined
}

interface Stop {
  readonly message: string
  /** The database the engine was working for when it stopped. */
  readonly store: number
}

/**
 * The JavaScript side of the engine: stores, timers, promises and errors, each known to it by a number.
 *
 * The engine calls the methods named in `rust/engine/src/host.rs`; store and timer calls are answered by the
 * module's `settle…` functions.
 */
export class Host {
  readonly #onStop: () => void
  readonly #held = new Set<Held<unknown>>()
  readonly #stores = new Map<number, ObjectStore>()
  readonly #timers = new Map<number, ReturnType<typeof setTimeout>>()
  readonly #deferred = new Map<number, Deferred>()
  readonly #failures = new Map<number, unknown>()
  readonly #uploads = new PieceUploads()
  #lastStore = 0
  #lastFailure = 0
  #module: Bindings | undefined
  #exchange: Exchange | undefined
  /** The database a call of the engine is for, while it runs. */
  #current = 0
  #stop: Stop | undefined

  constructor(module: Bindings, onStop: () => void) {
    this.#module = module
    this.#exchange = new Exchange(module)
    this.#onStop = onStop
  }

  /** True once the engine has trapped: nothing of this instance works any more. */
  get isStopped(): boolean {
    return this.#stop !== undefined
  }

  /** Makes a store known to the engine. */
  addStore(store: ObjectStore): number {
    this.#stores.set(++this.#lastStore, store)
    return this.#lastStore
  }

  removeStore(id: number): void {
    this.#stores.delete(id)
    this.#uploads.abandonAll(id)
  }

  /**
   * Calls into the engine for a database. A trap or an overflow of the stack ends it, for this call and all that wait.
   *
   * Errors: `SlateDbError` of kind Stopped for the database the engine worked for, Interrupted for all others.
   */
  enter<T>(store: number, call: () => T): T {
    const outer = this.begin(store)
    try {
      return call()
    } catch (error) {
      throw this.failure(store, error)
    } finally {
      this.end(outer)
    }
  }

  /** The first part of `enter`, for calls so short that a closure would show; returns the argument of `end`. */
  begin(store: number): number {
    if (this.#stop !== undefined) throw this.#stopError(store)
    const outer = this.#current
    this.#current = store
    return outer
  }

  /** The error to throw for one of a call. A trap stops the engine. */
  failure(store: number, error: unknown): unknown {
    if (!isTrap(error)) return error
    this.poisoned(String(error))
    return this.#stopError(store)
  }

  end(outer: number): void {
    this.#current = outer
  }

  /** Where lookups exchange keys and values with the engine, which has not stopped. */
  get exchange(): Exchange {
    return this.#exchange!
  }

  /** Holds something of the engine until it is freed or the engine stops. */
  hold<T extends { free(): void }>(value: T): Held<T> {
    const held: Held<T> = { value }
    this.#held.add(held)
    return held
  }

  /** Frees what the engine holds for JavaScript; where it has trapped in the middle of a call, that is lost anyway. */
  free(held: Held<{ free(): void }>): void {
    this.#held.delete(held)
    held.value?.free()
    held.value = undefined
  }

  // ---- called by the engine

  get(call: number, store: number, path: string, start: number, end: number): void {
    this.#answer(
      call,
      (objects) => objects.get(path, start, end === Infinity ? undefined : end),
      store,
      (module, bytes) => {
        // Within this call the engine may read once more.
        const objects = bytes === undefined ? undefined : this.#stores.get(store)
        module.settleBytes(call, bytes)
        if (bytes !== undefined) objects?.release?.(bytes)
      },
    )
  }

  canReadNow(store: number): boolean {
    return this.#stores.get(store)?.readNow !== undefined
  }

  readNow(store: number, path: string, start: number, address: number, bytes: number): boolean {
    const objects = this.#stores.get(store)
    try {
      return objects?.readNow?.(path, start, this.exchange.memory(address, bytes)) ?? false
    } catch {
      // `get` follows, and reports the error.
      return false
    }
  }

  head(call: number, store: number, path: string): void {
    this.#answer(
      call,
      (objects) => objects.head(path),
      store,
      (module, found) =>
        module.settleHead(call, found?.size ?? -1, found?.modifiedAt?.getTime() ?? 0),
    )
  }

  put(call: number, store: number, path: string, bytes: Uint8Array, ifAbsent: boolean): void {
    this.#answer(
      call,
      (objects) => objects.put(path, bytes, ifAbsent),
      store,
      (module, stored) => module.settleFlag(call, stored),
    )
  }

  takesPieces(store: number): boolean {
    return this.#stores.get(store)?.upload !== undefined
  }

  append(call: number, store: number, path: string, bytes: Uint8Array): void {
    this.#answer(
      call,
      (objects) => this.#uploads.append(objects, store, path, bytes),
      store,
      (module) => module.settleFlag(call, true),
    )
  }

  complete(call: number, store: number, path: string): void {
    this.#answer(
      call,
      () => this.#uploads.complete(store, path),
      store,
      (module) => module.settleFlag(call, true),
    )
  }

  abandon(store: number, path: string): void {
    this.#uploads.abandon(store, path)
  }

  list(call: number, store: number, prefix: string): void {
    this.#answer(
      call,
      async (objects) => {
        const found = []
        for await (const object of await objects.list(prefix)) found.push(object)
        return found
      },
      store,
      (module, found) =>
        module.settleList(
          call,
          found.map((object) => object.path),
          new Float64Array(found.map((object) => object.size)),
          new Float64Array(found.map((object) => object.modifiedAt?.getTime() ?? 0)),
        ),
    )
  }

  remove(call: number, store: number, path: string): void {
    this.#answer(
      call,
      (objects) => objects.delete(path),
      store,
      (module) => module.settleFlag(call, true),
    )
  }

  buffer(bytes: number): Uint8Array<ArrayBuffer> {
    return unfilledBytes(bytes)
  }

  sleep(call: number, milliseconds: number): void {
    if (milliseconds > MAX_TIMER_MS) return
    const store = this.#current
    const timer = setTimeout(() => {
      this.#timers.delete(call)
      this.#settle(store, (module) => module.settleFlag(call, true))
    }, milliseconds)
    // In browsers a timer is a number.
    if (milliseconds >= BACKGROUND_MS && typeof timer === 'object') timer.unref()
    this.#timers.set(call, timer)
  }

  cancelSleep(call: number): void {
    clearTimeout(this.#timers.get(call))
    this.#timers.delete(call)
  }

  promise(id: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#deferred.set(id, { store: this.#current, resolve, reject })
    })
  }

  resolve(id: number, value: unknown): void {
    this.#take(id)?.resolve(value)
  }

  reject(id: number, error: unknown): void {
    this.#take(id)?.reject(error)
  }

  error(kind: SlateDbErrorKind, message: string, failure: number): SlateDbError {
    if (!this.#failures.has(failure)) return new SlateDbError(kind, message)
    return new SlateDbError(kind, message, { cause: this.#failures.get(failure) })
  }

  poisoned(message: string): void {
    if (this.#stop !== undefined) return
    this.#stop = { message, store: this.#current }
    for (const timer of this.#timers.values()) clearTimeout(timer)
    for (const waiting of this.#deferred.values()) waiting.reject(this.#stopError(waiting.store))
    // After this, nothing refers to the memory of the engine.
    for (const held of this.#held) held.value = undefined
    for (const kept of [this.#timers, this.#deferred, this.#held, this.#stores, this.#failures])
      kept.clear()
    this.#uploads.abandonAll()
    this.#module = undefined
    this.#exchange = undefined
    this.#onStop()
  }

  // ----

  #answer<T>(
    call: number,
    ask: (objects: ObjectStore) => T | PromiseLike<T>,
    store: number,
    settle: (module: Bindings, value: T) => void,
  ): void {
    const succeed = (value: T): void => this.#settle(store, (module) => settle(module, value))
    const fail = (error: unknown): void => {
      const failure = this.#keepFailure(error)
      const message = isError(error) ? error.message : String(error)
      this.#settle(store, (module) => module.settleError(call, failure, message))
    }
    const objects = this.#stores.get(store)
    if (objects === undefined) return fail(new Error('the object store has been released'))
    let answer: T | PromiseLike<T>
    try {
      answer = ask(objects)
    } catch (error) {
      return fail(error)
    }
    if (isPromiseLike(answer)) answer.then(succeed, fail)
    else succeed(answer)
  }

  // No caller waits for this call, so its error rejects the calls that wait for the engine.
  #settle(store: number, settle: (module: Bindings) => void): void {
    if (this.#module === undefined) return
    const outer = this.#current
    this.#current = store
    try {
      settle(this.#module)
    } catch (error) {
      this.poisoned(String(error))
    } finally {
      this.#current = outer
    }
  }

  #stopError(store: number): SlateDbError {
    const { message, store: cause } = this.#stop!
    if (store === cause) {
      return new SlateDbError(
        'Stopped',
        `the engine has stopped: ${message}; databases opened next get a new engine`,
      )
    }
    return new SlateDbError(
      'Interrupted',
      `the engine has stopped while it worked for another database (${message}); open this one again`,
    )
  }

  #keepFailure(error: unknown): number {
    this.#failures.set(++this.#lastFailure, error)
    this.#failures.delete(this.#lastFailure - KEPT_FAILURES)
    return this.#lastFailure
  }

  #take(id: number): Deferred | undefined {
    const deferred = this.#deferred.get(id)
    this.#deferred.delete(id)
    return deferred
  }
}

function isTrap(error: unknown): boolean {
  return isErrorNamed(error, 'RuntimeError') || isErrorNamed(error, 'RangeError')
}

function isPromiseLike<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as { then?: unknown } | undefined)?.then === 'function'
}
