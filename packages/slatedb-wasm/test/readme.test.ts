import assert from 'node:assert/strict'
import { test } from 'node:test'
// #region first
import { SlateDbReader, SlateDbTableWriter, MemoryStore } from 'slatedb-wasm'

// #endregion

test('the README: a database is written and read back', async () => {
  // #region first
  const store = new MemoryStore()
  const text = new TextEncoder()

  const writer = await SlateDbTableWriter.open({ store })
  await writer.write([
    [text.encode('lime'), text.encode('green')],
    [text.encode('apple'), text.encode('red')],
  ])
  await writer.seal()
  await writer.close()

  const reader = await SlateDbReader.open({ store })
  await reader.get(text.encode('lime')) // Uint8Array of "green"
  for await (const chunk of reader.scan({ start: text.encode('b') })) {
    for (const [key, value] of chunk) console.log(key, value)
  }
  await reader.close()
  // #endregion
  const again = await SlateDbReader.open({ store })
  assert.deepEqual(await again.get(text.encode('lime')), text.encode('green'))
  await again.close()
})
