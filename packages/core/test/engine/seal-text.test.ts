import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeSeal, encodeSeal } from '#dist/snapshot/manifest/seal-text.js'

const DIGEST = '0123456789abcdef'.repeat(4)

test('encodeSeal: the text of the wire format', () => {
  const seal = {
    objects: {
      'manifest/00000000000000000004.manifest': { bytes: 338, sha256: DIGEST },
      'compacted/01M8HER8JP54KT49RBJQZ7S6DN.sst': { bytes: 13295 },
    },
    folders: { compacted: { count: 812, bytes: 5368709120, sha256: DIGEST } },
    keys: 504,
  }
  const text =
    `manifest/00000000000000000004.manifest:338:${DIGEST} compacted/01M8HER8JP54KT49RBJQZ7S6DN.sst:13295 ` +
    `compacted:812:5368709120:${DIGEST} :504`
  assert.equal(encodeSeal(seal), text)
  assert.deepEqual(decodeSeal(text), seal)
  assert.deepEqual(decodeSeal(text.split(' ').toReversed().join(' ')), seal, 'in any order')
  assert.equal(encodeSeal({ objects: {} }), '')
  assert.deepEqual(decodeSeal(''), { objects: {} })
})

test('seals: any path comes back, and its text needs no escape in JSON', () => {
  const count = fc.maxSafeNat()
  const sha256 = fc
    .uint8Array({ minLength: 32, maxLength: 32 })
    .map((bytes) => Buffer.from(bytes).toString('hex'))
  const path = fc
    .string({ unit: 'binary', minLength: 1 })
    .filter((text) => !text.startsWith('/') && text !== '__proto__')
  const plain = { noNullPrototype: true } as const
  const object = fc.oneof(
    fc.record({ bytes: count }, plain),
    fc.record({ bytes: count, sha256 }, plain),
  )
  const seals = fc.record(
    {
      objects: fc.dictionary(path, object, plain),
      folders: fc.dictionary(path, fc.record({ count, bytes: count, sha256 }, plain), {
        ...plain,
        minKeys: 1,
      }),
      keys: count,
    },
    { ...plain, requiredKeys: ['objects'] },
  )
  fc.assert(
    fc.property(seals, (seal) => {
      const text = encodeSeal(seal)
      assert.match(text, /^[ !#-:<-[\]-~]*$/)
      assert.deepEqual(decodeSeal(text), seal)
    }),
  )
})

for (const [name, text] of Object.entries({
  'a path alone': 'a',
  'a path with a root': '/a:1',
  'a path that is not UTF-8': 'a%ff:1',
  'a negative size': 'a:-1',
  'a size above 2^53 - 1': 'a:9007199254740992',
  'a digest that is too short': `a:1:${DIGEST.slice(1)}`,
  'a folder without a digest': 'a:1:2',
  'a size with a leading zero': 'a:01',
  'a size that is no integer': 'a:1e3',
  'too many fields': `a:1:2:${DIGEST}:3`,
  'a folder without a name': `:1:2:${DIGEST}`,
  'a number of keys that is text': ':many',
  'a number of keys with a digest': `:1:${DIGEST}`,
  'two spaces': 'a:1  b:2',
  'a space at the end': 'a:1 ',
  'more than 1000 parts': Array.from({ length: 1001 }, (_, i) => `a${i}:1`).join(' '),
})) {
  test(`decodeSeal: refuses ${name}`, () => {
    assert.throws(() => decodeSeal(text), TypeError)
  })
}
