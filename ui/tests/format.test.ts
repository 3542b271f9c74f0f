// What the window shows and reads of dates, times and CPR numbers.
import { describe, expect, test } from 'vitest'
import { cprDigits, danishDay, maskCpr, readDate, showDate, showMoment, showRecent, showWeekday, spaceCpr } from '../src/lib/format'

describe('dates', () => {
  test('a date is read in the ways people write it', () => {
    for (const typed of ['02.03.2026', '2.3.2026', '2/3/26', '02-03-2026', '020326', '02032026']) {
      expect(readDate(typed, 2026), typed).toBe('2026-03-02')
    }
  })
  test('what is no date stays what was typed', () => {
    for (const typed of ['', '31.02.2026', '2026', 'i går', '1.13.2026']) expect(readDate(typed, 2026), typed).toBeNull()
    expect(showDate('31.02')).toBe('31.02')
  })
  test('a moment is shown in Danish time, whatever the computer thinks', () => {
    expect(danishDay('2026-03-12T23:30:00Z')).toBe('2026-03-13')
    expect(showMoment('2026-03-13T13:01:00Z', '2026-03-13')).toBe('13. marts kl. 14.01')
    expect(showRecent('2026-03-12T14:48:00Z', '2026-03-13')).toBe('i går 15.48')
    expect(showWeekday('2026-03-13')).toBe('Fredag 13. marts 2026')
  })
})

describe('CPR numbers', () => {
  test('typing, pasting and a card reader end in the same digits', () => {
    for (const typed of ['0201703984', '020170-3984', ' 020170 3984 ', '0201703984\n99']) {
      expect(cprDigits(typed)).toBe('0201703984')
    }
  })
  test('the last four are hidden unless they are being typed', () => {
    expect(maskCpr('0201703984')).toBe('020170-••••')
    expect(spaceCpr('0201703984')).toBe('020170-3984')
    expect(maskCpr('0201')).toBe('0201')
  })
})
