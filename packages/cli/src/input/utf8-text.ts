import { Failure } from '../util/usage-error.js'
import { headOf } from './head-of.js'

const UTF8_MARK = Buffer.from([0xef, 0xbb, 0xbf])
const UTF16_LE_MARK = Buffer.from([0xff, 0xfe])
const UTF16_BE_MARK = Buffer.from([0xfe, 0xff])
const UTF32_LE_MARK = Buffer.from([0xff, 0xfe, 0, 0])
const UTF32_BE_MARK = Buffer.from([0, 0, 0xfe, 0xff])
const MARKS = [UTF8_MARK, UTF16_LE_MARK, UTF16_BE_MARK, UTF32_LE_MARK, UTF32_BE_MARK]

/**
 * Converts text to UTF-8 and removes the byte order mark.
 *
 * UTF-16 is supported with a byte order mark, as Windows PowerShell and spreadsheets write it.
 * Errors: Failure for UTF-32, UTF-16 without a mark, and damaged UTF-16.
 */
export async function* utf8Text(
  chunks: AsyncGenerator<Buffer>,
  name: string,
): AsyncGenerator<Buffer> {
  const { head, all } = await headOf(chunks, MARKS)
  const startsWith = (mark: Buffer): boolean => head.subarray(0, mark.length).equals(mark)
  if (startsWith(UTF32_LE_MARK) || startsWith(UTF32_BE_MARK))
    throw notUtf8(name, 'it is UTF-32', 'UTF-32')
  if (startsWith(UTF16_LE_MARK)) return yield* decoded(all, 'utf-16le', name)
  if (startsWith(UTF16_BE_MARK)) return yield* decoded(all, 'utf-16be', name)
  if (head.length > 1 && (head[0] === 0) !== (head[1] === 0)) {
    const encoding = head[0] === 0 ? 'UTF-16BE' : 'UTF-16LE'
    throw notUtf8(name, `it looks like ${encoding} without a byte order mark`, encoding)
  }
  let skip = startsWith(UTF8_MARK) ? UTF8_MARK.length : 0
  for await (const chunk of all) {
    if (chunk.length > skip) yield skip === 0 ? chunk : chunk.subarray(skip)
    skip = 0
  }
}

function notUtf8(name: string, problem: string, encoding: string): Failure {
  return new Failure(
    `${name}: text must be UTF-8, or UTF-16 with a byte order mark; ${problem}; ` +
      `convert it: iconv -f ${encoding} -t UTF-8 FILE`,
  )
}

async function* decoded(
  chunks: AsyncGenerator<Buffer>,
  encoding: 'utf-16le' | 'utf-16be',
  name: string,
): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder(encoding, { fatal: true })
  const decode = (chunk?: Buffer): Buffer => {
    try {
      return Buffer.from(decoder.decode(chunk, { stream: chunk !== undefined }))
    } catch (cause) {
      throw new Failure(
        `${name}: it starts as ${encoding.toUpperCase()}, but is not valid UTF-16`,
        { cause },
      )
    }
  }
  for await (const chunk of chunks) yield decode(chunk)
  yield decode()
}
