// Whoever works by key is never left nowhere: what takes focus away gives it on.
import { test } from 'vitest'
import { answers, RecordedCore } from './recorded'
import { get, open, press, until } from './page'

test('whoever discards by key stands at the way back, and again where they were', async () => {
  await open(new RecordedCore({ draft_open: { ...answers.draft, step: 2 } }), { name: 'counter', draft: answers.draft.id })
  await until(() => document.getElementById('phone') !== null, 'step 2')
  press('F8')
  await until(() => document.getElementById('discard') !== null, 'the dialog')
  get('discard').focus()
  get('discard').click()
  await until(() => document.activeElement?.id === 'discard-cancel', 'focus on the way back')
  get('discard-cancel').click()
  await until(() => document.activeElement?.id === 'discard', 'focus where it was')
})

test('a paper that did not come out of the only printer can be printed again at once', async () => {
  const core = new RecordedCore({
    printers: [{ name: 'Skranke 1', default: true, ready: true }],
    paper_preview: { pdf_base64: '', number: 'S3-2026-00001', pages: 1, copy: 0, uncovered: [], file_name: 'kvittering.pdf', enclosure: '' },
    paper_print: { done: true, number: 'S3-2026-00001', copy: 0, file: null }, paper_came_out: null
  })
  await open(core, { name: 'finish', case: answers.case.row.id })
  await until(() => document.getElementById('print') !== null && !get<HTMLButtonElement>('print').disabled, 'the paper')
  get('print').click()
  await until(() => document.getElementById('not-out') !== null, 'the question')
  get('not-out').focus()
  get('not-out').click()
  await until(() => document.getElementById('print-lost') !== null, 'what to do now')
  await until(() => document.activeElement?.id === 'print', 'focus on the way to print again')
})
