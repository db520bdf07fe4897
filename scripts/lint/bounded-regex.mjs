/**
 * Rules of oxlint for regular expressions on user text.
 *
 * V8 stores a position for every iteration of an unbounded group, and fails with "Maximum call stack size exceeded" on
 * some megabytes of text. An unanchored pattern is tried at every position, in quadratic time. Loops and `indexOf` have
 * neither problem.
 */

/** @param {string} pattern @param {number} at the `{` */
function isOpenRange(pattern, at) {
  return /^\{\d{1,9},\}/.test(pattern.slice(at, at + 16))
}

/**
 * The quantifiers of a pattern without an upper bound; `ofGroup` is true if a group repeats.
 *
 * @param {string} pattern
 * @returns {{ at: number, ofGroup: boolean }[]}
 */
export function unboundedQuantifiers(pattern) {
  const found = []
  let inClass = false
  let last = ''
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at]
    if (character === '\\') {
      at++
      last = 'atom'
    } else if (inClass) {
      if (character === ']') inClass = false
      last = 'atom'
    } else if (character === '[') inClass = true
    else if (
      character === '*' ||
      character === '+' ||
      (character === '{' && isOpenRange(pattern, at))
    )
      found.push({ at, ofGroup: last === ')' })
    else last = character ?? ''
  }
  return found
}

/** @typedef {{ regex?: { pattern: string } }} LiteralNode */
/** @typedef {{ callee: { type: string, name?: string } }} CallNode */
/** @typedef {{ report(problem: { node: unknown, message: string }): void }} RuleContext */

/** @param {(quantifier: { ofGroup: boolean }) => boolean} isRefused @param {string} message */
function rule(isRefused, message) {
  return {
    /** @param {RuleContext} context */
    create(context) {
      return {
        /** @param {LiteralNode} node */
        Literal(node) {
          if (node.regex !== undefined && unboundedQuantifiers(node.regex.pattern).some(isRefused))
            context.report({ node, message })
        },
        /** @param {CallNode} node */
        NewExpression(node) {
          if (node.callee.type === 'Identifier' && node.callee.name === 'RegExp')
            context.report({
              node,
              message: 'Write the pattern as a literal, so that it can be checked.',
            })
        },
      }
    },
  }
}

const plugin = {
  meta: { name: 'text' },
  rules: {
    'no-unbounded-group': rule(
      ({ ofGroup }) => ofGroup,
      'An unbounded group overflows the stack on long text; add a bound, or use a loop.',
    ),
    'no-unbounded-regex': rule(
      () => true,
      'User text has unbounded length; add a bound to the quantifier ({0,20}), or use a loop or indexOf.',
    ),
  },
}

export default plugin
