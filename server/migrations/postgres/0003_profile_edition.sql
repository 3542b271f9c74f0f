-- The municipality's profile as its administrators edited it. Every edition is kept; the newest is handed out.
CREATE TABLE profile_edition (
  tenant            text COLLATE "C" NOT NULL REFERENCES tenant (tenant),
  edition           bigint NOT NULL CHECK (edition >= 1),
  body              text NOT NULL,
  device_id         uuid NOT NULL,
  staff_id          uuid NOT NULL,
  initials          text NOT NULL,
  reason            text NOT NULL,
  made_at           timestamptz NOT NULL,
  PRIMARY KEY (tenant, edition),
  FOREIGN KEY (tenant, device_id) REFERENCES device (tenant, id)
);
CREATE INDEX profile_edition_by_device ON profile_edition (tenant, device_id);
