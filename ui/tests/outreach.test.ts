// A case is laid on an outreach laptop before a visit, and taken off again.
import { expect, test } from 'vitest'
import type { OutreachRow } from '../src/lib/api'
import { answers, RecordedCore, refusal } from './recorded'
import { expectAccessible, get, open, until } from './page'

const session = { ...answers.start_ready.session!, acts: [...answers.start_ready.session!.acts, 'give_out'] }
const lead = { ...answers.start_ready, session }
const laptop: OutreachRow = { id: 'd-1', code: 'S3', name: 'Bærbar 1', holds: false }
const page = { name: 'case', case: answers.case.row.id } as const

test('a lead lays the case on a laptop and takes it off again', async () => {
  let holds = false
  const rows = () => ({ rows: [{ ...laptop, holds }] })
  const { core } = await open(new RecordedCore({ start_state: lead, outreach_list: rows, give_out: () => { holds = !holds; return rows() } }), page)
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
