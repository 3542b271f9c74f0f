// How values are shown and read: dates, times, CPR numbers. Comfort only; the rules live in Rust.
import { t } from './texts'

const zone = 'Europe/Copenhagen'

/** `2026-03-13` as `13.03.2026`; anything else as it stands. */
export function showDate(value: string): string {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(value)
  return parts ? `${parts[3]}.${parts[2]}.${parts[1]}` : value
}

/** A typed date as ISO, or null while it is not a date. Two-digit years are read as the hundred years that end next year, or in `coming` years. */
export function readDate(text: string, thisYear: number, coming = 1): string | null {
  const typed = text.trim()
  const parts =
    /^(\d{1,2})[.\-/ ](\d{1,2})[.\-/ ](\d{4}|\d{2})$/.exec(typed) ?? /^(\d{2})(\d{2})(\d{4}|\d{2})$/.exec(typed)
  if (!parts) return null
  const day = Number(parts[1])
  const month = Number(parts[2])
  let year = Number(parts[3])
  if (parts[3]!.length === 2) {
    year += 2000
    if (year > thisYear + coming) year -= 100
  }
  const date = new Date(Date.UTC(year, month - 1, day))
  const real = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
  return real ? `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}` : null
}

/** Whether a date field holds a date: it gives the ISO date once what was typed can be read, and what was typed until then. */
export function isDate(value: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(value)
}

/** A typed time of day (`14.02`, `14:02`, `1402`) as `14:02`, or null while it is none. */
export function readTime(text: string): string | null {
  const found = /^(\d{1,2})[.:]?(\d{2})$/.exec(text.trim())
  if (!found || Number(found[1]) > 23 || Number(found[2]) > 59) return null
  return `${found[1]!.padStart(2, '0')}:${found[2]}`
}

/** The instant of a Danish day and time of day, whatever zone the computer is set to. */
export function danishInstant(day: string, time: string): string {
  const guess = new Date(`${day}T${time}:00Z`)
  const at = parts(guess.toISOString())
  const shown = Date.UTC(Number(at.year), Number(at.month) - 1, Number(at.day), Number(at.hour), Number(at.minute))
  return new Date(2 * guess.getTime() - shown).toISOString()
}

function parts(instant: string): Record<string, string> {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone, year: 'numeric', month: 'numeric', day: 'numeric', weekday: 'short',
    hour: '2-digit', minute: '2-digit', hourCycle: 'h23'
  })
  return Object.fromEntries(format.formatToParts(new Date(instant)).map((part) => [part.type, part.value]))
}

/** The Danish calendar date of an instant, as ISO. */
export function danishDay(instant: string): string {
  const at = parts(instant)
  return `${at.year}-${at.month!.padStart(2, '0')}-${at.day!.padStart(2, '0')}`
}

/** `14.02` */
export function showTime(instant: string): string {
  const at = parts(instant)
  return `${at.hour}.${at.minute}`
}

/** `13. marts 2026` from an ISO date. */
export function showLongDate(day: string): string {
  const [year, month, date] = day.split('-')
  return `${Number(date)}. ${t('time.months').split(' ')[Number(month) - 1]} ${year}`
}

/** `Fredag 13. marts 2026` from an ISO date. */
export function showWeekday(day: string): string {
  const index = new Date(`${day}T12:00:00Z`).getUTCDay()
  return `${t('time.weekdays').split(' ')[index]} ${showLongDate(day)}`
}

/** `13. marts kl. 14.01`, with the year where it is another one than today's. */
export function showMoment(instant: string, today: string): string {
  const day = danishDay(instant)
  const [year, month, date] = day.split('-')
  const name = t('time.months').split(' ')[Number(month) - 1]
  const shown = year === today.slice(0, 4) ? `${Number(date)}. ${name}` : `${Number(date)}. ${name} ${year}`
  return t('time.moment', { date: shown, time: showTime(instant) })
}

/** For lists: `12.41` today, `i går 15.48` yesterday, otherwise `09.03.2026`. */
export function showRecent(instant: string, today: string): string {
  const day = danishDay(instant)
  if (day === today) return showTime(instant)
  const before = new Date(`${today}T12:00:00Z`)
  before.setUTCDate(before.getUTCDate() - 1)
  if (day === before.toISOString().slice(0, 10)) return t('time.yesterday', { time: showTime(instant) })
  return showDate(day)
}

/** For ticks in lists: `12.48 KT`, `i går KT`, `09.03. KT`. */
export function showTick(instant: string, initials: string, today: string): string {
  const day = danishDay(instant)
  if (day === today) return `${showTime(instant)} ${initials}`
  const before = new Date(`${today}T12:00:00Z`)
  before.setUTCDate(before.getUTCDate() - 1)
  if (day === before.toISOString().slice(0, 10)) return t('time.yesterday_short', { who: initials })
  return `${showDate(day).slice(0, 6)} ${initials}`
}

/** The digits of what was typed, pasted or read from a card; a card's other characters fall away. */
export function cprDigits(text: string): string {
  return text.replace(/\D/g, '').slice(0, 10)
}

/** `180655-1234` while it is typed; the dash comes by itself. */
export function spaceCpr(digits: string): string {
  return digits.length > 6 ? `${digits.slice(0, 6)}-${digits.slice(6)}` : digits.length === 6 ? `${digits}-` : digits
}

/** `180655-••••` */
export function maskCpr(digits: string): string {
  if (!digits) return ''
  return digits.length > 6 ? `${digits.slice(0, 6)}-${'•'.repeat(Math.min(4, digits.length - 6))}` : digits
}
