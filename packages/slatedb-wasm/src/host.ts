import type * as Wasm from '../wasm/slatedb.js'
import { SlateDbError, type SlateDbErrorKind } from './error.js'
import type { ObjectStore } from './object-store.js'

// Errors of stores wait here until the engine reports them, or retries and forgets them.
const KEPT_FAILURES = 64
// What a timer holds; longer sleeps are for ever.
const MAX_TIMER_MS = 2 ** 31 - 1
// A process need not wait for timers the engine itself is in no hurry about.
const BACKGROUND_MS = 5000

interface Deferred {
  resolve(value: unknown): void
  reject(error: unknown): void
}

/**
 * The JavaScript side of the engine: stores, timers, promises and errors, each known to it by a number.
 *
 * The engine calls the methods named in `rust/engine/src/host.rs`; store and timer calls are answered by the
 * module's `settle…` functions.
 */
export class Host {
  readonly #module: typeof Wasm
  readonly #stores = new Map<number, ObjectStore>()
  readonly #timers = new Map<number, ReturnType<typeof setTimeout>>()
  readonly #deferred = new Map<number, Deferred>()
  readonly #failures = new Map<number, unknown>()
  #lastStore = 0
  #lastFailure = 0
  #poison: SlateDbError | undefined

  constructor(module: typeof Wasm) {
    this.#module = module
  }

  /** True once the engine has trapped: nothing of this instance works any more. */
  get isStopped(): boolean {
    return this.#poison !== undefined
  }

  /** Makes a store known to the engine. */
  addStore(store: ObjectStore): number {
    this.#stores.set(++this.#lastStore, store)
    return this.#lastStore
  }

  removeStore(id: number): void {
    this.#stores.delete(id)
  }

  /** Calls into the engine. A trap or an overflow of the stack ends it, here and for everyone who waits. */
  enter<T>(call: () => T): T {
    if (this.#poison !== undefined) throw this.#poison
    try {
      return call()
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) {
        throw this.poisoned(String(error))
      }
      throw error
    }
  }

  /** Frees what the engine holds for JavaScript; where it has trapped in the middle of a call, that is lost anyway. */
  free(held: { free(): void } | undefined): void {
    if (this.#poison === undefined) held?.free()
  }

  // ---- called by the engine

  get(call: number, store: number, path: string, start: number, end: number): void {
    this.#answer(
      call,
      (objects) => objects.get(path, start, end === Infinity ? undefined : end),
      store,
      (bytes) => this.#module.settleBytes(call, bytes),
    )
  }

  head(call: number, store: number, path: string): void {
    this.#answer(
      call,
      (objects) => objects.head(path),
      store,
      (found) =>
        this.#module.settleHead(call, found?.size ?? -1, found?.modifiedAt?.getTime() ?? 0),
    )
  }

  put(call: number, store: number, path: string, bytes: Uint8Array, ifAbsent: boolean): void {
    this.#answer(
      call,
      (objects) => objects.put(path, bytes, ifAbsent),
      store,
      (stored) => this.#module.settleFlag(call, stored),
    )
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
      (found) =>
        this.#module.settleList(
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
      () => this.#module.settleFlag(call, true),
    )
  }

  sleep(call: number, milliseconds: number): void {
    if (milliseconds > MAX_TIMER_MS) return
    const timer = setTimeout(() => {
      this.#timers.delete(call)
      this.#settle(() => this.#module.settleFlag(call, true))
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
      this.#deferred.set(id, { resolve, reject })
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

  poisoned(message: string): SlateDbError {
    const poison = (this.#poison ??= new SlateDbError(
      'Internal',
      `the engine has stopped: ${message}; what was open is lost, what is opened next gets a new engine`,
    ))
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
    for (const waiting of this.#deferred.values()) waiting.reject(poison)
    this.#deferred.clear()
    return poison
  }

  // ----

  #answer<T>(
    call: number,
    ask: (objects: ObjectStore) => T | PromiseLike<T>,
    store: number,
    settle: (value: T) => void,
  ): void {
    const succeed = (value: T): void => this.#settle(() => settle(value))
    const fail = (error: unknown): void => {
      const failure = this.#keepFailure(error)
      const message = error instanceof Error ? error.message : String(error)
      this.#settle(() => this.#module.settleError(call, failure, message))
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

  // Nobody waits for this call, so what it throws goes to those who wait for the engine.
  #settle(settle: () => void): void {
    if (this.#poison !== undefined) return
    try {
      settle()
    } catch (error) {
      this.poisoned(String(error))
    }
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

function isPromiseLike<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as { then?: unknown } | undefined)?.then === 'function'
}
