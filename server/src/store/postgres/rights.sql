-- What the running server may do, and which rows it sees. Applied anew after every migration.
--
-- The runtime role owns nothing and cannot pass row security; the owner is held by it too (FORCE). A row is seen only
-- where the transaction named its municipality; with nothing named the setting is NULL or empty, and neither equals
-- any code. Basis: reliability, finding 9 and section 2.3.

ALTER TABLE tenant ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenant FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS own_tenant ON tenant;
CREATE POLICY own_tenant ON tenant USING (tenant = current_setting('skranke.tenant', true));

ALTER TABLE device ENABLE ROW LEVEL SECURITY;
ALTER TABLE device FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS own_tenant ON device;
CREATE POLICY own_tenant ON device USING (tenant = current_setting('skranke.tenant', true));

ALTER TABLE enrolment_code ENABLE ROW LEVEL SECURITY;
ALTER TABLE enrolment_code FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS own_tenant ON enrolment_code;
CREATE POLICY own_tenant ON enrolment_code USING (tenant = current_setting('skranke.tenant', true));

ALTER TABLE staff ENABLE ROW LEVEL SECURITY;
ALTER TABLE staff FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS own_tenant ON staff;
CREATE POLICY own_tenant ON staff USING (tenant = current_setting('skranke.tenant', true));

ALTER TABLE staff_grant ENABLE ROW LEVEL SECURITY;
ALTER TABLE staff_grant FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS own_tenant ON staff_grant;
CREATE POLICY own_tenant ON staff_grant USING (tenant = current_setting('skranke.tenant', true));

ALTER TABLE event ENABLE ROW LEVEL SECURITY;
ALTER TABLE event FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS own_tenant ON event;
CREATE POLICY own_tenant ON event USING (tenant = current_setting('skranke.tenant', true));

ALTER TABLE receipt ENABLE ROW LEVEL SECURITY;
ALTER TABLE receipt FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS own_tenant ON receipt;
CREATE POLICY own_tenant ON receipt USING (tenant = current_setting('skranke.tenant', true));

ALTER TABLE refused_item ENABLE ROW LEVEL SECURITY;
ALTER TABLE refused_item FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS own_tenant ON refused_item;
CREATE POLICY own_tenant ON refused_item USING (tenant = current_setting('skranke.tenant', true));

ALTER TABLE held_work ENABLE ROW LEVEL SECURITY;
ALTER TABLE held_work FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS own_tenant ON held_work;
CREATE POLICY own_tenant ON held_work USING (tenant = current_setting('skranke.tenant', true));

ALTER TABLE alarm ENABLE ROW LEVEL SECURITY;
ALTER TABLE alarm FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS own_tenant ON alarm;
CREATE POLICY own_tenant ON alarm USING (tenant = current_setting('skranke.tenant', true));

ALTER TABLE feed_item ENABLE ROW LEVEL SECURITY;
ALTER TABLE feed_item FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS own_tenant ON feed_item;
CREATE POLICY own_tenant ON feed_item USING (tenant = current_setting('skranke.tenant', true));

ALTER TABLE device_scope ENABLE ROW LEVEL SECURITY;
ALTER TABLE device_scope FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS own_tenant ON device_scope;
CREATE POLICY own_tenant ON device_scope USING (tenant = current_setting('skranke.tenant', true));

ALTER TABLE case_summary ENABLE ROW LEVEL SECURITY;
ALTER TABLE case_summary FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS own_tenant ON case_summary;
CREATE POLICY own_tenant ON case_summary USING (tenant = current_setting('skranke.tenant', true));

ALTER TABLE attachment ENABLE ROW LEVEL SECURITY;
ALTER TABLE attachment FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS own_tenant ON attachment;
CREATE POLICY own_tenant ON attachment USING (tenant = current_setting('skranke.tenant', true));

ALTER TABLE audit ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS own_tenant ON audit;
CREATE POLICY own_tenant ON audit USING (tenant = current_setting('skranke.tenant', true));

ALTER TABLE audit_seal ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_seal FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS own_tenant ON audit_seal;
CREATE POLICY own_tenant ON audit_seal USING (tenant = current_setting('skranke.tenant', true));

ALTER TABLE device_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE device_log FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS own_tenant ON device_log;
CREATE POLICY own_tenant ON device_log USING (tenant = current_setting('skranke.tenant', true));

ALTER TABLE profile_edition ENABLE ROW LEVEL SECURITY;
ALTER TABLE profile_edition FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS own_tenant ON profile_edition;
CREATE POLICY own_tenant ON profile_edition USING (tenant = current_setting('skranke.tenant', true));

-- The owner, who carries whole stores in and out, may know which municipalities there are.
DROP POLICY IF EXISTS known_to_the_owner ON tenant;
CREATE POLICY known_to_the_owner ON tenant FOR SELECT TO skranke_owner USING (true);

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM skranke_runtime;
GRANT USAGE ON SCHEMA public TO skranke_runtime;
GRANT SELECT ON schema_version, server TO skranke_runtime;
GRANT SELECT, INSERT ON tenant, device, enrolment_code, staff, staff_grant, event, receipt,
  refused_item, held_work, alarm, feed_item, device_scope, case_summary, attachment, audit, audit_seal, device_log,
  profile_edition TO skranke_runtime;

-- Only these columns ever change. Nothing is deleted, and of the audit, the devices' logs and the profile's
-- editions nothing changes.
GRANT UPDATE (position, frontier, backup_position, next_device, audit_rows) ON tenant TO skranke_runtime;
GRANT UPDATE (state, seq, head_hash, accepted, quarantined, deferred, last_seen_at, served_position, read_position,
  named_position, revoked_at, revoked_by, revoke_reason, wipe_ordered_at, handed_over_at, successor_of) ON device TO skranke_runtime;
GRANT UPDATE (device_id) ON enrolment_code TO skranke_runtime;
GRANT UPDATE (login, password_hash, roles, active) ON staff TO skranke_runtime;
GRANT UPDATE (revoked_at, generation, renewed_at, ended_at) ON staff_grant TO skranke_runtime;
GRANT UPDATE (on_chain, outcome, outcome_detail, position) ON event TO skranke_runtime;
GRANT UPDATE (times, last_at) ON receipt, refused_item TO skranke_runtime;
GRANT UPDATE (held_for, settlement, settled_at, settled_by, reason) ON held_work TO skranke_runtime;
GRANT UPDATE (left_position) ON device_scope TO skranke_runtime;
GRANT UPDATE (citizen_digest, number, state, received_on, registered, in_conflict) ON case_summary TO skranke_runtime;
