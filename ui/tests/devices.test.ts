// Whose data a computer held: an answer stands under the computer it is about.
import { expect, test } from 'vitest'
import type { DeviceRow, HoldingsPage } from '../src/lib/api'
import { answers, later, RecordedCore } from './recorded'
import { get, open, settle, until } from './page'

const session = { ...answers.start_ready.session!, acts: [...answers.start_ready.session!.acts, 'list_devices', 'read_audit'] }
const settings = { ...answers.settings, server: 'https://skranke.example' }
const computer = (id: string, code: string): DeviceRow => ({
  id, code, name: 'Bærbar', state: 'active', state_since: '', revoked_by: '', reason: '', last_seen_at: '', last_by: '', successor_of: '', is_this: false, own_cases_only: false
})
const held = (name: string): HoldingsPage => ({ rows: [{ id: `case of ${name}`, name, cpr_masked: '180655-••••', number: '2026-S1-0001' }], total: 1, more: false })

async function page(changes = {}): Promise<RecordedCore> {
  const core = new RecordedCore({
    start_state: { ...answers.start_ready, session }, settings,
    device_list: { rows: [computer('a', 'S3'), computer('b', 'S4')], outcome: '' }, ...changes
  })
  await open(core, { name: 'settings' })
  await until(() => document.getElementById('device-holdings-S3') !== null, 'the computers')
  return core
}
async function show(code: string): Promise<void> {
  get(`device-holdings-${code}`).click()
  await until(() => document.getElementById('holdings-title')?.textContent?.includes(code) ?? false, 'the question')
  get('holdings-show').click()
  await settle()
}

test('a slow answer about one computer does not stand under another', async () => {
  const slow = later<HoldingsPage>()
  const core = await page({ device_holdings: ({ id }: { id: string }) => (id === 'a' ? slow.answer : held('Bodil Aagaard')) })
  await show('S3')
  await show('S4')
  slow.give(held('Aase Lindholm'))
  await settle()
  expect(core.of('device_holdings')).toHaveLength(2)
  expect(get('holdings').textContent).toContain('Bodil Aagaard')
  expect(get('holdings').textContent).not.toContain('Aase Lindholm')
})

test('the file that was saved about one computer is not told about another', async () => {
  const core = await page({ device_holdings: held('Aase Lindholm'), device_holdings_save: { file: 'S3.pdf' } })
  await show('S3')
  get('holdings-pdf').click()
  await until(() => get('holdings-saved').textContent?.includes('S3.pdf') ?? false, 'the saved file')
  const slow = later<{ file: string }>()
  core.answers.device_holdings_save = () => slow.answer
  get('holdings-pdf').click()
  await settle()
  await show('S4')
  expect(get('holdings-saved').textContent).not.toContain('S3.pdf')
  slow.give({ file: 'S3.pdf' })
  await settle()
  expect(get('holdings-saved').textContent).not.toContain('S3.pdf')
})
