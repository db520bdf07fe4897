import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { jsonValues, SnapshotReader } from '@shardyfusion/core'
import { main } from '#dist/quickstart.js'
import { cities, type City } from '#dist/support/cities.js'
import { Child, NO_SIGNALS } from './support/child.js'
import { runMain } from './support/run-main.js'
import { tempFolder } from '@shardyfusion/test-support/temp-folder'

test('quickstart: its snapshots contain all cities, and match its output', async () => {
  const folder = tempFolder()
  const { stdout, outcome } = runMain(main, [folder])
  await outcome

  const url = (name: string) => pathToFileURL(join(folder, name)).href
  await using byId = await SnapshotReader.open({
    prefix: url('cities'),
    values: jsonValues<City>(),
  })
  await using byName = await SnapshotReader.open({
    prefix: url('cities-by-name'),
    values: 'json',
  })
  assert.equal(byId.info().rowCount, cities.length)
  assert.equal(byName.info().rowCount, cities.length)
  assert.equal(await byName.get('CH/Zürich/2657896'), 2657896)
  const zurich = await byId.get(2657896)
  const before = cities.find(({ id }) => id === 2657896)
  assert.equal(zurich?.population, before!.population + 1)

  const { text } = stdout
  assert.doesNotMatch(text, /\u001B|\r/, 'no control characters outside a terminal')
  assert.match(text, /GeoNames .*CC BY 4\.0/)
  const rowsOfShards = [...text.matchAll(/^ +\d +([\d,]+) +[\d.]+ [KM]iB +\d+ +\d+$/gm)]
  assert.equal(rowsOfShards.length, 8)
  assert.equal(
    rowsOfShards.reduce((sum, [, rows]) => sum + Number(rows!.replaceAll(',', '')), 0),
    cities.length,
  )
  assert.match(text, /reader\.get\(1\) +undefined/)
  assert.match(text, /reader\.getMany\(ids\) +1,002 of 1,002 ids/)
  assert.match(text, /IS\/Höfn\/2630299/)
  const population = before!.population.toLocaleString('en-US')
  const populationAfter = zurich!.population.toLocaleString('en-US')
  assert.match(text, new RegExp(`Zürich, CH, ${population} people +still`))
  assert.match(text, /reader\.refresh\(\) +true/)
  assert.match(text, new RegExp(`Zürich, CH, ${populationAfter} people`))
  assert.ok(text.includes(`Files stay in   ${folder}`))
})

test(
  'quickstart: stopped in the middle, it removes its temporary folder',
  { skip: NO_SIGNALS },
  async (t) => {
    const folder = tempFolder()
    const child = new Child(t, 'quickstart', [], { env: { TMPDIR: folder, TEMP: folder } })
    // Later lines come too late: the build takes less than a second.
    await child.prints('stdout', /prefix is/)
    assert.equal((await readdir(folder)).length, 1)
    child.process.kill('SIGINT')
    assert.equal(await child.exitCode(), 130)
    assert.match(child.stderr, /stopped by SIGINT/)
    assert.deepEqual(await readdir(folder), [])
  },
)

test('quickstart: --help prints the usage, and so does an unknown option', async (t) => {
  const { stdout, outcome } = runMain(main, ['--help'])
  await outcome
  assert.match(stdout.text, /Usage: npm run quickstart/)
  const child = new Child(t, 'quickstart', ['--kep'])
  assert.equal(await child.exitCode(), 2)
  assert.match(child.stderr, /--kep[\s\S]*Usage:/)
})
