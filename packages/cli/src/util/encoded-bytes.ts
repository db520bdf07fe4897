const NOT_HEX = /[^0-9a-f]/i
const NOT_BASE64 = /[^A-Za-z0-9+/_-]/

/** Decodes hexadecimal digits, or base64 in either alphabet; `undefined` if the text is invalid. */
export function encodedBytes(text: string, as: 'hex' | 'base64'): Buffer | undefined {
  return (as === 'hex' ? isHex(text) : isBase64(text)) ? Buffer.from(text, as) : undefined
}

function isHex(text: string): boolean {
  return text.length % 2 === 0 && !NOT_HEX.test(text)
}

function isBase64(text: string): boolean {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  return text.length % 4 !== 1 && !NOT_BASE64.test(text.slice(0, text.length - padding))
}
