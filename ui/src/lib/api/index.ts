// Every command the window asks of the core, with its request and its answer.
import type { AttachmentView, Commands as CoreCommands } from './types'

export type * from './types'

/** A condition such as `channel = representative and guardian_parent = false`; empty means always. */
export type Condition = string

export interface FieldChoice {
  value: string
  label: string
  shown: Condition
}

/** A field of the form in effect, as `forms/` defines it: the screen shows what stands there. */
export interface FieldView {
  id: string
  step: number
  part: string
  label: string
  help: string
  kind: 'choice' | 'choices' | 'flag' | 'text' | 'multiline' | 'date' | 'cpr'
  shown: Condition
  required: Condition
  choices: FieldChoice[]
  max_length: number | null
  width: number | null
  rule: string
  /** Words for a problem by its code, where the form has its own. */
  messages: { [code in string]: { summary: string; at_field: string } }
}

/** The form in effect with everything the six steps show that is data. */
export interface FormView {
  version: number
  fields: FieldView[]
  papers: { code: string; title: string; corresponds_to: string }[]
  rule_set: string
  criteria: string[]
  profile: { [key in string]: string }
}

/** What the shell offers besides the core's table. */
export interface ShellCommands {
  form: { request: null; answer: FormView }
  /** Opens the national tool in the computer's browser. */
  national_tool_open: { request: null; answer: null }
  /** Puts a text on the clipboard and clears it again, if it is still there, after the seconds given. */
  clipboard_put: { request: { text: string; clear_after_seconds: number }; answer: null }
}

export type Commands = CoreCommands & ShellCommands
export type CommandName = keyof Commands
export type Attachment = AttachmentView
