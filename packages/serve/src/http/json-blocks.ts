import { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FastifyReply } from 'fastify'

const BLOCK_CHARACTERS = 128 * 1024

/**
 * Encodes a list as JSON between `head` and `tail`, in blocks; other requests run between two blocks,
 * because a large reply takes long to encode.
 */
export async function jsonBlocks(
  head: string,
  count: number,
  member: (i: number) => string,
  tail: string,
): Promise<Buffer[]> {
  const blocks: Buffer[] = []
  let block = head
  for (let i = 0; i < count; i++) {
    if (i > 0) block += ','
    block += member(i)
    if (block.length < BLOCK_CHARACTERS) continue
    blocks.push(Buffer.from(block))
    block = ''
    await nextTurn()
  }
  blocks.push(Buffer.from(block + tail))
  return blocks
}

/** Sends encoded blocks with their length. */
export function sendBlocks(reply: FastifyReply, blocks: readonly Buffer[]): FastifyReply {
  const [only] = blocks
  if (blocks.length === 1) return reply.send(only)
  const bytes = blocks.reduce((sum, block) => sum + block.length, 0)
  return reply.header('content-length', bytes).send(Readable.from(blocks, { objectMode: false }))
}
