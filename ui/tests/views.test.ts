// Every view with answers the real core gave, looked over by axe.
import { describe, expect, test } from 'vitest'
import { answers, later, RecordedCore, refusal } from './recorded'
import { expectAccessible, get, open, press, settle, type, until } from './page'

const signedIn = answers.start_ready.session!
const draft = { name: 'counter', draft: answers.draft.id } as const
const oneCase = { name: 'case', case: answers.case.row.id } as const
const atStep = (step: number) => new RecordedCore({ draft_open: { ...answers.draft, step } })

describe('axe finds nothing', () => {
  test('signing in', async () => {
    await open(new RecordedCore({ start_state: answers.start_sign_in }))
    expect(document.querySelector('main h1')).not.toBeNull()
    await expectAccessible()
  })
  test('signing in in the browser: offered, waited for, turned back from, refused with words', async () => {
    const inBrowser = later<never>()
    const { core } = await open(
      new RecordedCore({
        start_state: { ...answers.start_sign_in, browser_sign_in: true },
        browser_sign_in: () => inBrowser.answer,
        browser_sign_in_cancel: null
      })
    )
    await expectAccessible()
    get('browser-sign-in').click()
    await until(() => document.getElementById('browser-cancel') !== null, 'the way back')
    expect(document.querySelector('[role="status"]')?.textContent).toBe('Log ind i browseren. Kom så tilbage hertil.')
    await expectAccessible()
    get('browser-cancel').click()
    await until(() => core.of('browser_sign_in_cancel').length === 1, 'the wish to turn back')
    core.answers.browser_sign_in = () => {
      throw refusal('browser_sign_in_no_role')
    }
    inBrowser.give(Promise.reject(refusal('browser_sign_in_abandoned')) as never)
    await until(() => document.getElementById('sign-in-error') !== null, 'the reason')
    get('browser-sign-in').click()
    await until(() => get('sign-in-error').textContent?.includes('rolle') ?? false, 'the other reason')
    expect(get('sign-in-error').textContent).toContain('Dit login giver ikke adgang til Skranke. Bed din leder om en rolle.')
    await expectAccessible()
  })
  test('without a provider the sign-in screen offers no browser', async () => {
    await open(new RecordedCore({ start_state: answers.start_sign_in }))
    expect(document.getElementById('browser-sign-in')).toBeNull()
  })
  test('the locked screen', async () => {
    await open(new RecordedCore({ start_state: { ...answers.start_ready, stage: 'locked' } }))
    await expectAccessible()
  })
  test('recovery', async () => {
    await open(new RecordedCore({ start_state: { ...answers.start_ready, stage: 'recovery', session: null } }))
    expect(get('recovery_code')).toBeTruthy()
    await expectAccessible()
  })
  test('the PIN, and the recovery code instead of it', async () => {
    const { core } = await open(
      new RecordedCore({
        start_state: { ...answers.start_ready, stage: 'pin', session: null },
        pin_open: () => {
          throw refusal('pin_wrong')
        }
      })
    )
    await expectAccessible()
    await type('pin_code', '714206')
    get('sign-in').click()
    await until(() => document.getElementById('sign-in-error') !== null, 'the reason')
    expect(core.of('pin_open')).toEqual([{ secret: '714206' }])
    await expectAccessible()
    get('use-recovery').click()
    await until(() => document.getElementById('recovery_code') !== null, 'the recovery code')
    expect(document.getElementById('sign-in-error')).toBeNull()
    await expectAccessible()
  })
  test('the end of a lease, and the line that comes back', async () => {
    const pinStage = { ...answers.start_ready, stage: 'pin' as const, session: null }
    const problem = { code: 'lease_ended' as const, params: {}, reference: 'AB12CD' }
    const core = new RecordedCore({ start_state: { ...pinStage, stage: 'lease', problem }, lease_renew: pinStage })
    await open(core)
    expect(document.body.textContent).toContain('Computeren har været uden kommunens server')
    expect(document.body.textContent).toContain('intet er gået tabt')
    expect(document.querySelector('input')).toBeNull()
    await expectAccessible()
    core.answers.start_state = pinStage
    get('sign-in').click()
    await until(() => document.getElementById('pin_code') !== null, 'the PIN')
  })
  test('first run, each step', async () => {
    const profiles = [{ code: 'demo', municipality: 'Solbjerg Kommune', locations: [{ code: 'town_hall', name: 'Borgerservice', opens_on: '2014-03-01', closes_on: '' }] }]
    const { core } = await open(
      new RecordedCore({
        start_state: { ...answers.start_ready, stage: 'first_run', session: null, profiles },
        first_run: { recovery_code: 'ABCD-EFGH-1234', session: signedIn }
      })
    )
    await expectAccessible()
    get('way-alone').click()
    await settle()
    await expectAccessible()
    get('next').click()
    await settle()
    await expectAccessible()
    get('next').click()
    await until(() => document.getElementById('error-summary') !== null, 'the summary of empty fields')
    await type('administrator_name', 'Ann')
    await type('administrator_initials', 'AK')
    await type('administrator_user', 'ann')
    await type('administrator_password', 'langt kodeord')
    get('next').click()
    await until(() => document.getElementById('recovery-code') !== null, 'the recovery code')
    expect(get('recovery-code').textContent).toContain('ABCD-EFGH-1234')
    await expectAccessible()
    expect(core.of('first_run')[0]).toMatchObject({ profile: 'demo', location: 'town_hall', user_name: 'ann' })
  })
  test('first run at the central store', async () => {
    const { core } = await open(
      new RecordedCore({
        start_state: { ...answers.start_ready, stage: 'first_run', session: null },
        enrol: ({ code }) => {
          if (code === 'brugt') throw refusal('enrolment_code_used')
          return { recovery_code: 'ABCD-EFGH-1234', municipality: 'Solbjerg Kommune' }
        }
      })
    )
    get('next').click()
    await until(() => document.getElementById('error-summary') !== null, 'what is missing')
    expect(core.of('enrol')).toHaveLength(0)
    await type('enrol_server', ' skranke.example ')
    await type('enrol_code', 'brugt')
    get('next').click()
    await until(() => document.getElementById('enrol_code-error') !== null, 'the error at the code')
    await expectAccessible()
    await type('enrol_code', ' 990')
    get('next').click()
    await until(() => document.getElementById('recovery-code') !== null, 'the recovery code')
    expect(core.of('enrol')[1]).toEqual({ server: 'skranke.example', code: 'brugt 990' })
    await expectAccessible()
  })
  test('start', async () => {
    await open()
    await until(() => document.querySelector('[data-testid="open-row-0"]') !== null, 'the list')
    await expectAccessible()
  })
  test.each([1, 2, 3, 4, 5])('step %i', async (step) => {
    await open(atStep(step), draft)
    await until(() => document.getElementById('next') !== null && document.querySelector('.page .m[aria-busy]') === null, 'the step')
    await expectAccessible()
  })
  test('step 6', async () => {
    await open(new RecordedCore(), { name: 'finish', case: answers.case.row.id })
    await until(() => document.getElementById('ticks') !== null, 'the ticks')
    await expectAccessible()
  })
  test('cases, queue, case page', async () => {
    const { desk } = await open(new RecordedCore(), { name: 'cases' })
    await until(() => document.querySelector('[data-testid="case-row-0"]') !== null, 'the cases')
    await expectAccessible()
    desk.router.go({ name: 'queue' })
    await until(() => document.querySelector('[data-testid="open-row-0"]') !== null, 'the queue')
    await expectAccessible()
    desk.router.go(oneCase)
    await until(() => document.getElementById('overview') !== null, 'the case')
    await expectAccessible()
  })
  test('the case page of an auditor, with the log', async () => {
    await open(new RecordedCore({ start_state: answers.start_auditor, case_show: answers.case_auditor }), oneCase)
    await until(() => document.getElementById('audit') !== null, 'the log')
    await expectAccessible()
  })
  test('settings of an administrator, with a staff dialog', async () => {
    await open(new RecordedCore({ start_state: answers.start_administrator }), { name: 'settings' })
    await until(() => document.getElementById('staff-karin') !== null, 'the accounts')
    get('staff-karin').click()
    await until(() => document.getElementById('staff-dialog') !== null, 'the dialog')
    await expectAccessible()
  })
  test('the sheet of shortcuts', async () => {
    const { desk } = await open()
    get<HTMLElement>('new-cpr').blur()
    press('?')
    await until(() => desk.helpOpen, 'the sheet')
    expect(get('shortcuts').textContent).toContain('Ctrl N')
    await expectAccessible()
  })
})

describe('the day', () => {
  test('its figures stand beside the work, and the list says when each was granted', async () => {
    const worklist = { ...answers.worklist, today: { finished: 14, granted: 9, helped_instead: 4, rejected: 1 } }
    await open(new RecordedCore({ worklist }))
    expect(get('today').textContent).toBe('Afsluttet14Bevilget9Hjælp i stedet4Afvist1')
    expect(worklist.missing_ticks.every((row) => row.decided_at)).toBe(true)
    expect([...document.querySelectorAll('.list th')].map((head) => head.textContent)).toContain('Bevilget')
    expect(document.querySelector('.list td.state')?.textContent).toMatch(/\d\d\.\d\d/)
  })
})

describe('empty states say what to do', () => {
  test('nothing parked, nothing unfinished', async () => {
    await open(new RecordedCore({ worklist: { drafts: [], missing_ticks: [], missing_ticks_total: 0, today: { finished: 0, granted: 0, helped_instead: 0, rejected: 0 }, returned: [] } }))
    expect(document.body.textContent).toContain('Tryk F8')
    expect(document.body.textContent).toContain('Alle bevilgede sager er gjort færdige')
  })
})

describe('who may do what', () => {
  test('looking outside open work asks why, and the answer goes along', async () => {
    const { core } = await open(
      new RecordedCore({
        case_show: (request: { purpose: string | null }) => {
          if (!request.purpose) throw refusal('purpose_missing')
          return answers.case
        }
      }),
      oneCase
    )
    await until(() => document.getElementById('purpose-dialog') !== null, 'the question')
    expect(document.getElementById('overview')).toBeNull()
    get('purpose-confirm').click()
    await until(() => document.getElementById('overview') !== null, 'the case')
    expect(core.of('case_show').at(-1)).toMatchObject({ purpose: 'citizen_contact' })
  })
  test('the core locking by itself shows the lock', async () => {
    const core = new RecordedCore()
    const { desk } = await open(core)
    core.answers.start_state = { ...answers.start_ready, stage: 'locked' }
    core.answers.draft_new = () => {
      throw refusal('session_locked')
    }
    get('without-cpr').click()
    await until(() => desk.stage === 'locked', 'the lock')
    expect(get('password')).toBeTruthy()
  })
})
