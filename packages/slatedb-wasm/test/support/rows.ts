import { SlateDbReader, SlateDbWriter, type Entry, type ObjectStore, type Scan } from 'slatedb-wasm'

const encoder = new TextEncoder()

export function bytes(content: string): Uint8Array {
  return encoder.encode(content)
}

/** Plain data, so that a difference is printed in full. */
export function text(value: Uint8Array | undefined): string | undefined {
  return value === undefined ? undefined : Buffer.from(value).toString('latin1')
}

/** Rows `key-000000` … in order, with values that tell them apart. */
export function numberedRows(count: number, valueBytes = 40): Entry[] {
  return Array.from({ length: count }, (_, i) => [
    bytes(`key-${String(i).padStart(6, '0')}`),
    bytes(`${i}:`.padEnd(valueBytes, 'v')),
  ])
}

/** Writes a complete database in chunks. */
export async function writeDatabase(
  store: ObjectStore,
  rows: readonly Entry[],
  settings: Readonly<Record<string, unknown>> = {},
  rowsPerChunk = 1000,
): Promise<void> {
  const writer = await SlateDbWriter.open({ store, settings })
  try {
    for (let i = 0; i < rows.length; i += rowsPerChunk) {
      await writer.write(rows.slice(i, i + rowsPerChunk))
    }
    await writer.flush()
  } finally {
    await writer.close()
  }
}

/** Opens a reader that is closed with the test. */
export async function openReader(
  t: { after(f: () => Promise<void>): void },
  store: ObjectStore,
): Promise<SlateDbReader> {
  const reader = await SlateDbReader.open({ store })
  t.after(() => reader.close())
  return reader
}

export async function readAll(scan: Scan): Promise<[string, string][]> {
  const rows: [string, string][] = []
  for await (const chunk of scan) {
    for (const [key, value] of chunk) rows.push([text(key)!, text(value)!])
  }
  return rows
}

export function asText(rows: readonly Entry[]): [string, string][] {
  return rows.map(([key, value]) => [text(key)!, text(value)!])
}
