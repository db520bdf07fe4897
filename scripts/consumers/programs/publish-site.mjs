// Builds a snapshot in a folder that a web server serves.
import { FileStore, writeSnapshot } from '@shardyfusion/core'
import { writeHttpIndex } from '@shardyfusion/core/maintain'
import { build } from './exercise.mjs'

const [prefix] = process.argv.slice(2)
await build({ writeSnapshot }, prefix)
await writeHttpIndex(new FileStore(), prefix)
console.log('exercise: ok')
