-- Commands held apart until a person has looked at them, and what came of it. The events themselves stay in event.
CREATE TABLE held_work (
  tenant            text COLLATE "C" NOT NULL,
  command_id        uuid NOT NULL,
  device_id         uuid NOT NULL,
  case_id           uuid NOT NULL,
  held_for          text NOT NULL,
  held_at           timestamptz NOT NULL,
  settlement        text NOT NULL CHECK (settlement IN ('', 'released', 'returned')),
  settled_at        timestamptz,
  settled_by        uuid,
  reason            text NOT NULL,
  PRIMARY KEY (tenant, command_id),
  FOREIGN KEY (tenant, device_id) REFERENCES device (tenant, id),
  CHECK ((settled_at IS NULL) = (settlement = ''))
);
CREATE INDEX held_work_by_settlement ON held_work (tenant, settlement, held_at);
CREATE INDEX held_work_by_device ON held_work (tenant, device_id);

-- The owner reads the rows of every municipality here; rights.sql forces their keeping apart again in this transaction.
ALTER TABLE event NO FORCE ROW LEVEL SECURITY;
INSERT INTO held_work (tenant, command_id, device_id, case_id, held_for, held_at, settlement, settled_at, settled_by,
                       reason)
SELECT tenant, command_id, device_id, case_id, outcome_detail, received_at, '', NULL, NULL, ''
  FROM event
 WHERE outcome = 'quarantined' AND on_chain AND k = 1
ON CONFLICT (tenant, command_id) DO NOTHING;
