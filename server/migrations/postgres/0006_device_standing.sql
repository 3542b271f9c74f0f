-- When a device was last in contact, what of the feed it was given (served) and has asked beyond (read), and how it was
-- shut out.
ALTER TABLE device ADD COLUMN last_seen_at timestamptz;
ALTER TABLE device ADD COLUMN served_position bigint NOT NULL DEFAULT 0 CHECK (served_position >= 0);
ALTER TABLE device ADD COLUMN read_position bigint NOT NULL DEFAULT 0 CHECK (read_position >= 0);
ALTER TABLE device ADD COLUMN revoked_at timestamptz;
ALTER TABLE device ADD COLUMN revoked_by uuid;
ALTER TABLE device ADD COLUMN revoke_reason text;
ALTER TABLE device ADD COLUMN wipe_ordered_at timestamptz;
ALTER TABLE device ADD COLUMN handed_over_at timestamptz;

-- The owner reads the rows of every municipality here; rights.sql forces their keeping apart again in this transaction.
ALTER TABLE device NO FORCE ROW LEVEL SECURITY;
ALTER TABLE tenant NO FORCE ROW LEVEL SECURITY;
-- What was given before nobody counted: a lost device is said to hold too much rather than too little.
UPDATE device
   SET served_position = (SELECT position FROM tenant WHERE tenant.tenant = device.tenant);
