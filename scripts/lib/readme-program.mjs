/** Declarations of the names that a README leaves to its readers, or the reason that its blocks are not one program. */
const GIVEN = {
  '@shardyfusion/core': {
    declarations: `
      interface Order { region: string; id: number; total: number }
      declare const orders: Order[]
      declare const prefix: string
      declare const sums: { lastTen: number }`,
  },
  'sqlite-file': {
    declarations: `
      declare const path: string
      declare function encode(text: string): Uint8Array`,
  },
  '@shardyfusion/serve': { reason: 'the block of ioredis needs that client' },
  '@shardyfusion/telemetry': { reason: 'its blocks are alternatives' },
}

/**
 * The blocks of a README as one program for the compiler, `undefined` if they are none.
 *
 * @param {string} name of the package
 * @param {string} markdown
 * @returns {string | undefined}
 */
export function readmeProgram(name, markdown) {
  const given = /** @type {Record<string, { declarations?: string, reason?: string }>} */ (GIVEN)[
    name
  ]
  if (given?.reason !== undefined) return undefined
  const blocks = typescriptBlocks(markdown)
  return blocks.length === 0
    ? undefined
    : [given?.declarations ?? '', ...blocks, 'export {}', ''].join('\n')
}

/**
 * Lines of the blocks of a README that Node 20 and 22 refuse.
 *
 * @param {string} markdown
 */
export function newerThanNode20(markdown) {
  return typescriptBlocks(markdown)
    .flatMap((block) => block.split('\n'))
    .filter((line) => /\bawait using\b/.test(line))
    .map((line) => `needs Node 24, call close() instead: ${line.trim()}`)
}

/** @param {string} markdown */
function typescriptBlocks(markdown) {
  return [...markdown.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code ?? '')
}
