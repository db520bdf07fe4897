/** Escapes text for HTML and quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(
    /[&<>"']/g,
    (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[c]!,
  )
}

type Attributes = Readonly<Record<string, string | number | undefined>>

/** An element; `content` is markup. */
export function element(name: string, attributes: Attributes = {}, content = ''): string {
  const text = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escapeHtml(shown(value!))}"`)
    .join('')
  return content === '' && VOID.has(name)
    ? `<${name}${text}/>`
    : `<${name}${text}>${content}</${name}>`
}

const VOID = new Set(['rect', 'line', 'circle', 'path', 'polyline'])

function shown(value: string | number): string {
  // Two decimals are finer than any screen.
  return typeof value === 'number' ? String(Math.round(value * 100) / 100) : value
}

/** The text, or its beginning and an ellipsis. */
export function shortened(text: string, characters: number): string {
  return text.length > characters ? `${text.slice(0, characters - 1)}…` : text
}
