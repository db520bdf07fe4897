import type { ObjectStore } from '@shardyfusion/core/extend'
import { interceptStore } from '@shardyfusion/core/testing'

/** Quiet for so long, nothing more will be asked before what was asked has been answered. */
const QUIET_MS = 60

export interface RoundTrips {
  readonly store: ObjectStore
  /** Requests since the last look, by the round trip they were part of: `GET url`, `LIST url`, …. */
  take(): string[][]
}

/**
 * A store whose answers wait until nothing more is asked, so that requests made at the same time are one round trip.
 */
export function roundTrips(base: ObjectStore): RoundTrips {
  let rounds: string[][] = []
  let current: string[] = []
  let release: (() => void) | undefined
  let answered: Promise<void> | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  const ask = (what: string): Promise<void> => {
    current.push(what)
    answered ??= new Promise((resolve) => (release = resolve))
    clearTimeout(timer)
    timer = setTimeout(() => {
      rounds.push(current)
      current = []
      answered = undefined
      release!()
    }, QUIET_MS)
    return answered
  }
  const store = interceptStore(base, {
    before: ({ operation, url }) => ask(`${operation.toUpperCase()} ${url}`),
  })
  return {
    store,
    take: () => {
      const taken = rounds
      rounds = []
      return taken
    },
  }
}
