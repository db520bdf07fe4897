import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scratchFiles } from '#dist/build/rows/scratch-file.js'

function bytesFrom(start: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => start + i)
}

test('objects that grow in turns are read as if each were alone', async () => {
  const space = await scratchFiles()()
  try {
    await space.append('a', bytesFrom(0, 10))
    await space.append('a', bytesFrom(10, 10))
    await space.put('b', bytesFrom(100, 5))
    await space.append('a', bytesFrom(20, 10))
    await space.append('b', bytesFrom(105, 5))
    assert.deepEqual(await space.get('a', 0, 1000), bytesFrom(0, 30))
    assert.deepEqual(await space.get('a', 8, 25), bytesFrom(8, 17))
    assert.deepEqual(await space.get('a', 20, 30), bytesFrom(20, 10))
    assert.deepEqual(await space.get('a', 25, 28), bytesFrom(25, 3))
    assert.deepEqual(await space.get('b', 4, 6), bytesFrom(104, 2))
    assert.deepEqual(await space.get('b', 10, 20), new Uint8Array(0))
    await space.put('b', bytesFrom(7, 3))
    assert.deepEqual(await space.get('b', 0, 1000), bytesFrom(7, 3))
    await space.delete('a')
    assert.equal(await space.get('a', 0, 1), undefined)
  } finally {
    await space.close()
  }
})
