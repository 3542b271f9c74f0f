// Reading a proof tree: its leaves, and what would change the outcome.
import type { ProofView } from './api'

/** The leaves that stand so; a branch that does not matter has none. */
export function leaves(proof: ProofView, outcome: string): ProofView[] {
  if (proof.outcome === 'not_needed') return []
  if (proof.parts.length === 0) return proof.outcome === outcome ? [proof] : []
  return proof.parts.flatMap((part) => leaves(part, outcome))
}

/** What would change the outcome, each once. */
export function remedies(proof: ProofView): ProofView[] {
  const found = [...leaves(proof, 'not_met'), ...leaves(proof, 'not_known')].filter((part) => part.remedy)
  return found.filter((part, at) => found.findIndex((other) => other.remedy === part.remedy) === at)
}

export interface ProofLine {
  depth: number
  proof: ProofView
  /** Not met, but a branch of *one of these* where another one is: it does not count. */
  idle: boolean
}

/** The tree as lines, without its root. */
export function lines(proof: ProofView, depth = 0, idle = false): ProofLine[] {
  return proof.parts.flatMap((part) => {
    const beside = idle || part.outcome === 'not_needed'
    return [{ depth, proof: part, idle: beside }, ...lines(part, depth + 1, beside)]
  })
}
