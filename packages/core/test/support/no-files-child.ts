// Started by start-failure.test.ts: says how calls end in a process that may open no more files.
import { writeFileSync } from 'node:fs'
import { SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { useUpFiles } from '@shardyfusion/test-support/use-up-files'

const [prefix = ''] = process.argv.slice(2)
// A reader of manifests, but not yet the engine, is loaded by then.
await SnapshotReader.open({ prefix: `${prefix}/nothing` }).catch(() => {})
useUpFiles()
const messageOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: { code: string; message: string }) => `${error.code} ${error.message}`,
  )
const ends = {
  open: await messageOf(SnapshotReader.open({ prefix })),
  write: await messageOf(
    writeSnapshot([[1, new Uint8Array(3)]], { prefix: `${prefix}/new`, sharding: { shards: 1 } }),
  ),
}
// Not process.stdout, which may have to open a file.
writeFileSync(1, JSON.stringify(ends))
process.exit(0)
