// Dates, moments and numbers: as typed, as read, and as the Danes write them.
import { describe, expect, test } from 'vitest'
import { cprDigits, maskCpr, readDate, showDate, showMoment, showRecent, showTime, showWeekday, spaceCpr } from '../src/lib/format'

describe('a date as it is typed', () => {
  test.each([
    ['02.03.2026', '2026-03-02'],
    ['2.3.26', '2026-03-02'],
    ['2/3-2026', '2026-03-02'],
    ['2-3-2026', '2026-03-02'],
    ['020326', '2026-03-02'],
    ['02032026', '2026-03-02'],
    ['14.08.97', '1997-08-14'],
    ['31.02.2026', null],
    ['29.02.2024', '2024-02-29'],
    ['', null],
    ['02.03.', null]
  ])('%s is read as %s', (typed, read) => expect(readDate(typed, 2026)).toBe(read))

  test('a day to come may lie years ahead', () => {
    expect(readDate('31.12.28', 2026)).toBe('1928-12-31')
    expect(readDate('31.12.28', 2026, 50)).toBe('2028-12-31')
  })

  test('an ISO date is shown the Danish way and anything else as it stands', () => {
    expect(showDate('2026-03-13')).toBe('13.03.2026')
    expect(showDate('02.03.202')).toBe('02.03.202')
  })
})

describe('moments are shown in Danish time', () => {
  test('summer and winter', () => {
    expect(showTime('2026-07-01T12:00:00Z')).toBe('14.00')
    expect(showTime('2026-12-01T12:00:00Z')).toBe('13.00')
  })
  test('a moment near midnight belongs to the Danish day', () => {
    expect(showMoment('2026-03-12T23:30:00Z', '2026-03-13')).toBe('13. marts kl. 00.30')
  })
  test('today by the clock, yesterday by name, older by date', () => {
    expect(showRecent('2026-03-13T11:41:00Z', '2026-03-13')).toBe('12.41')
    expect(showRecent('2026-03-12T14:48:00Z', '2026-03-13')).toBe('i går 15.48')
    expect(showRecent('2026-03-02T14:48:00Z', '2026-03-13')).toBe('02.03.2026')
  })
  test('the day of the week stands first', () => expect(showWeekday('2026-03-13')).toBe('Fredag 13. marts 2026'))
})

describe('a CPR number', () => {
  test('takes its digits from typing, pasting and a card reader alike', () => {
    expect(cprDigits('180655-3985')).toBe('1806553985')
    expect(cprDigits(' 18 06 55 39 85\n')).toBe('1806553985')
  })
  test('gets its dash by itself', () => {
    expect(spaceCpr('18065')).toBe('18065')
    expect(spaceCpr('180655')).toBe('180655-')
    expect(spaceCpr('1806553')).toBe('180655-3')
  })
  test('hides its last digits when it is not typed', () => {
    expect(maskCpr('1806553985')).toBe('180655-••••')
    expect(maskCpr('')).toBe('')
  })
})
