import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { Stop } from '../lib/exec.mjs'
import { withConsumerTable } from '../consumers/table.mjs'
import { ROOT } from '../lib/paths.mjs'
import { READMES, readSource, regionOf, withSnippets } from '../lib/readme.mjs'

for (const name of READMES) {
  test(`${name}: its snippets match the files they name (npm run readme updates them)`, () => {
    const text = readSource(name)
    assert.equal(withSnippets(text, readSource), text)
  })

  test(`${name}: every TypeScript block is a tested snippet`, () => {
    const text = readSource(name)
    const blocks = text.match(/^```(?:ts|js)$/gm) ?? []
    const snippets = text.match(/^<!-- from \S+ -->\n+```(?:ts|js)$/gm) ?? []
    assert.equal(blocks.length, snippets.length)
  })
}

test('the table of consumers matches the matrix (npm run readme updates it)', () => {
  const text = readSource('site/pages/where-it-runs.md')
  assert.match(text, /\| Deno \| yes \|/)
  assert.equal(withConsumerTable(text), text)
  assert.notEqual(
    withConsumerTable(text.replace('| Deno | yes |', '| Deno | no |')),
    text.replace('| Deno | yes |', '| Deno | no |'),
  )
})

for (const name of READMES) {
  test(`${name}: its links lead to existing files and headings`, () => {
    for (const [, target = ''] of readSource(name).matchAll(/\]\(([^)\s]+)\)/g)) {
      // The tests of the site check its addresses.
      if (/^(?:https?:|\/)/.test(target)) continue
      const [path = '', heading] = target.split('#')
      const file = path === '' ? name : join(dirname(name), path)
      assert.ok(existsSync(join(ROOT, file)), target)
      if (heading !== undefined) assert.ok(headingsOf(file).includes(heading), target)
    }
  })
}

function headingsOf(/** @type {string} */ file) {
  return [...readSource(file).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => slug(heading))
}

/** The anchor of a heading on GitHub. */
function slug(/** @type {string} */ heading) {
  return heading
    .toLowerCase()
    .replace(/[^\w\s-]/g, '')
    .replaceAll(' ', '-')
}

const SOURCE = [
  '// #region a',
  "import { x } from 'x'",
  '// #endregion',
  'function f() {',
  '  // #region a',
  '  if (x) {',
  '    x()',
  '',
  '  }',
  '  // #endregion',
  '  // #region b',
  '  other()',
  '  // #endregion',
  '}',
].join('\n')

test('regionOf: joins the parts of a region, each without its indentation', () => {
  assert.equal(regionOf(SOURCE, 'a'), "import { x } from 'x'\n\nif (x) {\n  x()\n\n}")
  assert.equal(regionOf(SOURCE, 'b'), 'other()')
  assert.equal(regionOf(SOURCE, 'c'), '')
  const spaced = ['// #region a', '', 'one()', '', '// #endregion', '// #region a', '', 'two()']
  assert.equal(regionOf(spaced.join('\n'), 'a'), 'one()\n\ntwo()')
})

test('withSnippets: replaces only marked blocks, and is idempotent', () => {
  const text = [
    '```ts',
    'mine()',
    '```',
    '<!-- from f.ts#b -->',
    '```ts',
    'old()',
    '```',
    '',
    'Text.',
    '',
  ].join('\n')
  const replaced = text.replace('old()', 'other()')
  assert.equal(
    withSnippets(text, () => SOURCE),
    replaced,
  )
  assert.equal(
    withSnippets(replaced, () => SOURCE),
    replaced,
  )
})

test('withSnippets: fills an empty block', () => {
  const filled = withSnippets('<!-- from f.ts#b -->\n```ts\n```\n', () => SOURCE)
  assert.equal(filled, '<!-- from f.ts#b -->\n```ts\nother()\n```\n')
})

test('withSnippets: the error about a missing region names it', () => {
  assert.throws(
    () => withSnippets('<!-- from f.ts#nope -->\n```ts\n```\n', () => SOURCE),
    (error) => {
      assert.ok(error instanceof Stop)
      assert.match(error.message, /f\.ts has no region "nope"/)
      return true
    },
  )
})
