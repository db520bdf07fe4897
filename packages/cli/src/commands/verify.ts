import type { VerifyProgress, VerifyReport } from '@shardyfusion/core/maintain'
import type { Cell } from '../output/json-text.js'
import { formatBytes, formatCount } from '../output/units.js'
import type { Context } from '../session/context.js'
import { loadMaintenance } from '../session/library.js'
import { LiveLines } from '../terminal/live-lines.js'
import { EXIT } from '../util/exit-codes.js'
import type { Call } from './command.js'

interface Options {
  readonly shards?: number
  readonly rows?: number
  readonly concurrency?: number
  readonly progress: boolean
}

export async function run({ context, options }: Call<Options>): Promise<number> {
  const { session, settings, printer } = context
  const { verifySnapshot } = await loadMaintenance()
  const live = options.progress ? new LiveLines(context, 'verifying') : undefined
  const pinned = await session.pinned()
  const report = await verifySnapshot({
    ...session.options,
    ...(pinned === undefined ? {} : { manifestRef: pinned.ref }),
    shardUrls: settings.text('shard-urls') as 'below' | 'any' | 'rebase' | undefined,
    shards: options.shards,
    rows: options.rows,
    concurrency: options.concurrency,
    onProgress: (progress) => live?.show(shownProgress(progress)),
  })
  live?.clear()
  printer.record(reportRecord(report), () => {
    print(report, context)
    return ''
  })
  return report.ok ? EXIT.ok : EXIT.finding
}

function shownProgress({ shardsVerified, shards, keys, bytes, findings }: VerifyProgress) {
  const found = findings === 0 ? '' : `, ${formatCount(findings)} findings`
  const text = `verifying: ${shardsVerified} of ${shards} shards, ${formatCount(keys)} keys, ${formatBytes(bytes)}${found}`
  return { phase: 'verifying', lines: () => [text], line: () => text }
}

/** The report as a record. Omits the errors: the messages of the findings contain theirs. */
function reportRecord(report: VerifyReport): Record<string, Cell> {
  const { ok, prefix, runId, manifest, shards, shardsVerified, keys, bytes } = report
  return {
    ok,
    prefix,
    runId,
    manifestRef: manifest.ref,
    shards,
    shardsVerified,
    keys,
    vectors: report.vectors === 0 ? undefined : report.vectors,
    bytes,
    findings: report.findings.map(({ shard, kind, severity, count, message, keys: some }) => {
      return { shard: shard ?? null, kind, severity, count, message, keys: some }
    }),
    results: report.results.map((result) => ({ ...result })),
    notChecked: report.notChecked,
  }
}

function print(report: VerifyReport, { printer }: Context): void {
  const { ok, runId, shards, shardsVerified, keys, bytes, findings, notChecked } = report
  printer.write(
    printer.facts(
      {
        verified: ok ? 'sound' : 'NOT SOUND',
        run: runId,
        shards: `${formatCount(shardsVerified)} of ${formatCount(shards)}`,
        keys: formatCount(keys),
        vectors: report.vectors === 0 ? undefined : formatCount(report.vectors),
        bytes: formatBytes(bytes),
        'not checked': notChecked.length === 0 ? undefined : notChecked.join('; '),
      },
      { verified: ok ? 'green' : 'red' },
    ),
  )
  if (findings.length === 0) return
  printer.line()
  printer.rows(
    [
      { name: 'shard', align: 'right' },
      { name: 'severity', style: (severity) => (severity === 'error' ? 'red' : 'yellow') },
      { name: 'kind' },
      { name: 'count', align: 'right' },
      { name: 'message' },
    ],
    findings.map(({ shard, severity, kind, count, message }) => {
      return { shard: shard ?? '', severity, kind, count, message }
    }),
  )
}
