import type { ShardingOption } from './sharding-option.js'
import { snapshotWriterOptionsSchema } from '../snapshot-writer-options.js'
import { parseOptions } from '../../options/parse-options.js'
import type { SchemaOption, ValuesOption } from '../../values/value-codec.js'
import { throwIfAborted } from '../../async/abort.js'
import { yieldIfDue } from '../../async/yield-if-due.js'
import { DistinctValues } from './inferred-shards.js'
import { inRecord, type RecordFields } from '../rows/record-fields.js'

const WHERE = 'writeSnapshot'
const ROWS_PER_TURN = 256

/** Returns true if the routing values are inferred from the rows. */
export function infersValues(sharding: ShardingOption | undefined): boolean {
  return typeof sharding === 'object' && 'cel' in sharding && sharding.values === 'infer'
}

/**
 * Returns true for records that can be iterated twice: collections can, generators and streams
 * cannot.
 */
export function isReadAgain<T>(records: Iterable<T> | AsyncIterable<T>): records is Iterable<T> {
  if (Symbol.asyncIterator in records || !(Symbol.iterator in records)) return false
  return (records[Symbol.iterator]() as unknown) !== records
}

/**
 * Reads all records once, for the values of their expression.
 *
 * Errors: those of routing, with the number of the record; SHARD_INVALID_OPTION before anything is
 * read.
 */
export async function inferSharding<T, V extends ValuesOption, S extends SchemaOption>(
  records: Iterable<T>,
  { keyOf, contextOf, writerOptions }: RecordFields<T, V, S>,
): Promise<{ readonly sharding: ShardingOption; readonly rows: number }> {
  const sharding = writerOptions.sharding as Extract<ShardingOption, { cel: string }>
  parseOptions(snapshotWriterOptionsSchema, writerOptions, WHERE)
  // Imported on demand, as in openRouter.
  const { CelExpression } = await import('../../routing/cel/cel-expression.js')
  const expression = await CelExpression.compile(sharding.cel, sharding.columns, WHERE)
  const values = new DistinctValues(WHERE)
  let rows = 0
  for (const record of records) {
    try {
      values.add(expression.evaluate(keyOf(record, rows), contextOf(record, rows), WHERE))
    } catch (error) {
      throw inRecord(error, rows)
    }
    if (++rows % ROWS_PER_TURN === 0) {
      throwIfAborted(writerOptions.signal)
      await yieldIfDue()
    }
  }
  return { sharding: { ...sharding, values: values.sorted() }, rows }
}
