import { fileURLToPath } from 'node:url'
import type { Records } from '@shardyfusion/input'

/** The path of a file of `test/golden`. */
export function golden(name: string): string {
  return fileURLToPath(new URL(`../../test/golden/${name}`, import.meta.url))
}

/** All rows of a file, one by one. */
export async function rowsOf(records: Records): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = []
  for await (const row of records) rows.push(row)
  return rows
}
