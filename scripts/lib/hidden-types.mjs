import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { parseSync, Visitor } from 'oxc-parser'

/**
 * A declaration file: the names it declares, imports and exports.
 * @typedef {{
 *   declared: Map<string, import('oxc-parser').Node>
 *   imported: Map<string, { file: string | undefined, name: string }>
 *   exported: Map<string, { file: string | undefined, name: string, typeOnly: boolean }>
 *   stars: string[]
 * }} Declarations
 */

/**
 * Types that a public signature of a package uses and that none of its entry points exports, one line each.
 *
 * A user can hold such a value, but cannot write its type down. Entry points whose name contains "internal" count
 * neither as public nor as exporting. A class that is only exported as a type cannot be constructed or extended, so its
 * constructor, static and protected members are not public.
 *
 * @param {string} dir the package, with its declaration files
 */
export function hiddenTypes(dir) {
  const { name, exports = {} } = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'))
  const entries = Object.entries(exports)
    .filter(([path, target]) => !path.includes('internal') && typeof target === 'object')
    .map(([, target]) => join(dir, target.types))
    .filter((file) => existsSync(file))
  const load = loader()
  /** @type {Map<string, { as: string, typeOnly: boolean }>} each public declaration, as `file#name` */
  const exportedAs = new Map()
  for (const entry of entries) {
    for (const [as, target] of exportsOf(load, entry)) {
      const typeOnly = target.typeOnly && (exportedAs.get(idOf(target))?.typeOnly ?? true)
      exportedAs.set(idOf(target), { as, typeOnly })
    }
  }
  const problems = new Set()
  for (const [id, { as, typeOnly }] of exportedAs) {
    // The path itself may have a "#".
    const at = id.lastIndexOf('#')
    for (const used of typesUsedBy(load, id.slice(0, at), id.slice(at + 1), typeOnly)) {
      if (exportedAs.has(idOf(used))) continue
      const where = relative(dir, used.file).split(sep).join('/')
      problems.add(`${name}: ${as} uses ${used.name} of ${where}, which no entry point exports`)
    }
  }
  return [...problems].sort((a, b) => (a < b ? -1 : 1))
}

/** @typedef {(file: string) => Declarations} Load */

/**
 * Where a name is declared, and whether it got there by `export type`.
 * @typedef {{ file: string, name: string, typeOnly: boolean }} Target
 */

function idOf(/** @type {Pick<Target, 'file' | 'name'>} */ { file, name }) {
  return `${file}#${name}`
}

/** Reads and parses each declaration file once. @returns {Load} */
function loader() {
  /** @type {Map<string, Declarations>} */
  const files = new Map()
  return (file) => {
    let found = files.get(file)
    if (found === undefined) files.set(file, (found = readDeclarations(file)))
    return found
  }
}

/** @param {string} file @returns {Declarations} */
function readDeclarations(file) {
  const { program, errors } = parseSync(file, readFileSync(file, 'utf8'))
  if (errors[0] !== undefined) throw new SyntaxError(`${file}: ${errors[0].message}`)
  /** @type {Declarations} */
  const found = { declared: new Map(), imported: new Map(), exported: new Map(), stars: [] }
  for (const node of program.body) {
    if (node.type === 'ImportDeclaration') {
      for (const each of node.specifiers) {
        const name = each.type === 'ImportSpecifier' ? nameOf(each.imported) : '*'
        found.imported.set(each.local.name, {
          file: declarationFile(file, node.source.value),
          name,
        })
      }
    } else if (node.type === 'ExportAllDeclaration') {
      const target = declarationFile(file, node.source.value)
      if (target !== undefined) found.stars.push(target)
    } else if (node.type === 'ExportNamedDeclaration' && node.declaration === null) {
      for (const { local, exported, exportKind } of node.specifiers) {
        const from = node.source === null ? file : declarationFile(file, node.source.value)
        const typeOnly = node.exportKind === 'type' || exportKind === 'type'
        found.exported.set(nameOf(exported), { file: from, name: nameOf(local), typeOnly })
      }
    } else {
      const declaration = node.type === 'ExportNamedDeclaration' ? node.declaration : node
      for (const name of namesDeclaredBy(declaration)) {
        found.declared.set(name, /** @type {import('oxc-parser').Node} */ (declaration))
        if (node.type === 'ExportNamedDeclaration') {
          found.exported.set(name, { file, name, typeOnly: false })
        }
      }
    }
  }
  return found
}

/** @param {any} declaration @returns {string[]} */
function namesDeclaredBy(declaration) {
  if (declaration?.type === 'VariableDeclaration') {
    return declaration.declarations.map((/** @type {any} */ { id }) => id.name)
  }
  return typeof declaration?.id?.name === 'string' ? [declaration.id.name] : []
}

/** A name in an import or export list, which may be text. @param {any} node @returns {string} */
function nameOf(node) {
  return node.name ?? node.value
}

/** The declaration file of a relative module; `undefined` for another package. */
function declarationFile(/** @type {string} */ from, /** @type {string} */ specifier) {
  const path = specifier.startsWith('#node/')
    ? join(declarationRoot(from), `${specifier.slice(6)}.js`)
    : specifier.startsWith('.')
      ? join(dirname(from), specifier)
      : undefined
  return path?.replace(/\.js$/, '.d.ts')
}

/** The folder of the declarations of a bundled package, or of one that is not bundled. */
function declarationRoot(/** @type {string} */ file) {
  const modules = file.indexOf(`${sep}modules${sep}`, file.indexOf(`${sep}dist${sep}`))
  const dist = join(file.slice(0, file.indexOf(`${sep}dist${sep}`)), 'dist')
  return modules < 0 ? dist : join(dist, 'modules')
}

/** Every name an entry point exports, with the place of its declaration. */
function exportsOf(/** @type {Load} */ load, /** @type {string} */ file) {
  /** @type {Map<string, Target>} */
  const names = new Map()
  const { exported, stars } = load(file)
  for (const star of stars)
    for (const [name, target] of exportsOf(load, star)) names.set(name, target)
  for (const name of exported.keys()) {
    const target = resolveName(load, file, name, 'exported')
    if (target !== undefined) names.set(name, target)
  }
  return names
}

/**
 * Follows imports and re-exports to the declaration; `undefined` when it is in another package.
 *
 * @param {Load} load
 * @param {string} file
 * @param {string} name
 * @param {'exported' | 'local'} kind
 * @returns {Target | undefined}
 */
function resolveName(load, file, name, kind) {
  const { declared, imported, exported, stars } = load(file)
  if (kind === 'local' && declared.has(name)) return { file, name, typeOnly: false }
  const next = kind === 'exported' ? exported.get(name) : imported.get(name)
  if (next === undefined) {
    for (const star of kind === 'exported' ? stars : []) {
      const target = resolveName(load, star, name, 'exported')
      if (target !== undefined) return target
    }
    return undefined
  }
  if (next.file === undefined || !existsSync(next.file)) return undefined
  const found = resolveName(load, next.file, next.name, next.file === file ? 'local' : 'exported')
  const typeOnly = 'typeOnly' in next && next.typeOnly === true
  return found && { ...found, typeOnly: typeOnly || found.typeOnly }
}

/**
 * The declarations of this package that one declaration names in its types.
 *
 * @param {Load} load
 * @param {string} file
 * @param {string} name
 * @param {boolean} typeOnly leaves out the members of a class that its instances do not have
 */
function typesUsedBy(load, file, name, typeOnly) {
  const node = load(file).declared.get(name)
  /** @type {Target[]} */
  const used = []
  const add = (/** @type {string} */ local) => {
    const target = local === name ? undefined : resolveName(load, file, local, 'local')
    if (target !== undefined) used.push(target)
  }
  if (node === undefined) return used
  new Visitor({
    TSTypeReference: ({ typeName }) => add(firstName(typeName)),
    TSTypeQuery: ({ exprName }) => add(firstName(exprName)),
    TSClassImplements: ({ expression }) => add(firstName(expression)),
    TSInterfaceHeritage: ({ expression }) => add(firstName(expression)),
    ClassDeclaration: ({ superClass }) => add(firstName(superClass)),
    TSImportType: ({ source, qualifier }) => {
      const from = declarationFile(file, source.value)
      const target = from && resolveName(load, from, firstName(qualifier), 'exported')
      if (target) used.push(target)
    },
  }).visit(
    /** @type {any} */ ({
      type: 'Program',
      body: [typeOnly ? instanceOf(node) : node],
      sourceType: 'module',
    }),
  )
  return used
}

/** A class without the members that need the class as a value. @param {any} node */
function instanceOf(node) {
  if (node.type !== 'ClassDeclaration') return node
  const body = node.body.body.filter(
    (/** @type {any} */ member) =>
      !member.static && member.kind !== 'constructor' && member.accessibility !== 'protected',
  )
  return { ...node, body: { ...node.body, body } }
}

/** `a` of `a.b.c`. @param {any} node @returns {string} */
function firstName(node) {
  if (node?.type === 'TSQualifiedName') return firstName(node.left)
  if (node?.type === 'MemberExpression') return firstName(node.object)
  return node?.name ?? ''
}
