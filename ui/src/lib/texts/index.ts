// The Danish texts of the window, typed by key. The words themselves live in `forms/texts/`.
import { texts, type TextKey, type TextValues } from './generated'

export type { TextKey } from './generated'

type Values = Record<string, string | number>

function fill(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (token, name: string) => (name in values ? String(values[name]) : token))
}

/** The text of a key, with its placeholders filled in. */
export function t<K extends TextKey>(
  key: K, ...values: K extends keyof TextValues ? [TextValues[K]] : []
): string {
  return fill(texts[key], (values[0] ?? {}) as unknown as Values)
}

/** A text whose key is made at run time, for instance from a code the core sent. An unknown key shows itself. */
export function say(key: string, values: Values = {}): string {
  const text = (texts as Record<string, string>)[key]
  return text === undefined ? key : fill(text, values)
}

/** Whether the catalogue has a text. */
export function hasText(key: string): key is TextKey {
  return key in texts
}

/** The singular text for one, the plural text for any other number. */
export function count(
  number: number, one: TextKey, many: TextKey
): string {
  return number === 1 ? say(one, { count: 1 }) : say(many, { count: number })
}
