import { SHARD_FORMAT_FIELD } from '../engine/choose-engine.js'

/** Custom fields that writers of this package set themselves; the Python project ignores them. */
export const WRITER_FIELDS: readonly string[] = [SHARD_FORMAT_FIELD, 'shard_seals']

/** The custom fields of the caller. */
export function callerFields(
  custom: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(custom).filter(([name]) => !WRITER_FIELDS.includes(name)),
  )
}
