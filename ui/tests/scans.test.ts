// One scan may stand for two papers: what it is belongs to what it is known by.
import { expect, test } from 'vitest'
import type { AttachmentView } from '../src/lib/api'
import { answers, RecordedCore } from './recorded'
import { expectAccessible, get, open, settle, until } from './page'

const scan = (purpose: string): AttachmentView => ({
  digest: 'a'.repeat(64), purpose, media_type: 'application/pdf', size_bytes: 20_480, file_name: 'scan.pdf', added_at: '2026-11-21T06:00:00.000Z'
})
const both = [scan('signed_request'), scan('signed_power_of_attorney')]

test('a case shows both papers', async () => {
  await open(new RecordedCore({ case_show: { ...answers.case, attachments: both } }), { name: 'case', case: answers.case.row.id })
  await until(() => document.querySelectorAll('[data-testid=see-attachment]').length === 2, 'both papers')
  await expectAccessible()
})

test('attached a second time as another paper it stands for both on step 4', async () => {
  const fields = { ...answers.draft.fields, channel: 'representative', signing_method: 'paper' }
  const core = new RecordedCore({
    draft_open: { ...answers.draft, step: 4, fields, attachments: [] }, attach: ({ purpose }: { purpose: string }) => scan(purpose)
  })
  await open(core, { name: 'counter', draft: answers.draft.id })
  await until(() => document.getElementById('attach-power-of-attorney') !== null, 'step 4')
  for (const paper of ['request', 'power-of-attorney', 'request']) {
    get(`attach-${paper}`).click()
    await settle()
  }
  await until(() => core.of('attach').length === 3, 'the scans')
  expect(document.querySelectorAll('#see-signed_request')).toHaveLength(1)
  expect(document.querySelectorAll('#see-signed_power_of_attorney')).toHaveLength(1)
})

test('two scans of one paper are two on step 4', async () => {
  const fields = { ...answers.draft.fields, channel: 'self', signing_method: 'paper' }
  const attachments = [scan('signed_request'), { ...scan('signed_request'), digest: 'b'.repeat(64) }]
  await open(new RecordedCore({ draft_open: { ...answers.draft, step: 4, fields, attachments } }), { name: 'counter', draft: answers.draft.id })
  await until(() => document.getElementById('see-signed_request-2') !== null, 'the second')
  expect(document.querySelectorAll('#see-signed_request')).toHaveLength(1)
  expect(document.querySelectorAll('#attached-signed_request')).toHaveLength(1)
  await expectAccessible()
})
