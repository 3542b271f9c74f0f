// The status line tells each problem in the words of the catalogue; being offline is no alarm.
import { expect, test } from 'vitest'
import { RecordedCore } from './recorded'
import { open, until } from './page'
import { say } from '../src/lib/texts'
import type { SyncView } from '../src/lib/api'

const calm: SyncView = {
  configured: true, online: true, cases: 1, confirmed: 1, waiting: 0, quarantined: 0, confirmed_at: '2026-11-21T06:00:00.000Z', problem: '', reference: '', profile: 'demo@1'
}
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

test.each(['sync_alarm', 'grant_expired', 'second_copy_behind', 'server_answer_unreadable', 'server_unavailable', 'server_refused', 'device_revoked'])(
  '%s is told in words of its own',
  async (code) => {
    const text = await told({ online: false, problem: code, reference: 'A1B2C3' })
    expect(text).toContain(say(`error.${code}`, { reference: 'A1B2C3' }))
    expect(text).not.toContain(say('error.internal', { reference: code }))
  }
)

test('a missing second copy is told where there is no central store, too', async () => {
  await open(new RecordedCore({ sync_status: { ...calm, configured: false, problem: 'second_copy_behind' } }))
  await until(() => document.getElementById('status-problem') !== null, 'the problem')
  expect(line()).toContain(say('error.second_copy_behind'))
})
