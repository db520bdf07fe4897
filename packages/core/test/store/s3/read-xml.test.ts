import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readXml, type XmlElement, XmlProblem } from '#dist/store/s3/wire/read-xml.js'
import {
  deleteDocument,
  readDocument,
  readErrorDocument,
  readListPage,
} from '#dist/store/s3/wire/s3-documents.js'
import { BadAnswer } from '#dist/store/s3/s3-failure.js'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const refuse = (text: string, problem: RegExp): void => {
  assert.throws(
    () => readXml(text),
    (error: Error) => error instanceof XmlProblem && problem.test(error.message),
  )
}

test('readXml: elements, text, entities, CDATA, comments and attributes', () => {
  const root = readXml(
    '\ufeff<?xml version="1.0"?>\n<!-- <x> --><s:List xmlns:s="http://x/>" a=\'>"\'>' +
      '<Key> a&amp;b&#x20AC;&#8364;&lt;&unknown; </Key><Empty/><E2 />' +
      '<Raw><![CDATA[<&amp;>]]>!</Raw></s:List >trailing',
  )
  assert.deepEqual(root, {
    tag: 's:List',
    name: 'List',
    text: '',
    children: [
      { tag: 'Key', name: 'Key', text: ' a&b€€<&unknown; ', children: [] },
      { tag: 'Empty', name: 'Empty', text: '', children: [] },
      { tag: 'E2', name: 'E2', text: '', children: [] },
      { tag: 'Raw', name: 'Raw', text: '<&amp;>!', children: [] },
    ],
  })
})

test('readXml: says why a text is not a document', () => {
  refuse('', /ends too early/)
  refuse('hello', /ends too early/)
  refuse('hello <a/>', /begins with text/)
  refuse('<a><b></a></b>', /end tag does not match/)
  refuse('</a>', /end tag does not match/)
  refuse('<a>', /ends too early/)
  refuse('<a b="', /ends too early/)
  refuse('<!-- ', /ends too early/)
  refuse('< a>', /no name/)
  refuse('<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', /document type/)
  refuse('<a><!ENTITY x "y"></a>', /document type/)
})

test('readXml: hostile documents cost time and memory in proportion to their length', () => {
  const begin = process.cpuUsage()
  refuse('<a>'.repeat(1_000_000), /more than 32 levels/)
  refuse(`<r>${'<a/>'.repeat(600_000)}</r>`, /more than 500000 elements/)
  refuse('<!--'.repeat(1_000_000), /ends too early/)
  refuse(`<a ${'b="'.repeat(1_000_000)}`, /ends too early/)
  refuse(`<r>${'<![CDATA['.repeat(500_000)}`, /ends too early/)
  refuse('&'.repeat(4_000_000), /ends too early/)
  const many = readXml(`<r>${'&#x;&#;&amp'.repeat(300_000)}</r>`)
  assert.equal(many.text.length, 3_300_000)
  const { user } = process.cpuUsage(begin)
  assert.ok(user < 20_000_000, `${user} µs`)
})

const trees = fc.letrec<{ tree: { name: string; text: string; children: unknown[] } }>((tie) => ({
  tree: fc.record({
    name: fc.stringMatching(/^[A-Za-z][A-Za-z0-9]{0,5}$/),
    text: fc.string({ unit: 'grapheme', maxLength: 10 }),
    children: fc.oneof(
      { maxDepth: 4, depthIdentifier: 'tree' },
      fc.constant<unknown[]>([]),
      fc.array(tie('tree'), { maxLength: 3, depthIdentifier: 'tree' }),
    ),
  }),
}))

test('readXml: gives back what was written', () => {
  const escape = (text: string): string => text.replace(/[&<]/g, (c) => `&#${c.charCodeAt(0)};`)
  type Tree = Pick<XmlElement, 'name' | 'text'> & { children: unknown[] }
  const write = ({ name, text, children }: Tree): string =>
    `<${name}>${escape(text)}${children.map((child) => write(child as Tree)).join('')}</${name}>`
  const plain = ({ name, text, children }: XmlElement): unknown => ({
    name,
    text,
    children: children.map(plain),
  })
  fc.assert(
    fc.property(trees.tree, (tree) => {
      assert.deepEqual(plain(readXml(write(tree))), JSON.parse(JSON.stringify(tree)))
    }),
  )
})

test('readXml: any damage is an XmlProblem or another document, never another error', () => {
  const sound = '<?xml version="1.0"?><L a="b"><K>x&amp;y</K><C><![CDATA[z]]></C><!-- c --></L>'
  fc.assert(
    fc.property(
      fc.nat(sound.length),
      fc.nat(4),
      fc.string({ unit: fc.constantFrom(...'<>/!?&;"\'[]-ax \u0000'), maxLength: 4 }),
      (at, length, put) => {
        try {
          readXml(sound.slice(0, at) + put + sound.slice(at + length))
        } catch (error) {
          assert.ok(error instanceof XmlProblem)
        }
      },
    ),
    { numRuns: 2000 },
  )
})

test('a batch of deletes names each key exactly, also control characters and line ends', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'binary', maxLength: 20 }), { maxLength: 5 }),
      (keys) => {
        const root = readDocument(deleteDocument(keys))
        const found = root.children.filter(({ name }) => name === 'Object')
        assert.deepEqual(
          found.map(({ children: [key] }) => key?.text),
          keys,
        )
      },
    ),
  )
})

test('a listing: is read exactly, and each part of it must be there', () => {
  const entry = (more: string): string =>
    `<ListBucketResult><Name>b</Name><IsTruncated>false</IsTruncated><Contents>${more}</Contents></ListBucketResult>`
  const read = (text: string) => readListPage(readDocument(bytes(text)))
  const key = '<Key> a&#13;b </Key>'
  const date = '<LastModified>2026-01-02T03:04:05.678Z</LastModified>'
  const page = read(entry(`${key}${date}<ETag>&quot;e&quot;</ETag><Size>12</Size>`))
  assert.deepEqual(page, {
    objects: [
      {
        key: ' a\rb ',
        bytes: 12,
        modifiedAt: new Date('2026-01-02T03:04:05.678Z'),
        etag: '"e"',
      },
    ],
    prefixes: [],
    nextToken: undefined,
  })
  for (const broken of [
    `${key}${date}`,
    `${key}${date}<Size>-1</Size>`,
    `${key}${date}<Size>1e3</Size>`,
    `${key}${date}<Size>9999999999999999</Size>`,
    `${key}<LastModified>yesterday</LastModified><Size>1</Size>`,
    `${date}<Size>1</Size>`,
  ]) {
    assert.throws(() => read(entry(broken)), BadAnswer)
  }
  // 0xff is never part of UTF-8: the key would be that of another object.
  assert.throws(() => readDocument(Uint8Array.of(0x3c, 0x61, 0x3e, 0xff)), BadAnswer)
})

test('an error document: is one of S3, also inside of another element', () => {
  const code = (text: string) => readErrorDocument(bytes(text))?.children[0]?.text
  assert.equal(code('<Error><Code>SlowDown</Code></Error>'), 'SlowDown')
  assert.equal(
    code('<ErrorResponse xmlns="x"><Error><Code>SlowDown</Code></Error></ErrorResponse>'),
    'SlowDown',
  )
  assert.equal(code('<html><body>Error</body></html>'), undefined)
  assert.equal(code('{"Code":"SlowDown"}'), undefined)
})
