// What stands in the log: what was done and why, in words.
import { hasText, say } from './texts'

/** What was done; its code where a later program wrote it. */
export function actionText(code: string): string {
  return hasText(`window.audit_${code}`) ? say(`window.audit_${code}`) : code
}

/** Why it was done: a code of one of the lists one chooses from, or the words somebody wrote. */
export function purposeText(code: string): string {
  const keys = [`case.purpose_${code}`, `window.purpose_${code}`, `log.purpose_${code}`, `devices.purpose_${code}`]
  const key = keys.find(hasText)
  return key ? say(key) : code
}
