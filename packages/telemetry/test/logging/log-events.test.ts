import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { cleanupSnapshots } from '@shardyfusion/core/maintain'
import { MemoryStore, SnapshotReader, updateSnapshot, writeSnapshot } from '@shardyfusion/core'
import { faultyStore } from '@shardyfusion/core/testing'
import {
  consoleLogger,
  type Logger,
  logEvents,
  type LogEventsOptions,
  withLogFields,
} from '@shardyfusion/telemetry/logging'

type Line = readonly [level: string, event: string, fields: Readonly<Record<string, unknown>>]

function started(t: TestContext, options?: LogEventsOptions): Line[] {
  const lines: Line[] = []
  const at =
    (level: string) =>
    (fields: Readonly<Record<string, unknown>>, event: string): void =>
      void lines.push([level, event, fields])
  const logger: Logger = {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
  }
  const events = logEvents(logger, options)
  t.after(() => events.close())
  return lines
}

const names = (lines: readonly Line[]): string[] =>
  lines.map(([level, event]) => `${level} ${event}`)

test('logging: a build and a reader are logged with the names of the Python project', async (t) => {
  const lines = started(t, { verbose: true })
  const place = { prefix: 'memory://logging', objects: new MemoryStore() }
  const build = { ...place, sharding: { shards: 1 }, values: 'utf8' } as const
  const { runId } = await writeSnapshot([[1, 'secret value']], build)
  await using reader = await SnapshotReader.open(place)
  await reader.get(1)
  await reader.refresh()
  await writeSnapshot([[1, 'secret value']], build)
  await reader.refresh()
  await place.objects.delete('memory://logging/_CURRENT')
  await assert.rejects(reader.refresh())
  await reader.close()
  await cleanupSnapshots({ ...place, keepLast: 1 }).catch(() => {})
  const build1 = [
    'info write_started',
    'info shard_write_completed',
    'info manifest_published',
    'info write_completed',
  ]
  assert.deepEqual(names(lines).slice(0, 13), [
    ...build1,
    'info reader_initialized',
    'debug reader_shard_opened',
    'debug reader_refresh_unchanged',
    ...build1,
    'info reader_refreshed',
    'error reader_refresh_current_not_found',
  ])
  assert.equal(names(lines)[13], 'info reader_closed')
  const completed = lines.find(([, event]) => event === 'write_completed')![2]
  assert.equal(completed['run_id'], runId)
  assert.equal(completed['rows'], 1)
  assert.match(String(completed['manifest_ref']), /^memory:\/\/logging\//)
  const missing = lines.find(([, event]) => event === 'reader_refresh_current_not_found')![2]
  assert.equal(missing['error_type'], 'SHARD_NOT_FOUND')
  assert.doesNotMatch(JSON.stringify(lines), /secret/)
})

test('logging: an update is logged as a build, with its base', async (t) => {
  const place = { prefix: 'memory://logging-updates', objects: new MemoryStore() }
  const options = { ...place, values: 'utf8' } as const
  const { runId: base } = await writeSnapshot([[1, 'one']], { ...options, sharding: { shards: 1 } })
  const lines = started(t)
  await updateSnapshot([[1, 'two']] as const, options)
  assert.deepEqual(names(lines), [
    'info write_started',
    'info shard_write_completed',
    'info manifest_published',
    'info write_completed',
  ])
  const completed = lines.at(-1)![2]
  assert.deepEqual([completed['base_run_id'], completed['changes']], [base, 1])
  const expectedCurrent = 'another-run'
  await assert.rejects(updateSnapshot([[1, 'two']] as const, { ...options, expectedCurrent }))
  const stale = {
    ...options,
    objects: faultyStore(place.objects, { strikes: isPointer, times: Infinity }),
  }
  await assert.rejects(updateSnapshot([[1, 'three']] as const, stale))
  const failed = lines.at(-1)!
  assert.deepEqual(
    [failed[0], failed[1], failed[2]['error_type']],
    ['error', 'write_failed', 'SHARD_PUBLISH'],
  )
})

const isPointer = ({ operation, url }: { operation: string; url: string }): boolean =>
  operation === 'put' && url.endsWith('/_CURRENT')

test('logging: failures have a severity, and foreign messages no secrets', async (t) => {
  const lines = started(t)
  const place = { prefix: 'memory://logging-failures', objects: new MemoryStore() }
  function* failing(): Generator<readonly [number, string]> {
    yield [1, 'one']
    throw new Error('source failed: password=hunter2')
  }
  const options = { ...place, sharding: { shards: 1 }, values: 'utf8' } as const
  await assert.rejects(writeSnapshot(failing(), options))
  const failed = lines.find(([, event]) => event === 'write_failed')!
  assert.equal(failed[0], 'error')
  assert.match(String(failed[2]['error']), /source failed: password=\*\*\*/)
  const objects = faultyStore(place.objects, {
    strikes: ({ operation, url }) => operation === 'put' && url.endsWith('/run.yaml'),
  })
  await writeSnapshot([[1, 'one']], { ...options, objects })
  assert.ok(names(lines).includes('warn write_warning'))
})

test('logging: fields of the running work are added, the inner ones win', async (t) => {
  const lines = started(t)
  const prefix = 'memory://logging-fields'
  const options = { prefix, sharding: { shards: 1 }, values: 'utf8' } as const
  await withLogFields({ job: 'outer', team: 'data' }, () =>
    withLogFields({ job: 'inner' }, () => writeSnapshot([[1, 'one']], options)),
  )
  await using reader = await SnapshotReader.open({ prefix })
  await reader.get(1)
  const started1 = lines.find(([, event]) => event === 'write_started')![2]
  assert.deepEqual([started1['job'], started1['team']], ['inner', 'data'])
  const opened = lines.find(([, event]) => event === 'reader_initialized')![2]
  assert.equal(opened['job'], undefined)
})

test('consoleLogger: refuses levels, formats and options that do not exist', () => {
  const cases: [object, RegExp][] = [
    [{ level: 'warning' }, /level must be debug, info, warn, error, got "warning"/],
    [{ format: 'xml' }, /format must be json or text/],
    [{ stream: {} }, /stream must have the method write/],
    [{ fromat: 'json' }, /unknown option "fromat"; did you mean "format"\?/],
  ]
  for (const [options, message] of cases)
    assert.throws(() => consoleLogger(options), { code: 'SHARD_INVALID_OPTION', message })
})

test('consoleLogger: writes JSON or text, from a level on', () => {
  let text = ''
  const stream = { write: (line: string) => void (text += line) }
  const json = consoleLogger({ stream })
  json.debug({ a: 1 }, 'left_out')
  json.warn({ a: 1, text: 'two words' }, 'json_event')
  const { timestamp, ...line } = JSON.parse(text) as Record<string, unknown>
  assert.match(String(timestamp), /^\d{4}-.*Z$/)
  assert.deepEqual(line, {
    level: 'warn',
    logger: 'shardyfusion',
    event: 'json_event',
    a: 1,
    text: 'two words',
  })
  text = ''
  const plain = consoleLogger({ stream, format: 'text', level: 'debug' })
  plain.debug({ a: 1, text: 'two words', empty: '' }, 'text_event')
  assert.match(text, /^\S+Z DEBUG text_event a=1 text="two words" empty=""\n$/)
})

test('logging: after close() nothing is logged', async (t) => {
  const lines: string[] = []
  const log = (_fields: unknown, event: string): void => void lines.push(event)
  const events = logEvents({ debug: log, info: log, warn: log, error: log })
  t.after(() => events.close())
  events.close()
  events.close()
  await writeSnapshot([[1, 'one']], {
    prefix: 'memory://logging-closed',
    sharding: { shards: 1 },
    values: 'utf8',
  })
  assert.deepEqual(lines, [])
})
