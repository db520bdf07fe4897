import { test } from 'node:test'
import { MemoryStore } from '@shardyfusion/core'
import { runEngineConformance } from '@shardyfusion/core/testing'
import { objectEngine } from '../support/object-engine.js'

// That the suite runs on an engine this package has never seen, written against its public API alone.
let shard = 0

runEngineConformance({
  test,
  engine: objectEngine(),
  newShardUrl: () => `memory://object-conformance/shard-${shard++}`,
  objects: new MemoryStore(),
})

runEngineConformance({
  test: (name, body) => test(`without a store: ${name}`, body),
  engine: objectEngine(),
  newShardUrl: () => `memory://object-conformance/shard-${shard++}`,
})
