-- Events are found by id, which grows with time, and only then by hash: in an index by hash each new event would touch a
-- page of its own anywhere, and of a large store nearly every event rewrites one. What names an event now says both.
CREATE TABLE event_7 (
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
  PRIMARY KEY (tenant, id, hash),
  FOREIGN KEY (tenant, device_id) REFERENCES device (tenant, id),
  CHECK ((position IS NOT NULL) = (outcome IN ('accepted', 'conflict'))),
  CHECK ((payload IS NULL) = (salt IS NULL))
) STRICT;
INSERT INTO event_7 (tenant, hash, id, case_id, command_id, k, device_id, device_seq, on_chain, kind, header, payload,
                     salt, signature, outcome, outcome_detail, position, received_at)
SELECT tenant, hash, id, case_id, command_id, k, device_id, device_seq, on_chain, kind, header, payload,
       salt, signature, outcome, outcome_detail, position, received_at
  FROM event
 ORDER BY rowid;

CREATE TABLE receipt_7 (
  tenant            TEXT NOT NULL,
  event_id          BLOB NOT NULL,
  event_hash        BLOB NOT NULL,
  device_id         BLOB NOT NULL,
  times             INTEGER NOT NULL CHECK (times >= 1),
  last_at           TEXT NOT NULL,
  PRIMARY KEY (tenant, event_id, event_hash, device_id),
  FOREIGN KEY (tenant, event_id, event_hash) REFERENCES event_7 (tenant, id, hash),
  FOREIGN KEY (tenant, device_id) REFERENCES device (tenant, id)
) STRICT, WITHOUT ROWID;
INSERT INTO receipt_7 (tenant, event_id, event_hash, device_id, times, last_at)
SELECT r.tenant, e.id, r.event_hash, r.device_id, r.times, r.last_at
  FROM receipt AS r
  JOIN event AS e ON e.tenant = r.tenant AND e.hash = r.event_hash;

CREATE TABLE feed_item_7 (
  tenant            TEXT NOT NULL REFERENCES tenant (tenant),
  position          INTEGER NOT NULL CHECK (position >= 1),
  item              TEXT NOT NULL CHECK (item IN ('event', 'scope_entered', 'scope_left')),
  case_id           BLOB NOT NULL CHECK (length(case_id) = 16),
  event_id          BLOB,
  event_hash        BLOB,
  device_id         BLOB,
  PRIMARY KEY (tenant, position),
  FOREIGN KEY (tenant, event_id, event_hash) REFERENCES event_7 (tenant, id, hash),
  CHECK ((event_id IS NOT NULL) = (item = 'event')),
  CHECK ((event_hash IS NOT NULL) = (item = 'event')),
  CHECK ((device_id IS NOT NULL) = (item <> 'event'))
) STRICT, WITHOUT ROWID;
INSERT INTO feed_item_7 (tenant, position, item, case_id, event_id, event_hash, device_id)
SELECT f.tenant, f.position, f.item, f.case_id, e.id, f.event_hash, f.device_id
  FROM feed_item AS f
  LEFT JOIN event AS e ON e.tenant = f.tenant AND e.hash = f.event_hash;

DROP TABLE receipt;
DROP TABLE feed_item;
DROP TABLE event;
ALTER TABLE event_7 RENAME TO event;
ALTER TABLE receipt_7 RENAME TO receipt;
ALTER TABLE feed_item_7 RENAME TO feed_item;
CREATE INDEX event_by_case ON event (tenant, case_id, position);
CREATE INDEX event_by_command ON event (tenant, command_id, k);
CREATE INDEX event_by_device ON event (tenant, device_id, device_seq);
CREATE INDEX receipt_by_device ON receipt (tenant, device_id);
