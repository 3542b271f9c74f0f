-- When a device was last in contact, what of the feed it was given (served) and has asked beyond (read), and how it was
-- shut out.
ALTER TABLE device ADD COLUMN last_seen_at TEXT;
ALTER TABLE device ADD COLUMN served_position INTEGER NOT NULL DEFAULT 0 CHECK (served_position >= 0);
ALTER TABLE device ADD COLUMN read_position INTEGER NOT NULL DEFAULT 0 CHECK (read_position >= 0);
ALTER TABLE device ADD COLUMN revoked_at TEXT;
ALTER TABLE device ADD COLUMN revoked_by BLOB CHECK (length(revoked_by) = 16);
ALTER TABLE device ADD COLUMN revoke_reason TEXT;
ALTER TABLE device ADD COLUMN wipe_ordered_at TEXT;
ALTER TABLE device ADD COLUMN handed_over_at TEXT;

-- What was given before nobody counted: a lost device is said to hold too much rather than too little.
UPDATE device
   SET served_position = (SELECT position FROM tenant WHERE tenant.tenant = device.tenant);
