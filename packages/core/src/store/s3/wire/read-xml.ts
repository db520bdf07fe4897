/** An element of a document, without its attributes. */
export interface XmlElement {
  /** Without a namespace prefix. */
  readonly name: string
  readonly children: readonly XmlElement[]
  /** The text directly in this element, with its blanks. */
  readonly text: string
}

/** Text that is not a document of the kind that S3 sends. */
export class XmlProblem extends Error {}

const MAX_DEPTH = 32
/** A page of 1,000 keys has about 12,000. */
const MAX_ELEMENTS = 500_000
const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
}

interface OpenElement {
  /** As written, for comparison with the end tag. */
  readonly tag: string
  readonly name: string
  readonly children: XmlElement[]
  text: string
}

/**
 * Reads the root element of a document. Attributes are ignored.
 *
 * Time and memory grow with the text alone: document types, which can define entities, are refused,
 * as are deep and very large trees. Errors: XmlProblem.
 */
export function readXml(text: string): XmlElement {
  const open: OpenElement[] = []
  let elements = 0
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0
  for (;;) {
    const tagStart = text.indexOf('<', at)
    const inner = open.at(-1)
    if (tagStart === -1) throw new XmlProblem('it ends too early')
    if (inner !== undefined) inner.text += decodeEntities(text.slice(at, tagStart))
    else if (text.slice(at, tagStart).trim() !== '') throw new XmlProblem('it begins with text')
    const skipped = skipMarkup(text, tagStart, inner)
    if (skipped !== undefined) {
      at = skipped
      continue
    }
    const tagEnd = endOfTag(text, tagStart + 1)
    at = tagEnd + 1
    if (text.charCodeAt(tagStart + 1) === 0x2f) {
      const tag = text.slice(tagStart + 2, tagEnd).trimEnd()
      if (inner?.tag !== tag) throw new XmlProblem('an end tag does not match')
      open.pop()
      const outer = open.at(-1)
      if (outer === undefined) return inner
      outer.children.push(inner)
      continue
    }
    if (++elements > MAX_ELEMENTS) throw new XmlProblem(`more than ${MAX_ELEMENTS} elements`)
    const isEmpty = text.charCodeAt(tagEnd - 1) === 0x2f
    const [tag = ''] =
      /^[^\s/]{1,100}/.exec(text.slice(tagStart + 1, Math.min(tagEnd, tagStart + 102))) ?? []
    if (!/^[A-Za-z_][\w.:-]*$/.test(tag)) throw new XmlProblem('a tag has no name')
    const element = { tag, name: tag.slice(tag.indexOf(':') + 1), children: [], text: '' }
    if (!isEmpty) {
      if (open.length === MAX_DEPTH) throw new XmlProblem(`more than ${MAX_DEPTH} levels`)
      open.push(element)
    } else if (inner === undefined) {
      return element
    } else {
      inner.children.push(element)
    }
  }
}

/** Returns the text of the first child of this name. */
export function childText(element: XmlElement, name: string): string | undefined {
  return element.children.find((child) => child.name === name)?.text
}

/** Returns the end of a comment, an instruction or CDATA at `at`; `undefined` if a tag is there. */
function skipMarkup(text: string, at: number, inner: OpenElement | undefined): number | undefined {
  if (text.startsWith('<?', at)) return after(text, '?>', at)
  if (text.startsWith('<!--', at)) return after(text, '-->', at + 4)
  if (inner !== undefined && text.startsWith('<![CDATA[', at)) {
    const end = after(text, ']]>', at)
    inner.text += text.slice(at + '<![CDATA['.length, end - ']]>'.length)
    return end
  }
  if (text.startsWith('<!', at)) throw new XmlProblem('it has a document type')
  return undefined
}

function after(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from)
  if (at === -1) throw new XmlProblem('it ends too early')
  return at + mark.length
}

/** Returns where the tag ends; values of attributes may contain `>`. */
function endOfTag(text: string, from: number): number {
  let quote = 0
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (quote !== 0) {
      if (code === quote) quote = 0
    } else if (code === 0x3e) {
      return at
    } else if (code === 0x22 || code === 0x27) {
      quote = code
    }
  }
  throw new XmlProblem('it ends too early')
}

function decodeEntities(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(
    /&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|([a-z]{1,4}));/g,
    (all, hex, decimal, name) => {
      if (name !== undefined) return ENTITIES[name as string] ?? all
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex as string, 16)
      const isCharacter = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff)
      return isCharacter ? String.fromCodePoint(code) : '\ufffd'
    },
  )
}
