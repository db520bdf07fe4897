/**
 * Rules of oxlint on regular expressions over text of users.
 *
 * V8 stores a position for every round of a group that repeats without bound, and ends with "Maximum call stack size
 * exceeded" on some megabytes; a pattern that is not anchored is tried at every position, in quadratic time. Loops and
 * `indexOf` do neither.
 */

/** @param {string} pattern @param {number} at the `{` */
function isOpenRange(pattern, at) {
  return /^\{\d{1,9},\}/.test(pattern.slice(at, at + 16))
}

/**
 * Quantifiers of a pattern that have no upper bound; `ofGroup` when what repeats is a group.
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
      'A group that repeats without bound overflows the stack on long text; give it a bound, or use a loop.',
    ),
    'no-unbounded-regex': rule(
      () => true,
      'Text of users is unbounded: give the quantifier a bound ({0,20}), or use a loop or indexOf.',
    ),
  },
}

export default plugin
