import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { pythonWith } from './python.js'

const SCRIPT = fileURLToPath(new URL('../../test/support/slatedb-peer.py', import.meta.url))
const REQUIRED = process.env['SHARDYFUSION_REQUIRE_PYTHON'] === '1'
const HOW =
  'needs the binding of SlateDB for Python: run `npm run setup:s3` once, which installs it into .venv'

/** A row as the peer takes and gives it; without a value the key is deleted. */
export type PeerRow = readonly [key: Uint8Array, value: Uint8Array | undefined]

/** SlateDB's binding for Python, through which the Python project reads and writes shards. */
export class SlateDbPeer {
  readonly #python: string

  constructor(python: string) {
    this.#python = python
  }

  /**
   * Writes a shard: batches of rows, each flushed.
   *
   * `log` leaves the rows in the log alone, as the Python project does; settings are names with JSON literals.
   */
  write(
    url: string,
    batches: readonly (readonly PeerRow[])[],
    seal: 'log' | 'tables',
    settings: Readonly<Record<string, string>> = {},
  ): void {
    const lines = batches.map((rows) =>
      rows.map(([key, value]) => JSON.stringify([hex(key), value ? hex(value) : null])).join('\n'),
    )
    const pairs = Object.entries(settings).map(([name, json]) => `${name}=${json}`)
    this.#run(['write', url, seal, ...pairs], lines.join('\n\n'))
  }

  /** All rows of a shard in order; the peer looks each up as well, and fails if the two differ. */
  read(url: string): [key: Uint8Array, value: Uint8Array][] {
    const lines = this.#run(['read', url], '').trim().split('\n')
    return lines.filter(Boolean).map((line) => {
      const [key, value] = JSON.parse(line) as [string, string]
      return [Uint8Array.from(Buffer.from(key, 'hex')), Uint8Array.from(Buffer.from(value, 'hex'))]
    })
  }

  #run(args: readonly string[], input: string): string {
    const { status, stdout, stderr } = spawnSync(this.#python, [SCRIPT, ...args], {
      input,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      timeout: 120_000,
    })
    if (status !== 0) throw new Error(`slatedb-peer.py ${args[0]} ended with ${status}:\n${stderr}`)
    return stdout
  }
}

/** Registers tests that need the peer; without it they are skipped, or fail where SHARDYFUSION_REQUIRE_PYTHON=1. */
export function withSlateDbPeer(name: string, register: (peer: SlateDbPeer) => void): void {
  const python = pythonWith('slatedb.uniffi')
  if (python !== undefined) return register(new SlateDbPeer(python))
  test(name, { skip: REQUIRED ? false : HOW }, () => {
    throw new Error(HOW)
  })
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
