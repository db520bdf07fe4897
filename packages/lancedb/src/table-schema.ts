import { damagedDataset } from './dataset-error.js'

/** A schema as the Arrow library of any version has it. */
interface SchemaLike {
  readonly fields: readonly { readonly name: string; readonly type: unknown }[]
}

/**
 * Returns the number of values of the vectors of a table.
 *
 * Errors: SHARD_ENGINE unless there are the columns id (text), vector (float32) and payload (text).
 */
export function tableDimensions({ fields }: SchemaLike, url: string): number {
  const typeOf = (name: string): string => String(fields.find((field) => field.name === name)?.type)
  const dimensions = Number(/^FixedSizeList\[(\d{1,6})\]<Float32>$/.exec(typeOf('vector'))?.[1])
  const isText = (name: string): boolean => /^(Large)?Utf8$/.test(typeOf(name))
  if (dimensions > 0 && isText('id') && isText('payload')) return dimensions
  const found = fields.map(({ name, type }) => `${name}: ${String(type)}`).join(', ')
  throw damagedDataset(
    url,
    `it must have the columns id (text), vector (a list of fixed size of float32) and payload (text), got ${found.slice(0, 300)}`,
  )
}
