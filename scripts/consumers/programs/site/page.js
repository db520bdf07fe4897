// Reads a snapshot over HTTP, and builds and reads one in memory. The title of the page is the result.
import { SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { exercise, read } from '../exercise.mjs'

const core = { SnapshotReader, writeSnapshot }
const prefix = new URLSearchParams(location.search).get('data')
try {
  await read(core, prefix, { shardUrls: 'rebase' })
  await exercise(core, 'memory://page')
  document.title = 'exercise: ok'
} catch (error) {
  document.title = `failed: ${error?.stack ?? error}`
}
