// Opens a reader in a process that may open no more files, and prints the error.
import { writeSync } from 'node:fs'
import { SnapshotReaderSync } from '@shardyfusion/sync'
import { useUpFiles } from '@shardyfusion/test-support/use-up-files'

const [prefix = ''] = process.argv.slice(2)
useUpFiles()
let end = 'done'
try {
  SnapshotReaderSync.open({ prefix })
} catch (error) {
  const { code, message } = error as { code?: string; message: string }
  end = `${code} ${message}`
}
writeSync(1, end)
process.exit(0)
