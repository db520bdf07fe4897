import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import * as v from 'valibot'
import { snapshotWriterOptionsSchema } from '#dist/build/snapshot-writer-options.js'
import { cleanupOptionsSchema } from '#dist/maintain/cleanup/cleanup-options.js'
import { snapshotScanOptionsSchema } from '#dist/read/scan/scan-options.js'
import { snapshotSearchSchema } from '#dist/read/search/search-options.js'
import { snapshotReaderOptionsSchema } from '#dist/read/snapshot-reader-options.js'
import { updaterOptionsSchema } from '#dist/update/updater-options.js'

/** A page of the site. */
function page(name: string): string {
  return readFileSync(new URL(`../../../site/pages/${name}.md`, import.meta.url), 'utf8')
}

/** Rows of all tables whose first cell is one name in code, by that name. */
function rows(text: string): Map<string, string[]> {
  const found = [...text.matchAll(/^\| `(\w+)` \|(.*)\|$/gm)]
  return new Map(
    found.map(([, name, rest]) => [name!, rest!.split(/(?<!\\)\|/).map((cell) => cell.trim())]),
  )
}

/** The part of a page between two pieces of text; the first occurs once. */
function section(name: string, from: string, to: string): string {
  const text = page(name)
  assert.equal(text.split(from).length, 2, `"${from}" must occur once`)
  const start = text.indexOf(from)
  const end = text.indexOf(to, start)
  assert.ok(end > start, `"${to}" must come after "${from}"`)
  return text.slice(start, end)
}

const shared = rows(
  section('write', 'Everything that opens something takes them:', '## More cores'),
)

const cleanup = rows(section('operate', '#cleanup -->', '- Without `keepLast` and'))
// Of the call alone; a plan is one already.
assert.ok(cleanup.delete('dryRun'))
const ofStores = ['objects', 'catalog', 's3', 'env', 'envFile', 'signal']

const builds = rows(section('write', 'Options of both', '`writeSnapshot` also takes'))
const ofFullBuilds = [
  'sharding',
  'keyEncoding',
  'keyColumn',
  'vector',
  'maxBatchEntries',
  'maxBatchBytes',
]

const searches = rows(
  section('search', '`search`, `searchMany`, `searchChunk` and', 'Searches of vectors alone'),
)

const tables = [
  {
    name: 'cleanup',
    schema: cleanupOptionsSchema,
    documented: cleanup.set('prefix', ['URL', 'required']),
    shared: new Map([...shared].filter(([name]) => ofStores.includes(name))),
  },
  {
    name: 'writers',
    schema: snapshotWriterOptionsSchema,
    documented: builds,
    shared,
  },
  {
    name: 'readers',
    schema: snapshotReaderOptionsSchema,
    documented: rows(section('read', '#read -->', 'Shards open when first needed')),
    shared,
  },
  {
    name: 'updates',
    schema: updaterOptionsSchema,
    documented: rows(
      section('../../packages/core/docs/updates', 'These are new or different', 'The result has'),
    ),
    shared: new Map([...builds, ...shared].filter(([name]) => !ofFullBuilds.includes(name))),
  },
  {
    name: 'searches',
    schema: snapshotSearchSchema,
    documented: searches,
    shared: new Map<string, string[]>(),
  },
  {
    name: 'scans',
    schema: snapshotScanOptionsSchema,
    documented: rows(section('scan', '`scanIter(range, options)` yields', 'For bulk work')),
    shared: new Map<string, string[]>(),
  },
]

for (const { name, schema, documented, shared: more } of tables) {
  test(`the site: the options of ${name} are those there are, with their defaults`, () => {
    const all = new Map([...documented, ...more])
    const entries = schema.entries as Record<string, v.GenericSchema>
    assert.deepEqual(new Set(all.keys()), new Set(Object.keys(entries)))
    for (const [option, [, shown]] of all) {
      const entry = entries[option]!
      if (entry.type === 'optional') assert.deepEqual(v.getDefault(entry), parse(shown!), option)
      else assert.equal(shown, 'required', option)
    }
  })
}

/** A default as the pages write it. */
function parse(shown: string): unknown {
  if (shown === 'none') return undefined
  if (shown === '`{}`') return {}
  if (shown === '`[]`') return []
  if (shown === 'true' || shown === 'false') return shown === 'true'
  const [, text] = /^`'(\w+)'`$/.exec(shown) ?? []
  if (text !== undefined) return text
  const [, digits, unit = ''] = /^([\d,]+)( KiB| MiB)?$/.exec(shown) ?? []
  assert.ok(digits !== undefined, `a default that cannot be read: ${shown}`)
  return Number(digits.replaceAll(',', '')) * { '': 1, ' KiB': 1024, ' MiB': 1024 * 1024 }[unit]!
}

test('the site: the error codes are those there are', () => {
  const source = readFileSync(new URL('../src/errors.ts', import.meta.url), 'utf8')
  const codes = [...source.matchAll(/^ {2}\| '(SHARD_\w+)'$/gm)].map(([, code]) => code!)
  const documented = rows(section('errors', '| code | meaning |', '`details.peer` is'))
  assert.ok(codes.length > 0)
  assert.deepEqual(new Set(documented.keys()), new Set(codes))
})
