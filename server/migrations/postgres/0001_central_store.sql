-- The central store on PostgreSQL, first version: the tables of the embedded backend, in PostgreSQL's types.
--
-- Rows of different municipalities are kept apart a second time here, below the program: every table with a tenant
-- forces row-level security, also on its owner, and shows nothing where no tenant is set. No views, triggers,
-- sequences or functions of our own. Text keys are compared byte by byte.

CREATE TABLE schema_version (
  version           integer NOT NULL PRIMARY KEY
);

-- The server's own keys, sealed with its key file: a copy of the database does not hold them.
CREATE TABLE server (
  id                integer NOT NULL PRIMARY KEY CHECK (id = 1),
  sealed_keys       bytea NOT NULL
);

CREATE TABLE tenant (
  tenant            text COLLATE "C" NOT NULL PRIMARY KEY CHECK (length(tenant) BETWEEN 1 AND 16),
  epoch             bigint NOT NULL CHECK (epoch >= 1),
  position          bigint NOT NULL CHECK (position >= 0),
  frontier          bytea NOT NULL,
  backup_position   bigint NOT NULL CHECK (backup_position >= 0),
  next_device       bigint NOT NULL CHECK (next_device >= 1),
  audit_rows        bigint NOT NULL CHECK (audit_rows >= 0),
  created_at        timestamptz NOT NULL
);

CREATE TABLE device (
  tenant            text COLLATE "C" NOT NULL REFERENCES tenant (tenant),
  id                uuid NOT NULL,
  code              text COLLATE "C" NOT NULL,
  name              text NOT NULL,
  public_key        bytea NOT NULL CHECK (length(public_key) = 32),
  scope             text NOT NULL CHECK (scope IN ('tenant', 'own_cases')),
  state             text NOT NULL CHECK (state IN ('active', 'forked', 'revoked')),
  seq               bigint NOT NULL CHECK (seq >= 0),
  head_hash         bytea CHECK (length(head_hash) = 32),
  accepted          bigint NOT NULL CHECK (accepted >= 0),
  quarantined       bigint NOT NULL CHECK (quarantined >= 0),
  deferred          bigint NOT NULL CHECK (deferred >= 0),
  enrolled_at       timestamptz NOT NULL,
  PRIMARY KEY (tenant, id),
  UNIQUE (tenant, code),
  CHECK (accepted + quarantined + deferred = seq)
);

CREATE TABLE enrolment_code (
  tenant            text COLLATE "C" NOT NULL REFERENCES tenant (tenant),
  digest            bytea NOT NULL CHECK (length(digest) = 32),
  scope             text NOT NULL CHECK (scope IN ('tenant', 'own_cases')),
  expires_at        timestamptz NOT NULL,
  device_id         uuid,
  PRIMARY KEY (tenant, digest)
);

CREATE TABLE staff (
  tenant            text COLLATE "C" NOT NULL REFERENCES tenant (tenant),
  id                uuid NOT NULL,
  login             text COLLATE "C" NOT NULL,
  password_hash     text NOT NULL,
  roles             text NOT NULL,
  active            boolean NOT NULL,
  PRIMARY KEY (tenant, id),
  UNIQUE (tenant, login)
);

CREATE TABLE staff_grant (
  tenant            text COLLATE "C" NOT NULL,
  id                uuid NOT NULL,
  device_id         uuid NOT NULL,
  staff_id          uuid NOT NULL,
  body              bytea NOT NULL,
  signature         bytea NOT NULL CHECK (length(signature) = 64),
  revoked_at        timestamptz,
  PRIMARY KEY (tenant, id),
  FOREIGN KEY (tenant, device_id) REFERENCES device (tenant, id)
);
CREATE INDEX staff_grant_by_device ON staff_grant (tenant, device_id);

-- Every well-formed signed event, by content. Two with the same id are both kept.
CREATE TABLE event (
  tenant            text COLLATE "C" NOT NULL,
  hash              bytea NOT NULL CHECK (length(hash) = 32),
  id                uuid NOT NULL,
  case_id           uuid NOT NULL,
  command_id        uuid NOT NULL,
  k                 bigint NOT NULL,
  device_id         uuid NOT NULL,
  device_seq        bigint NOT NULL CHECK (device_seq >= 1),
  on_chain          boolean NOT NULL,
  kind              text NOT NULL,
  header            bytea NOT NULL,
  payload           bytea,
  salt              bytea,
  signature         bytea NOT NULL CHECK (length(signature) = 64),
  outcome           text NOT NULL CHECK (outcome IN ('accepted', 'conflict', 'quarantined', 'deferred')),
  outcome_detail    text NOT NULL,
  position          bigint,
  received_at       timestamptz NOT NULL,
  PRIMARY KEY (tenant, hash),
  FOREIGN KEY (tenant, device_id) REFERENCES device (tenant, id),
  CHECK ((position IS NOT NULL) = (outcome IN ('accepted', 'conflict'))),
  CHECK ((payload IS NULL) = (salt IS NULL))
);
CREATE INDEX event_by_id ON event (tenant, id);
CREATE INDEX event_by_case ON event (tenant, case_id, position);
CREATE INDEX event_by_command ON event (tenant, command_id, k);
CREATE INDEX event_by_device ON event (tenant, device_id, device_seq);

-- One row for each time an event was offered again: a write of its own before the duplicate is acknowledged.
CREATE TABLE receipt (
  tenant            text COLLATE "C" NOT NULL,
  event_hash        bytea NOT NULL,
  device_id         uuid NOT NULL,
  times             bigint NOT NULL CHECK (times >= 1),
  last_at           timestamptz NOT NULL,
  PRIMARY KEY (tenant, event_hash, device_id),
  FOREIGN KEY (tenant, event_hash) REFERENCES event (tenant, hash),
  FOREIGN KEY (tenant, device_id) REFERENCES device (tenant, id)
);
CREATE INDEX receipt_by_device ON receipt (tenant, device_id);

-- What was sent but is not well formed or not this device's: kept as it came, for a person to look at.
CREATE TABLE refused_item (
  tenant            text COLLATE "C" NOT NULL,
  digest            bytea NOT NULL CHECK (length(digest) = 32),
  device_id         uuid NOT NULL,
  reason            text NOT NULL,
  body              bytea NOT NULL,
  times             bigint NOT NULL CHECK (times >= 1),
  last_at           timestamptz NOT NULL,
  PRIMARY KEY (tenant, digest),
  FOREIGN KEY (tenant, device_id) REFERENCES device (tenant, id)
);
CREATE INDEX refused_item_by_device ON refused_item (tenant, device_id);

CREATE TABLE alarm (
  tenant            text COLLATE "C" NOT NULL,
  id                uuid NOT NULL,
  code              text NOT NULL,
  device_id         uuid NOT NULL,
  event_hash        bytea,
  raised_at         timestamptz NOT NULL,
  PRIMARY KEY (tenant, id),
  FOREIGN KEY (tenant, device_id) REFERENCES device (tenant, id)
);
CREATE INDEX alarm_by_device ON alarm (tenant, device_id);

-- The feed: positions are the tenant's counter, gapless and in commit order. device_id names the only device an
-- item is for; empty means all whose scope holds the case.
CREATE TABLE feed_item (
  tenant            text COLLATE "C" NOT NULL REFERENCES tenant (tenant),
  position          bigint NOT NULL CHECK (position >= 1),
  item              text NOT NULL CHECK (item IN ('event', 'scope_entered', 'scope_left')),
  case_id           uuid NOT NULL,
  event_hash        bytea,
  device_id         uuid,
  PRIMARY KEY (tenant, position),
  FOREIGN KEY (tenant, event_hash) REFERENCES event (tenant, hash),
  CHECK ((event_hash IS NOT NULL) = (item = 'event')),
  CHECK ((device_id IS NOT NULL) = (item <> 'event'))
);

CREATE TABLE device_scope (
  tenant            text COLLATE "C" NOT NULL,
  device_id         uuid NOT NULL,
  case_id           uuid NOT NULL,
  entered_position  bigint NOT NULL CHECK (entered_position >= 0),
  left_position     bigint,
  PRIMARY KEY (tenant, device_id, case_id, entered_position),
  FOREIGN KEY (tenant, device_id) REFERENCES device (tenant, id)
);

-- What the look-up answers from, rebuilt from events. The number itself stands in the events alone.
CREATE TABLE case_summary (
  tenant            text COLLATE "C" NOT NULL REFERENCES tenant (tenant),
  case_id           uuid NOT NULL,
  citizen_digest    bytea NOT NULL CHECK (length(citizen_digest) = 32),
  number            text NOT NULL,
  state             text NOT NULL,
  received_on       date NOT NULL,
  registered        boolean NOT NULL,
  in_conflict       boolean NOT NULL,
  PRIMARY KEY (tenant, case_id)
);
CREATE INDEX case_summary_by_citizen ON case_summary (tenant, citizen_digest, received_on);

CREATE TABLE attachment (
  tenant            text COLLATE "C" NOT NULL REFERENCES tenant (tenant),
  digest            bytea NOT NULL CHECK (length(digest) = 32),
  size_bytes        bigint NOT NULL CHECK (size_bytes >= 1),
  media_type        text NOT NULL,
  completed_at      timestamptz NOT NULL,
  PRIMARY KEY (tenant, digest)
);

-- Reads and writes with who, where and why. Rows are only inserted, numbered without a gap.
CREATE TABLE audit (
  tenant            text COLLATE "C" NOT NULL REFERENCES tenant (tenant),
  id                uuid NOT NULL,
  number            bigint NOT NULL CHECK (number >= 1),
  at                timestamptz NOT NULL,
  device_id         uuid NOT NULL,
  staff_id          uuid,
  action            text NOT NULL,
  purpose           text NOT NULL,
  case_id           uuid,
  citizen_digest    bytea,
  detail            text NOT NULL,
  PRIMARY KEY (tenant, id),
  UNIQUE (tenant, number)
);
CREATE INDEX audit_by_case ON audit (tenant, case_id, at);
CREATE INDEX audit_by_citizen ON audit (tenant, citizen_digest, at);

-- Runs of audit rows, each sealed with the server's key and naming the seal before it.
CREATE TABLE audit_seal (
  tenant            text COLLATE "C" NOT NULL REFERENCES tenant (tenant),
  number            bigint NOT NULL CHECK (number >= 1),
  first_row         bigint NOT NULL,
  last_row          bigint NOT NULL,
  previous          bytea NOT NULL CHECK (length(previous) = 32),
  digests           bytea NOT NULL,
  signature         bytea NOT NULL CHECK (length(signature) = 64),
  sealed_at         timestamptz NOT NULL,
  PRIMARY KEY (tenant, number),
  CHECK (first_row >= 1 AND last_row >= first_row)
);
