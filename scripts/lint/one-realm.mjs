/**
 * A rule of oxlint against tests that fail for values of another realm.
 *
 * Jest, Vitest and Next run modules in a `vm` context. Its `Error`, `Uint8Array` and `Map` differ from those of Node's own
 * modules, so `error instanceof Error` is false for an error of `fs`, and `Object.prototype` is not the prototype of
 * each object literal.
 */

/** Classes that each realm has its own copy of. */
const GLOBALS = new Set(
  Object.getOwnPropertyNames(globalThis).filter((name) => /^[A-Z]/.test(name)),
)
// Node and Bun add it to the global object, browsers and contexts do not have it.
GLOBALS.add('Buffer')

const ADVICE =
  'is false for a value of another realm (vm contexts of Jest and Vitest, Node itself); use a test like isError, isBytes or isPlainObject'

/** @typedef {{ type: string, name?: string, object?: Node, property?: Node, arguments?: Node[], callee?: Node }} Node */
/** @typedef {{ report(problem: { node: unknown, message: string }): void }} RuleContext */

/** The global class that an expression names, such as `Error` or `WebAssembly.Module`. @param {Node | undefined} node */
function globalClass(node) {
  if (node?.type === 'Identifier') return GLOBALS.has(node.name ?? '') ? node.name : undefined
  if (node?.type !== 'MemberExpression' || node.object?.type !== 'Identifier') return undefined
  const { name = '' } = node.object
  const member = node.property?.name ?? ''
  if (name === 'globalThis') return GLOBALS.has(member) ? member : undefined
  return name === 'WebAssembly' ? `WebAssembly.${member}` : undefined
}

/** The class of `X.prototype`. @param {Node | undefined} node */
function classOfPrototype(node) {
  const isPrototype = node?.type === 'MemberExpression' && node.property?.name === 'prototype'
  return isPrototype ? globalClass(node.object) : undefined
}

const plugin = {
  meta: { name: 'realm' },
  rules: {
    'no-global-instanceof': {
      /** @param {RuleContext} context */
      create(context) {
        return {
          /** @param {{ operator: string, left: Node, right: Node }} node */
          BinaryExpression(node) {
            const { operator, left, right } = node
            if (operator === 'instanceof') {
              const name = globalClass(right)
              if (name !== undefined)
                context.report({ node, message: `instanceof ${name} ${ADVICE}` })
            } else if (operator === '===' || operator === '!==') {
              const name = classOfPrototype(right) ?? classOfPrototype(left)
              if (name !== undefined)
                context.report({ node, message: `a comparison with ${name}.prototype ${ADVICE}` })
            }
          },
          /** `instance(URL)` of valibot. @param {Node} node */
          CallExpression(node) {
            const { callee } = node
            const called = callee?.type === 'MemberExpression' ? callee.property : callee
            if (called?.name !== 'instance') return
            const name = globalClass(node.arguments?.[0])
            if (name !== undefined) context.report({ node, message: `instance(${name}) ${ADVICE}` })
          },
        }
      },
    },
  },
}

export default plugin
