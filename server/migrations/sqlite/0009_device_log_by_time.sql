-- The logs that devices handed over are read by the time their rows speak of, of all computers or of one.
ALTER TABLE device_log ADD COLUMN done_at TEXT NOT NULL DEFAULT '';
UPDATE device_log SET done_at = json_extract(body, '$.done_at');
CREATE INDEX device_log_by_time ON device_log (tenant, done_at, device_id, number, link);
CREATE INDEX device_log_by_device_and_time ON device_log (tenant, device_id, done_at, number, link);
