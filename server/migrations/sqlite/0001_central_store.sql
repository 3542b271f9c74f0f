-- The central store, first version. Tenant first in every key; no triggers, sequences, partial indexes or defaults
-- from the clock, so that the same shape works on PostgreSQL and on engines that speak its protocol.

CREATE TABLE server (
  id                INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  signing_seed      BLOB NOT NULL CHECK (length(signing_seed) = 32),
  index_key         BLOB NOT NULL CHECK (length(index_key) = 32)
) STRICT;

CREATE TABLE tenant (
  tenant            TEXT NOT NULL PRIMARY KEY CHECK (length(tenant) BETWEEN 1 AND 16),
  epoch             INTEGER NOT NULL CHECK (epoch >= 1),
  position          INTEGER NOT NULL CHECK (position >= 0),
  frontier          BLOB NOT NULL,
  backup_position   INTEGER NOT NULL CHECK (backup_position >= 0),
  next_device       INTEGER NOT NULL CHECK (next_device >= 1),
  audit_rows        INTEGER NOT NULL CHECK (audit_rows >= 0),
  created_at        TEXT NOT NULL
) STRICT;

CREATE TABLE device (
  tenant            TEXT NOT NULL REFERENCES tenant (tenant),
  id                BLOB NOT NULL CHECK (length(id) = 16),
  code              TEXT NOT NULL,
  name              TEXT NOT NULL,
  public_key        BLOB NOT NULL CHECK (length(public_key) = 32),
  scope             TEXT NOT NULL CHECK (scope IN ('tenant', 'own_cases')),
  state             TEXT NOT NULL CHECK (state IN ('active', 'forked', 'revoked')),
  seq               INTEGER NOT NULL CHECK (seq >= 0),
  head_hash         BLOB CHECK (length(head_hash) = 32),
  accepted          INTEGER NOT NULL CHECK (accepted >= 0),
  quarantined       INTEGER NOT NULL CHECK (quarantined >= 0),
  deferred          INTEGER NOT NULL CHECK (deferred >= 0),
  enrolled_at       TEXT NOT NULL,
  PRIMARY KEY (tenant, id),
  UNIQUE (tenant, code),
  CHECK (accepted + quarantined + deferred = seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE enrolment_code (
  tenant            TEXT NOT NULL REFERENCES tenant (tenant),
  digest            BLOB NOT NULL CHECK (length(digest) = 32),
  scope             TEXT NOT NULL CHECK (scope IN ('tenant', 'own_cases')),
  expires_at        TEXT NOT NULL,
  device_id         BLOB CHECK (length(device_id) = 16),
  PRIMARY KEY (tenant, digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE staff (
  tenant            TEXT NOT NULL REFERENCES tenant (tenant),
  id                BLOB NOT NULL CHECK (length(id) = 16),
  login             TEXT NOT NULL,
  password_hash     TEXT NOT NULL,
  roles             TEXT NOT NULL,
  active            INTEGER NOT NULL CHECK (active IN (0, 1)),
  PRIMARY KEY (tenant, id),
  UNIQUE (tenant, login)
) STRICT, WITHOUT ROWID;

CREATE TABLE staff_grant (
  tenant            TEXT NOT NULL,
  id                BLOB NOT NULL CHECK (length(id) = 16),
  device_id         BLOB NOT NULL,
  staff_id          BLOB NOT NULL CHECK (length(staff_id) = 16),
  body              BLOB NOT NULL,
  signature         BLOB NOT NULL CHECK (length(signature) = 64),
  revoked_at        TEXT,
  PRIMARY KEY (tenant, id),
  FOREIGN KEY (tenant, device_id) REFERENCES device (tenant, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX staff_grant_by_device ON staff_grant (tenant, device_id);

-- Every well-formed signed event, by content. Two with the same id are both kept. The rows stand in the order they came
-- (with a rowid): by their hash, each new one would touch a page of its own anywhere in the file.
CREATE TABLE event (
  tenant            TEXT NOT NULL,
  hash              BLOB NOT NULL CHECK (length(hash) = 32),
  id                BLOB NOT NULL CHECK (length(id) = 16),
  case_id           BLOB NOT NULL CHECK (length(case_id) = 16),
  command_id        BLOB NOT NULL CHECK (length(command_id) = 16),
  k                 INTEGER NOT NULL,
  device_id         BLOB NOT NULL,
  device_seq        INTEGER NOT NULL CHECK (device_seq >= 1),
  on_chain          INTEGER NOT NULL CHECK (on_chain IN (0, 1)),
  kind              TEXT NOT NULL,
  header            BLOB NOT NULL,
  payload           BLOB,
  salt              BLOB,
  signature         BLOB NOT NULL CHECK (length(signature) = 64),
  outcome           TEXT NOT NULL CHECK (outcome IN ('accepted', 'conflict', 'quarantined', 'deferred')),
  outcome_detail    TEXT NOT NULL,
  position          INTEGER,
  received_at       TEXT NOT NULL,
  PRIMARY KEY (tenant, hash),
  FOREIGN KEY (tenant, device_id) REFERENCES device (tenant, id),
  CHECK ((position IS NOT NULL) = (outcome IN ('accepted', 'conflict'))),
  CHECK ((payload IS NULL) = (salt IS NULL))
) STRICT;
CREATE INDEX event_by_id ON event (tenant, id);
CREATE INDEX event_by_case ON event (tenant, case_id, position);
CREATE INDEX event_by_command ON event (tenant, command_id, k);
CREATE INDEX event_by_device ON event (tenant, device_id, device_seq);

-- One row for each time an event was offered again: a write of its own before the duplicate is acknowledged.
CREATE TABLE receipt (
  tenant            TEXT NOT NULL,
  event_hash        BLOB NOT NULL,
  device_id         BLOB NOT NULL,
  times             INTEGER NOT NULL CHECK (times >= 1),
  last_at           TEXT NOT NULL,
  PRIMARY KEY (tenant, event_hash, device_id),
  FOREIGN KEY (tenant, event_hash) REFERENCES event (tenant, hash),
  FOREIGN KEY (tenant, device_id) REFERENCES device (tenant, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX receipt_by_device ON receipt (tenant, device_id);

-- What was sent but is not well formed or not this device's: kept as it came, for a person to look at.
CREATE TABLE refused_item (
  tenant            TEXT NOT NULL,
  digest            BLOB NOT NULL CHECK (length(digest) = 32),
  device_id         BLOB NOT NULL,
  reason            TEXT NOT NULL,
  body              BLOB NOT NULL,
  times             INTEGER NOT NULL CHECK (times >= 1),
  last_at           TEXT NOT NULL,
  PRIMARY KEY (tenant, digest),
  FOREIGN KEY (tenant, device_id) REFERENCES device (tenant, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX refused_item_by_device ON refused_item (tenant, device_id);

CREATE TABLE alarm (
  tenant            TEXT NOT NULL,
  id                BLOB NOT NULL CHECK (length(id) = 16),
  code              TEXT NOT NULL,
  device_id         BLOB NOT NULL,
  event_hash        BLOB,
  raised_at         TEXT NOT NULL,
  PRIMARY KEY (tenant, id),
  FOREIGN KEY (tenant, device_id) REFERENCES device (tenant, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX alarm_by_device ON alarm (tenant, device_id);

-- The feed: positions are the tenant's counter, gapless and in commit order. device_id names the only device an
-- item is for; empty means all whose scope holds the case.
CREATE TABLE feed_item (
  tenant            TEXT NOT NULL REFERENCES tenant (tenant),
  position          INTEGER NOT NULL CHECK (position >= 1),
  item              TEXT NOT NULL CHECK (item IN ('event', 'scope_entered', 'scope_left')),
  case_id           BLOB NOT NULL CHECK (length(case_id) = 16),
  event_hash        BLOB,
  device_id         BLOB,
  PRIMARY KEY (tenant, position),
  FOREIGN KEY (tenant, event_hash) REFERENCES event (tenant, hash),
  CHECK ((event_hash IS NOT NULL) = (item = 'event')),
  CHECK ((device_id IS NOT NULL) = (item <> 'event'))
) STRICT, WITHOUT ROWID;

CREATE TABLE device_scope (
  tenant            TEXT NOT NULL,
  device_id         BLOB NOT NULL,
  case_id           BLOB NOT NULL CHECK (length(case_id) = 16),
  entered_position  INTEGER NOT NULL CHECK (entered_position >= 0),
  left_position     INTEGER,
  PRIMARY KEY (tenant, device_id, case_id, entered_position),
  FOREIGN KEY (tenant, device_id) REFERENCES device (tenant, id)
) STRICT, WITHOUT ROWID;

-- What the look-up answers from, rebuilt from events. The number itself stands in the events alone.
CREATE TABLE case_summary (
  tenant            TEXT NOT NULL REFERENCES tenant (tenant),
  case_id           BLOB NOT NULL CHECK (length(case_id) = 16),
  citizen_digest    BLOB NOT NULL CHECK (length(citizen_digest) = 32),
  number            TEXT NOT NULL,
  state             TEXT NOT NULL,
  received_on       TEXT NOT NULL,
  registered        INTEGER NOT NULL CHECK (registered IN (0, 1)),
  in_conflict       INTEGER NOT NULL CHECK (in_conflict IN (0, 1)),
  PRIMARY KEY (tenant, case_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX case_summary_by_citizen ON case_summary (tenant, citizen_digest, received_on);

CREATE TABLE attachment (
  tenant            TEXT NOT NULL REFERENCES tenant (tenant),
  digest            BLOB NOT NULL CHECK (length(digest) = 32),
  size_bytes        INTEGER NOT NULL CHECK (size_bytes >= 1),
  media_type        TEXT NOT NULL,
  completed_at      TEXT NOT NULL,
  PRIMARY KEY (tenant, digest)
) STRICT, WITHOUT ROWID;

-- Reads and writes with who, where and why. Rows are only inserted, numbered without a gap.
CREATE TABLE audit (
  tenant            TEXT NOT NULL REFERENCES tenant (tenant),
  id                BLOB NOT NULL CHECK (length(id) = 16),
  number            INTEGER NOT NULL CHECK (number >= 1),
  at                TEXT NOT NULL,
  device_id         BLOB NOT NULL,
  staff_id          BLOB,
  action            TEXT NOT NULL,
  purpose           TEXT NOT NULL,
  case_id           BLOB,
  citizen_digest    BLOB,
  detail            TEXT NOT NULL,
  PRIMARY KEY (tenant, id),
  UNIQUE (tenant, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_by_case ON audit (tenant, case_id, at);
CREATE INDEX audit_by_citizen ON audit (tenant, citizen_digest, at);

-- Runs of audit rows, each sealed with the server's key and naming the seal before it.
CREATE TABLE audit_seal (
  tenant            TEXT NOT NULL REFERENCES tenant (tenant),
  number            INTEGER NOT NULL CHECK (number >= 1),
  first_row         INTEGER NOT NULL,
  last_row          INTEGER NOT NULL,
  previous          BLOB NOT NULL CHECK (length(previous) = 32),
  digests           BLOB NOT NULL,
  signature         BLOB NOT NULL CHECK (length(signature) = 64),
  sealed_at         TEXT NOT NULL,
  PRIMARY KEY (tenant, number),
  CHECK (first_row >= 1 AND last_row >= first_row)
) STRICT, WITHOUT ROWID;
