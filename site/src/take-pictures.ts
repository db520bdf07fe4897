// Takes the pictures of the READMEs: a session of the command line as a drawing, and the report in Chromium.
import { spawn } from '@lydell/node-pty'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { chromium } from 'playwright-core'
import { ROOT, SITE } from './places.js'

const PICTURES = join(SITE, 'pages/public/pictures')
const COLUMNS = 76
const LINE_PX = 19
const CHARACTER_PX = 8.43

const SESSION = [
  'shardy build rows.ndjson --key id --shards 4',
  'shardy get 4999',
  'shardy scan --start 10 --limit 3',
  'shardy verify',
]

const folder = mkdtempSync(join(tmpdir(), 'pictures-'))
try {
  const rows = Array.from({ length: 5000 }, (_, i) =>
    JSON.stringify({ id: i + 1, name: `product ${i + 1}`, price: (i % 97) + 0.5 }),
  )
  writeFileSync(join(folder, 'rows.ndjson'), `${rows.join('\n')}\n`)
  const shim = join(folder, 'shardy')
  const bin = join(ROOT, 'packages/cli/dist/bin.js')
  writeFileSync(shim, `#!/bin/sh\nexec "${process.execPath}" "${bin}" "$@"\n`, { mode: 0o755 })
  const lines: string[] = []
  for (const command of SESSION) lines.push(`$ ${command}`, ...(await run(command)), '')
  writeFileSync(join(PICTURES, 'session.svg'), drawTerminal(lines.slice(0, -1)))
  const next = rows.slice(42).map((row) => row.replace('product 77"', 'anvil"'))
  writeFileSync(join(folder, 'rows.ndjson'), `${next.join('\n')}\n`)
  await run('shardy build rows.ndjson --key id --shards 4 --no-progress')
  await run('shardy report --output report.html')
  await photograph(join(folder, 'report.html'), join(PICTURES, 'report.png'))
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** The lines that a command leaves on a terminal, without its progress. */
function run(command: string): Promise<string[]> {
  const path = `${folder}${delimiter}${process.env['PATH']}`
  const env = { PATH: path, HOME: folder, TERM: 'xterm', NO_COLOR: '1', SHARDY_PREFIX: 'products' }
  const terminal = spawn('bash', ['-c', command], { cols: COLUMNS, rows: 40, cwd: folder, env })
  let output = ''
  terminal.onData((data) => (output += data))
  return new Promise((resolve, reject) =>
    terminal.onExit(({ exitCode }) => {
      if (exitCode !== 0) return reject(new Error(`${command}: exit code ${exitCode}\n${output}`))
      const plain = output.replaceAll(/\u001B\[[0-9;?]*[A-Za-z]/g, '')
      const isProgress =
        /^($|run [0-9a-f]{32}$|writing|sealing|publishing|done|verifying|shards +[□■▣])/
      resolve(plain.split(/\r?\n|\r/).filter((line) => !isProgress.test(line)))
    }),
  )
}

/** A terminal with these lines, in light and dark. */
function drawTerminal(lines: readonly string[]): string {
  const height = 52 + lines.length * LINE_PX
  const width = Math.ceil(COLUMNS * CHARACTER_PX) + 40
  const rows = lines.map((line, i) => {
    const kind = line.startsWith('$ ') ? 'command' : 'output'
    return `<text class="${kind}" x="20" y="${52 + i * LINE_PX}">${escape(line)}</text>`
  })
  const dots = [22, 40, 58].map((x) => `<circle class="dot" cx="${x}" cy="20" r="5"/>`)
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}">
  <title>A session of shardy: build, get, scan, verify</title>
  <style>
    text { font: 14px ui-monospace, SFMono-Regular, Menlo, 'DejaVu Sans Mono', monospace; white-space: pre; }
    .window { fill: #f6f8fa; stroke: #d0d7de; }
    .dot { fill: #d0d7de; }
    .command { fill: #0b57b4; font-weight: 600; }
    .output { fill: #24292f; }
    @media (prefers-color-scheme: dark) {
      .window { fill: #151b23; stroke: #3d444d; }
      .dot { fill: #3d444d; }
      .command { fill: #8cb8ff; }
      .output { fill: #d1d7e0; }
    }
  </style>
  <rect class="window" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="10"/>
  ${[...dots, ...rows].join('\n  ')}
</svg>
`
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}

/** A picture of the top of a page. */
async function photograph(page: string, file: string): Promise<void> {
  const executablePath = process.env['SHARDYFUSION_CHROMIUM'] ?? '/usr/bin/chromium'
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  try {
    const tab = await browser.newPage({ viewport: { width: 1100, height: 760 } })
    const html = readFileSync(page, 'utf8').replaceAll(folder, '/data')
    await tab.setContent(html)
    await tab.screenshot({ path: file })
  } finally {
    await browser.close()
  }
}
