-- Commands held apart until a person has looked at them, and what came of it. The events themselves stay in event.
CREATE TABLE held_work (
  tenant            TEXT NOT NULL,
  command_id        BLOB NOT NULL CHECK (length(command_id) = 16),
  device_id         BLOB NOT NULL,
  case_id           BLOB NOT NULL CHECK (length(case_id) = 16),
  held_for          TEXT NOT NULL,
  held_at           TEXT NOT NULL,
  settlement        TEXT NOT NULL CHECK (settlement IN ('', 'released', 'returned')),
  settled_at        TEXT,
  settled_by        BLOB CHECK (length(settled_by) = 16),
  reason            TEXT NOT NULL,
  PRIMARY KEY (tenant, command_id),
  FOREIGN KEY (tenant, device_id) REFERENCES device (tenant, id),
  CHECK ((settled_at IS NULL) = (settlement = ''))
) STRICT, WITHOUT ROWID;
CREATE INDEX held_work_by_settlement ON held_work (tenant, settlement, held_at);
CREATE INDEX held_work_by_device ON held_work (tenant, device_id);

INSERT INTO held_work (tenant, command_id, device_id, case_id, held_for, held_at, settlement, settled_at, settled_by,
                       reason)
SELECT tenant, command_id, device_id, case_id, outcome_detail, received_at, '', NULL, NULL, ''
  FROM event
 WHERE outcome = 'quarantined' AND on_chain = 1 AND k = 1
ON CONFLICT (tenant, command_id) DO NOTHING;
