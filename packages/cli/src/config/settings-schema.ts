import { SETTINGS, type SettingKind } from './setting-list.js'

type Schema = Readonly<Record<string, unknown>>

/**
 * The JSON schema of `shardy.toml`, by which editors complete and check the file (draft 7, which taplo reads).
 *
 * @param id the URL under which the schema is published
 */
export function settingsSchema(id: string): Schema {
  const properties = tables()
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $id: id,
    title: 'shardy.toml',
    description: 'Settings of the command shardy. Flags and environment variables override them.',
    type: 'object',
    properties: {
      ...properties,
      profiles: {
        description: 'Named sets of settings, chosen with --profile',
        type: 'object',
        additionalProperties: { type: 'object', properties, additionalProperties: false },
      },
    },
    additionalProperties: false,
  }
}

/** The settings, with `s3.region` as a property of the table `s3`. */
function tables(): Schema {
  const properties: Record<string, Schema> = {}
  for (const { name, kind, about, secret } of SETTINGS) {
    const schema = {
      description: secret === true ? `${about} (secret)` : about,
      ...schemaOf(kind),
    }
    const [table, property] = name.split('.')
    if (property === undefined) {
      properties[name] = schema
      continue
    }
    const known = properties[table!]?.['properties'] as Schema | undefined
    properties[table!] = {
      type: 'object',
      properties: { ...known, [property]: schema },
      additionalProperties: false,
    }
  }
  return properties
}

function schemaOf(kind: SettingKind): Schema {
  switch (kind.type) {
    case 'boolean':
      return { type: 'boolean' }
    case 'integer':
      return { type: 'integer', minimum: 1 }
    case 'choice':
      return { type: 'string', enum: kind.choices }
    case 'json':
      // TOML text is read as JSON text.
      return { type: ['object', 'array', 'string', 'number', 'boolean'] }
    case 'module':
      return { type: 'string', minLength: 1, examples: [...kind.names, './module.mjs#name'] }
    case 'text':
    case 'path':
    case 'location':
      return { type: 'string', minLength: 1 }
  }
}
