// The other ends of a request and the key of each.
export type OtherOutcome = 'incomplete' | 'withdrawn' | 'helped_instead' | 'refused' | 'rejected' | 'forwarded' | 'died'

export const otherOutcomes: { outcome: OtherOutcome; keys: string }[] = [
  { outcome: 'incomplete', keys: 'Alt M' },
  { outcome: 'withdrawn', keys: 'Alt F' },
  { outcome: 'helped_instead', keys: 'Alt H' },
  { outcome: 'refused', keys: 'Alt A' },
  { outcome: 'rejected', keys: 'Alt V' },
  { outcome: 'forwarded', keys: 'Alt O' },
  { outcome: 'died', keys: 'Alt D' }
]
