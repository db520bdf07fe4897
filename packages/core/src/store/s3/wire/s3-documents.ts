import { BadAnswer, type DeleteError } from '../s3-failure.js'
import { childText, readXml, type XmlElement, XmlProblem } from './read-xml.js'

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/'

export interface ListedObject {
  readonly key: string
  readonly bytes: number
  readonly modifiedAt: Date
  readonly etag: string | undefined
}

/** A page of a listing. */
export interface ListPage {
  readonly objects: readonly ListedObject[]
  /** Common prefixes, with the delimiter at the end. */
  readonly prefixes: readonly string[]
  /** Continues the listing; `undefined` at its end. */
  readonly nextToken: string | undefined
}

/** The result of a batch of deletes, by key. */
export interface DeleteResult {
  readonly deleted: readonly string[]
  readonly errors: readonly DeleteError[]
}

/** Reads the document of a successful response. Errors: BadAnswer. */
export function readDocument(bytes: Uint8Array): XmlElement {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new BadAnswer('a document that is not UTF-8')
  }
  try {
    return readXml(text)
  } catch (error) {
    if (error instanceof XmlProblem) throw new BadAnswer(`a broken document: ${error.message}`)
    throw error
  }
}

/** Reads the document of an error; `undefined` if it is not one of S3. */
export function readErrorDocument(bytes: Uint8Array): XmlElement | undefined {
  try {
    const root = readXml(new TextDecoder().decode(bytes))
    if (root.name === 'Error') return root
    // Some older servers put it into another element.
    return root.children.find(({ name }) => name === 'Error')
  } catch {
    return undefined
  }
}

/**
 * Reads a page of a listing. Every web server answers `200`, so each required field is checked.
 * Errors: BadAnswer.
 */
export function readListPage(root: XmlElement): ListPage {
  if (childText(root, 'Name') === undefined) throw new BadAnswer('a listing without a bucket')
  const isTruncated = childText(root, 'IsTruncated')?.trim()
  if (isTruncated !== 'true' && isTruncated !== 'false') {
    throw new BadAnswer('a listing without IsTruncated')
  }
  const nextToken = childText(root, 'NextContinuationToken')
  if (isTruncated === 'true' && !nextToken) {
    throw new BadAnswer('a truncated listing without a continuation token')
  }
  const objects: ListedObject[] = []
  const prefixes: string[] = []
  for (const child of root.children) {
    if (child.name === 'Contents') objects.push(readListed(child))
    if (child.name === 'CommonPrefixes') prefixes.push(required(childText(child, 'Prefix')))
  }
  return { objects, prefixes, nextToken: isTruncated === 'true' ? nextToken : undefined }
}

function readListed(entry: XmlElement): ListedObject {
  const key = required(childText(entry, 'Key'))
  const size = required(childText(entry, 'Size')).trim()
  const modifiedAt = new Date(required(childText(entry, 'LastModified')).trim())
  if (!/^\d{1,15}$/.test(size) || Number.isNaN(modifiedAt.getTime())) required(undefined)
  return { key, bytes: Number(size), modifiedAt, etag: childText(entry, 'ETag') }
}

function required(text: string | undefined): string {
  if (text === undefined) throw new BadAnswer('a listing whose entries lack key, size or date')
  return text
}

export function readDeleteResult(root: XmlElement): DeleteResult {
  const deleted: string[] = []
  const errors: DeleteError[] = []
  for (const child of root.children) {
    const key = childText(child, 'Key') ?? ''
    if (child.name === 'Deleted') deleted.push(key)
    if (child.name === 'Error') {
      const code = childText(child, 'Code') ?? 'UnknownError'
      errors.push({ key, code, message: childText(child, 'Message') })
    }
  }
  return { deleted, errors }
}

/** Writes the document of a batch of deletes; the answer is to name the keys. */
export function deleteDocument(keys: readonly string[]): Uint8Array {
  const objects = keys.map((key) => `<Object><Key>${escapeXml(key)}</Key></Object>`).join('')
  return new TextEncoder().encode(
    `<Delete xmlns="${NAMESPACE}">${objects}<Quiet>false</Quiet></Delete>`,
  )
}

/** Writes the document that makes an object of its parts, by their ETags. */
export function partsDocument(etags: readonly string[]): Uint8Array {
  const parts = etags.map(
    (etag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${escapeXml(etag)}</ETag></Part>`,
  )
  return new TextEncoder().encode(
    `<CompleteMultipartUpload xmlns="${NAMESPACE}">${parts.join('')}</CompleteMultipartUpload>`,
  )
}

/** Escapes also what readers of XML change or refuse: line ends and control characters. */
function escapeXml(text: string): string {
  return text.replace(
    /[&<>"'\x00-\x1f\x7f-\x9f\u2028\ufffe\uffff]/g,
    (mark) => `&#${mark.charCodeAt(0)};`,
  )
}
