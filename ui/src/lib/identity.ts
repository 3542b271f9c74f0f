// That somebody's ID was seen, in words.
import type { IdSeen } from './api'
import { danishDay, showMoment, showTime } from './format'
import { t } from './texts'

/** `Pas set kl. 13.52 af KT`; with the day where it is another, and without what nobody wrote down. */
export function idSeenText(document: string, seen: IdSeen | null, today: string): string {
  if (!document) return ''
  if (!seen?.initials) return t('window.id_seen', { document })
  const time = danishDay(seen.at) === today ? t('time.at', { time: showTime(seen.at) }) : showMoment(seen.at, today)
  return t('window.id_seen_by', { document, time, initials: seen.initials })
}
