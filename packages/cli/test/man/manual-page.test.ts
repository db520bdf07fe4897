import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { manualPage } from '#dist/man/manual-page.js'
import { COMMANDS } from '#dist/commands/specs.js'
import { packageVersion } from '#dist/util/package-version.js'

const page = readFileSync(new URL('../../man/shardy.1', import.meta.url), 'utf8')

test('manual page: matches the commands (npm run readme writes it)', () => {
  assert.equal(page, manualPage(packageVersion()))
})

test('manual page: is in a list, because npm links no page that is a text', () => {
  const facts = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  assert.deepEqual((JSON.parse(facts) as { man: unknown }).man, ['./man/shardy.1'])
})

test('manual page: contains every command, and no text line that roff would read as a request', () => {
  for (const { name } of COMMANDS) {
    const escaped = name.replaceAll('-', '\\\\-')
    assert.match(page, new RegExp(`^\\.SS shardy ${escaped}\\b`, 'm'))
  }
  const requests = new Set([...page.matchAll(/^\.(\w+)/gm)].map(([, request]) => request))
  const known = ['B', 'I', 'PP', 'RE', 'RI', 'RS', 'SH', 'SS', 'TH', 'TP', 'fi', 'nf']
  assert.deepEqual(requests, new Set(known))
})
