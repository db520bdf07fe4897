import { describeValue, invalidOption, invalidValue } from '@shardyfusion/core/internal'

/** Reads a part of a record. */
export type RecordAccessor<T> = (record: T, index: number) => unknown

/** Makes the accessor of a property name or a function; by default of the property of the same name. */
export function recordAccessor<T>(
  given: string | RecordAccessor<T> | undefined,
  name: string,
  where: string,
): RecordAccessor<T> {
  if (typeof given === 'function') return given
  if (given !== undefined && typeof given !== 'string') {
    throw invalidOption(
      where,
      `${name} must be a property name or a function, got ${describeValue(given)}`,
    )
  }
  const property = given ?? name
  return (record) => {
    if (typeof record === 'object' && record !== null)
      return (record as Readonly<Record<string, unknown>>)[property]
    throw invalidValue(
      where,
      `a record must be an object with "${property}", got ${describeValue(record)}`,
    )
  }
}
