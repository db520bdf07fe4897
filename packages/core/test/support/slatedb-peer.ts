import { fileURLToPath } from 'node:url'
import { type PythonPeer, withPythonPeer } from '@shardyfusion/test-support/python-peer'

const SCRIPT = fileURLToPath(new URL('../../test/support/slatedb-peer.py', import.meta.url))

/** A row as the peer takes and gives it; without a value the key is deleted. */
export type PeerRow = readonly [key: Uint8Array, value: Uint8Array | undefined]

/** SlateDB's binding for Python, through which the Python project reads and writes shards. */
export class SlateDbPeer {
  readonly #python: PythonPeer

  constructor(python: PythonPeer) {
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
    return this.#python.run([SCRIPT, ...args], input)
  }
}

/** Registers tests that need the binding of SlateDB for Python. */
export function withSlateDbPeer(name: string, register: (peer: SlateDbPeer) => void): void {
  withPythonPeer('slatedb.uniffi', name, (python) => register(new SlateDbPeer(python)))
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
