import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openObjectStore } from '@shardyfusion/core'
import { command, RawClient } from './support/raw-client.js'
import { served } from './support/served.js'
import { numbered, published } from './support/snapshot.js'

test('storage that does not answer: a request ends in time, and others go on', async (t) => {
  const prefix = await published({ rows: numbered(100) })
  const store = await openObjectStore(prefix)
  let isHanging = false
  let release = (): void => {}
  const released = new Promise<void>((resolve) => (release = resolve))
  const objects = new Proxy(store, {
    get(target, name) {
      if (name === 'readNow') return undefined
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      const call = member.bind(target) as (...args: unknown[]) => unknown
      if (name !== 'get' && name !== 'head') return call
      return async (...args: unknown[]) => {
        if (isHanging) await released
        return call(...args)
      }
    },
  })
  const { redisPort, url, log } = await served(t, {
    databases: [{ prefix, objects }],
    refreshMs: 0,
    limits: { requestMs: 100 },
  })
  isHanging = true
  t.after(release)
  const client = await RawClient.open(t, redisPort)
  const overdue = '-ERR SHARD_TIMEOUT no answer within 100 ms; retry later\r\n'
  const asked = Buffer.concat([command('GET', '1'), command('MGET', '2', '3'), command('PING')])
  client.send(asked)
  const other = await RawClient.open(t, redisPort)
  assert.equal(await other.ask(command('PING'), '+PONG\r\n'), '+PONG\r\n')
  assert.equal(await client.read(2 * overdue.length + 7), `${overdue}${overdue}+PONG\r\n`)
  const response = await fetch(`${url}/v1/items/1`)
  assert.equal(response.status, 503)
  assert.equal(response.headers.get('retry-after'), '1')
  assert.match(await response.text(), /SHARD_TIMEOUT/)
  assert.ok(log.length > 0 && log.every(({ level }) => level === 'error'))

  isHanging = false
  release()
  const expected = '$7\r\nvalue-1\r\n'
  let reply = ''
  // The reading that was given up may still hold the shard.
  for (let i = 0; i < 20 && reply !== expected; i++)
    reply = await client.ask(command('GET', '1'), expected)
  assert.equal(reply, expected)
})
