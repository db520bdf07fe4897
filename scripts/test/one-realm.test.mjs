import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSync } from 'oxc-parser'
import plugin from '../lint/one-realm.mjs'

/** The messages of the rule for one expression. @param {string} source */
function problems(source) {
  /** @type {string[]} */
  const messages = []
  const rule = plugin.rules['no-global-instanceof'].create({
    report: ({ message }) => messages.push(message.split(' is false', 1)[0] ?? ''),
  })
  visit(parseSync('x.js', source).program)
  return messages

  /** @param {unknown} node */
  function visit(node) {
    if (typeof node !== 'object' || node === null) return
    const { type } = /** @type {{ type?: string }} */ (node)
    if (type === 'BinaryExpression') rule.BinaryExpression(/** @type {never} */ (node))
    if (type === 'CallExpression') rule.CallExpression(/** @type {never} */ (node))
    for (const value of Object.values(node)) visit(value)
  }
}

test('one-realm: finds tests by classes that each realm has its own copy of', () => {
  assert.deepEqual(problems('x instanceof Error || !(y.z instanceof Uint8Array)'), [
    'instanceof Error',
    'instanceof Uint8Array',
  ])
  assert.deepEqual(problems('x instanceof WebAssembly.Module'), ['instanceof WebAssembly.Module'])
  assert.deepEqual(problems('x instanceof globalThis.Map'), ['instanceof Map'])
  assert.deepEqual(problems('x instanceof Buffer'), ['instanceof Buffer'])
  assert.deepEqual(problems('Object.getPrototypeOf(x) === Object.prototype'), [
    'a comparison with Object.prototype',
  ])
  assert.deepEqual(problems('v.optional(v.instance(URL))'), ['instance(URL)'])
})

test('one-realm: allows classes of this module and other comparisons', () => {
  const source = 'x instanceof Mine; x instanceof kind; a === b.prototype; v.instance(Mine); Map()'
  assert.deepEqual(problems(source), [])
})
