/** Joins short texts into blocks of about this many characters, so that a stream has fewer chunks. */
const BLOCK_LENGTH = 16 * 1024

export async function* inBlocks(texts: AsyncIterable<string>): AsyncGenerator<string> {
  let block = ''
  for await (const text of texts) {
    block += text
    if (block.length < BLOCK_LENGTH) continue
    yield block
    block = ''
  }
  if (block !== '') yield block
}
