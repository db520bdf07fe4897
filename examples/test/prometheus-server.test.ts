// A real Prometheus scrapes the lookup service, and answers the queries of the dashboard.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { test, type TestContext } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { writeSnapshot } from '@shardyfusion/core'
import { startService } from '#dist/lookup-service.js'
import { tempFolder } from '@shardyfusion/test-support/temp-folder'

const require = createRequire(import.meta.url)
const DASHBOARD = require.resolve('@shardyfusion/telemetry/operations/grafana-dashboard.json')
const ALERTS = join(dirname(DASHBOARD), 'alerts.yml')
const WAIT_MS = 30_000

const isInstalled = spawnSync('prometheus', ['--version']).error === undefined
const isRequired = process.env['SHARDYFUSION_REQUIRE_PROMETHEUS'] === '1'
const skip = !isInstalled && !isRequired && 'needs Prometheus (apt-get install prometheus)'

interface Series {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [time: number, value: string]
}

class Prometheus {
  readonly url: string

  constructor(url: string) {
    this.url = url
  }

  async get<T>(path: string, parameters: Record<string, string> = {}): Promise<T> {
    const query = new URLSearchParams(parameters).toString()
    const response = await fetch(`${this.url}${path}?${query}`)
    const body = (await response.json()) as { status: string; error?: string; data: T }
    assert.equal(body.status, 'success', `${JSON.stringify(parameters)}: ${body.error}`)
    return body.data
  }

  async query(expr: string): Promise<readonly Series[]> {
    return (await this.get<{ result: Series[] }>('/api/v1/query', { query: expr })).result
  }

  /** Repeats a query until it has a result. */
  async queryUntilFound(expr: string, title = ''): Promise<readonly Series[]> {
    for (const until = performance.now() + WAIT_MS; performance.now() < until;) {
      const found = await this.query(expr)
      if (found.length > 0) return found
      // The next scrape is due in 200 ms at most.
      await setTimeout(50)
    }
    throw new Error(`no result within ${WAIT_MS} ms: ${title} ${expr}`)
  }
}

/** Starts Prometheus on a free port; it scrapes the target five times a second. */
async function startPrometheus(t: TestContext, target: string): Promise<Prometheus> {
  const folder = tempFolder()
  const config = {
    global: { scrape_interval: '200ms', scrape_timeout: '200ms', evaluation_interval: '1s' },
    rule_files: [ALERTS],
    scrape_configs: [
      { job_name: 'lookup-service', static_configs: [{ targets: [new URL(target).host] }] },
    ],
  }
  const file = join(folder, 'prometheus.yml')
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(config))
  const server = spawn('prometheus', [
    `--config.file=${file}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    '--web.listen-address=127.0.0.1:0',
  ])
  t.after(async () => {
    if (server.exitCode !== null) return
    server.kill('SIGKILL')
    await once(server, 'exit')
  })
  const lines: string[] = []
  const address = new Promise<string>((resolve, reject) => {
    const overdue = globalThis.setTimeout(
      () => reject(new Error(`Prometheus did not start:\n${lines.join('\n')}`)),
      WAIT_MS,
    )
    createInterface({ input: server.stderr }).on('line', (line) => {
      lines.push(line)
      const [, found] = /msg="Listening on" address=(\S+)/.exec(line) ?? []
      if (found === undefined) return
      clearTimeout(overdue)
      resolve(found)
    })
    server.once('exit', () => {
      clearTimeout(overdue)
      reject(new Error(`Prometheus has ended:\n${lines.join('\n')}`))
    })
  })
  return new Prometheus(`http://${await address}`)
}

/** Queries that have no result in a service that neither builds nor waits for a limit, or never fails. */
const NOT_HERE =
  /write|rows_written|build_|cleanup|search|s3_retries|throttled|errors|file_cache|new snapshots/i

test(
  'prometheus: scrapes the lookup service, and answers the queries of the dashboard',
  { skip },
  async (t) => {
    const prefix = 'memory://prometheus-server'
    const rows = Array.from({ length: 1000 }, (_, id) => ({ id, text: `item ${id}` }))
    const build = { prefix, sharding: { shards: 4 }, key: 'id', values: 'json' } as const
    const { runId } = await writeSnapshot(rows, build)
    const service = await startService({ prefix, refreshMs: 100 })
    t.after(() => service.close())
    const prometheus = await startPrometheus(t, service.url)

    let calls = 0
    const traffic = async (): Promise<void> => {
      for (let i = 0; i < 20; i++) await fetch(`${service.url}/v1/items/${(calls += 7) % 1100}`)
      await fetch(`${service.url}/v1/scan?limit=10`).then((response) => response.text())
      const batch = { keys: ['1', '2', '2000'] }
      await fetch(`${service.url}/v1/items:batch`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(batch),
      })
    }
    const keys = `sum by (prefix) (rate(shardyfusion_reader_keys_total{prefix="${prefix}"}[5s])) > 0`
    await prometheus.queryUntilFound(`shardyfusion_readers{prefix="${prefix}"}`)
    await traffic()
    await Promise.all([prometheus.queryUntilFound(keys), traffic()])

    const [served] = await prometheus.query(`shardyfusion_snapshot_info{prefix="${prefix}"}`)
    assert.equal(served?.metric['run_id'], runId)
    assert.equal(served?.metric['job'], 'lookup-service')
    const [gets] = await prometheus.queryUntilFound(
      `shardyfusion_reader_gets_total{prefix="${prefix}"} >= 40`,
    )
    assert.equal(Number(gets!.value[1]), 40)

    const { panels } = JSON.parse(readFileSync(DASHBOARD, 'utf8')) as {
      panels: { title: string; targets?: { expr: string }[] }[]
    }
    let answered = 0
    for (const { title, targets = [] } of panels) {
      for (const { expr } of targets) {
        const query = expr.replaceAll('$__rate_interval', '10s').replaceAll('$prefix', '.*')
        if (NOT_HERE.test(expr)) {
          await prometheus.query(query)
          continue
        }
        await prometheus.queryUntilFound(query, title)
        answered++
      }
    }
    assert.ok(answered >= 35, `${answered} queries`)

    const { groups } = await prometheus.get<{
      groups: { rules: { name: string; health: string; state: string }[] }[]
    }>('/api/v1/rules')
    const rules = groups.flatMap((group) => group.rules)
    assert.equal(rules.length, 11)
    for (const { name, health, state } of rules) {
      assert.notEqual(health, 'err', name)
      assert.equal(state, 'inactive', name)
    }
  },
)
