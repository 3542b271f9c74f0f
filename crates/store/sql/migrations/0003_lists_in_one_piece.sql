-- Lists are read in one piece, names are found without looking at each case, and counts are kept.
-- The counts of case_view are kept in kept_count; the triggers went with the tables they stood on.
DROP TRIGGER case_count_added;
DROP TRIGGER case_count_moved;
DROP TRIGGER case_count_removed;
DROP TABLE case_count;

-- How many there are of each thing that is shown as a number, so that no count walks through cases or commands.
CREATE TABLE kept_count (
    what   TEXT    NOT NULL PRIMARY KEY CHECK (length(what) BETWEEN 1 AND 40),
    number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Own commands of each case by what the central store has said of them.
CREATE TABLE own_case (
    case_id     BLOB    NOT NULL PRIMARY KEY REFERENCES case_file (id),
    waiting     INTEGER NOT NULL,
    deferred    INTEGER NOT NULL,
    quarantined INTEGER NOT NULL,
    confirmed   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- All that a list shows of a case stands in one row.
ALTER TABLE case_view RENAME TO case_view_before;
CREATE TABLE case_view (
    case_id         BLOB    NOT NULL PRIMARY KEY REFERENCES case_file (id),
    number          TEXT    NOT NULL CHECK (length(number) BETWEEN 1 AND 40),
    state           TEXT    NOT NULL CHECK (state IN ('received', 'incomplete', 'ready', 'granted', 'refused', 'rejected',
                        'withdrawn', 'helped_instead', 'forwarded', 'wrongly_created', 'taken_back', 'ended')),
    channel         TEXT    NOT NULL CHECK (length(channel) BETWEEN 1 AND 40),
    location        TEXT    NOT NULL CHECK (length(location) <= 80),
    received_on     TEXT    NOT NULL CHECK (received_on GLOB '????-??-??'),
    due_on          TEXT    NOT NULL CHECK (due_on GLOB '????-??-??'),
    registered_at   INTEGER,
    receipt_at      INTEGER,
    journalised_at  INTEGER,
    registered_due  INTEGER NOT NULL CHECK (registered_due IN (0, 1)),
    receipt_due     INTEGER NOT NULL CHECK (receipt_due IN (0, 1)),
    journalised_due INTEGER NOT NULL CHECK (journalised_due IN (0, 1)),
    is_exempt       INTEGER NOT NULL CHECK (is_exempt IN (0, 1)),
    conflicts       INTEGER NOT NULL CHECK (conflicts >= 0),
    is_read_only    INTEGER NOT NULL CHECK (is_read_only IN (0, 1)),
    updated_at      INTEGER NOT NULL,
    cpr             TEXT    CHECK (length(cpr) = 10 AND cpr NOT GLOB '*[^0-9]*'),
    name            TEXT    NOT NULL,
    phone           TEXT    NOT NULL CHECK (phone NOT GLOB '*[^0-9]*'),
    is_address_protected INTEGER NOT NULL CHECK (is_address_protected IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE TRIGGER case_view_counted AFTER INSERT ON case_view
BEGIN
    INSERT INTO kept_count (what, number)
    VALUES ('case.' || NEW.state, 1),
           ('case.registered_due', NEW.registered_due),
           ('case.receipt_due', NEW.receipt_due),
           ('case.journalised_due', NEW.journalised_due),
           ('case.any_tick_due', NEW.registered_due + NEW.receipt_due + NEW.journalised_due > 0),
           ('case.in_conflict', NEW.conflicts > 0)
        ON CONFLICT (what) DO UPDATE SET number = number + excluded.number;
END;
CREATE TRIGGER case_view_recounted AFTER UPDATE ON case_view
WHEN (OLD.state, OLD.registered_due, OLD.receipt_due, OLD.journalised_due, OLD.conflicts > 0)
     <> (NEW.state, NEW.registered_due, NEW.receipt_due, NEW.journalised_due, NEW.conflicts > 0)
BEGIN
    INSERT INTO kept_count (what, number)
    VALUES ('case.' || OLD.state, -1),
           ('case.' || NEW.state, 1),
           ('case.registered_due', NEW.registered_due - OLD.registered_due),
           ('case.receipt_due', NEW.receipt_due - OLD.receipt_due),
           ('case.journalised_due', NEW.journalised_due - OLD.journalised_due),
           ('case.any_tick_due', (NEW.registered_due + NEW.receipt_due + NEW.journalised_due > 0)
                                 - (OLD.registered_due + OLD.receipt_due + OLD.journalised_due > 0)),
           ('case.in_conflict', (NEW.conflicts > 0) - (OLD.conflicts > 0))
        ON CONFLICT (what) DO UPDATE SET number = number + excluded.number;
END;
CREATE TRIGGER case_view_uncounted AFTER DELETE ON case_view
BEGIN
    INSERT INTO kept_count (what, number)
    VALUES ('case.' || OLD.state, -1),
           ('case.registered_due', -OLD.registered_due),
           ('case.receipt_due', -OLD.receipt_due),
           ('case.journalised_due', -OLD.journalised_due),
           ('case.any_tick_due', -(OLD.registered_due + OLD.receipt_due + OLD.journalised_due > 0)),
           ('case.in_conflict', -(OLD.conflicts > 0))
        ON CONFLICT (what) DO UPDATE SET number = number + excluded.number;
END;

INSERT INTO case_view
SELECT v.*, i.cpr, coalesce(i.name, ''), coalesce(i.phone, ''), coalesce(i.is_address_protected, 0)
  FROM case_view_before v
  LEFT JOIN citizen_index i ON i.case_id = v.case_id;
DROP TABLE case_view_before;
DROP TABLE citizen_index;

CREATE INDEX case_view_by_cpr ON case_view (cpr) WHERE cpr IS NOT NULL;
CREATE INDEX case_view_by_phone ON case_view (phone) WHERE phone <> '';
CREATE INDEX case_view_by_number ON case_view (number);

-- An index for each list, with all that the list shows: a page lies in one place, not in fifty.
CREATE INDEX case_view_by_updated_at ON case_view (updated_at, case_id,
    number, state, location, due_on, received_on, registered_at, receipt_at, journalised_at, registered_due,
    receipt_due, journalised_due, is_exempt, conflicts, is_read_only, cpr, name, is_address_protected);
CREATE INDEX case_view_by_state ON case_view (state, due_on, case_id,
    number, location, received_on, registered_at, receipt_at, journalised_at, registered_due, receipt_due,
    journalised_due, is_exempt, conflicts, is_read_only, updated_at, cpr, name, is_address_protected);
CREATE INDEX case_view_open ON case_view (due_on, case_id,
    number, state, location, received_on, registered_at, receipt_at, journalised_at, registered_due,
    receipt_due, journalised_due, is_exempt, conflicts, is_read_only, updated_at, cpr, name,
    is_address_protected)
    WHERE state IN ('received', 'incomplete', 'ready');
CREATE INDEX case_view_tick_due ON case_view (due_on, case_id,
    number, state, location, received_on, registered_at, receipt_at, journalised_at, registered_due,
    receipt_due, journalised_due, is_exempt, conflicts, is_read_only, updated_at, cpr, name,
    is_address_protected)
    WHERE registered_due + receipt_due + journalised_due > 0;
CREATE INDEX case_view_registered_due ON case_view (due_on, case_id,
    number, state, location, received_on, registered_at, receipt_at, journalised_at, registered_due,
    receipt_due, journalised_due, is_exempt, conflicts, is_read_only, updated_at, cpr, name,
    is_address_protected)
    WHERE registered_due = 1;
CREATE INDEX case_view_receipt_due ON case_view (due_on, case_id,
    number, state, location, received_on, registered_at, receipt_at, journalised_at, registered_due,
    receipt_due, journalised_due, is_exempt, conflicts, is_read_only, updated_at, cpr, name,
    is_address_protected)
    WHERE receipt_due = 1;
CREATE INDEX case_view_journalised_due ON case_view (due_on, case_id,
    number, state, location, received_on, registered_at, receipt_at, journalised_at, registered_due,
    receipt_due, journalised_due, is_exempt, conflicts, is_read_only, updated_at, cpr, name,
    is_address_protected)
    WHERE journalised_due = 1;
CREATE INDEX case_view_in_conflict ON case_view (due_on, case_id,
    number, state, location, received_on, registered_at, receipt_at, journalised_at, registered_due,
    receipt_due, journalised_due, is_exempt, conflicts, is_read_only, updated_at, cpr, name,
    is_address_protected)
    WHERE conflicts > 0;

-- Each folded part of a name, with all of them: whether the other parts fit is seen where the first was found.
ALTER TABLE name_token RENAME TO name_token_before;
CREATE TABLE name_token (
    token   TEXT NOT NULL CHECK (length(token) > 0),
    case_id BLOB NOT NULL REFERENCES case_file (id),
    tokens  TEXT NOT NULL CHECK (length(tokens) > 0),
    PRIMARY KEY (token, case_id)
) STRICT, WITHOUT ROWID;
INSERT INTO name_token (token, case_id, tokens)
SELECT b.token, b.case_id,
       (SELECT group_concat(a.token, ' ' ORDER BY a.token) FROM name_token_before a WHERE a.case_id = b.case_id)
  FROM name_token_before b;
DROP TABLE name_token_before;
CREATE INDEX name_token_by_case_id ON name_token (case_id, token);

CREATE TRIGGER own_case_counted AFTER INSERT ON own_case
BEGIN
    INSERT INTO kept_count (what, number)
    VALUES ('own_case', 1),
           ('own_case.confirmed', NEW.waiting + NEW.deferred + NEW.quarantined = 0)
        ON CONFLICT (what) DO UPDATE SET number = number + excluded.number;
END;
CREATE TRIGGER own_case_recounted AFTER UPDATE ON own_case
BEGIN
    INSERT INTO kept_count (what, number)
    VALUES ('own_case.confirmed', (NEW.waiting + NEW.deferred + NEW.quarantined = 0)
                                  - (OLD.waiting + OLD.deferred + OLD.quarantined = 0))
        ON CONFLICT (what) DO UPDATE SET number = number + excluded.number;
END;
CREATE TRIGGER own_case_uncounted AFTER DELETE ON own_case
BEGIN
    INSERT INTO kept_count (what, number)
    VALUES ('own_case', -1),
           ('own_case.confirmed', -(OLD.waiting + OLD.deferred + OLD.quarantined = 0))
        ON CONFLICT (what) DO UPDATE SET number = number + excluded.number;
END;

INSERT INTO own_case (case_id, waiting, deferred, quarantined, confirmed)
SELECT c.case_id, sum(o.state IN ('waiting', 'sent')), sum(o.state = 'deferred'), sum(o.state = 'quarantined'),
       sum(o.state = 'confirmed')
  FROM outbox o
  JOIN command c ON c.id = o.command_id
 GROUP BY c.case_id;
INSERT INTO kept_count (what, number)
SELECT 'command.' || state, count(*) FROM outbox GROUP BY state;

CREATE TRIGGER outbox_counted AFTER INSERT ON outbox
BEGIN
    INSERT INTO kept_count (what, number) VALUES ('command.' || NEW.state, 1)
        ON CONFLICT (what) DO UPDATE SET number = number + 1;
    INSERT INTO own_case (case_id, waiting, deferred, quarantined, confirmed)
    SELECT case_id, NEW.state IN ('waiting', 'sent'), NEW.state = 'deferred', NEW.state = 'quarantined',
           NEW.state = 'confirmed'
      FROM command
     WHERE id = NEW.command_id
        ON CONFLICT (case_id) DO UPDATE
       SET waiting = waiting + excluded.waiting, deferred = deferred + excluded.deferred,
           quarantined = quarantined + excluded.quarantined, confirmed = confirmed + excluded.confirmed;
END;
CREATE TRIGGER outbox_recounted AFTER UPDATE OF state ON outbox WHEN OLD.state <> NEW.state
BEGIN
    INSERT INTO kept_count (what, number) VALUES ('command.' || OLD.state, -1), ('command.' || NEW.state, 1)
        ON CONFLICT (what) DO UPDATE SET number = number + excluded.number;
    UPDATE own_case
       SET waiting = waiting + (NEW.state IN ('waiting', 'sent')) - (OLD.state IN ('waiting', 'sent')),
           deferred = deferred + (NEW.state = 'deferred') - (OLD.state = 'deferred'),
           quarantined = quarantined + (NEW.state = 'quarantined') - (OLD.state = 'quarantined'),
           confirmed = confirmed + (NEW.state = 'confirmed') - (OLD.state = 'confirmed')
     WHERE case_id = (SELECT case_id FROM command WHERE id = NEW.command_id);
END;
CREATE TRIGGER outbox_uncounted AFTER DELETE ON outbox
BEGIN
    INSERT INTO kept_count (what, number) VALUES ('command.' || OLD.state, -1)
        ON CONFLICT (what) DO UPDATE SET number = number + excluded.number;
    UPDATE own_case
       SET waiting = waiting - (OLD.state IN ('waiting', 'sent')), deferred = deferred - (OLD.state = 'deferred'),
           quarantined = quarantined - (OLD.state = 'quarantined'), confirmed = confirmed - (OLD.state = 'confirmed')
     WHERE case_id = (SELECT case_id FROM command WHERE id = OLD.command_id);
    DELETE FROM own_case
     WHERE case_id = (SELECT case_id FROM command WHERE id = OLD.command_id)
       AND waiting + deferred + quarantined + confirmed = 0;
END;

-- Nothing looks for audit rows by time; each row written paid for it with a page.
DROP INDEX audit_by_done_at;
