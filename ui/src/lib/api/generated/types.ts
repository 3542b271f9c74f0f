// Generated from crates/app/src/commands.rs. Never edited; a test compares it with the code.

export type ErrorCode = "invalid_fields" | "not_found" | "case_not_found" | "draft_not_found" | "requirements_not_met" | "conflict_of_interest" | "identity_not_checked" | "declaration_missing" | "power_of_attorney_missing" | "power_of_attorney_unsigned" | "guardian_document_missing" | "reason_missing" | "already_decided" | "case_changed" | "not_decided" | "not_registered" | "registered_before_decision" | "not_mergeable" | "no_death_recorded" | "merged_away" | "still_in_register" | "case_over" | "term_ran_out" | "tick_already_set" | "tick_not_set" | "paper_does_not_fit" | "case_read_only" | "conflict_open" | "conflict_settled" | "register_not_checked" | "not_permitted" | "may_not_decide" | "purpose_missing" | "not_signed_in" | "session_locked" | "wrong_password" | "account_locked" | "browser_sign_in_abandoned" | "browser_sign_in_refused" | "browser_sign_in_no_role" | "browser_sign_in_needed" | "browser_not_opened" | "account_disabled" | "password_too_short" | "user_name_taken" | "last_administrator" | "first_run_needed" | "already_set_up" | "recovery_code_wrong" | "key_missing" | "pin_needed" | "pin_wrong" | "pin_wait" | "pin_too_simple" | "lease_ended" | "clock_set_back" | "lease_refused" | "key_wrong" | "newer_database" | "database_damaged" | "database_locked" | "disk_full" | "disk_full_reserve" | "store_not_writable" | "file_unreadable" | "file_type_unsupported" | "file_too_large" | "file_empty" | "file_damaged" | "too_many_pages" | "image_too_large" | "attachment_elsewhere" | "attachment_not_sent" | "file_not_written" | "character_unprintable" | "cpr_in_letter" | "document_failed" | "printer_missing" | "printer_failed" | "national_tool_not_opened" | "offline" | "online_only" | "already_reviewed" | "own_device" | "server_answer_unreadable" | "server_unavailable" | "server_refused" | "server_not_trusted" | "already_enrolled" | "server_address_invalid" | "municipality_unknown" | "enrolment_code_mistyped" | "enrolment_code_wrong" | "enrolment_code_used" | "enrolment_code_expired" | "too_many_attempts" | "server_not_found" | "not_a_skranke_server" | "computer_unknown" | "program_too_old" | "server_too_old" | "sync_alarm" | "needs_central_store" | "profile_changed" | "profile_unchanged" | "profile_not_readable" | "device_revoked" | "device_wiped" | "grant_expired" | "clock_wrong" | "second_copy_behind" | "bad_profile" | "malformed_request" | "internal";

export type UiError = { 
/**
 * What went wrong.
 */
code: ErrorCode, 
/**
 * What fills the places in the text; never a person's facts.
 */
params: { [key in string]: string }, 
/**
 * A short id that is also in the local log.
 */
reference: string, };

export type StartState = { 
/**
 * What to show first.
 */
stage: StartStage, 
/**
 * Name of the municipality, empty before first run.
 */
municipality: string, 
/**
 * Today in Denmark, `YYYY-MM-DD`.
 */
today: string, 
/**
 * The signed-in member of staff.
 */
session: SessionView | null, 
/**
 * Whether this is the demo with fictional persons.
 */
demo: boolean, 
/**
 * In the demo: the accounts one may sign in with, and their shared password.
 */
demo_accounts: Array<DemoAccount>, 
/**
 * Profiles to choose between at first run.
 */
profiles: Array<ProfileChoice>, 
/**
 * Whether one may sign in at the municipality's identity provider, in the browser.
 */
browser_sign_in: boolean, 
/**
 * Why the store is not open, at the stages before `sign_in`.
 */
problem?: UiError, };

export type StartStage = "first_run" | "pin" | "lease" | "recovery" | "damaged" | "sign_in" | "locked" | "ready";

export type DemoAccount = { 
/**
 * Name to sign in with.
 */
user_name: string, 
/**
 * Full name.
 */
name: string, 
/**
 * Role codes.
 */
roles: Array<string>, 
/**
 * The demo's password.
 */
password: string, };

export type ProfileChoice = { 
/**
 * Code, `demo`.
 */
code: string, 
/**
 * Name of the municipality.
 */
municipality: string, 
/**
 * Locations one may work at.
 */
locations: Array<LocationChoice>, };

export type LocationChoice = { 
/**
 * Code in the profile.
 */
code: string, 
/**
 * Name.
 */
name: string, 
/**
 * First day it takes requests, `YYYY-MM-DD`.
 */
opens_on: string, 
/**
 * Last day it takes requests, likewise; empty where there is none.
 */
closes_on: string, };

export type FirstRunRequest = { 
/**
 * Code of the profile.
 */
profile: string, 
/**
 * Code of the location.
 */
location: string, 
/**
 * Name of the first administrator.
 */
name: string, 
/**
 * Initials, two to four letters.
 */
initials: string, 
/**
 * Name to sign in with.
 */
user_name: string, 
/**
 * At least 10 characters.
 */
password: string, 
/**
 * Whether the first administrator also serves at the counter.
 */
serves_at_counter: boolean, };

export type PinRequest = { 
/**
 * The PIN as it is now; empty where there is none.
 */
current: string, 
/**
 * The one from now on.
 */
pin: string, };

export type FirstRunDone = { 
/**
 * Opens the store when the key is lost. Shown once, to be printed and locked away.
 */
recovery_code: string, 
/**
 * The first administrator, signed in.
 */
session: SessionView, };

export type EnrolmentRequest = { 
/**
 * Address of the central store, as typed.
 */
server: string, 
/**
 * The one-time code, as typed.
 */
code: string, };

export type Enrolled = { 
/**
 * Opens the store when the key is lost. Shown once, on a computer that was set up by it; empty otherwise.
 */
recovery_code: string, 
/**
 * Name of the municipality.
 */
municipality: string, };

export type SignInRequest = { 
/**
 * Name to sign in with.
 */
user_name: string, 
/**
 * Password.
 */
password: string, };

export type SecretRequest = { 
/**
 * The password, the PIN or the recovery code.
 */
secret: string, };

export type RecoveryCodeMade = { 
/**
 * Opens the store when the key is lost.
 */
recovery_code: string, };

export type StoreRecovered = { 
/**
 * Cases of this computer that are here again.
 */
cases: number, 
/**
 * Records in them.
 */
records: number, 
/**
 * Drafts that are here again.
 */
drafts: number, 
/**
 * Accounts that are here again; without one the first run is shown.
 */
accounts: number, 
/**
 * Name of the file that was set aside; empty where there was none.
 */
file: string, 
/**
 * Whether the rest is fetched from a central store.
 */
fetches_rest: boolean, };

export type SessionView = { 
/**
 * Id.
 */
staff_id: string, 
/**
 * Full name.
 */
name: string, 
/**
 * Initials.
 */
initials: string, 
/**
 * Role codes.
 */
roles: Array<string>, 
/**
 * Codes of what the roles permit: `capture`, `decide`, `finish`, `supplement`, `correct`, `take_back`,
 * `read_case`, `search`, `see_channel`, `read_audit`, `list_devices`, `administer`.
 */
acts: Array<string>, 
/**
 * Code of the location worked at.
 */
location: string, 
/**
 * Name of the location worked at.
 */
location_name: string, 
/**
 * Seconds without a key press until the window locks.
 */
lock_after_seconds: number, 
/**
 * What opens the screen again.
 */
unlocked_by: UnlockedBy, };

export type UnlockedBy = "password" | "code" | "browser";

export type StaffView = { 
/**
 * Id.
 */
id: string, 
/**
 * Name to sign in with.
 */
user_name: string, 
/**
 * Full name.
 */
name: string, 
/**
 * Initials.
 */
initials: string, 
/**
 * Role codes.
 */
roles: Array<string>, 
/**
 * Whether the account may be used.
 */
active: boolean, };

export type StaffSaveRequest = { 
/**
 * Id of the account to change; `None` adds one.
 */
id: string | null, 
/**
 * Name to sign in with.
 */
user_name: string, 
/**
 * Full name.
 */
name: string, 
/**
 * Initials.
 */
initials: string, 
/**
 * Role codes.
 */
roles: Array<string>, 
/**
 * Whether the account may be used.
 */
active: boolean, 
/**
 * A new password; required for a new account.
 */
password: string | null, };

export type FieldValue = boolean | string | Array<string>;

export type DraftView = { 
/**
 * Id.
 */
id: string, 
/**
 * Step 1 to 6.
 */
step: number, 
/**
 * Everything typed.
 */
fields: { [key in string]: FieldValue }, 
/**
 * When it was last saved, RFC 3339.
 */
saved_at: string, 
/**
 * Attached files; those of the case too, where the draft adds to one.
 */
attachments: Array<AttachmentView>, 
/**
 * The case it adds to; `None` for a new request.
 */
case: ContinuedCase | null, 
/**
 * A protected address is kept and not among the fields; `draft_reveal` shows it and is logged.
 */
address_hidden: boolean, 
/**
 * When and by whom the ID was seen; `None` where nobody has said so.
 */
id_seen: IdSeen | null, };

export type IdSeen = { 
/**
 * RFC 3339.
 */
at: string, 
/**
 * Initials of who saw it; empty where they are not known here.
 */
initials: string, };

export type ContinuedCase = { 
/**
 * Id.
 */
id: string, 
/**
 * Case number.
 */
number: string, 
/**
 * Code of the state.
 */
state: string, 
/**
 * What is missing, in the words of whoever marked it.
 */
missing: Array<string>, 
/**
 * Initials of who left the draft; empty where it is one's own.
 */
left_by: string, 
/**
 * Whether somebody changed the case since the draft began; their changes are in the fields now.
 */
changed: boolean, 
/**
 * Whether it was decided or ended meanwhile, so that nothing can be added.
 */
closed: boolean, 
/**
 * Fields that both have changed: the draft keeps what was typed in it.
 */
clashes: Array<FieldClash>, };

export type FieldClash = { 
/**
 * Id of the field.
 */
field: string, 
/**
 * Step it stands on.
 */
step: number, 
/**
 * Its label.
 */
label: string, 
/**
 * What was typed in the draft.
 */
typed: string, 
/**
 * What was recorded in the case.
 */
recorded: string, };

export type DraftSummary = { 
/**
 * Id.
 */
id: string, 
/**
 * Step 1 to 6.
 */
step: number, 
/**
 * The citizen's name, empty while not typed.
 */
name: string, 
/**
 * The masked number, empty while not typed.
 */
cpr_masked: string, 
/**
 * Number of the case it adds to, empty for a new request.
 */
case_number: string, 
/**
 * When it was last saved, RFC 3339.
 */
saved_at: string, 
/**
 * Initials of who parked it.
 */
initials: string, 
/**
 * Code of what it waits for, empty where nothing was said; the text stands under `park.reason_<code>`.
 */
waits_for: string, 
/**
 * The same in a few words; may be empty.
 */
waits_note: string, 
/**
 * Day after which it is deleted by rule, `YYYY-MM-DD`.
 */
deleted_on: string, };

export type DraftSaveRequest = { 
/**
 * Id.
 */
id: string, 
/**
 * Step 1 to 6.
 */
step: number, 
/**
 * Everything typed.
 */
fields: { [key in string]: FieldValue }, };

export type DraftSaved = { 
/**
 * RFC 3339.
 */
saved_at: string, 
/**
 * Ids of the fields that are shown, given what was typed.
 */
shown: Array<string>, 
/**
 * Ids of the fields that must be filled.
 */
required: Array<string>, 
/**
 * When and by whom the ID was seen in this draft.
 */
id_seen: IdSeen | null, };

export type FormView = { 
/**
 * Form and version, `exemption@2`.
 */
reference: string, 
/**
 * Every field, in the order of the form.
 */
fields: Array<FieldView>, 
/**
 * Ids of the fields that are shown, given what was typed.
 */
shown: Array<string>, 
/**
 * Ids of the fields that must be filled.
 */
required: Array<string>, };

export type FieldView = { 
/**
 * Id.
 */
id: string, 
/**
 * Step 1 to 6.
 */
step: number, 
/**
 * Code of the part of the form.
 */
part: string, 
/**
 * Danish label.
 */
label: string, 
/**
 * Danish help text; may be empty.
 */
help: string, 
/**
 * `text`, `multiline`, `cpr`, `date`, `choice`, `choices` or `flag`.
 */
kind: string, 
/**
 * Width on screen in pixels; 0 takes the line.
 */
width: number, 
/**
 * Code of the rule the right-hand panel explains; may be empty.
 */
rule: string, 
/**
 * Most characters; 0 where it does not matter.
 */
max_length: number, 
/**
 * A day that is yet to come: of a year typed with two digits it is the next one.
 */
coming: boolean, 
/**
 * Answers to choose between.
 */
choices: Array<Choice>, };

export type Saved = { 
/**
 * RFC 3339.
 */
saved_at: string, };

export type DraftRef = { 
/**
 * Id.
 */
id: string, };

export type DraftCheckRequest = { 
/**
 * Id.
 */
id: string, 
/**
 * The last step to check, 1 to 6.
 */
step: number, };

export type FieldProblem = { 
/**
 * Id of the field.
 */
field: string, 
/**
 * Step the field stands on.
 */
step: number, 
/**
 * Code of the problem.
 */
code: string, 
/**
 * The text for the summary on top, in Danish.
 */
summary: string, 
/**
 * The text at the field, in Danish.
 */
at_field: string, };

export type DraftCheck = { 
/**
 * What must be mended before the next step.
 */
problems: Array<FieldProblem>, 
/**
 * Codes of warnings; the text stands under `warning.<code>`.
 */
warnings: Array<string>, 
/**
 * The proof tree.
 */
proof: ProofView, 
/**
 * Code of the rule set, empty where none applies.
 */
rule_set: string, 
/**
 * Durations a grant may choose between, as its rule set has them.
 */
durations: Array<string>, 
/**
 * The rules it meets.
 */
rules: RulesMet, 
/**
 * The grounds the declaration speaks of; shown on request and never chosen from.
 */
grounds: Array<GroundView>, 
/**
 * The automatic sign-up for Digital Post that lies ahead, if one does.
 */
sign_up: SignUpView | null, };

export type SignUpView = { 
/**
 * Why then; the text stands under `sign_up.<code>`.
 */
code: string, 
/**
 * The day, `YYYY-MM-DD`; empty where nobody here knows it.
 */
on: string, 
/**
 * Days until then.
 */
days: number, 
/**
 * The first day from then on when the municipality is open, `YYYY-MM-DD`; empty as `on`.
 */
open_on: string, };

export type ProofView = { 
/**
 * Code of the requirement.
 */
code: string, 
/**
 * The requirement in words.
 */
text: string, 
/**
 * `met`, `not_met`, `not_known` or `not_needed`.
 */
outcome: string, 
/**
 * The fact it rests on, in words; may be empty.
 */
fact: string, 
/**
 * The rule's source, in words.
 */
source: string, 
/**
 * What would change the outcome, in words; empty where it is met.
 */
remedy: string, 
/**
 * What it is made of.
 */
parts: Array<ProofView>, };

export type RulesMet = { 
/**
 * The guide the municipality follows with the rules of the decision.
 */
guide: string, 
/**
 * The rules, in the order of a case.
 */
rules: Array<RuleView>, };

export type RuleView = { 
/**
 * Code of the rule.
 */
code: string, 
/**
 * Name of the rule set.
 */
set: string, 
/**
 * First day of the rule set, `YYYY-MM-DD`.
 */
valid_from: string, 
/**
 * The date the rule goes by; the text stands under `goes_by.<code>`.
 */
goes_by: string, 
/**
 * What it says.
 */
text: string, 
/**
 * Where it comes from.
 */
source: string, 
/**
 * The confirmed citation; empty until there is one.
 */
citation: string, };

export type GroundView = { 
/**
 * Code.
 */
code: string, 
/**
 * What it says.
 */
text: string, 
/**
 * Whether it tells something about health.
 */
sensitive: boolean, 
/**
 * Whether the register of persons shows it.
 */
cpr_verifiable: boolean, };

export type RuleLibrary = { 
/**
 * The rule sets.
 */
sets: Array<RuleSetView>, 
/**
 * The help, in the order of its headings.
 */
help: Array<HelpText>, };

export type RuleSetView = { 
/**
 * Code.
 */
code: string, 
/**
 * Name.
 */
title: string, 
/**
 * Version of the wording.
 */
version: number, 
/**
 * First day, `YYYY-MM-DD`.
 */
valid_from: string, 
/**
 * Last day, `YYYY-MM-DD`; empty while no later set is known.
 */
valid_to: string, 
/**
 * Whether it is in force today.
 */
in_force: boolean, 
/**
 * The guide the municipality follows with it.
 */
guide: string, 
/**
 * Its rules.
 */
rules: Array<RuleView>, 
/**
 * Its grounds.
 */
grounds: Array<GroundView>, 
/**
 * What an exemption does not cover.
 */
not_covered: Array<string>, 
/**
 * What it changed against the set before; empty in the first.
 */
changes: Array<RuleChange>, };

export type RuleChange = { 
/**
 * What it is about, in words.
 */
about: string, 
/**
 * How it read before; empty where it is new.
 */
before: string, 
/**
 * How it reads; empty where it is gone.
 */
after: string, };

export type HelpText = { 
/**
 * Code.
 */
code: string, 
/**
 * Heading.
 */
title: string, 
/**
 * What it says.
 */
text: string, 
/**
 * Where it comes from.
 */
source: string, };

export type TypedText = { 
/**
 * Where it is typed; holds no personal data.
 */
place: string, 
/**
 * As typed.
 */
text: string, };

export type CprCheckRequest = { 
/**
 * As typed.
 */
cpr: string, };

export type CprCheck = { 
/**
 * Code of the fault, empty where there is none; the text stands under `problem.<code>`.
 */
problem: string, 
/**
 * Codes of warnings.
 */
warnings: Array<string>, 
/**
 * `YYYY-MM-DD`, empty where not known.
 */
birth_date: string, 
/**
 * Age today; `None` where not known.
 */
age: number | null, 
/**
 * Masked form, empty where not known.
 */
masked: string, };

export type KnownCitizen = { 
/**
 * Whether anything may be shown yet: the identity has been checked.
 */
shown: boolean, 
/**
 * Name we have, empty where unknown.
 */
name: string, 
/**
 * Address we have; empty where unknown or protected.
 */
address: string, 
/**
 * Whether the address is protected.
 */
address_protected: boolean, 
/**
 * Whether a protected address we have now stands in the draft, unseen: `draft_reveal` shows it.
 */
address_hidden: boolean, 
/**
 * Their cases, newest first.
 */
cases: Array<CaseRowView>, 
/**
 * Whether our own record says exempt; the register must be looked at first (practice 3).
 */
exempt_by_our_record: boolean, 
/**
 * `local`, `central` or `not_known` (offline): how far the look-up reached.
 */
reach: string, };

export type AttachmentView = { 
/**
 * SHA-256, hexadecimal.
 */
digest: string, 
/**
 * Code of what it is.
 */
purpose: string, 
/**
 * Media type by content.
 */
media_type: string, 
/**
 * Size in bytes.
 */
size_bytes: number, 
/**
 * Cleaned file name.
 */
file_name: string, 
/**
 * RFC 3339.
 */
added_at: string, };

export type AttachRequest = { 
/**
 * The draft, or
 */
draft_id: string | null, 
/**
 * the case.
 */
case_id: string | null, 
/**
 * Code of what it is.
 */
purpose: string, 
/**
 * Path chosen; `None` asks the user.
 */
path: string | null, };

export type ScreenSignatureRequest = { 
/**
 * The draft.
 */
draft_id: string, 
/**
 * The PNG, base64.
 */
png_base64: string, };

export type AttachmentRef = { 
/**
 * SHA-256, hexadecimal.
 */
digest: string, 
/**
 * The case it belongs to, or
 */
case_id: string | null, 
/**
 * the draft.
 */
draft_id: string | null, 
/**
 * Why, for a case outside open work.
 */
purpose: string | null, };

export type AttachmentCopy = { 
/**
 * Its pages as PNG, base64, in order.
 */
pages: Array<string>, };

export type CaseRowView = { 
/**
 * Id.
 */
id: string, 
/**
 * Case number.
 */
number: string, 
/**
 * The citizen's name.
 */
name: string, 
/**
 * The masked number.
 */
cpr_masked: string, 
/**
 * Code of the state.
 */
state: string, 
/**
 * Codes of ticks made.
 */
ticks_done: Array<string>, 
/**
 * When each of them was made, RFC 3339, in the same order.
 */
tick_times: Array<string>, 
/**
 * Codes of ticks missing.
 */
ticks_missing: Array<string>, 
/**
 * The moment of the grant, RFC 3339; empty in lists but the one on the start screen, and where there is none.
 */
decided_at: string, 
/**
 * Day of receipt, `YYYY-MM-DD`.
 */
received_on: string, 
/**
 * Last change, RFC 3339.
 */
updated_at: string, 
/**
 * Name of the location.
 */
location: string, 
/**
 * Whether the case holds an unresolved conflict.
 */
conflict: boolean, 
/**
 * `confirmed`, `waiting`, `quarantined` or `deferred`: how the central store stands to it.
 */
sync: string, 
/**
 * Why a paper of this computer that was given out may not stand: `quarantined` or `returned`; empty where none is.
 */
paper_apart: string, };

export type CaseListRequest = { 
/**
 * CPR number, name, case number or phone; empty lists all.
 */
query: string, 
/**
 * Code of a state, `missing_ticks`, `open` or `all`.
 */
filter: string, 
/**
 * Cursor of the page before; `None` for the first.
 */
after: string | null, 
/**
 * Why: required when searching for a person outside one's own open work.
 */
purpose: string | null, };

export type CasePage = { 
/**
 * The rows.
 */
rows: Array<CaseRowView>, 
/**
 * Cursor of the next page.
 */
next: string | null, 
/**
 * How many there are in all for this filter without a query.
 */
total: number | null, 
/**
 * How many more there are that this filter leaves out; 0 for a search.
 */
not_shown: number, 
/**
 * Whether these are one's own open cases alone, since no purpose was stated.
 */
own_only: boolean, };

export type CaseRef = { 
/**
 * Id.
 */
id: string, 
/**
 * Why, where the case lies outside one's own open work.
 */
purpose: string | null, };

export type TickView = { 
/**
 * `registered`, `receipt` or `journalised`.
 */
tick: string, 
/**
 * When, RFC 3339; empty while missing.
 */
at: string, 
/**
 * Initials of who ticked it; empty while missing.
 */
initials: string, 
/**
 * Reference or delivery code; may be empty.
 */
detail: string, 
/**
 * Whether this tick belongs to the state of the case.
 */
due: boolean, };

export type TimelineEntry = { 
/**
 * RFC 3339.
 */
at: string, 
/**
 * Initials.
 */
initials: string, 
/**
 * Code of the event; the title stands under `event.<code>`.
 */
kind: string, 
/**
 * What it says, in Danish; no CPR number.
 */
detail: string, 
/**
 * Code of the device.
 */
device: string, 
/**
 * `confirmed`, `waiting`, `quarantined` or `deferred`.
 */
sync: string, };

export type IssuedPaper = { 
/**
 * Code of the kind.
 */
kind: string, 
/**
 * Number on it.
 */
number: string, 
/**
 * 0 for the original, 1 and up for copies.
 */
copy: number, 
/**
 * RFC 3339.
 */
at: string, 
/**
 * Initials.
 */
initials: string, };

export type AuditEntry = { 
/**
 * RFC 3339.
 */
at: string, 
/**
 * Initials.
 */
initials: string, 
/**
 * Code of what was done; the text stands under `audit.<code>`.
 */
action: string, 
/**
 * Stated purpose; may be empty.
 */
purpose: string, };

export type FactLine = { 
/**
 * Key of the label's text.
 */
label: string, 
/**
 * The value in Danish.
 */
value: string, };

export type ConflictSide = { 
/**
 * Id of the event, for choosing it.
 */
event: string, 
/**
 * Kind of the event; its name is under `event.<kind>`.
 */
kind: string, 
/**
 * What it says.
 */
facts: Array<FactLine>, 
/**
 * Initials of who set it.
 */
initials: string, 
/**
 * Name of who set it; empty where this computer does not know it.
 */
name: string, 
/**
 * When, RFC 3339.
 */
at: string, 
/**
 * Code of the computer; empty where this computer was not told it.
 */
device: string, 
/**
 * Whether it was set on this computer.
 */
here: boolean, 
/**
 * The papers its author had: what was attached and the declaration, oldest first; empty where there was none.
 */
papers: Array<string>, };

export type ConflictView = { 
/**
 * Code of the field; its name is under `conflict.field.<code>`.
 */
field: string, 
/**
 * What stays in effect until someone chooses; empty where nothing stood before.
 */
before: Array<FactLine>, 
/**
 * The values, in the order every computer has them in.
 */
sides: Array<ConflictSide>, };

export type ConflictResolveRequest = { 
/**
 * Id of the case.
 */
case_id: string, 
/**
 * Code of the field.
 */
field: string, 
/**
 * Id of the event whose value counts.
 */
chosen: string, 
/**
 * Why.
 */
reason: string, };

export type CaseView = { 
/**
 * The row of lists.
 */
row: CaseRowView, 
/**
 * Age today.
 */
age: number | null, 
/**
 * Who came: code of the channel, empty where the role may not see it.
 */
channel: string, 
/**
 * Name of the representative or guardian, empty otherwise.
 */
came_instead: string, 
/**
 * Address; empty where protected or unknown.
 */
address: string, 
/**
 * Whether the address is protected.
 */
address_protected: boolean, 
/**
 * Facts for the page.
 */
facts: Array<FactLine>, 
/**
 * The proof tree as the case stands.
 */
proof: ProofView, 
/**
 * The rules it meets.
 */
rules: RulesMet, 
/**
 * What is missing while incomplete, in the words of whoever marked it.
 */
missing: Array<string>, 
/**
 * Codes of warnings.
 */
warnings: Array<string>, 
/**
 * Whether the citizen is exempt: granted and registered.
 */
exempt: boolean, 
/**
 * The three ticks.
 */
ticks: Array<TickView>, 
/**
 * The kind of ID that was seen, as the profile calls it; may be empty.
 */
id_kind: string, 
/**
 * When and by whom it was seen; `None` where nobody was identified.
 */
id_seen: IdSeen | null, 
/**
 * Codes of papers that fit the state now.
 */
papers_possible: Array<string>, 
/**
 * Papers issued.
 */
papers: Array<IssuedPaper>, 
/**
 * Attached files.
 */
attachments: Array<AttachmentView>, 
/**
 * Purposes of the papers signed by hand that the case rests on and nobody has attached yet.
 */
scans_missing: Array<string>, 
/**
 * The timeline, oldest first.
 */
timeline: Array<TimelineEntry>, 
/**
 * The audit log of this case; empty where the role may not read it.
 */
audit: Array<AuditEntry>, 
/**
 * Codes of what may be done now: `decide`, `continue`, `record_death`, `tick_registered`, `tick_receipt`, `tick_journalised`, `undo`,
 * `correct_wrong_person`, `take_back`, `extend`, `make_permanent`, `merge_undo`, `rejoin`, `note`, `attach`, `revoke_power_of_attorney`.
 */
actions: Array<string>, 
/**
 * Last look in the register: status code, empty where nobody looked.
 */
register_seen: string, 
/**
 * When, RFC 3339; may be empty.
 */
register_seen_at: string, 
/**
 * Last day of the exemption, `YYYY-MM-DD`; empty without a time limit.
 */
expires_on: string, 
/**
 * The last day an extension made today would usually run to, `YYYY-MM-DD`; empty where none is possible.
 */
extends_to: string, 
/**
 * `registered_address`, `other_address` or `no`; may be empty.
 */
unopened_post: string, 
/**
 * Other cases about the same citizen that are under way or whose exemption runs: possible duplicates.
 */
duplicates?: Array<DuplicateView>, 
/**
 * The case this one was merged into, and those that were merged into this one.
 */
merged?: Array<DuplicateView>, 
/**
 * What a person must choose between before the case can go on.
 */
conflicts?: Array<ConflictView>, };

export type Decision = { "kind": "grant", 
/**
 * `permanent` or `time_limited`; `None` takes the rule set's only one.
 */
duration: string | null, } | { "kind": "refuse", 
/**
 * The main considerations.
 */
reasons: string, 
/**
 * Day the party was consulted, `YYYY-MM-DD`; or
 */
consultation_held_on: string | null, 
/**
 * why it was not needed.
 */
consultation_not_needed: string, } | { "kind": "reject", 
/**
 * `no_valid_id`, `wrong_person` or `not_covered`.
 */
reason: string, 
/**
 * What the citizen can do next.
 */
next_step: string, } | { "kind": "died", 
/**
 * Day of the death as it was told, as typed.
 */
died_on: string, } | { "kind": "withdraw" } | { "kind": "help_instead", 
/**
 * Code of the offer.
 */
offer: string, } | { "kind": "forward", 
/**
 * Which.
 */
authority: string, } | { "kind": "incomplete", 
/**
 * What, in the citizen's words; printed on the letter.
 */
missing: Array<string>, } | { "kind": "hand_in" } | { "kind": "hand_over" };

export type DecideRequest = { 
/**
 * The draft, or
 */
draft_id: string | null, 
/**
 * the case.
 */
case_id: string | null, 
/**
 * The decision.
 */
decision: Decision, 
/**
 * The person deciding confirms having no conflict of interest (row 4-31).
 */
no_conflict_of_interest: boolean, };

export type TickRequest = { "tick": "registered", 
/**
 * The case.
 */
case_id: string, 
/**
 * Number from the national tool; may be empty.
 */
reference: string, 
/**
 * When, RFC 3339; `None` means now.
 */
registered_at: string | null, } | { "tick": "receipt", 
/**
 * The case.
 */
case_id: string, 
/**
 * `handed_over`, `posted` or `waived`.
 */
delivery: string, 
/**
 * Why it was waived.
 */
reason: string, } | { "tick": "journalised", 
/**
 * The case.
 */
case_id: string, 
/**
 * The municipality's own number; may be empty.
 */
reference: string, 
/**
 * When, RFC 3339; `None` means now.
 */
journalised_at: string | null, };

export type UndoTickRequest = { 
/**
 * The case.
 */
case_id: string, 
/**
 * Which.
 */
tick: string, 
/**
 * Why.
 */
reason: string, };

export type RegisterLookRequest = { 
/**
 * The case.
 */
case_id: string, 
/**
 * `not_exempt`, `exempt` or `not_registered`.
 */
seen: string, };

export type WrongPersonRequest = { 
/**
 * The case.
 */
case_id: string, 
/**
 * What happened, without naming another person.
 */
reason: string, 
/**
 * Whether the registration was removed in the national register.
 */
removed_from_register: boolean, 
/**
 * Whether post from the time between shall be sent again.
 */
resend_post: boolean, 
/**
 * Whether to open a draft for the right person, with everything but the citizen copied.
 */
open_draft_for_right_person: boolean, };

export type WrongPersonDone = { 
/**
 * The case, put right.
 */
case: CaseView, 
/**
 * The new draft, if one was asked for.
 */
draft_id: string | null, };

export type TakeBackRequest = { 
/**
 * The case.
 */
case_id: string, 
/**
 * The main considerations.
 */
reasons: string, 
/**
 * Day the party was consulted, `YYYY-MM-DD`; or
 */
consultation_held_on: string | null, 
/**
 * why it was not needed.
 */
consultation_not_needed: string, 
/**
 * Whether the registration in Digital Post was removed; asked where there is one.
 */
removed_from_register: boolean, 
/**
 * Whoever takes it back has no conflict of interest (row 4-31).
 */
no_conflict_of_interest: boolean, };

export type EndRequest = { 
/**
 * The case.
 */
case_id: string, 
/**
 * `rejoined_at_counter`, `rejoined_by_citizen`, `lapsed_on_return`, `expired` or `deceased`.
 */
ending: string, 
/**
 * `YYYY-MM-DD`.
 */
ended_on: string, };

export type DeathUndoRequest = { 
/**
 * The case.
 */
case_id: string, 
/**
 * How it came about.
 */
reason: string, };

export type ExtendRequest = { 
/**
 * The case.
 */
case_id: string, 
/**
 * The new last day, `YYYY-MM-DD`.
 */
until: string, 
/**
 * What the extension rests on.
 */
reason: string, };

export type DuplicateView = { 
/**
 * Id of the case; empty where it is not on this computer.
 */
id: string, 
/**
 * Its number; empty where it is not on this computer.
 */
number: string, 
/**
 * Code of its state.
 */
state: string, 
/**
 * Day of receipt, `YYYY-MM-DD`.
 */
received_on: string, 
/**
 * Whether it can be merged into the case that is shown.
 */
can_merge: boolean, 
/**
 * Whether only the case that is shown can be merged into it.
 */
other_way: boolean, 
/**
 * Whether the case that is shown was merged into it; otherwise it is the other way round, or neither.
 */
took_over: boolean, };

export type MergeRequest = { 
/**
 * The case that goes on.
 */
case_id: string, 
/**
 * The case that ends in it.
 */
merge: string, 
/**
 * Why they are one.
 */
reason: string, };

export type MergeUndoRequest = { 
/**
 * The case that was merged into another.
 */
case_id: string, 
/**
 * Why.
 */
reason: string, };

export type NoteRequest = { 
/**
 * The case.
 */
case_id: string, 
/**
 * The text.
 */
text: string, };

export type RevokePowerOfAttorneyRequest = { 
/**
 * The case.
 */
case_id: string, 
/**
 * `YYYY-MM-DD`.
 */
revoked_on: string, 
/**
 * Why; may be empty.
 */
reason: string, };

export type RevealRequest = { 
/**
 * The case.
 */
case_id: string, 
/**
 * `cpr` or `address`.
 */
what: string, 
/**
 * Why: `register_in_digital_post`, `paper`, `contact`.
 */
purpose: string, };

export type Revealed = { 
/**
 * The text.
 */
text: string, };

export type DayFigures = { 
/**
 * However they ended.
 */
finished: number, 
/**
 * Granted.
 */
granted: number, 
/**
 * Helped instead.
 */
helped_instead: number, 
/**
 * Rejected.
 */
rejected: number, };

export type Worklist = { 
/**
 * Parked drafts, newest first.
 */
drafts: Array<DraftSummary>, 
/**
 * Work of this computer that was sent back and that nobody has dealt with yet, newest first.
 */
returned: Array<ReturnedRow>, 
/**
 * Cases that lack a tick, oldest first.
 */
missing_ticks: Array<CaseRowView>, 
/**
 * How many lack a tick in all.
 */
missing_ticks_total: number, 
/**
 * What came to its end today.
 */
today: DayFigures, };

export type PaperRequest = { 
/**
 * The case, or
 */
case_id: string | null, 
/**
 * the draft (F1 and F2 only).
 */
draft_id: string | null, 
/**
 * Code of the kind.
 */
kind: string, 
/**
 * The large-print variant.
 */
large_print: boolean, 
/**
 * Whether what goes with the paper follows on a page of its own, where anything goes with it.
 */
enclosure: boolean, };

export type PaperView = { 
/**
 * The PDF, base64.
 */
pdf_base64: string, 
/**
 * Number printed on it; empty for drafts.
 */
number: string, 
/**
 * Pages.
 */
pages: number, 
/**
 * 0 for the original, 1 and up for copies marked KOPI.
 */
copy: number, 
/**
 * Characters no shipped font has; the paper may not be printed before they are changed.
 */
uncovered: Array<string>, 
/**
 * File name to propose; no CPR number, no name.
 */
file_name: string, 
/**
 * Title of what may go with it; empty where nothing does.
 */
enclosure: string, };

export type PrintRequest = { 
/**
 * The paper.
 */
paper: PaperRequest, 
/**
 * Name of the printer; `None` takes the default.
 */
printer: string | null, };

export type SavePaperRequest = { 
/**
 * The paper.
 */
paper: PaperRequest, 
/**
 * Path chosen; `None` asks the user.
 */
path: string | null, };

export type PaperCameOut = { 
/**
 * False: nothing was handed out, so the next print is no copy.
 */
came_out: boolean, };

export type PaperDone = { 
/**
 * False when the user closed the dialog.
 */
done: boolean, 
/**
 * Number of the paper.
 */
number: string, 
/**
 * 0 for the original.
 */
copy: number, 
/**
 * Name of the file it was saved in; `None` where it was not.
 */
file: string | null, };

export type PrinterView = { 
/**
 * Name.
 */
name: string, 
/**
 * Whether it is the default.
 */
default: boolean, 
/**
 * Whether it says it is ready.
 */
ready: boolean, };

export type SettingsView = { 
/**
 * Code of the profile.
 */
profile: string, 
/**
 * Version of the set-up in use, `1.2`.
 */
profile_version: string, 
/**
 * Name of the municipality.
 */
municipality: string, 
/**
 * Local closing days, oldest first.
 */
closing_days: Array<Choice>, 
/**
 * Code of the location worked at.
 */
location: string, 
/**
 * Locations to choose between.
 */
locations: Array<LocationChoice>, 
/**
 * Code of this device, part of every case number.
 */
device_code: string, 
/**
 * Address of the central store; empty where there is none.
 */
server: string, 
/**
 * Version of the program.
 */
version: string, 
/**
 * `light`, `dark`, `contrast` or `system`.
 */
theme: string, 
/**
 * Whether signing on screen is allowed by the profile.
 */
screen_signature: boolean, 
/**
 * Kinds of ID the profile lists.
 */
id_kinds: Array<Choice>, 
/**
 * Help offers of the profile.
 */
help_offers: Array<Choice>, 
/**
 * Days after which a power of attorney warns.
 */
power_of_attorney_warn_days: number, 
/**
 * Relations a representative may have.
 */
relations: Array<Choice>, 
/**
 * Address of the national tool.
 */
national_tool: string, 
/**
 * How cases are filed in the municipality's own system.
 */
filing: FilingView, 
/**
 * The PIN that is asked for at start.
 */
pin: PinView, 
/**
 * The person's own code for this computer.
 */
own_code: OwnCodeView, };

export type FilingView = { 
/**
 * KLE subject and facet, `23.15.15 G01`.
 */
subject: string, 
/**
 * How long it is kept, in words.
 */
kept_for: string, 
/**
 * What the municipality's own case and document numbers look like; may be empty.
 */
number_example: string, };

export type PinView = { 
/**
 * Whether it is asked for at start.
 */
is_asked: boolean, 
/**
 * Whether whoever is signed in may choose it.
 */
may_choose: boolean, 
/**
 * The last day on which this computer opens without the central store, `YYYY-MM-DD`; empty where that has no end.
 */
lease_until: string, };

export type OwnCodeView = { 
/**
 * The user name that goes with it.
 */
user_name: string, 
/**
 * Whether there is one.
 */
is_chosen: boolean, 
/**
 * Whether whoever is signed in may choose it: they came from the browser.
 */
may_choose: boolean, 
/**
 * Whether they should before they leave the house: this is an outreach laptop, and there is none.
 */
is_urgent: boolean, };

export type Choice = { 
/**
 * Code.
 */
code: string, 
/**
 * Danish label.
 */
label: string, 
/**
 * A second line; may be empty.
 */
detail: string, };

export type SettingsSaveRequest = { 
/**
 * Code of the location.
 */
location: string, 
/**
 * `light`, `dark`, `contrast` or `system`.
 */
theme: string, };

export type ProfileEdit = { 
/**
 * The municipality's name.
 */
name: string, 
/**
 * The unit on letterhead and status line.
 */
unit: string, 
/**
 * The centre on the letterhead; may be empty.
 */
center: string, 
/**
 * Lines of the letterhead, one a line.
 */
address: string, 
/**
 * Who to ring.
 */
contact_name: string, 
/**
 * Their number.
 */
contact_phone: string, 
/**
 * EAN number; may be empty.
 */
ean: string, 
/**
 * How the municipality writes its own case number; may be empty.
 */
case_number_pattern: string, 
/**
 * An example of it.
 */
case_number_example: string, 
/**
 * Address of the national tool; may be empty.
 */
national_tool: string, 
/**
 * `kl`, `koebenhavn` or `streng`.
 */
calendar: string, 
/**
 * Local closing days.
 */
closing_days: Array<ClosingDayEdit>, 
/**
 * KLE subject number.
 */
kle: string, 
/**
 * KLE facet.
 */
kle_facet: string, 
/**
 * ISO 8601 period from closing.
 */
retention: string, 
/**
 * The paragraphs to cite; may be empty.
 */
legal_citation: string, 
/**
 * The municipality's own complaint guidance; may be empty.
 */
complaint_guidance: string, 
/**
 * `relative` or `anyone`.
 */
may_represent: string, 
/**
 * Whether outreach staff who also serve at the counter decide.
 */
outreach_may_decide: boolean, 
/**
 * Whether signing on the screen is approved.
 */
screen_signature: boolean, 
/**
 * Whether the ground is recorded.
 */
record_ground: boolean, 
/**
 * Whether papers mask the CPR number.
 */
mask_cpr: boolean, 
/**
 * Age in days from which a power of attorney warns.
 */
power_of_attorney_warn_days: string, 
/**
 * Days an outreach laptop works without the central store.
 */
offline_lease_days: string, 
/**
 * Days until a parked draft is deleted.
 */
abandoned_draft_days: string, 
/**
 * Kinds of ID staff may choose.
 */
id_kinds: Array<IdKindEdit>, 
/**
 * Where exemptions are handled, and when.
 */
locations: Array<PlaceEdit>, };

export type ClosingDayEdit = { 
/**
 * The day, `YYYY-MM-DD` or as typed.
 */
on: string, 
/**
 * Its name.
 */
name: string, };

export type IdKindEdit = { 
/**
 * Its code; empty for a new one, which gets a code of its name.
 */
code: string, 
/**
 * What it is called.
 */
label: string, };

export type PlaceEdit = { 
/**
 * Its code; empty for a new one, which gets a code of its name.
 */
code: string, 
/**
 * Its name.
 */
name: string, 
/**
 * First day, `YYYY-MM-DD` or as typed.
 */
from: string, 
/**
 * Last day, likewise; empty where there is none.
 */
until: string, };

export type ProfileView = { 
/**
 * The edition `edit` was made from; 0 is the file that came with the program.
 */
edition: number, 
/**
 * Tells it from another text under the same number, and is handed back with the edit; empty for the file.
 */
digest: string, 
/**
 * The version as people read it, `1.2`.
 */
version: string, 
/**
 * What stands in it.
 */
edit: ProfileEdit, 
/**
 * Every version, newest first; one that was lost stands under the one that has its number.
 */
history: Array<EditionView>, };

export type EditionView = { 
/**
 * Its number; 0 is the file that came with the program.
 */
edition: number, 
/**
 * Tells it from another text under the same number; empty for the file.
 */
digest: string, 
/**
 * Whether it was lost when the central store was restored, and is not in force.
 */
lost: boolean, 
/**
 * The version as people read it.
 */
version: string, 
/**
 * When it was made, RFC 3339; empty for the file that came with the program.
 */
made_at: string, 
/**
 * Initials of who made it; empty likewise.
 */
initials: string, 
/**
 * Why; empty likewise.
 */
reason: string, };

export type EditionRef = { 
/**
 * Its number; 0 is the file that came with the program.
 */
edition: number, 
/**
 * Its text, where a lost version has the same number; empty for the one in force.
 */
digest: string, };

export type ProfileEdited = { 
/**
 * The edition it was made from.
 */
based_on: number, 
/**
 * The text of that edition; empty for the one in force.
 */
digest: string, 
/**
 * What was typed.
 */
edit: ProfileEdit, };

export type ProfileCheck = { 
/**
 * What must be put right, each at its field.
 */
problems: Array<ProfileFieldProblem>, 
/**
 * What it changes, in the order of the page.
 */
changes: Array<ProfileChange>, };

export type ProfileFieldProblem = { 
/**
 * The field, as in `ProfileEdit`: `name`, `locations.2.from`.
 */
field: string, 
/**
 * Danish text for the summary, which names the field.
 */
summary: string, 
/**
 * Danish text at the field.
 */
at_field: string, };

export type ProfileChange = { 
/**
 * The field in Danish.
 */
label: string, 
/**
 * What stood there; empty where there was nothing.
 */
before: string, 
/**
 * What will stand there; empty where it goes away.
 */
after: string, };

export type ProfileSaveRequest = { 
/**
 * The edition it was made from; it must still be the newest.
 */
based_on: number, 
/**
 * The text of that edition, which must still be in force; empty where only the number is compared.
 */
digest: string, 
/**
 * What was typed.
 */
edit: ProfileEdit, 
/**
 * Why.
 */
reason: string, };

export type SyncView = { 
/**
 * Whether a central store is set up.
 */
configured: boolean, 
/**
 * Whether the last contact succeeded.
 */
online: boolean, 
/**
 * Cases with records made on this device.
 */
cases: number, 
/**
 * Of those, how many the central store has confirmed in full.
 */
confirmed: number, 
/**
 * Records waiting to be sent.
 */
waiting: number, 
/**
 * Records the central store has set aside for a person to look at.
 */
quarantined: number, 
/**
 * When the last confirmation came, RFC 3339; empty before the first.
 */
confirmed_at: string, 
/**
 * Code of what is wrong, `error.<code>` among the texts; empty where nothing is.
 */
problem: string, 
/**
 * Joins the problem with the local log; empty where there is nothing to look up.
 */
reference: string, 
/**
 * The municipality's set-up in use, `demo@1.2`, and `~1` behind it once a version was lost: when it changes, the
 * window reads its settings again.
 */
profile: string, 
/**
 * How far a long round is; none while there is none.
 */
progress: SyncProgress | null, 
/**
 * Number of cases in [`SentCases`].
 */
sent: number, 
/**
 * Now, to the minute, by the clock that what people do is dated by, RFC 3339: the window's own may be wrong.
 */
now: string, };

export type SyncProgress = { 
/**
 * `begun`, `sent` (records), `read` (records) or `uploaded` (bytes of a file).
 */
what: string, 
/**
 * So far.
 */
done: number, 
/**
 * Of all; 0 where that is not known yet.
 */
of: number, };

export type SentCases = { 
/**
 * Each of them; what is not confirmed comes first.
 */
rows: Array<SentCase>, };

export type SentCase = { 
/**
 * Id.
 */
id: string, 
/**
 * Case number.
 */
number: string, 
/**
 * The citizen's name.
 */
name: string, 
/**
 * `confirmed`, `waiting`, `quarantined` or `deferred`: how the central store stands to the whole case.
 */
sync: string, };

export type HeldRow = { 
/**
 * Id of the command, for deciding.
 */
command: string, 
/**
 * Id of the case, where this computer holds it; empty otherwise.
 */
case_id: string, 
/**
 * Number of the case; empty where it is not known.
 */
case_number: string, 
/**
 * Why it is held, in words.
 */
reason: string, 
/**
 * Who did it, by name; empty where this computer does not know them.
 */
name: string, 
/**
 * Code and name of the computer it came from.
 */
device: string, 
/**
 * What was done, in words.
 */
what: string, 
/**
 * When it was done, RFC 3339.
 */
recorded_at: string, 
/**
 * Since when it is held, RFC 3339.
 */
held_at: string, };

export type HeldPage = { 
/**
 * What a citizen was given a paper of first, then the oldest.
 */
rows: Array<HeldRow>, 
/**
 * Whether more waits than is shown.
 */
has_more: boolean, 
/**
 * What came of the last decision, in words; empty where none was made.
 */
outcome: string, };

export type HeldDecideRequest = { 
/**
 * Id of the command.
 */
command: string, 
/**
 * Whether to let it in; otherwise it is sent back.
 */
release: boolean, 
/**
 * Why.
 */
reason: string, };

export type ReturnedRow = { 
/**
 * Id of the command.
 */
command: string, 
/**
 * Id of the case.
 */
case_id: string, 
/**
 * Number of the case.
 */
case_number: string, 
/**
 * The citizen's name.
 */
citizen: string, 
/**
 * What was done, in words.
 */
what: string, 
/**
 * Why it had been held, in words.
 */
held_for: string, 
/**
 * Why it was sent back, in the words of whoever did.
 */
reason: string, 
/**
 * Who sent it back; empty where this computer does not know them.
 */
by: string, 
/**
 * When, RFC 3339.
 */
at: string, };

export type ReturnedRef = { 
/**
 * Id of the command.
 */
command: string, };

export type DeviceRow = { 
/**
 * Its id.
 */
id: string, 
/**
 * The short code in its case numbers.
 */
code: string, 
/**
 * What it is called.
 */
name: string, 
/**
 * Whether it sees its own cases alone.
 */
own_cases_only: boolean, 
/**
 * Whether it is the one that asks.
 */
is_this: boolean, 
/**
 * The code of the one it went on from after being found in two copies; empty where it was enrolled with a code.
 */
successor_of: string, 
/**
 * `active`, `forked`, `revoked`, `wipe_ordered` or `handed_over`.
 */
state: string, 
/**
 * When it came into that state, RFC 3339; empty for a computer in use.
 */
state_since: string, 
/**
 * Who signed in on it last, by name; empty where nobody has or this computer does not know them.
 */
last_by: string, 
/**
 * When it was last in contact, RFC 3339; empty before its first contact.
 */
last_seen_at: string, 
/**
 * Who shut it out, by name; empty where the operator did or this computer does not know them.
 */
revoked_by: string, 
/**
 * Why it was shut out.
 */
reason: string, };

export type DevicesView = { 
/**
 * The one that was set up first at the top.
 */
rows: Array<DeviceRow>, 
/**
 * What came of the last order, in words; empty where none was given.
 */
outcome: string, };

export type DeviceRevokeRequest = { 
/**
 * Its id.
 */
id: string, 
/**
 * Why.
 */
reason: string, 
/**
 * Whether it is to hand over what it has not sent and then delete all it holds.
 */
wipe: boolean, };

export type OutreachRow = { 
/**
 * Its id.
 */
id: string, 
/**
 * The short code in its case numbers.
 */
code: string, 
/**
 * What it is called.
 */
name: string, 
/**
 * Whether the case lies on it, or will with its next contact.
 */
holds: boolean, };

export type OutreachView = { 
/**
 * The one enrolled first at the top.
 */
rows: Array<OutreachRow>, 
/**
 * Whether the case may be laid on one: it is under way or granted. Otherwise it is taken off alone.
 */
may_give: boolean, };

export type GiveOutRequest = { 
/**
 * Id of the case.
 */
case_id: string, 
/**
 * Id of the laptop.
 */
device_id: string, 
/**
 * Whether it is laid there; otherwise it is taken off.
 */
gives: boolean, };

export type HoldingsRequest = { 
/**
 * Its id.
 */
id: string, 
/**
 * Code of the purpose.
 */
purpose: string, 
/**
 * The last row of the page before; none for the first page.
 */
after: string | null, };

export type HoldingRow = { 
/**
 * Id of the case.
 */
id: string, 
/**
 * Its number; empty where it has none.
 */
number: string, 
/**
 * The citizen's name; empty where the case names nobody.
 */
name: string, 
/**
 * The citizen's number, partly hidden; empty where the case names nobody.
 */
cpr_masked: string, };

export type HoldingsPage = { 
/**
 * In the order the cases were made.
 */
rows: Array<HoldingRow>, 
/**
 * How many there are in all; told with the first page.
 */
total: number | null, 
/**
 * Whether more follow.
 */
more: boolean, };

export type HoldingsSaveRequest = { 
/**
 * Id of the computer.
 */
id: string, 
/**
 * Code of the purpose.
 */
purpose: string, 
/**
 * What file.
 */
format: ListFormat, };

export type ListFormat = "pdf" | "csv";

export type ListSaved = { 
/**
 * Name of the file; none when the dialog was closed.
 */
file: string | null, };

export type LogRequest = { 
/**
 * Code of the purpose.
 */
purpose: string, 
/**
 * Id of the computer; none for all of them.
 */
computer: string | null, 
/**
 * The first day.
 */
from_on: string, 
/**
 * The last day.
 */
to_on: string, 
/**
 * What the page before names as next; none for the first page.
 */
next: string | null, };

export type LogEntry = { 
/**
 * Names the row among all.
 */
id: string, 
/**
 * When, RFC 3339, by the clock of the computer.
 */
at: string, 
/**
 * The short code of the computer.
 */
computer: string, 
/**
 * Who, by name, or by account where this computer does not know them.
 */
by: string, 
/**
 * Code of what was done; the text stands under `window.audit_<code>`.
 */
action: string, 
/**
 * The number of the case; empty where it is about none, or about one that did not arrive.
 */
case_number: string, 
/**
 * The citizen's number, partly hidden; empty where the case names nobody.
 */
cpr_masked: string, 
/**
 * Code of the purpose; empty where what was done is its own.
 */
purpose: string, };

export type LogPage = { 
/**
 * The newest first.
 */
rows: Array<LogEntry>, 
/**
 * What the next page is asked for with; none where there is no more.
 */
next: string | null, };

export interface Commands {
  start_state: { request: null; answer: StartState };
  first_run: { request: FirstRunRequest; answer: FirstRunDone };
  enrol: { request: EnrolmentRequest; answer: Enrolled };
  recover: { request: SecretRequest; answer: StartState };
  pin_open: { request: SecretRequest; answer: StartState };
  lease_renew: { request: null; answer: StartState };
  pin_choose: { request: PinRequest; answer: SettingsView };
  own_code_choose: { request: SecretRequest; answer: SettingsView };
  store_recover: { request: null; answer: StoreRecovered };
  sign_in: { request: SignInRequest; answer: SessionView };
  browser_sign_in_cancel: { request: null; answer: null };
  sign_out: { request: null; answer: null };
  session_lock: { request: null; answer: null };
  session_stay: { request: null; answer: null };
  session_unlock: { request: SecretRequest; answer: SessionView };
  staff_list: { request: null; answer: Array<StaffView> };
  staff_save: { request: StaffSaveRequest; answer: Array<StaffView> };
  settings: { request: null; answer: SettingsView };
  settings_save: { request: SettingsSaveRequest; answer: SettingsView };
  rule_library: { request: null; answer: RuleLibrary };
  profile_show: { request: null; answer: ProfileView };
  profile_edition: { request: EditionRef; answer: ProfileEdit };
  profile_check: { request: ProfileEdited; answer: ProfileCheck };
  profile_rebase: { request: ProfileEdited; answer: ProfileView };
  profile_save: { request: ProfileSaveRequest; answer: ProfileView };
  recovery_code_new: { request: null; answer: RecoveryCodeMade };
  recovery_code_confirm: { request: SecretRequest; answer: null };
  worklist: { request: null; answer: Worklist };
  draft_new: { request: null; answer: DraftView };
  draft_list: { request: null; answer: Array<DraftSummary> };
  case_continue: { request: CaseRef; answer: DraftView };
  draft_open: { request: DraftRef; answer: DraftView };
  draft_save: { request: DraftSaveRequest; answer: DraftSaved };
  form_view: { request: DraftRef; answer: FormView };
  draft_delete: { request: DraftRef; answer: Saved };
  draft_restore: { request: DraftRef; answer: DraftView };
  draft_reveal: { request: DraftRef; answer: Revealed };
  draft_check: { request: DraftCheckRequest; answer: DraftCheck };
  typed_keep: { request: TypedText; answer: Saved };
  typed_kept: { request: null; answer: Array<TypedText> };
  cpr_check: { request: CprCheckRequest; answer: CprCheck };
  citizen_known: { request: DraftRef; answer: KnownCitizen };
  screen_signature: { request: ScreenSignatureRequest; answer: AttachmentView };
  attachment_copy: { request: AttachmentRef; answer: AttachmentCopy };
  decide: { request: DecideRequest; answer: CaseView };
  case_list: { request: CaseListRequest; answer: CasePage };
  case_show: { request: CaseRef; answer: CaseView };
  tick: { request: TickRequest; answer: CaseView };
  tick_undo: { request: UndoTickRequest; answer: CaseView };
  register_look: { request: RegisterLookRequest; answer: CaseView };
  correct_wrong_person: { request: WrongPersonRequest; answer: WrongPersonDone };
  conflict_resolve: { request: ConflictResolveRequest; answer: CaseView };
  take_back: { request: TakeBackRequest; answer: CaseView };
  end_exemption: { request: EndRequest; answer: CaseView };
  death_undo: { request: DeathUndoRequest; answer: CaseView };
  extend: { request: ExtendRequest; answer: CaseView };
  make_permanent: { request: CaseRef; answer: CaseView };
  merge: { request: MergeRequest; answer: CaseView };
  merge_undo: { request: MergeUndoRequest; answer: CaseView };
  note_add: { request: NoteRequest; answer: CaseView };
  revoke_power_of_attorney: { request: RevokePowerOfAttorneyRequest; answer: CaseView };
  reveal: { request: RevealRequest; answer: Revealed };
  paper_preview: { request: PaperRequest; answer: PaperView };
  paper_came_out: { request: PaperCameOut; answer: null };
  held_work: { request: null; answer: HeldPage };
  held_decide: { request: HeldDecideRequest; answer: HeldPage };
  returned_done: { request: ReturnedRef; answer: Array<ReturnedRow> };
  device_list: { request: null; answer: DevicesView };
  device_revoke: { request: DeviceRevokeRequest; answer: DevicesView };
  device_holdings: { request: HoldingsRequest; answer: HoldingsPage };
  log_read: { request: LogRequest; answer: LogPage };
  outreach_list: { request: CaseRef; answer: OutreachView };
  give_out: { request: GiveOutRequest; answer: OutreachView };
  sync_status: { request: null; answer: SyncView };
  sync_now: { request: null; answer: SyncView };
  sync_cancel: { request: null; answer: SyncView };
  sync_sent: { request: null; answer: SentCases };
  attach: { request: AttachRequest; answer: AttachmentView | null };
  paper_print: { request: PrintRequest; answer: PaperDone };
  paper_save: { request: SavePaperRequest; answer: PaperDone };
  device_holdings_save: { request: HoldingsSaveRequest; answer: ListSaved };
  printers: { request: null; answer: Array<PrinterView> };
  national_tool_open: { request: null; answer: null };
  browser_sign_in: { request: null; answer: SessionView };
}
