// Caches compiled code in a folder, and looks up a key if there is a prefix.
import * as nodeModule from 'node:module'

const { enableCompileCache } = nodeModule as { enableCompileCache?: (folder: string) => void }
const [folder, prefix] = process.argv.slice(2) as [string, string | undefined]
enableCompileCache?.(folder)
const { SnapshotReaderSync } = await import('@shardyfusion/sync')
if (prefix !== undefined) {
  using reader = SnapshotReaderSync.open({ prefix, values: 'utf8' })
  console.log(reader.get(42))
}
