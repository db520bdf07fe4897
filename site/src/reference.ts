import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Application, LogLevel, type TypeDocOptions } from 'typedoc'
import { ENTRY_POINTS } from './entry-points.js'
import { REPOSITORY, ROOT, SITE, STAGED } from './places.js'

/** The packages whose public members must have a comment. */
const PACKAGES = [...new Set(ENTRY_POINTS.map(({ name }) => /^(?:@[^/]+\/)?[^/]+/.exec(name)![0]))]

const SOURCES: Partial<TypeDocOptions> = {
  tsconfig: join(SITE, 'typedoc.tsconfig.json'),
  entryPoints: ENTRY_POINTS.map(({ source }) => source),
  excludeInternal: true,
  excludePrivate: true,
  excludeExternals: true,
  // `npm run build` has checked the types.
  skipErrorChecking: true,
}

const CHECKS: Partial<TypeDocOptions> = {
  requiredToBeDocumented: [
    'Enum',
    'EnumMember',
    'Variable',
    'Function',
    'Class',
    'Interface',
    'Property',
    'Method',
    'Accessor',
    'TypeAlias',
  ],
  packagesRequiringDocumentation: PACKAGES,
  validation: { notDocumented: true, notExported: false, invalidLink: true, invalidPath: true },
}

const LAYOUT: Partial<TypeDocOptions> & Record<string, unknown> = {
  plugin: ['typedoc-plugin-markdown'],
  router: 'module',
  name: 'Reference',
  readme: 'none',
  sort: ['source-order'],
  basePath: ROOT,
  disableGit: true,
  logLevel: 'Warn',
  gitRevision: 'main',
  // Paths are from the folder that contains all entry points.
  sourceLinkTemplate: `${REPOSITORY}/blob/main/packages/{path}#L{line}`,
  // Those of typedoc-plugin-markdown.
  entryFileName: 'index',
  hidePageHeader: true,
  hideBreadcrumbs: true,
  useCodeBlocks: true,
  useHTMLAnchors: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  classPropertiesFormat: 'table',
  typeAliasPropertiesFormat: 'table',
  typeDeclarationFormat: 'table',
  propertyMembersFormat: 'table',
  enumMembersFormat: 'table',
  tableColumnSettings: { hideSources: true, hideOverrides: true, hideInherited: true },
}

/**
 * Writes one page for each entry point, from the doc comments of the sources.
 *
 * @returns the problems, such as public members without a comment
 */
export async function writeReference(folder = join(STAGED, 'reference')): Promise<string[]> {
  const problems: string[] = []
  const options = { ...SOURCES, ...CHECKS, ...LAYOUT, out: folder }
  const app = await Application.bootstrapWithPlugins(options as Partial<TypeDocOptions>)
  app.logger.log = (message: string, level: LogLevel) => {
    if (level >= LogLevel.Warn && !WITHOUT_COMMENT.test(message)) problems.push(message)
  }
  const project = await app.convert()
  if (project === undefined) return [...problems, 'the sources cannot be read']
  for (const module of project.children ?? []) {
    const file = module.sources?.[0]?.fullFileName
    const entry = ENTRY_POINTS.find(({ source }) => source === file)
    if (entry === undefined) throw new Error(`site: ${module.name} is not an entry point`)
    module.name = entry.name
  }
  app.validate(project)
  await app.generateOutputs(project)
  for (const name of ['index', ...ENTRY_POINTS.map((entry) => entry.name)]) addFront(folder, name)
  return problems
}

/** Gives a generated page a description, and no link to edit it. */
function addFront(folder: string, name: string): void {
  const file = join(folder, `${name}.md`)
  const about = name === 'index' ? 'All public entry points.' : `Every public member of ${name}.`
  const front = `---\ndescription: ${JSON.stringify(about)}\neditLink: false\n---\n`
  writeFileSync(file, front + readFileSync(file, 'utf8'))
}

/**
 * Members that need no comment: those that the language defines, and the fields of a literal type, which the comment of
 * its member describes.
 */
const WITHOUT_COMMENT = /\.\[(?:asyncDispose|dispose|asyncIterator|iterator)\] \(|\.__type[ .]/
