import type { SearchOptions } from '@shardyfusion/core'
import { describeValue, invalidOption } from '@shardyfusion/core/internal'
import { type CallOptions, checkCall } from '../options.js'

/** Options of a search of core, and of the call. `where` is a CEL expression: functions do not cross threads. */
export type SearchCallOptions<O extends SearchOptions> = Omit<O, 'where' | 'signal'> &
  CallOptions & {
    /** Finds only vectors for which this CEL expression over `id` and `payload` holds. */
    where?: string | undefined
  }

/** The options for core, which checks them, and those of the call. */
export function splitSearch<O extends SearchOptions>(
  options: SearchCallOptions<O> | undefined,
  where: string,
): { search: O; call: CallOptions } {
  if (options !== undefined && (typeof options !== 'object' || options === null))
    throw invalidOption(where, `options must be an object, got ${describeValue(options)}`)
  const { signal, timeoutMs, ...search } = options ?? {}
  const call = { signal, timeoutMs }
  checkCall(call, ['signal', 'timeoutMs'], where)
  for (const [name, value] of Object.entries(search)) {
    if (typeof value !== 'function') continue
    throw invalidOption(
      where,
      `${name} must be ${name === 'where' ? 'a CEL expression' : 'plain data'}, got ${describeValue(value)}; functions cannot ` +
        'cross to the worker thread',
    )
  }
  return { search: search as unknown as O, call }
}
