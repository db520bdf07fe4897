import { parseSync, Visitor } from 'oxc-parser'
import type { Argument, Expression, ImportOrExportKind } from 'oxc-parser'

/** One module reference of a source file. */
export interface ModuleImport {
  /** As written, such as `../errors.js`; undefined when it is computed at run time. */
  readonly specifier: string | undefined
  /** Erased by the compiler. `import { type A }` is not: the module is still loaded. */
  readonly typeOnly: boolean
}

/** Finds what a TypeScript module loads: import, export from, import(), require() and worker URLs. */
export function importsOf(file: string, source: string): ModuleImport[] {
  const { program, errors } = parseSync(file, source)
  const [error] = errors
  if (error !== undefined) throw new SyntaxError(`${file}: ${error.message}`)

  const found: ModuleImport[] = []
  const add = (specifier: string | undefined, kind: ImportOrExportKind = 'value') =>
    found.push({ specifier, typeOnly: kind === 'type' })

  new Visitor({
    ImportDeclaration: (node) => add(node.source.value, node.importKind),
    ExportAllDeclaration: (node) => add(node.source.value, node.exportKind),
    ExportNamedDeclaration: (node) => {
      if (node.source !== null) add(node.source.value, node.exportKind)
    },
    ImportExpression: (node) => add(literal(node.source)),
    TSImportType: (node) => add(node.source.value, 'type'),
    TSExternalModuleReference: (node) => add(node.expression.value),
    CallExpression: (node) => {
      if (isNamed(node.callee, 'require')) add(literal(node.arguments[0]))
    },
    // new URL('./worker.js', import.meta.url) is how a worker thread names its first module.
    NewExpression: (node) => {
      const [path, base] = node.arguments
      if (!isNamed(node.callee, 'URL') || !isImportMetaUrl(base)) return
      const specifier = literal(path)
      if (specifier?.endsWith('.js')) add(specifier)
    },
  }).visit(program)
  return found
}

function literal(node: Expression | Argument | undefined): string | undefined {
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value
  if (node?.type !== 'TemplateLiteral' || node.expressions.length > 0) return undefined
  return node.quasis[0]?.value.cooked ?? undefined
}

function isNamed(node: Expression, name: string): boolean {
  return node.type === 'Identifier' && node.name === name
}

function isImportMetaUrl(node: Argument | undefined): boolean {
  return (
    node?.type === 'MemberExpression' &&
    node.object.type === 'MetaProperty' &&
    node.property.type === 'Identifier' &&
    node.property.name === 'url'
  )
}
