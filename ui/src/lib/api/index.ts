// Every command the window asks of the core, with its request and its answer: generated from the core's table.
import type { Commands as CoreCommands } from './generated/types'

export type * from './generated/types'

export type Commands = CoreCommands
export type CommandName = keyof Commands
export type FieldValueOf = import('./generated/types').FieldValue
