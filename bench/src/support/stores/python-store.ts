import { spawn, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { SnapshotReader } from '@shardyfusion/core'

const REPOSITORY = new URL('../../../../', import.meta.url)
const PYTHON = fileURLToPath(new URL('.venv/bin/python', REPOSITORY))
const PEER = fileURLToPath(new URL('bench/src/support/stores/python-peer.py', REPOSITORY))

/** The time of a command in nanoseconds, taken by the other process, and the digest of its values. */
export interface PeerAnswer {
  readonly wall: number
  readonly cpu: number
  readonly digest: string
}

export interface PythonPeer {
  readonly name: string
  /** `size` is the number of keys that are looked up at a time. */
  run(
    command: 'get' | 'getMany' | 'scan',
    keys: readonly number[],
    size: number,
  ): Promise<PeerAnswer>
  close(): void
}

/**
 * SlateDB's binding for Python on the shards of a snapshot, with the routing of the Python project; `undefined` if it is
 * not installed (`npm run setup:s3`).
 */
export async function openPythonPeer(prefix: string): Promise<PythonPeer | undefined> {
  const found = spawnSync(PYTHON, ['-c', 'import slatedb.uniffi, xxhash'])
  if (found.status !== 0) return undefined
  await using reader = await SnapshotReader.open({ prefix })
  const urls = reader.shards().map(({ url }) => url!)
  const child = spawn(PYTHON, [PEER, ...urls], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    name: 'SlateDB for Python',
    async run(...command) {
      child.stdin.write(`${JSON.stringify(command)}\n`)
      const line = await lines.next()
      if (line.done === true) throw new Error('python-peer.py has ended')
      return JSON.parse(line.value) as PeerAnswer
    },
    close: () => child.stdin.end(),
  }
}
