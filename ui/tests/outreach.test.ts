// A case is laid on an outreach laptop before a visit, and taken off again.
import { expect, test } from 'vitest'
import type { OutreachRow } from '../src/lib/api'
import { answers, RecordedCore, refusal } from './recorded'
import { expectAccessible, get, open, until } from './page'

const session = { ...answers.start_ready.session!, acts: [...answers.start_ready.session!.acts, 'give_out'] }
const lead = { ...answers.start_ready, session }
const laptop: OutreachRow = { id: 'd-1', code: 'S3', name: 'Bærbar 1', holds: false }
const underWay = { ...answers.case, actions: [...answers.case.actions, 'give_out'] }
const page = { name: 'case', case: answers.case.row.id } as const

test('a lead lays the case on a laptop and takes it off again', async () => {
  let holds = false
  const rows = () => ({ rows: [{ ...laptop, holds }], may_give: true })
  const { core } = await open(new RecordedCore({ start_state: lead, case_show: underWay, outreach_list: rows, give_out: () => { holds = !holds; return rows() } }), page)
  await until(() => document.getElementById('give-out') !== null, 'the action')
  get('give-out').click()
  await until(() => document.getElementById('outreach-S3') !== null, 'the laptop')
  expect(get('outreach-S3').textContent).toContain('Ligger der ikke')
  await expectAccessible()
  get('outreach-move-S3').click()
  await until(() => get('outreach-S3').textContent?.includes('Ligger på computeren') ?? false, 'it is given')
  get('outreach-move-S3').click()
  await until(() => get('outreach-S3').textContent?.includes('Ligger der ikke') ?? false, 'it is taken back')
  expect(core.of('give_out')).toEqual([true, false].map((gives) => ({ case_id: page.case, device_id: 'd-1', gives })))
}, 30_000)

test('without a line it says so, and who may not has no action', async () => {
  await open(new RecordedCore({ start_state: lead, outreach_list: () => { throw refusal('online_only') } }), page)
  await until(() => document.getElementById('give-out') !== null, 'the action')
  get('give-out').click()
  await until(() => document.getElementById('outreach-problem') !== null, 'the reason')
  expect(get('outreach-problem').textContent).toContain('forbindelse')
})

test('a case that is over is taken off a laptop and laid on none', async () => {
  const over = { ...answers.case, actions: answers.case.actions.filter((action) => action !== 'give_out') }
  const rows = { rows: [{ ...laptop, holds: true }, { ...laptop, id: 'd-2', code: 'S4' }], may_give: false }
  await open(new RecordedCore({ start_state: lead, case_show: over, outreach_list: rows }), page)
  await until(() => document.getElementById('give-out') !== null, 'the action')
  expect(get('give-out').textContent).toContain('Tag af bærbar')
  get('give-out').click()
  await until(() => document.getElementById('outreach-S4') !== null, 'the laptops')
  expect(get('outreach-lead').textContent).toContain('Sagen er slut')
  expect(document.getElementById('outreach-move-S3')).not.toBeNull()
  expect(document.getElementById('outreach-move-S4')).toBeNull()
})
