import type { SqliteFile, SqlValue } from 'sqlite-file'

/** The change counter of a file that no other program has changed. */
const UNCHANGED = 1

/** The facts that the writer of a file recorded; `undefined` if there are none, or if the file was changed since. */
export async function readFacts(
  file: SqliteFile,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, SqlValue> | undefined> {
  if (file.header.changeCounter !== UNCHANGED) return undefined
  if (!file.schema.tableNames.includes('sf_info')) return undefined
  const facts = new Map<string, SqlValue>()
  for await (const rows of file.table('sf_info').scan({}, { signal }))
    for (const [key, value] of rows) facts.set(String(key), value!)
  return facts
}
