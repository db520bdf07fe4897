import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  formatAttemptResult,
  parseAttemptResult,
  type ShardAttemptResult,
} from '@shardyfusion/core/tasks'
import { MemoryStore } from '@shardyfusion/core'
import { requireCoverage } from '#dist/build/publish/require-coverage.js'
import { selectWinners } from '#dist/build/publish/select-winners.js'
import { removeLosers } from '#dist/build/publish/remove-losers.js'
import { emptyAttempt } from '#dist/build/shard/shard-attempt-result.js'
import { vectors } from '../support/key-vectors.js'
import { rejectsWith } from '@shardyfusion/test-support/throws'

function attempt(id: number, url: string | undefined, more: Partial<ShardAttemptResult> = {}) {
  return { ...emptyAttempt(id), ...(url !== undefined && { url, rowCount: 1 }), ...more }
}

for (const vector of vectors.select_winners) {
  test(`selectWinners as the reference: ${vector.label}`, async () => {
    const results = vector.attempts.map((a) =>
      attempt(a.db_id, a.db_url ?? undefined, {
        attempt: a.attempt,
        writerInfo: {
          attempt: a.attempt,
          durationMs: 0,
          ...(a.task_attempt_id !== null && { taskAttemptId: a.task_attempt_id }),
        },
        allAttemptUrls: a.all_attempt_urls,
      }),
    )
    const { num_dbs: shards, result: expected } = vector
    if (expected === undefined) {
      const error = await rejectsWith('SHARD_ROUTING', /shard ids must be from 0 to/, async () =>
        selectWinners(results, shards),
      )
      assert.equal(error.details.peer, vector.error)
      return
    }
    const { winners, attemptUrls } = selectWinners(results, shards)
    assert.deepEqual(
      winners.map(({ id, url }) => [id, url]),
      expected.winners,
    )
    assert.deepEqual(attemptUrls, expected.all_attempt_urls)
    // Whatever the order in which the results came in.
    assert.deepEqual(selectWinners(results.toReversed(), shards).winners, winners)
  })
}

test('selectWinners: the lowest attempt wins before the lowest task; ties go by bytes of the URL', () => {
  const task = (taskAttemptId: number) => ({ attempt: 0, durationMs: 0, taskAttemptId })
  const winnerOf = (...results: ShardAttemptResult[]): string | undefined =>
    selectWinners(results, 1).winners[0]?.url
  const later = attempt(0, 'b', { attempt: 1, writerInfo: { ...task(5), attempt: 1 } })
  assert.equal(winnerOf(later, attempt(0, 'z', { writerInfo: task(9) })), 'z')
  // By UTF-16 units the emoji, a surrogate pair, would come first.
  assert.equal(winnerOf(attempt(0, 'x\u{1f600}'), attempt(0, 'x\uffee')), 'x\uffee')
  for (const id of [-1, 1, 0.5, Number.NaN]) {
    assert.throws(() => selectWinners([attempt(id, 'a')], 1), { code: 'SHARD_ROUTING' })
  }
})

test('requireCoverage: a shard without rows has reported, a missing one has not', async () => {
  requireCoverage([attempt(1, 'a'), emptyAttempt(0)], 2)
  const error = await rejectsWith(
    'SHARD_PUBLISH',
    /2 of 4 shards never reported a result: 0, 2; run their tasks again/,
    async () => requireCoverage([attempt(1, 'a'), emptyAttempt(3)], 4),
  )
  assert.deepEqual(error.details, {
    peer: 'ShardCoverageError',
    missing: [0, 2],
    shards: 4,
  })
  await rejectsWith('SHARD_PUBLISH', /: 0, 1, .*, 19 and 80 more;/, async () =>
    requireCoverage([], 100),
  )
})

test('requireCoverage: attempts that disagree whether a shard has rows are refused', async () => {
  // The reference would drop the rows without a word.
  const results = [attempt(0, 'a'), emptyAttempt(0)]
  assert.deepEqual(selectWinners(results, 1).winners, [])
  await rejectsWith('SHARD_PUBLISH', /attempts at shard 0 disagree/, async () =>
    requireCoverage(results, 1),
  )
})

const results: readonly ShardAttemptResult[] = [
  emptyAttempt(7),
  {
    id: 3,
    url: 's3://bucket/p/shards/run_id=r/db=00003/attempt=02',
    attempt: 2,
    rowCount: 12,
    bytes: 345,
    minKey: 0n,
    maxKey: 18_446_744_073_709_551_615n,
    checkpointId: '0123456789abcdef0123456789abcdef',
    writerInfo: { attempt: 2, durationMs: 17, stageId: 4, taskAttemptId: 99 },
    allAttemptUrls: ['s3://bucket/p/shards/run_id=r/db=00003/attempt=01'],
  },
  { ...emptyAttempt(0), url: 'memory://m/a', minKey: 'naïve', maxKey: '42', rowCount: 2 },
]

test('a result goes through one line of JSON and loses no digit', () => {
  for (const result of results) {
    const line = formatAttemptResult(result)
    assert.ok(!line.includes('\n'))
    assert.deepEqual(parseAttemptResult(line), result)
  }
  assert.match(
    formatAttemptResult(results[1]!),
    /"db_id":3,.*"max_key":18446744073709551615,.*"task_attempt_id":99/,
  )
})

test('parseAttemptResult: what is no result is refused by the name of the field', async () => {
  const line = formatAttemptResult(results[1]!)
  for (const [bad, message] of [
    ['{', /a result must be one line of JSON/],
    ['[]', /db_id is required/],
    [line.replace('"db_id":3', '"db_id":"3"'), /db_id must be the number of a shard, got "3"/],
    [line.replace('"row_count":12', '"row_count":-1'), /row_count must be an integer of 0 or more/],
    [line.replace('"attempt":2,', ''), /attempt is required/],
    [line.replace('"db_id"', '"extra":1,"db_id"'), /unknown option "extra"/],
  ] as const) {
    await rejectsWith('SHARD_INVALID_OPTION', message, async () => parseAttemptResult(bad))
  }
})

test('removeLosers: deletes every attempt but the winners, and goes on after a failure', async () => {
  const objects = new MemoryStore()
  const at = (name: string): string => `memory://m/run/${name}`
  for (const name of ['won', 'lost-1', 'lost-2', 'stuck', 'won-not-this']) {
    await objects.put(`${at(name)}/a`, new Uint8Array(1))
    await objects.put(`${at(name)}/b`, new Uint8Array(1))
  }
  const denied = new Error('denied')
  const deletePrefix = objects.deletePrefix.bind(objects)
  objects.deletePrefix = async (url, options) => {
    if (url === at('stuck')) throw denied
    return deletePrefix(url, options)
  }
  const selection = selectWinners(
    [
      attempt(0, at('won'), { allAttemptUrls: [at('lost-1'), at('stuck'), at('won')] }),
      attempt(0, at('lost-2'), { attempt: 1 }),
    ],
    1,
  )
  assert.deepEqual(await removeLosers(objects, selection, 'memory://m'), {
    attempts: 3,
    objects: 4,
    failures: [{ url: at('stuck'), error: denied }],
  })
  const left: string[] = []
  for await (const { url } of objects.list('memory://m/run')) left.push(url)
  const kept = new Set(left.map((url) => url.split('/').at(-2)))
  assert.deepEqual([...kept], ['stuck', 'won-not-this', 'won'])
})
