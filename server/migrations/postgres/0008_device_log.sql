-- What devices handed over of their own audit logs. The batch is the row of the audit under whose seal it lies.
CREATE TABLE device_log (
  tenant            text COLLATE "C" NOT NULL REFERENCES tenant (tenant),
  device_id         uuid NOT NULL,
  number            bigint NOT NULL CHECK (number >= 1),
  link              bytea NOT NULL CHECK (length(link) = 32),
  batch             uuid NOT NULL,
  body              text NOT NULL,
  PRIMARY KEY (tenant, device_id, number, link),
  FOREIGN KEY (tenant, device_id) REFERENCES device (tenant, id)
);
CREATE INDEX device_log_by_batch ON device_log (tenant, batch, number);
