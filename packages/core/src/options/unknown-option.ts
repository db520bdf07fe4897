/** The largest number of options that a message lists. */
const LISTED = 8

/**
 * Says that an option does not exist, and names the one that was probably meant, or all if they are few.
 *
 * Shape: `path` has the names of the objects around the option, as in `retry.maxRetry`; `known` are the names that its
 * object takes.
 */
export function unknownOption(path: string, known: readonly string[]): string {
  const start = path.lastIndexOf('.') + 1
  const problem = `unknown option "${path}"`
  const meant = closest(path.slice(start), known)
  if (meant !== undefined) return `${problem}; did you mean "${path.slice(0, start)}${meant}"?`
  if (known.length === 0 || known.length > LISTED) return problem
  return `${problem}; the ${known.length === 1 ? 'option is' : 'options are'} ${known.join(', ')}`
}

/** The name that differs least, if at most a third of it differs. */
function closest(name: string, known: readonly string[]): string | undefined {
  // Every short name is similar to every other.
  if (name.length < 2) return undefined
  let meant: string | undefined
  let least = Math.max(name.length, 3) / 3
  for (const each of known) {
    // Names whose lengths differ more than that need no comparison.
    if (Math.abs(each.length - name.length) > least) continue
    const edits = editsBetween(name.toLowerCase(), each.toLowerCase())
    if (edits > least || (meant !== undefined && edits === least)) continue
    least = edits
    meant = each
  }
  return meant
}

/** Letters to insert, remove, replace or swap with the next one to get from one name to the other. */
function editsBetween(from: string, to: string): number {
  let before: number[] = []
  let row = Array.from({ length: to.length + 1 }, (_, i) => i)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const replaced = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1)
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, replaced)
      const isSwapped = from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]
      if (isSwapped && i > 1 && j > 1) next[j] = Math.min(next[j]!, before[j - 2]! + 1)
    }
    before = row
    row = next
  }
  return row[to.length]!
}
