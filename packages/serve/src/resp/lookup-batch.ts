import type { Key } from '@shardyfusion/core'
import { isShardyfusionError } from '@shardyfusion/core'
import { lookUpBounded, TOO_LARGE, type Values } from '../bounded-lookup.js'
import type { Counters } from '../counters.js'
import type { Database } from '../database.js'
import { Refusal } from '../failure.js'
import type { RespHost } from './client.js'
import type { Protocol, ReplyBuffer } from './reply-buffer.js'

/** The question of a command about its keys. */
export type Question = 'value' | 'values' | 'length' | 'count' | 'type'

/** A command that waits for keys `first … first + count` of its database. */
interface Pending {
  readonly question: Question
  readonly protocol: Protocol
  readonly group: Group
  readonly first: number
  readonly count: number
}

/** The keys of one database. */
interface Group {
  readonly database: Database
  readonly snapshot: object
  readonly keys: Key[]
  /** The same as the client sent them. */
  readonly words: Buffer[]
  values: Values
}

/** The result of a command that was executed apart from its batch. */
interface Alone {
  readonly values?: Values
  readonly error?: unknown
}

/** Writes the reply for a command that failed. */
type WriteFailure = (error: unknown) => void

/**
 * Commands of one read that are answered together: one `getMany` for each database, replies in the
 * order of the commands.
 */
export class LookupBatch {
  /** Replies that are ready, between those that wait. */
  readonly #replies: (Buffer | Pending)[] = []
  readonly #groups: Group[] = []
  /** Number of keys. */
  size = 0

  get isEmpty(): boolean {
    return this.#replies.length === 0
  }

  /** Adds replies that are ready. */
  ready(bytes: Buffer | undefined): void {
    if (bytes !== undefined) this.#replies.push(bytes)
  }

  /** Adds a command. `words` are views that do not change until `run` has ended. */
  add(
    database: Database,
    question: Question,
    protocol: Protocol,
    keys: readonly Key[],
    words: readonly Buffer[],
  ): void {
    const group = this.#groupOf(database)
    const first = group.keys.length
    for (let i = 0; i < keys.length; i++) {
      group.keys.push(keys[i]!)
      group.words.push(words[i]!)
    }
    this.size += keys.length
    this.#replies.push({ question, protocol, group, first, count: keys.length })
  }

  /** Looks up all keys and returns the replies. Never rejects: a failure is the reply of its commands. */
  async run(
    out: ReplyBuffer,
    signal: AbortSignal,
    { counters, limits: { maxReplyBytes } }: Pick<RespHost, 'counters' | 'limits'>,
    writeFailure: WriteFailure,
  ): Promise<Buffer | undefined> {
    const failed = new Map<Group, unknown>()
    await Promise.all(
      this.#groups.map(async (group) => {
        try {
          const { database, keys, words } = group
          group.values = await lookUpBounded(
            database,
            database.reader,
            keys,
            words,
            { signal },
            maxReplyBytes,
          )
          cacheValues(group)
        } catch (error) {
          failed.set(group, error)
        }
      }),
    )
    // One key that cannot be routed, and one command with too many values, fails the whole batch: its
    // command alone must fail.
    const alone = new Map<Pending, Alone>()
    for (const reply of this.#replies) {
      if (Buffer.isBuffer(reply) || !isOfOneCommand(failed.get(reply.group))) continue
      alone.set(reply, await lookUpAlone(reply, signal, maxReplyBytes))
    }
    for (const reply of this.#replies) {
      if (Buffer.isBuffer(reply)) {
        out.raw(reply)
        continue
      }
      const { group, first, count } = reply
      const own = alone.get(reply)
      if (own?.values !== undefined) writeValues(out, reply, own.values, 0, count, counters)
      else if (own !== undefined) writeFailure(own.error)
      else if (failed.has(group)) writeFailure(failed.get(group))
      else writeValues(out, reply, group.values, first, count, counters)
    }
    // Before any other connection writes to the buffer.
    return out.take()
  }

  #groupOf(database: Database): Group {
    const found = this.#groups.find((group) => group.database === database)
    if (found !== undefined) return found
    const { snapshot } = database.current()
    const group: Group = { database, snapshot, keys: [], words: [], values: [] }
    this.#groups.push(group)
    return group
  }
}

function cacheValues({ database, snapshot, words, values }: Group): void {
  // The reader may have moved during the call.
  if (database.current().snapshot !== snapshot) return
  for (let i = 0; i < words.length; i++) database.cache.set(words[i]!, values[i])
}

function isOfOneCommand(error: unknown): boolean {
  if (error instanceof Refusal) return error.code === TOO_LARGE
  return (
    isShardyfusionError(error) &&
    (error.code === 'SHARD_INVALID_KEY' || error.code === 'SHARD_ROUTING')
  )
}

async function lookUpAlone(
  { group, first, count }: Pending,
  signal: AbortSignal,
  maxBytes: number,
): Promise<Alone> {
  try {
    const keys = group.keys.slice(first, first + count)
    const words = group.words.slice(first, first + count)
    const { database } = group
    const values = await lookUpBounded(database, database.reader, keys, words, { signal }, maxBytes)
    return { values }
  } catch (error) {
    return { error }
  }
}

function writeValues(
  out: ReplyBuffer,
  { question, protocol }: Pending,
  values: Values,
  first: number,
  count: number,
  counters: Counters,
): void {
  let found = 0
  for (let i = first; i < first + count; i++) if (values[i] !== undefined) found++
  counters.found += found
  counters.missing += count - found
  if (question === 'count') return out.integer(found)
  if (question === 'type') return out.simple(found > 0 ? 'string' : 'none')
  if (question === 'length') return out.integer(values[first]?.length ?? 0)
  if (question === 'values') out.array(count)
  for (let i = first; i < first + count; i++) {
    const value = values[i]
    if (value === undefined) out.nil(protocol)
    else out.bulk(value)
  }
}
