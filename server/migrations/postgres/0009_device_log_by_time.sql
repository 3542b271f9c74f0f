-- The logs that devices handed over are read by the time their rows speak of, of all computers or of one.
-- The owner reads the rows of every municipality here; rights.sql forces their keeping apart again in this transaction.
ALTER TABLE device_log NO FORCE ROW LEVEL SECURITY;
ALTER TABLE device_log ADD COLUMN done_at timestamptz;
-- Read as text: PostgreSQL takes no JSON apart that holds U+0000, and what a device wrote may.
UPDATE device_log SET done_at = substring(body FROM '"done_at":"([^"]*)"')::timestamptz;
ALTER TABLE device_log ALTER COLUMN done_at SET NOT NULL;
CREATE INDEX device_log_by_time ON device_log (tenant, done_at, device_id, number, link);
CREATE INDEX device_log_by_device_and_time ON device_log (tenant, device_id, done_at, number, link);
