// A municipality's set-up as the core shows it.
import type { ProfileEdit, ProfileView } from '../src/lib/api'

export const edit: ProfileEdit = {
  name: 'Solbjerg Kommune', unit: '', center: '', address: '', contact_name: '', contact_phone: '', ean: '', case_number_pattern: '', case_number_example: '',
  national_tool: '', calendar: '', closing_days: [], kle: '', kle_facet: '', retention: '', legal_citation: '', complaint_guidance: '', may_represent: '',
  outreach_may_decide: false, screen_signature: false, record_ground: false, mask_cpr: true, power_of_attorney_warn_days: '', offline_lease_days: '',
  abandoned_draft_days: '', id_kinds: [], locations: []
}
export const profile: ProfileView = { edition: 1, digest: 'd1', version: '1', edit, history: [] }
