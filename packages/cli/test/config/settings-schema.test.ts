import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Ajv } from 'ajv'
import { parse } from 'smol-toml'
import { SETTINGS } from '#dist/config/setting-list.js'
import { resolveSettings } from '#dist/config/settings.js'
import { settingsSchema } from '#dist/config/settings-schema.js'
import { tempFolder } from '@shardyfusion/test-support/temp-folder'

const file = new URL('../../schema/shardy.schema.json', import.meta.url)
const stored = JSON.parse(readFileSync(file, 'utf8')) as { $id: string }
const validate = new Ajv({ strict: true, allErrors: true, allowUnionTypes: true }).compile(stored)
const folder = tempFolder()

test('schema of shardy.toml: matches the settings (npm run readme writes it)', () => {
  assert.deepEqual(stored, JSON.parse(JSON.stringify(settingsSchema(stored.$id))))
})

/** Values that a file may contain, by kind. */
const EXAMPLES = {
  text: 'some',
  path: 'some/file',
  location: 's3://bucket/path',
  integer: 5,
  boolean: true,
  module: './module.mjs#name',
  json: { a: 1 },
}

test('schema of shardy.toml: accepts every setting, which the command accepts too', async () => {
  for (const { name, kind } of SETTINGS) {
    const value = kind.type === 'choice' ? kind.choices[0] : EXAMPLES[kind.type]
    const [table, property] = name.split('.')
    const document =
      property === undefined ? { [name]: value } : { [table!]: { [property]: value } }
    for (const each of [document, { profiles: { p: document } }])
      assert.ok(validate(each), `${name}: ${JSON.stringify(validate.errors)}`)
    const right = value === EXAMPLES.json ? '{ a = 1 }' : JSON.stringify(value)
    const text =
      property === undefined ? `${name} = ${right}\n` : `[${table}]\n${property} = ${right}\n`
    const path = join(folder, 'shardy.toml')
    writeFileSync(path, text, { mode: 0o600 })
    const flags = { values: new Map(), s3: [], config: path }
    const { all } = await resolveSettings(flags, {})
    assert.deepEqual([...all.keys()], [name], text)
  }
})

for (const [problem, text] of [
  ['an unknown setting', 'prefx = "x"'],
  ['a number below its minimum', 'timeout-ms = 0'],
  ['an unknown choice', 'format = "xml"'],
  ['an unknown setting of a table', '[s3]\nregon = "x"'],
  ['an unknown setting of a profile', '[profiles.p]\nprefx = "x"'],
] as const) {
  test(`schema of shardy.toml: refuses ${problem}`, () => {
    assert.equal(validate(parse(text)), false)
  })
}
