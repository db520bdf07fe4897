// Search real word vectors, exactly and by an index: npm run setup:words, then npm run words -- king
import { SnapshotReader, writeSnapshot } from '@shardyfusion/core'
import { measureRecall, sqliteVec } from '@shardyfusion/vector'
import { parseCommandLine } from './support/command-line.js'
import { formatCount } from './support/format.js'
import { type Main, runIfMain } from './support/program.js'
import { withProgress } from './support/progress-line.js'
import { Screen } from './support/screen.js'
import { timed } from './support/timed.js'
import { WorkFolder } from './support/work-folder.js'
import { loadWords, WORD_DIMENSIONS, type Word, WORDS_CREDIT } from './support/words.js'

const USAGE = `Usage: npm run words -- [word ...] [--folder <folder>]

Builds a snapshot of 341,479 English words with their vectors, and searches it.
Install the vectors first, once: npm run setup:words (118 MB)

  word               find words of similar meaning; some by default
  --folder <folder>  use this folder instead of a temporary one, and keep it`

const WORDS = ['king', 'copenhagen', 'quickly']

export const main: Main = async (args, { stdout, signal }) => {
  const options = { folder: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const
  const { values, positionals } = parseCommandLine({ args, options, allowPositionals: true }, USAGE)
  if (values.help) {
    stdout.write(`${USAGE}\n`)
    return
  }
  const words = loadWords()
  if (words === undefined) throw new Error('the word vectors are missing; run: npm run setup:words')
  const screen = new Screen(stdout)
  const folder = await WorkFolder.open(values.folder)
  try {
    screen.title(`shardyfusion: ${formatCount(words.length)} words, found by their meaning`)
    screen.note(WORDS_CREDIT)
    const asked = positionals.length > 0 ? positionals : WORDS
    await tour(words, folder.url('words'), asked, screen, signal)
    if (folder.kept) screen.line(`Files stay in   ${folder.path}`)
    screen.line()
  } finally {
    await folder.release()
  }
}

async function tour(
  words: readonly Word[],
  prefix: string,
  asked: readonly string[],
  screen: Screen,
  signal: AbortSignal,
): Promise<void> {
  screen.step(
    'Publish: one shard of more than 150,000 vectors, which gets an index while it is sealed',
  )
  await withProgress(screen.output, (onProgress) =>
    writeSnapshot(words, {
      prefix,
      sharding: { shards: 1 },
      key: 'word',
      keyEncoding: 'utf8',
      value: 'id',
      values: 'json',
      engine: sqliteVec(),
      vector: { dimensions: WORD_DIMENSIONS },
      onProgress,
      signal,
    }),
  )
  await using reader = await SnapshotReader.open({ prefix, values: 'json' })

  screen.step('Similar words')
  for (const word of asked) {
    const [{ results }, time] = await timed(() => reader.searchLike(word, { topK: 6, signal }))
    screen.call(`searchLike('${word}')`, results.map(({ id }) => String(id)).join(' '), time)
  }

  screen.step('Arithmetic with meanings: king - man + woman')
  const by = new Map(words.map(({ word, vector }) => [word, vector]))
  const [king, man, woman] = ['king', 'man', 'woman'].map((word) => by.get(word)!)
  const query = king!.map((value, i) => value - man![i]! + woman![i]!)
  const { results } = await reader.search(query, { topK: 4, where: "id != 'king'", signal })
  screen.line(`  ${results.map(({ id }) => String(id)).join(' ')}`)

  screen.step('What searches find, and how long they take')
  const report = await measureRecall({ prefix, queries: 100, recalls: [0.9, 0.95, 0.99], signal })
  screen.table(
    ['search', 'found', 'time a query'],
    report.settings.map(({ exact, recall, found, msPerQuery }) => [
      exact ? 'exact: true' : `recall: ${recall}`,
      `${(100 * found).toFixed(1)} %`,
      `${msPerQuery.toFixed(2)} ms`,
    ]),
  )
}

await runIfMain(import.meta.url, main)
