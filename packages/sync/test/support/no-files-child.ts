// Opens a reader in a process that may open no more files, and prints the error.
import { openSync, writeSync } from 'node:fs'
import { SnapshotReaderSync } from '@shardyfusion/sync'

const [prefix = ''] = process.argv.slice(2)
try {
  for (;;) openSync('/dev/null', 'r')
} catch {
  // No more files.
}
let end = 'done'
try {
  SnapshotReaderSync.open({ prefix })
} catch (error) {
  const { code, message } = error as { code?: string; message: string }
  end = `${code} ${message}`
}
writeSync(1, end)
process.exit(0)
