// An auditor reads what was done on the municipality's computers.
import { expect, test } from 'vitest'
import type { DeviceRow, LogEntry, LogPage } from '../src/lib/api'
import { answers, RecordedCore, refusal } from './recorded'
import { expectAccessible, get, open, until } from './page'

const acts = ['read_case', 'search', 'read_audit', 'list_devices']
const auditor = { ...answers.start_ready, session: { ...answers.start_ready.session!, acts } }
const settings = { ...answers.settings, server: 'https://skranke.example.dk' }
const computer: DeviceRow = {
  id: 'd-2', code: 'S2', name: 'Skranke 2', own_cases_only: false, is_this: false, successor_of: '', state: 'active', state_since: '', last_by: '', last_seen_at: '', revoked_by: '', reason: ''
}
const computers = { rows: [computer], outcome: '' }
const row = (id: string, more: Partial<LogEntry>): LogEntry => ({
  id, at: '2026-03-13T09:02:00.000Z', computer: 'S2', by: 'Karin Thygesen', action: 'case_read', case_number: '2026-S2-00001', cpr_masked: '020170-••••', purpose: 'case_work', ...more
})
const begun = { start_state: auditor, settings, device_list: computers }

test('an auditor reads the log of a computer, page by page, with what was done and why in words', async () => {
  const log = (request: { next: string | null }): LogPage => request.next
    ? { rows: [row('2', { action: 'signed_in', by: 'Programmet selv', case_number: '', cpr_masked: '', purpose: '' })], next: null }
    : { rows: [row('1', {})], next: 'there' }
  const { core } = await open(new RecordedCore({ ...begun, log_read: log }), { name: 'settings' })
  await until(() => document.getElementById('log-show') !== null, 'the log')
  await expectAccessible()
  const chosen = get<HTMLSelectElement>('log-computer')
  chosen.value = 'd-2'
  chosen.dispatchEvent(new Event('change', { bubbles: true }))
  get('log-show').click()
  await until(() => document.getElementById('log-more') !== null, 'the first page')
  for (const said of ['Karin Thygesen', 'Så sagen', '2026-S2-00001', '020170-••••', 'Sagsbehandling']) expect(get('log').textContent).toContain(said)
  get('log-more').click()
  await until(() => document.getElementById('log-more') === null, 'the last page')
  expect(get('log').textContent).toContain('Loggede ind')
  expect(get('log-count').textContent).toContain('2')
  await expectAccessible()
  const today = auditor.today
  const asked = { purpose: 'supervision', computer: 'd-2', from_on: today, to_on: today }
  expect(core.of('log_read')).toEqual([{ ...asked, next: null }, { ...asked, next: 'there' }])
}, 30_000)

test('days without anything say what to do, days the wrong way round say so at the field, and without a line it is told', async () => {
  let answer = (): LogPage => ({ rows: [], next: null })
  await open(new RecordedCore({ ...begun, log_read: () => answer() }), { name: 'settings' })
  await until(() => document.getElementById('log-show') !== null, 'the log')
  get('log-show').click()
  await until(() => document.getElementById('log-count') !== null, 'the answer')
  expect(get('log-count').textContent).toContain('Vælg andre dage')
  answer = () => { throw refusal('invalid_fields', { field: 'to_on' }) }
  get('log-show').click()
  await until(() => get('log').textContent?.includes('ikke er før den første') ?? false, 'the field')
  answer = () => { throw refusal('online_only') }
  get('log-show').click()
  await until(() => document.getElementById('log-error') !== null, 'the reason')
  expect(get('log-error').textContent).toContain('forbindelse')
})

test('who may not read the log has none', async () => {
  const session = { ...auditor.session, acts: ['list_devices', 'administer'] }
  await open(new RecordedCore({ ...begun, start_state: { ...auditor, session } }), { name: 'settings' })
  await until(() => document.getElementById('device-S2') !== null, 'the computers')
  expect(document.getElementById('log')).toBeNull()
})
