// The status line tells each problem in the words of the catalogue; being offline is no alarm.
import { expect, test } from 'vitest'
import { answers, onTheLine, RecordedCore } from './recorded'
import { get, open, settle, until } from './page'
import { say } from '../src/lib/texts'
import type { SyncView } from '../src/lib/api'

const calm: SyncView = { ...onTheLine, cases: 1, confirmed: 1, waiting: 0 }
const line = () => document.querySelector('footer.status')?.textContent ?? ''

async function told(change: Partial<SyncView>): Promise<string> {
  await open(new RecordedCore({ sync_status: { ...calm, ...change } }))
  await until(() => document.getElementById('status-sync') !== null || !change.configured, 'the status line')
  return line()
}

test('an unreachable server is a calm line, not an error', async () => {
  expect(await told({ online: false, problem: 'offline' })).toContain(say('status.offline'))
  expect(document.getElementById('status-problem')).toBeNull()
})

test.each(['sync_alarm', 'clock_wrong', 'grant_expired', 'second_copy_behind', 'server_answer_unreadable', 'server_unavailable', 'server_refused', 'device_revoked'])(
  '%s is told in words of its own',
  async (code) => {
    const text = await told({ online: false, problem: code, reference: 'A1B2C3' })
    expect(text).toContain(say(`error.${code}`, { reference: 'A1B2C3' }))
    expect(text).not.toContain(say('error.internal', { reference: code }))
  }
)

test('the day is the one the core tells, not that of this computer', async () => {
  const sync_status = { ...calm, now: '2031-05-05T22:14:00.000Z' }
  await open(new RecordedCore({ sync_status }))
  await until(() => document.getElementById('status-day')?.dataset.day === '2031-05-06', 'the day in Denmark')
})

test('a missing second copy is told where there is no central store, too', async () => {
  await open(new RecordedCore({ sync_status: { ...calm, configured: false, problem: 'second_copy_behind' } }))
  await until(() => document.getElementById('status-problem') !== null, 'the problem')
  expect(line()).toContain(say('error.second_copy_behind'))
})

test('how far a long round is can be read, and it can be stopped', async () => {
  const progress = { what: 'read', done: 12, of: 50 }
  const core = new RecordedCore({ sync_status: { ...calm, progress }, sync_cancel: calm })
  await open(core)
  await until(() => document.getElementById('sync-stop') !== null, 'the way to stop')
  expect(line()).toContain(say('status.progress_read', { percent: 24 }))
  expect(document.querySelector('progress')?.value).toBe(24)
  document.getElementById('sync-stop')?.click()
  await until(() => document.getElementById('status-progress') === null, 'the round to be over')
  expect(core.of('sync_cancel')).toHaveLength(1)
})

test('what is not known yet of a round is no number', async () => {
  const progress = { what: 'begun', done: 0, of: 0 }
  expect(await told({ progress })).toContain(say('status.progress_begun'))
  expect(document.querySelector('progress')?.hasAttribute('value')).toBe(false)
})

test('each case of the last round is told by name and number, with how it stands', async () => {
  const rows = [
    { id: 'b', number: '2026-S1-000002', name: 'Bodil Aagaard', sync: 'quarantined' },
    { id: 'a', number: '2026-S1-000001', name: 'Aase Lindholm', sync: 'confirmed' }
  ]
  await open(new RecordedCore({ sync_status: { ...calm, sent: 2 }, sync_sent: { rows } }))
  await until(() => document.getElementById('show-sent') !== null, 'the way to the list')
  document.getElementById('show-sent')?.click()
  await until(() => document.querySelectorAll('[data-testid=sent-row]').length === 2, 'the cases')
  const told = [...document.querySelectorAll('[data-testid=sent-row]')].map((row) => row.textContent ?? '')
  expect(told[0]).toContain('Bodil Aagaard')
  expect(told[0]).toContain(say('window.sync_quarantined'))
  expect(told[1]).toContain('2026-S1-000001')
  expect(told[1]).toContain(say('window.sync_confirmed'))
})

test.each([
  ['the shell tells', async (core: RecordedCore) => core.tell({ ...calm, profile: 'demo@2' })],
  ['a round is stopped', async () => get('sync-stop').click()],
  ['a round is asked for', async () => get('sync-now').click()]
])('another set-up of the municipality reaches the lists of an open window when %s', async (_, happens) => {
  const progress = { what: 'read', done: 1, of: 2 }
  const newer = { ...calm, profile: 'demo@2' }
  const core = new RecordedCore({ sync_status: { ...calm, progress }, sync_cancel: newer, sync_now: newer, settings: { ...answers.settings, server: 'https://skranke.example' } })
  await open(core, { name: 'settings' })
  await until(() => document.getElementById('sync-stop') !== null && document.getElementById('sync-now') !== null, 'the page')
  await settle()
  const before = core.of('settings').length
  core.answers.sync_status = newer
  await happens(core)
  await until(() => core.of('settings').length > before, 'the lists anew')
})
