type SimpleKind =
  | 'int'
  | 'uint'
  | 'double'
  | 'bool'
  | 'string'
  | 'bytes'
  | 'null'
  | 'timestamp'
  | 'duration'
  | 'type'
  | 'dyn'

/** A type in the checker; `param` stands for one that is not known yet. */
export type TypeTerm =
  | { readonly kind: SimpleKind }
  | { readonly kind: 'list'; readonly item: TypeTerm }
  | { readonly kind: 'map'; readonly key: TypeTerm; readonly value: TypeTerm }
  | { readonly kind: 'param'; readonly id: number }

/** The types bound to parameters; a failed trial is undone without copying the rest. */
export class Binding {
  readonly #types = new Map<number, TypeTerm>()
  readonly #trail: (readonly [id: number, before: TypeTerm | undefined])[] = []

  get(id: number): TypeTerm | undefined {
    return this.#types.get(id)
  }

  set(id: number, type: TypeTerm): void {
    this.#trail.push([id, this.#types.get(id)])
    this.#types.set(id, type)
  }

  mark(): number {
    return this.#trail.length
  }

  rollback(mark: number): void {
    while (this.#trail.length > mark) {
      const [id, before] = this.#trail.pop()!
      if (before === undefined) this.#types.delete(id)
      else this.#types.set(id, before)
    }
  }
}

const simple = (kind: SimpleKind): TypeTerm => ({ kind })

export const INT = simple('int')
export const UINT = simple('uint')
export const DOUBLE = simple('double')
export const BOOL = simple('bool')
export const STRING = simple('string')
export const BYTES = simple('bytes')
export const NULL = simple('null')
export const TIMESTAMP = simple('timestamp')
export const DURATION = simple('duration')
export const TYPE = simple('type')
export const DYN = simple('dyn')

export function listOf(item: TypeTerm): TypeTerm {
  return { kind: 'list', item }
}

export function mapOf(key: TypeTerm, value: TypeTerm): TypeTerm {
  return { kind: 'map', key, value }
}

/** Returns the type that a parameter is bound to, if there is one. */
export function known(type: TypeTerm, binding: Binding): TypeTerm {
  let term = type
  while (term.kind === 'param') {
    const bound = binding.get(term.id)
    if (bound === undefined) return term
    term = bound
  }
  return term
}

/**
 * Returns true if a value of type `from` is allowed where `to` is expected; binds parameters of
 * both on the way.
 *
 * A parameter takes the most general of the types it meets. Source: the observed behaviour of the
 * type checker of cel-cpp.
 */
export function assignable(to: TypeTerm, from: TypeTerm, binding: Binding): boolean {
  const wanted = known(to, binding)
  const given = known(from, binding)
  if (wanted === given) return true
  if (wanted.kind === 'dyn') return true
  if (wanted.kind === 'param') return bind(wanted.id, given, binding)
  if (given.kind === 'param') return bind(given.id, wanted, binding)
  if (given.kind === 'dyn') {
    generalize(to, DYN, binding)
    return true
  }
  if (given.kind === 'null') return wanted.kind === 'null' || isNullable(wanted)
  if (wanted.kind === 'null') {
    if (!isNullable(given)) return false
    generalize(to, given, binding)
    return true
  }
  if (wanted.kind === 'list')
    return given.kind === 'list' && assignable(wanted.item, given.item, binding)
  if (wanted.kind === 'map') {
    return (
      given.kind === 'map' &&
      assignable(wanted.key, given.key, binding) &&
      assignable(wanted.value, given.value, binding)
    )
  }
  return wanted.kind === given.kind
}

export function describeType(type: TypeTerm, binding: Binding): string {
  const term = known(type, binding)
  switch (term.kind) {
    case 'list':
      return `list(${describeType(term.item, binding)})`
    case 'map':
      return `map(${describeType(term.key, binding)}, ${describeType(term.value, binding)})`
    case 'param':
      return 'any'
    default:
      return term.kind
  }
}

function isNullable({ kind }: TypeTerm): boolean {
  return kind === 'timestamp' || kind === 'duration'
}

function bind(id: number, type: TypeTerm, binding: Binding): boolean {
  if (occurs(id, type, binding)) return false
  binding.set(id, type)
  return true
}

function generalize(to: TypeTerm, type: TypeTerm, binding: Binding): void {
  let term = to
  while (term.kind === 'param') {
    const bound = binding.get(term.id)!
    if (bound.kind !== 'param') binding.set(term.id, type)
    term = bound
  }
}

function occurs(id: number, type: TypeTerm, binding: Binding): boolean {
  const term = known(type, binding)
  if (term.kind === 'param') return term.id === id
  if (term.kind === 'list') return occurs(id, term.item, binding)
  return term.kind === 'map' && (occurs(id, term.key, binding) || occurs(id, term.value, binding))
}
