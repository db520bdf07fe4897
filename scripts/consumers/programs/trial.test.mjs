// For Jest and Vitest, whose test functions are global here.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as core from '@shardyfusion/core'
import * as sync from '@shardyfusion/sync'
import { build, exerciseSync, missing, read } from './exercise.mjs'

const folder = mkdtempSync(join(tmpdir(), 'trial-'))
const prefix = pathToFileURL(join(folder, 'snap')).href
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a missing snapshot has its code', () => missing(core, `${prefix}/nothing`))

test('a snapshot is built and read', async () => {
  await build(core, `${prefix}/core`)
  await read(core, `${prefix}/core`)
})

test('threads build a snapshot', async () => {
  await build(core, `${prefix}/workers`, { workers: 2 })
  await read(core, `${prefix}/workers`)
})

test('the sync package builds and reads', () => exerciseSync(sync, `${prefix}/sync`))
