import type { ObjectStore } from '@shardyfusion/core/extend'

/** Counts the rounds in which a store is read: reads that wait at the same time are one round. */
export class RoundTrips {
  rounds = 0
  requests = 0
  #waiting: (() => void)[] = []

  wrap(inner: ObjectStore): ObjectStore {
    const wait = (): Promise<void> => this.#wait()
    return new Proxy(inner, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name)
        if (typeof member !== 'function') return member
        const call = member.bind(target) as (...args: unknown[]) => unknown
        if (name !== 'get' && name !== 'head') return call
        return async (...args: unknown[]) => {
          await wait()
          return call(...args)
        }
      },
    })
  }

  #wait(): Promise<void> {
    this.requests++
    if (this.#waiting.length === 0) void this.#releaseSoon()
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Releases all that wait once nothing has joined them for a few turns of the event loop. */
  async #releaseSoon(): Promise<void> {
    for (let quiet = 0, seen = 0; quiet < 10; quiet++) {
      await new Promise((resolve) => setImmediate(resolve))
      if (this.#waiting.length === seen) continue
      seen = this.#waiting.length
      quiet = 0
    }
    this.rounds++
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}
