import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { installState, isInstalled } from '../lib/install.mjs'
import { folder } from './support.mjs'

const files = { 'pnpm-lock.yaml': 'lock 1', 'pnpm-workspace.yaml': 'workspace' }

test('isInstalled: true only if node_modules was installed from this lockfile', (t) => {
  const root = folder(t, { ...files, 'node_modules/.modules.yaml': '' })
  const state = installState(root)
  assert.equal(isInstalled(root, state), false, 'node_modules was installed by another tool')
  writeFileSync(join(root, 'node_modules/.installed-from'), state)
  assert.equal(isInstalled(root, installState(root)), true)
  writeFileSync(join(root, 'pnpm-lock.yaml'), 'lock 2')
  assert.equal(isInstalled(root, installState(root)), false)
})

test('isInstalled: false after an interrupted installation', (t) => {
  const root = folder(t, files)
  assert.equal(isInstalled(root, installState(root)), false)
})
