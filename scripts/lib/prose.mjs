import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { filesBelow, fromRoot, ROOT } from './paths.mjs'

/**
 * Idioms that make a technical sentence hard to read, by name. CONTRIBUTING.md lists the words to use instead.
 *
 * The patterns are deliberately broad: a sentence that matches by accident usually improves when it is rewritten.
 */
const IDIOMS = {
  'who or whoever as a noun':
    /\b(?:whoever|who)\s+(?:asks?|opens?|waits?|takes?|comes?|has|wants?|holds?|seals?|began|gives?|calls?|lists?|builds?|reads?|means|needs?|is|may|must|can|writes?|gets|made|does|else|published|keeps|checks|uses|listens|meets|put|sees|asked)\b(?![^.]*\?)/gi,
  'hears of': /\bhears? (?:of|it|something)|\bheard of\b|\bunheard\b/gi,
  'tells or told for reports':
    /\btold (?:of|how|a few|about|with|before|when|after|apart|each|it|otherwise)\b|\btells? (?:of|the caller|whoever|who|how|what|nothing|whether|at once|size|it apart|apart)\b|\b(?:is|are|be) told\b|\bcan(?:not)? (?:be )?(?:tell|told)\b/gi,
  'a What clause as a noun':
    /(?:^|[.:;—] |, )what (?:is|was|are|has|it|they|a|an|the|one|comes|came|goes|went|fails|follows|no|opens|needs|this|these|such|nobody|somebody|others|becomes|stands|can|cannot|may|must|only|still|ever|else|looks|holds|every|many|other)\b(?![^.]*\?)/gi,
  'at hand, anew': /\bat hand\b|\banew\b/gi,
  'so many for that many': /\bso (?:many|much)\b(?! (?:that|as))/gi,
  'nobody, somebody, anybody': /\b(?:no|some|any|every)body\b/gi,
  "of one's own": /\bof (?:its|one's|one’s|their|your|our|my) own\b|\bone's own\b/gi,
  'by itself': /\bby (?:itself|themselves|himself)\b/gi,
  'lies for is stored': /\b(?:lies|lie|lay|lying)\b/gi,
  'goes on for continues': /\b(?:goes|go|went|going) on\b/gi,
  'as far as': /\bas far as\b|\bfrom (?:\w+ ){1,4}on\b/gi,
  meanwhile: /\bmeanwhile\b/gi,
  'takes apart, for, along':
    /\b(?:takes?|taken|took) (?:for|apart|part|in place|none|care of|along|up)\b/gi,
  mend: /\bmend(?:s|ed|ing)?\b/gi,
  'beside, besides': /\bbesides?\b/gi,
  'is no X for is not an X':
    /\b(?:is|are|was|were) no (?:error|keys?|row|chunk|engine|object|bytes|timestamp|text|JSON|shard|part|proof|news|list|use|store|table|such|directory|reason|manifest|CEL|integer|limit|record|source|seal|file|plan|number|values?|names?|run|call|option)\b/gi,
}

/** Folders without our texts; `vendor` contains SlateDB's sources while its module is built. */
const SKIPPED =
  /(?:^|\/)(?:node_modules|dist|dist-test|\.git|\.venv[\w-]*|target|vendor|wasm|coverage|golden)\//

/**
 * One idiom found in a file.
 * @typedef {{ file: string, line: number, idiom: string, text: string }} Mark
 */

/** Maximum number of marks per kind of text; `npm run prose -- --record` lowers it. */
const CEILINGS = join(ROOT, 'scripts/prose.json')

/**
 * Counts the idioms, and fails if a kind of text exceeds its ceiling.
 *
 * @param {readonly string[]} args `--list` prints each mark, `--record` stores lower ceilings
 * @returns {number} the exit code
 */
export function checkProse(args) {
  /** @type {Record<string, number>} */
  const ceilings = JSON.parse(readFileSync(CEILINGS, 'utf8'))
  const found = marksOfTree()
  let passed = true
  for (const [kind, marks] of Object.entries(found)) {
    const ceiling = ceilings[kind] ?? 0
    const isOver = marks.length > ceiling
    if (isOver || args.includes('--list')) {
      for (const { file, line, idiom, text } of marks)
        console.log(`${file}:${line}: [${idiom}] ${text}`)
    }
    console.log(`${kind}: ${marks.length} marked idioms, at most ${ceiling}`)
    passed &&= !isOver
    if (args.includes('--record') && !isOver) ceilings[kind] = marks.length
  }
  if (args.includes('--record')) writeFileSync(CEILINGS, `${JSON.stringify(ceilings, null, 2)}\n`)
  if (!passed)
    console.error('prose: rewrite the sentences above; CONTRIBUTING.md contains the glossary')
  return passed ? 0 : 1
}

/** The marks in comments, in string literals of sources, and in documents. */
function marksOfTree(root = ROOT) {
  /** @type {{ comments: Mark[], messages: Mark[], documents: Mark[] }} */
  const found = { comments: [], messages: [], documents: [] }
  for (const path of filesBelow(root)) {
    const file = fromRoot(path)
    if (SKIPPED.test(file)) continue
    if (file.endsWith('.md')) found.documents.push(...marksOf(file, documentLines(read(path))))
    else if (
      /\.(?:ts|mjs|rs)$/.test(file) &&
      !file.includes('/test/') &&
      file !== 'scripts/lib/prose.mjs'
    ) {
      found.comments.push(...marksOf(file, commentLines(read(path))))
      if (!file.endsWith('.rs')) found.messages.push(...marksOf(file, literalLines(read(path))))
    }
  }
  return found
}

function read(/** @type {string} */ path) {
  return readFileSync(path, 'utf8')
}

/**
 * @param {string} file
 * @param {Iterable<readonly [line: number, text: string]>} lines
 */
export function marksOf(file, lines) {
  /** @type {Mark[]} */
  const marks = []
  for (const [line, text] of lines) {
    for (const [idiom, pattern] of Object.entries(IDIOMS)) {
      for (const _ of text.matchAll(pattern)) marks.push({ file, line, idiom, text: text.trim() })
    }
  }
  return marks
}

/** The text of each comment line. @param {string} source @returns {Generator<[number, string]>} */
export function* commentLines(source) {
  for (const [i, line] of source.split('\n').entries()) {
    const text = line.trim()
    const match = /^(?:\/\/+|\*|\/\*\*?)(.*)/.exec(text) ?? /\s\/\/\s(.*)/.exec(line)
    const isUrl = match !== null && text.slice(0, match.index + 2).includes('://')
    if (match !== null && !isUrl) yield [i + 1, (match[1] ?? '').replace(/^[\s*]+|[\s*/]+$/g, '')]
  }
}

/** The string literals of each line that is not a comment. @param {string} source @returns {Generator<[number, string]>} */
export function* literalLines(source) {
  for (const [i, line] of source.split('\n').entries()) {
    if (/^\s*(?:\/\/|\*|\/\*)/.test(line) || /^\s*(?:import|export) /.test(line)) continue
    const literals = line.match(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`/g) ?? []
    // A literal of one word is a name, not a sentence.
    const sentences = literals.filter((literal) => literal.includes(' '))
    if (sentences.length > 0)
      yield [i + 1, sentences.map((literal) => literal.slice(1, -1)).join(' … ')]
  }
}

/** The lines of a document outside of fenced code. @param {string} source @returns {Generator<[number, string]>} */
export function* documentLines(source) {
  let fenced = false
  for (const [i, line] of source.split('\n').entries()) {
    if (line.trimStart().startsWith('```')) fenced = !fenced
    else if (!fenced) yield [i + 1, line]
  }
}
