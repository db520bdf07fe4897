import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manifestUrl, parseManifestDir, runIdFromRef } from '#dist/snapshot/manifest-names.js'
import { parseTimestamp } from '#dist/text/timestamps.js'
import { vectors } from '../../support/golden.js'

interface DirVector {
  dir: string
  s3_prefix: string
  ok: boolean
  result?: { ref: string; run_id: string; published_at: string } | null
}

for (const { dir, s3_prefix: prefix, ok, result } of vectors<DirVector[]>('manifest_dir_entry')) {
  test(`parseManifestDir: ${result ? 'knows' : 'passes over'} ${dir}`, () => {
    const parsed = parseManifestDir(dir)
    // The reference fails the whole listing for a month 13 (ok: false); one stray name must not hide all history.
    if (!ok || result == null) return assert.equal(parsed, undefined)
    assert.equal(parsed!.runId, result.run_id)
    assert.equal(parsed!.publishedMicros, parseTimestamp(result.published_at))
    assert.equal(manifestUrl(prefix, dir.replace(/\/$/, '')), result.ref)
  })
}

for (const { ref, ok, result } of vectors<{ ref: string; ok: boolean; result?: string }[]>(
  'run_id_from_ref',
)) {
  test(`runIdFromRef: ${ref}`, () => {
    // The reference takes the first `run_id=` of the whole URL, so that a prefix which has one makes a rollback
    // write the prefix's id into _CURRENT. The last component names the manifest's own run.
    const deviates = ref.startsWith('s3://b/run_id=zzz/')
    assert.equal(runIdFromRef(ref), deviates ? 'abc' : ok ? result : undefined)
  })
}

test('runIdFromRef: an id may itself contain run_id=', () => {
  assert.equal(
    runIdFromRef('s3://b/manifests/2026-01-02T03:04:05.000006Z_run_id=run_id=1/manifest'),
    'run_id=1',
  )
})
