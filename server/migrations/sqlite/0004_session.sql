-- A sign-in's tokens: how often they were renewed, when last, and when the session ended. The grant itself, under
-- which work is recorded, is another matter and outlives them.
ALTER TABLE staff_grant ADD COLUMN generation INTEGER NOT NULL DEFAULT 0 CHECK (generation >= 0);
ALTER TABLE staff_grant ADD COLUMN renewed_at TEXT;
ALTER TABLE staff_grant ADD COLUMN ended_at TEXT;
CREATE INDEX staff_grant_by_staff ON staff_grant (tenant, staff_id);
