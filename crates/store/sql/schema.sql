CREATE TRIGGER audit_never_changes BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'audit rows are never changed'); END;

CREATE TRIGGER audit_never_shrinks BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'audit rows are never deleted'); END;

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

CREATE TABLE account_role (
    staff_id BLOB NOT NULL REFERENCES local_account (staff_id) ON DELETE CASCADE,
    role     TEXT NOT NULL CHECK (role IN ('counter', 'outreach', 'exemption_unit', 'lead', 'auditor', 'administrator')),
    PRIMARY KEY (staff_id, role)
) STRICT, WITHOUT ROWID;

CREATE TABLE attachment (
    digest         BLOB    NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    media_type     TEXT    NOT NULL CHECK (length(media_type) BETWEEN 1 AND 100),
    size_bytes     INTEGER NOT NULL CHECK (size_bytes > 0),
    view_media_type TEXT   CHECK (length(view_media_type) BETWEEN 1 AND 100),
    sent_bytes     INTEGER NOT NULL DEFAULT 0 CHECK (sent_bytes BETWEEN 0 AND size_bytes),
    state          TEXT    NOT NULL CHECK (state IN ('local', 'waiting', 'confirmed')),
    stored_at      INTEGER NOT NULL
) STRICT;

CREATE TABLE audit (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    done_at   INTEGER NOT NULL,
    staff_id  BLOB    NOT NULL REFERENCES staff_member (id),
    device_id BLOB    NOT NULL REFERENCES device (id),
    roles     TEXT    NOT NULL CHECK (length(roles) <= 120),
    action    TEXT    NOT NULL CHECK (action GLOB '[a-z]*' AND length(action) <= 40),
    case_id   BLOB    REFERENCES case_file (id),
    subject   TEXT    CHECK (length(subject) <= 64),
    purpose   TEXT    NOT NULL CHECK (length(purpose) <= 500)
, link BLOB CHECK (link IS NULL OR length(link) = 32)) STRICT;

CREATE TABLE case_attachment (
    case_id           BLOB NOT NULL REFERENCES case_file (id),
    attachment_digest BLOB NOT NULL CHECK (length(attachment_digest) = 32),
    PRIMARY KEY (case_id, attachment_digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE case_file (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16)
) STRICT, WITHOUT ROWID;

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

CREATE TABLE command (
    id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    case_id     BLOB    NOT NULL REFERENCES case_file (id),
    device_id   BLOB    NOT NULL REFERENCES device (id),
    event_count INTEGER NOT NULL CHECK (event_count BETWEEN 1 AND 500)
) STRICT, WITHOUT ROWID;

CREATE TABLE device (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16)
) STRICT, WITHOUT ROWID;

CREATE TABLE draft (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    staff_id   BLOB    NOT NULL REFERENCES staff_member (id),
    case_id    BLOB    REFERENCES case_file (id),
    step       INTEGER NOT NULL CHECK (step BETWEEN 0 AND 99),
    fields     TEXT    NOT NULL CHECK (json_valid(fields) AND json_type(fields) = 'object'),
    is_parked  INTEGER NOT NULL CHECK (is_parked IN (0, 1)),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE draft_attachment (
    draft_id          BLOB NOT NULL REFERENCES draft (id) ON DELETE CASCADE,
    attachment_digest BLOB NOT NULL REFERENCES attachment (digest),
    PRIMARY KEY (draft_id, attachment_digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE event (
    id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    case_id     BLOB    NOT NULL REFERENCES case_file (id),
    command_id  BLOB    NOT NULL REFERENCES command (id),
    device_id   BLOB    NOT NULL REFERENCES device (id),
    device_seq  INTEGER NOT NULL CHECK (device_seq > 0),
    k           INTEGER NOT NULL CHECK (k BETWEEN 1 AND 500),
    kind        TEXT    NOT NULL CHECK (length(kind) BETWEEN 1 AND 64),
    recorded_at INTEGER NOT NULL,
    source      TEXT    NOT NULL CHECK (source IN ('own', 'pulled')),
    position    INTEGER CHECK (position > 0),
    header      BLOB    NOT NULL CHECK (length(header) > 0),
    payload     BLOB,
    salt        BLOB    CHECK (length(salt) >= 16),
    hash        BLOB    NOT NULL CHECK (length(hash) = 32),
    signature   BLOB    NOT NULL CHECK (length(signature) = 64)
) STRICT;

CREATE TABLE feed_cursor (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    epoch    INTEGER NOT NULL CHECK (epoch >= 0),
    position INTEGER NOT NULL CHECK (position >= 0),
    backup   INTEGER NOT NULL CHECK (backup >= 0),
    read_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE kept_count (
    what   TEXT    NOT NULL PRIMARY KEY CHECK (length(what) BETWEEN 1 AND 40),
    number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE local_account (
    staff_id        BLOB    NOT NULL PRIMARY KEY REFERENCES staff_member (id),
    login           TEXT    NOT NULL UNIQUE CHECK (length(login) BETWEEN 1 AND 100),
    name            TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    initials        TEXT    NOT NULL CHECK (length(initials) BETWEEN 1 AND 10),
    password_hash   TEXT    NOT NULL CHECK (password_hash GLOB '$argon2id$*'),
    is_active       INTEGER NOT NULL CHECK (is_active IN (0, 1)),
    failed_attempts INTEGER NOT NULL DEFAULT 0 CHECK (failed_attempts >= 0),
    locked_until_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE lost_edition (
    id       INTEGER PRIMARY KEY,
    edition  INTEGER NOT NULL CHECK (edition > 0),
    body     TEXT    NOT NULL CHECK (length(body) > 0),
    staff_id BLOB    NOT NULL REFERENCES staff_member (id),
    initials TEXT    NOT NULL CHECK (length(initials) BETWEEN 1 AND 20),
    reason   TEXT    NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
    made_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE name_token (
    token   TEXT NOT NULL CHECK (length(token) > 0),
    case_id BLOB NOT NULL REFERENCES case_file (id),
    tokens  TEXT NOT NULL CHECK (length(tokens) > 0),
    PRIMARY KEY (token, case_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (
    command_id      BLOB    NOT NULL PRIMARY KEY REFERENCES command (id),
    first_seq       INTEGER NOT NULL UNIQUE CHECK (first_seq > 0),
    state           TEXT    NOT NULL CHECK (state IN ('waiting', 'sent', 'confirmed', 'quarantined', 'deferred')),
    verdict         TEXT    CHECK (length(verdict) BETWEEN 1 AND 64),
    position        INTEGER CHECK (position > 0),
    attempts        INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    attempted_at    INTEGER,
    is_backed_up    INTEGER NOT NULL DEFAULT 0 CHECK (is_backed_up IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE TABLE own_case (
    case_id     BLOB    NOT NULL PRIMARY KEY REFERENCES case_file (id),
    waiting     INTEGER NOT NULL,
    deferred    INTEGER NOT NULL,
    quarantined INTEGER NOT NULL,
    confirmed   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE own_device (
    id           INTEGER PRIMARY KEY CHECK (id = 1),
    device_id    BLOB    NOT NULL UNIQUE REFERENCES device (id),
    code         TEXT    NOT NULL CHECK (length(code) BETWEEN 1 AND 6),
    signing_seed BLOB    NOT NULL CHECK (length(signing_seed) = 32),
    seq          INTEGER NOT NULL CHECK (seq >= 0),
    head_hash    BLOB    CHECK (length(head_hash) = 32),
    CHECK ((seq = 0) = (head_hash IS NULL))
) STRICT;

CREATE TABLE profile_edition (
    edition  INTEGER NOT NULL PRIMARY KEY CHECK (edition > 0),
    body     TEXT    NOT NULL CHECK (length(body) > 0),
    staff_id BLOB    NOT NULL REFERENCES staff_member (id),
    initials TEXT    NOT NULL CHECK (length(initials) BETWEEN 1 AND 20),
    reason   TEXT    NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
    made_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE remembered_head (
    scope     TEXT    NOT NULL PRIMARY KEY CHECK (scope IN ('tenant', 'device')),
    statement TEXT    NOT NULL,
    signature BLOB    NOT NULL CHECK (length(signature) = 64),
    seen_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE schema_note (
        id            INTEGER PRIMARY KEY CHECK (id = 1),
        oldest_reader INTEGER NOT NULL CHECK (oldest_reader > 0)
    ) STRICT;

CREATE TABLE sealed_command (
    id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    first_seq   INTEGER CHECK (first_seq > 0),
    event_count INTEGER NOT NULL CHECK (event_count > 0),
    state       TEXT    NOT NULL CHECK (state IN ('kept', 'waiting', 'apart', 'unopened')),
    position    INTEGER CHECK (position > 0),
    box         BLOB    NOT NULL,
    CHECK ((state = 'kept') = (position IS NOT NULL))
) STRICT;

CREATE TABLE sealed_file (
    digest     BLOB    NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    size_bytes INTEGER NOT NULL CHECK (size_bytes > 0),
    state      TEXT    NOT NULL CHECK (state IN ('kept', 'waiting')),
    position   INTEGER NOT NULL CHECK (position > 0)
) STRICT;

CREATE TABLE serial (
    series TEXT    NOT NULL CHECK (length(series) BETWEEN 1 AND 40),
    year   INTEGER NOT NULL CHECK (year BETWEEN 1900 AND 2199),
    last   INTEGER NOT NULL CHECK (last > 0),
    PRIMARY KEY (series, year)
) STRICT, WITHOUT ROWID;

CREATE TABLE setting (
    name       TEXT    NOT NULL PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 80),
    value      TEXT    NOT NULL CHECK (json_valid(value)),
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE staff_grant (
    id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    staff_id    BLOB    NOT NULL REFERENCES staff_member (id),
    token       TEXT    NOT NULL CHECK (length(token) > 0),
    valid_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE staff_member (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16)
) STRICT, WITHOUT ROWID;

CREATE INDEX attachment_waiting ON attachment (stored_at) WHERE state = 'waiting';

CREATE INDEX audit_by_case_id ON audit (case_id, id);

CREATE INDEX audit_by_device_id ON audit (device_id, id);

CREATE INDEX audit_by_staff_id ON audit (staff_id, id);

CREATE INDEX case_attachment_by_digest ON case_attachment (attachment_digest);

CREATE INDEX case_view_by_cpr ON case_view (cpr) WHERE cpr IS NOT NULL;

CREATE INDEX case_view_by_number ON case_view (number);

CREATE INDEX case_view_by_phone ON case_view (phone) WHERE phone <> '';

CREATE INDEX case_view_by_state ON case_view (state, due_on, case_id,
    number, location, received_on, registered_at, receipt_at, journalised_at, registered_due, receipt_due,
    journalised_due, is_exempt, conflicts, is_read_only, updated_at, cpr, name, is_address_protected);

CREATE INDEX case_view_by_updated_at ON case_view (updated_at, case_id,
    number, state, location, due_on, received_on, registered_at, receipt_at, journalised_at, registered_due,
    receipt_due, journalised_due, is_exempt, conflicts, is_read_only, cpr, name, is_address_protected);

CREATE INDEX case_view_in_conflict ON case_view (due_on, case_id,
    number, state, location, received_on, registered_at, receipt_at, journalised_at, registered_due,
    receipt_due, journalised_due, is_exempt, conflicts, is_read_only, updated_at, cpr, name,
    is_address_protected)
    WHERE conflicts > 0;

CREATE INDEX case_view_journalised_due ON case_view (due_on, case_id,
    number, state, location, received_on, registered_at, receipt_at, journalised_at, registered_due,
    receipt_due, journalised_due, is_exempt, conflicts, is_read_only, updated_at, cpr, name,
    is_address_protected)
    WHERE journalised_due = 1;

CREATE INDEX case_view_open ON case_view (due_on, case_id,
    number, state, location, received_on, registered_at, receipt_at, journalised_at, registered_due,
    receipt_due, journalised_due, is_exempt, conflicts, is_read_only, updated_at, cpr, name,
    is_address_protected)
    WHERE state IN ('received', 'incomplete', 'ready');

CREATE INDEX case_view_receipt_due ON case_view (due_on, case_id,
    number, state, location, received_on, registered_at, receipt_at, journalised_at, registered_due,
    receipt_due, journalised_due, is_exempt, conflicts, is_read_only, updated_at, cpr, name,
    is_address_protected)
    WHERE receipt_due = 1;

CREATE INDEX case_view_registered_due ON case_view (due_on, case_id,
    number, state, location, received_on, registered_at, receipt_at, journalised_at, registered_due,
    receipt_due, journalised_due, is_exempt, conflicts, is_read_only, updated_at, cpr, name,
    is_address_protected)
    WHERE registered_due = 1;

CREATE INDEX case_view_tick_due ON case_view (due_on, case_id,
    number, state, location, received_on, registered_at, receipt_at, journalised_at, registered_due,
    receipt_due, journalised_due, is_exempt, conflicts, is_read_only, updated_at, cpr, name,
    is_address_protected)
    WHERE registered_due + receipt_due + journalised_due > 0;

CREATE INDEX command_by_case_id ON command (case_id);

CREATE INDEX command_by_device_id ON command (device_id);

CREATE INDEX draft_attachment_by_digest ON draft_attachment (attachment_digest);

CREATE INDEX draft_by_case_id ON draft (case_id);

CREATE INDEX draft_by_staff_id ON draft (staff_id);

CREATE INDEX event_by_case_id ON event (case_id);

CREATE UNIQUE INDEX event_by_command_id ON event (command_id, k);

CREATE INDEX event_by_device_id ON event (device_id, device_seq);

CREATE UNIQUE INDEX event_own_by_device_seq ON event (device_seq) WHERE source = 'own';

CREATE INDEX lost_edition_by_staff ON lost_edition (staff_id);

CREATE INDEX name_token_by_case_id ON name_token (case_id, token);

CREATE INDEX outbox_quarantined ON outbox (first_seq) WHERE state = 'quarantined';

CREATE INDEX outbox_unsettled ON outbox (first_seq) WHERE state IN ('waiting', 'sent', 'deferred');

CREATE INDEX profile_edition_by_staff ON profile_edition (staff_id);

CREATE INDEX sealed_command_own ON sealed_command (first_seq) WHERE first_seq IS NOT NULL;

CREATE INDEX staff_grant_by_staff_id ON staff_grant (staff_id, valid_until);
