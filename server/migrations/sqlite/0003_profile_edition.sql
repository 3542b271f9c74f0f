-- The municipality's profile as its administrators edited it. Every edition is kept; the newest is handed out.
CREATE TABLE profile_edition (
  tenant            TEXT NOT NULL REFERENCES tenant (tenant),
  edition           INTEGER NOT NULL CHECK (edition >= 1),
  body              TEXT NOT NULL,
  device_id         BLOB NOT NULL,
  staff_id          BLOB NOT NULL CHECK (length(staff_id) = 16),
  initials          TEXT NOT NULL,
  reason            TEXT NOT NULL,
  made_at           TEXT NOT NULL,
  PRIMARY KEY (tenant, edition),
  FOREIGN KEY (tenant, device_id) REFERENCES device (tenant, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX profile_edition_by_device ON profile_edition (tenant, device_id);
