import assert from 'node:assert/strict'
import { test } from 'node:test'
import { revalidation } from '#dist/store/http/revalidation.js'

test('revalidation: asks the server again where fetch has cache modes', () => {
  assert.deepEqual(revalidation(), { cache: 'no-cache' })
})

test('revalidation: leaves the mode out where fetch refuses it, as on Cloudflare', () => {
  class WorkerdRequest extends Request {
    constructor(url: string, init: RequestInit) {
      const { cache } = init as { cache?: string }
      if (cache !== undefined) throw new TypeError(`Unsupported cache mode: ${cache}`)
      super(url, init)
    }
  }
  assert.deepEqual(revalidation(WorkerdRequest), {})
})
