-- What devices handed over of their own audit logs. The batch is the row of the audit under whose seal it lies.
CREATE TABLE device_log (
  tenant            TEXT NOT NULL REFERENCES tenant (tenant),
  device_id         BLOB NOT NULL,
  number            INTEGER NOT NULL CHECK (number >= 1),
  link              BLOB NOT NULL CHECK (length(link) = 32),
  batch             BLOB NOT NULL CHECK (length(batch) = 16),
  body              TEXT NOT NULL,
  PRIMARY KEY (tenant, device_id, number, link),
  FOREIGN KEY (tenant, device_id) REFERENCES device (tenant, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX device_log_by_batch ON device_log (tenant, batch, number);
