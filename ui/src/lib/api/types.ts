// Mirrors crates/app/src/api until the generated file is in place.

export type Fields = { [key in string]: FieldValue }
export interface CaseRowView {
  id: string
  number: string
  name: string
  cpr_masked: string
  state: string
  ticks_done: Array<string>
  ticks_missing: Array<string>
  received_on: string
  updated_at: string
  location: string
  conflict: boolean
  sync: string
}
export interface CaseListRequest {
  query: string
  filter: string
  after: string | null
  purpose: string | null
}
export interface CasePage {
  rows: Array<CaseRowView>
  next: string | null
  total: number | null
}
export interface CaseRef {
  id: string
  purpose: string | null
}
export interface TickView {
  tick: string
  at: string
  initials: string
  detail: string
  due: boolean
}
export interface TimelineEntry {
  at: string
  initials: string
  kind: string
  detail: string
  device: string
  sync: string
}
export interface IssuedPaper {
  kind: string
  number: string
  copy: number
  at: string
  initials: string
}
export interface AuditEntry {
  at: string
  initials: string
  action: string
  purpose: string
}
export interface FactLine {
  label: string
  value: string
}
export interface CaseView {
  row: CaseRowView
  age: number | null
  channel: string
  came_instead: string
  address: string
  address_protected: boolean
  facts: Array<FactLine>
  proof: ProofView
  warnings: Array<string>
  exempt: boolean
  ticks: Array<TickView>
  papers_possible: Array<string>
  papers: Array<IssuedPaper>
  attachments: Array<AttachmentView>
  timeline: Array<TimelineEntry>
  audit: Array<AuditEntry>
  actions: Array<string>
  register_seen: string
  register_seen_at: string
  expires_on: string
  unopened_post: string
}
export type Decision =
  | { kind: 'grant'; duration: string | null }
  | { kind: 'refuse'; reasons: string; consultation_held_on: string | null; consultation_not_needed: string }
  | { kind: 'reject'; reason: string; next_step: string }
  | { kind: 'withdraw' }
  | { kind: 'help_instead'; offer: string }
  | { kind: 'forward'; authority: string }
  | { kind: 'incomplete'; missing: Array<string> }
  | { kind: 'hand_in' }
export interface DecideRequest {
  draft_id: string | null
  case_id: string | null
  decision: Decision
  no_conflict_of_interest: boolean
}
export type TickRequest =
  | { tick: 'registered'; case_id: string; reference: string; registered_at: string | null }
  | { tick: 'receipt'; case_id: string; delivery: string; reason: string }
  | { tick: 'journalised'; case_id: string; reference: string }
export interface UndoTickRequest {
  case_id: string
  tick: string
  reason: string
}
export interface RegisterLookRequest {
  case_id: string
  seen: string
}
export interface WrongPersonRequest {
  case_id: string
  reason: string
  removed_from_register: boolean
  resend_post: boolean
  open_draft_for_right_person: boolean
}
export interface WrongPersonDone {
  case: CaseView
  draft_id: string | null
}
export interface TakeBackRequest {
  case_id: string
  reasons: string
  consultation_held_on: string | null
  consultation_not_needed: string
}
export interface EndRequest {
  case_id: string
  ending: string
  ended_on: string
}
export interface NoteRequest {
  case_id: string
  text: string
}
export interface RevokePowerOfAttorneyRequest {
  case_id: string
  revoked_on: string
  reason: string
}
export interface RevealRequest {
  case_id: string
  what: string
  purpose: string
}
export interface Revealed {
  text: string
}
export interface Worklist {
  drafts: Array<DraftSummary>
  missing_ticks: Array<CaseRowView>
  missing_ticks_total: number
  today: number
}
export type FieldValue = boolean | string | Array<string>
export interface DraftView {
  id: string
  step: number
  fields: Fields
  saved_at: string
  attachments: Array<AttachmentView>
}
export interface DraftSummary {
  id: string
  step: number
  name: string
  cpr_masked: string
  channel: string
  saved_at: string
  initials: string
  deleted_on: string
}
export interface DraftSaveRequest {
  id: string
  step: number
  fields: Fields
}
export interface Saved {
  saved_at: string
}
export interface DraftRef {
  id: string
}
export interface DraftCheckRequest {
  id: string
  step: number
}
export interface FieldProblem {
  field: string
  step: number
  code: string
  params: BTreeMap<String
}
export interface DraftCheck {
  problems: Array<FieldProblem>
  warnings: Array<string>
  proof: ProofView
  rule_set: string
  durations: Array<string>
}
export interface ProofView {
  code: string
  text: string
  outcome: string
  fact: string
  source: string
  remedy: string
  parts: Array<ProofView>
}
export interface CprCheckRequest {
  cpr: string
}
export interface CprCheck {
  problem: string
  warnings: Array<string>
  birth_date: string
  age: number | null
  masked: string
}
export interface KnownCitizen {
  shown: boolean
  name: string
  address: string
  address_protected: boolean
  cases: Array<CaseRowView>
  exempt_by_our_record: boolean
  reach: string
}
export interface AttachmentView {
  digest: string
  purpose: string
  media_type: string
  size_bytes: number
  file_name: string
  added_at: string
}
export interface AttachRequest {
  draft_id: string | null
  case_id: string | null
  purpose: string
  path: string | null
}
export interface ScreenSignatureRequest {
  draft_id: string
  png_base64: string
}
export interface AttachmentRef {
  digest: string
}
export interface AttachmentCopy {
  media_type: string
  base64: string
}
export interface UiError {
  code: ErrorCode
  params: BTreeMap<String
  reference: string
}
export interface PaperRequest {
  case_id: string | null
  draft_id: string | null
  kind: string
  large_print: boolean
}
export interface PaperView {
  pdf_base64: string
  number: string
  pages: number
  copy: number
  uncovered: Array<string>
  file_name: string
}
export interface PrintRequest {
  paper: PaperRequest
  printer: string | null
}
export interface SavePaperRequest {
  paper: PaperRequest
  path: string | null
}
export interface PaperDone {
  done: boolean
  number: string
  copy: number
}
export interface PrinterView {
  name: string
  default: boolean
  ready: boolean
}
export interface StartState {
  stage: StartStage
  municipality: string
  today: string
  session: SessionView | null
  demo: boolean
  demo_accounts: Array<DemoAccount>
  profiles: Array<ProfileChoice>
}
export type StartStage = 'first_run' | 'recovery' | 'sign_in' | 'locked' | 'ready'
export interface DemoAccount {
  user_name: string
  name: string
  roles: Array<string>
  password: string
}
export interface ProfileChoice {
  code: string
  municipality: string
  locations: Array<LocationChoice>
}
export interface LocationChoice {
  code: string
  name: string
  opens_on: string
}
export interface FirstRunRequest {
  profile: string
  location: string
  device_code: string
  name: string
  initials: string
  user_name: string
  password: string
  serves_at_counter: boolean
}
export interface FirstRunDone {
  recovery_code: string
  session: SessionView
}
export interface SignInRequest {
  user_name: string
  password: string
}
export interface SecretRequest {
  secret: string
}
export interface SessionView {
  staff_id: string
  name: string
  initials: string
  roles: Array<string>
  acts: Array<string>
  location: string
  location_name: string
  lock_after_seconds: number
}
export interface StaffView {
  id: string
  user_name: string
  name: string
  initials: string
  roles: Array<string>
  active: boolean
}
export interface StaffSaveRequest {
  id: string | null
  user_name: string
  name: string
  initials: string
  roles: Array<string>
  active: boolean
  password: string | null
}
export interface SettingsView {
  profile: string
  municipality: string
  location: string
  locations: Array<LocationChoice>
  device_code: string
  server: string
  version: string
  theme: string
  screen_signature: boolean
  id_kinds: Array<Choice>
  help_offers: Array<Choice>
  not_covered: Array<Choice>
  relations: Array<Choice>
  national_tool: string
}
export interface Choice {
  code: string
  label: string
  detail: string
}
export interface SettingsSaveRequest {
  location: string
  theme: string
}
export interface SyncView {
  configured: boolean
  online: boolean
  cases: number
  confirmed: number
  waiting: number
  quarantined: number
  confirmed_at: string
  problem: string
}
export type ErrorCode = 'invalid_input' | 'not_found' | 'not_signed_in' | 'session_locked' | 'wrong_password' | 'too_many_attempts' | 'not_permitted' | 'rule_broken' | 'draft_incomplete' | 'purpose_missing' | 'first_run_needed' | 'already_set_up' | 'wrong_recovery_code' | 'key_missing' | 'wrong_key' | 'newer_database' | 'database_damaged' | 'database_busy' | 'disk_full' | 'file_unreadable' | 'file_type_unknown' | 'file_too_large' | 'image_too_large' | 'file_not_written' | 'characters_not_covered' | 'printer_missing' | 'print_failed' | 'server_away' | 'server_strange' | 'device_refused' | 'forms_broken' | 'internal'
export interface Commands {
  start_state: { request: null; answer: StartState }
  first_run: { request: FirstRunRequest; answer: FirstRunDone }
  recover: { request: SecretRequest; answer: StartState }
  sign_in: { request: SignInRequest; answer: SessionView }
  sign_out: { request: null; answer: null }
  session_lock: { request: null; answer: null }
  session_unlock: { request: SecretRequest; answer: SessionView }
  staff_list: { request: null; answer: Array<StaffView> }
  staff_save: { request: StaffSaveRequest; answer: Array<StaffView> }
  settings: { request: null; answer: SettingsView }
  settings_save: { request: SettingsSaveRequest; answer: SettingsView }
  worklist: { request: null; answer: Worklist }
  draft_new: { request: null; answer: DraftView }
  draft_list: { request: null; answer: Array<DraftSummary> }
  draft_open: { request: DraftRef; answer: DraftView }
  draft_save: { request: DraftSaveRequest; answer: Saved }
  draft_delete: { request: DraftRef; answer: Saved }
  draft_restore: { request: DraftRef; answer: DraftView }
  draft_check: { request: DraftCheckRequest; answer: DraftCheck }
  cpr_check: { request: CprCheckRequest; answer: CprCheck }
  citizen_known: { request: DraftRef; answer: KnownCitizen }
  screen_signature: { request: ScreenSignatureRequest; answer: AttachmentView }
  attachment_copy: { request: AttachmentRef; answer: AttachmentCopy }
  decide: { request: DecideRequest; answer: CaseView }
  case_list: { request: CaseListRequest; answer: CasePage }
  case_show: { request: CaseRef; answer: CaseView }
  tick: { request: TickRequest; answer: CaseView }
  tick_undo: { request: UndoTickRequest; answer: CaseView }
  register_look: { request: RegisterLookRequest; answer: CaseView }
  correct_wrong_person: { request: WrongPersonRequest; answer: WrongPersonDone }
  take_back: { request: TakeBackRequest; answer: CaseView }
  end_exemption: { request: EndRequest; answer: CaseView }
  note_add: { request: NoteRequest; answer: CaseView }
  revoke_power_of_attorney: { request: RevokePowerOfAttorneyRequest; answer: CaseView }
  reveal: { request: RevealRequest; answer: Revealed }
  paper_preview: { request: PaperRequest; answer: PaperView }
  sync_status: { request: null; answer: SyncView }
  sync_now: { request: null; answer: SyncView }
  attach: { request: AttachRequest; answer: AttachmentView | null }
  paper_print: { request: PrintRequest; answer: PaperDone }
  paper_save: { request: SavePaperRequest; answer: PaperDone }
  printers: { request: null; answer: Array<PrinterView> }
}
