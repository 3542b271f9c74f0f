PRAGMA application_id = 1397445198;
PRAGMA user_version = 7;
CREATE TABLE schema_note (
        id            INTEGER PRIMARY KEY CHECK (id = 1),
        oldest_reader INTEGER NOT NULL CHECK (oldest_reader > 0)
    ) STRICT;
CREATE TABLE staff_member (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16)
) STRICT, WITHOUT ROWID;
CREATE TABLE device (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16)
) STRICT, WITHOUT ROWID;
CREATE TABLE case_file (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16)
) STRICT, WITHOUT ROWID;
CREATE TABLE command (
    id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    case_id     BLOB    NOT NULL REFERENCES case_file (id),
    device_id   BLOB    NOT NULL REFERENCES device (id),
    event_count INTEGER NOT NULL CHECK (event_count BETWEEN 1 AND 500)
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
CREATE TABLE attachment (
    digest         BLOB    NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    media_type     TEXT    NOT NULL CHECK (length(media_type) BETWEEN 1 AND 100),
    size_bytes     INTEGER NOT NULL CHECK (size_bytes > 0),
    view_media_type TEXT   CHECK (length(view_media_type) BETWEEN 1 AND 100),
    sent_bytes     INTEGER NOT NULL DEFAULT 0 CHECK (sent_bytes BETWEEN 0 AND size_bytes),
    state          TEXT    NOT NULL CHECK (state IN ('local', 'waiting', 'confirmed')),
    stored_at      INTEGER NOT NULL
) STRICT;
CREATE TABLE draft_attachment (
    draft_id          BLOB NOT NULL REFERENCES draft (id) ON DELETE CASCADE,
    attachment_digest BLOB NOT NULL REFERENCES attachment (digest),
    PRIMARY KEY (draft_id, attachment_digest)
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
CREATE TABLE serial (
    series TEXT    NOT NULL CHECK (length(series) BETWEEN 1 AND 40),
    year   INTEGER NOT NULL CHECK (year BETWEEN 1900 AND 2199),
    last   INTEGER NOT NULL CHECK (last > 0),
    PRIMARY KEY (series, year)
) STRICT, WITHOUT ROWID;
CREATE TABLE feed_cursor (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    epoch    INTEGER NOT NULL CHECK (epoch >= 0),
    position INTEGER NOT NULL CHECK (position >= 0),
    backup   INTEGER NOT NULL CHECK (backup >= 0),
    read_at  INTEGER NOT NULL
) STRICT;
CREATE TABLE remembered_head (
    scope     TEXT    NOT NULL PRIMARY KEY CHECK (scope IN ('tenant', 'device')),
    statement TEXT    NOT NULL,
    signature BLOB    NOT NULL CHECK (length(signature) = 64),
    seen_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE staff_grant (
    id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    staff_id    BLOB    NOT NULL REFERENCES staff_member (id),
    token       TEXT    NOT NULL CHECK (length(token) > 0),
    valid_until INTEGER NOT NULL
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
CREATE TABLE account_role (
    staff_id BLOB NOT NULL REFERENCES local_account (staff_id) ON DELETE CASCADE,
    role     TEXT NOT NULL CHECK (role IN ('counter', 'outreach', 'exemption_unit', 'lead', 'auditor', 'administrator')),
    PRIMARY KEY (staff_id, role)
) STRICT, WITHOUT ROWID;
CREATE TABLE setting (
    name       TEXT    NOT NULL PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 80),
    value      TEXT    NOT NULL CHECK (json_valid(value)),
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE case_attachment (
    case_id           BLOB NOT NULL REFERENCES case_file (id),
    attachment_digest BLOB NOT NULL CHECK (length(attachment_digest) = 32),
    PRIMARY KEY (case_id, attachment_digest)
) STRICT, WITHOUT ROWID;
CREATE TABLE kept_count (
    what   TEXT    NOT NULL PRIMARY KEY CHECK (length(what) BETWEEN 1 AND 40),
    number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE own_case (
    case_id     BLOB    NOT NULL PRIMARY KEY REFERENCES case_file (id),
    waiting     INTEGER NOT NULL,
    deferred    INTEGER NOT NULL,
    quarantined INTEGER NOT NULL,
    confirmed   INTEGER NOT NULL
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
CREATE TABLE name_token (
    token   TEXT NOT NULL CHECK (length(token) > 0),
    case_id BLOB NOT NULL REFERENCES case_file (id),
    tokens  TEXT NOT NULL CHECK (length(tokens) > 0),
    PRIMARY KEY (token, case_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE profile_edition (
    edition  INTEGER NOT NULL PRIMARY KEY CHECK (edition > 0),
    body     TEXT    NOT NULL CHECK (length(body) > 0),
    staff_id BLOB    NOT NULL REFERENCES staff_member (id),
    initials TEXT    NOT NULL CHECK (length(initials) BETWEEN 1 AND 20),
    reason   TEXT    NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
    made_at  INTEGER NOT NULL
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
CREATE TABLE lost_edition (
    id       INTEGER PRIMARY KEY,
    edition  INTEGER NOT NULL CHECK (edition > 0),
    body     TEXT    NOT NULL CHECK (length(body) > 0),
    staff_id BLOB    NOT NULL REFERENCES staff_member (id),
    initials TEXT    NOT NULL CHECK (length(initials) BETWEEN 1 AND 20),
    reason   TEXT    NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
    made_at  INTEGER NOT NULL
) STRICT;
INSERT INTO schema_note VALUES (1, 6);
INSERT INTO staff_member VALUES (X'019900000000700080000000000000AD');
INSERT INTO staff_member VALUES (X'019900000000700080000000000057AF');
INSERT INTO device VALUES (X'019900000000700080000000000000DE');
INSERT INTO case_file VALUES (X'01990000000070008000000000000001');
INSERT INTO command VALUES (X'01990000000070DE8000000000000001', X'01990000000070008000000000000001', X'019900000000700080000000000000DE', 2);
INSERT INTO command VALUES (X'01990000000070DE8000000000000004', X'01990000000070008000000000000001', X'019900000000700080000000000000DE', 1);
INSERT INTO event VALUES (X'01990000000070DE8000000000000002', X'01990000000070008000000000000001', X'01990000000070DE8000000000000001', X'019900000000700080000000000000DE', 1, 1, 'case_opened', 1773406201000, 'own', NULL, X'7B226163746F72223A2230313939303030302D303030302D373030302D383030302D303030303030303035376166222C2262617365645F6F6E223A5B5D2C22636173655F6964223A2230313939303030302D303030302D373030302D383030302D303030303030303030303031222C22636C6F636B5F6F66667365745F6D73223A302C22636F6D6D616E645F6964223A2230313939303030302D303030302D373064652D383030302D303030303030303030303031222C22636F6D6D69746D656E74223A2265626330396332326430363937653561623030643234313030623332656238663564333162313064393038313138633463353337656430333564663836616136222C226465766963655F6964223A2230313939303030302D303030302D373030302D383030302D303030303030303030306465222C226465766963655F736571223A312C22656E76656C6F7065223A312C226772616E745F6964223A2230313939303030302D303030302D373030302D383030302D303030303030303036326137222C226964223A2230313939303030302D303030302D373064652D383030302D303030303030303030303032222C226B223A312C226B696E64223A22636173655F6F70656E6564222C226E223A322C22707265765F68617368223A6E756C6C2C227265636F726465645F6174223A22323032362D30332D31335431323A35303A30312E3030305A222C2274656E616E74223A2230393939222C2276223A317D', X'7B226368616E6E656C223A2273656C66222C22666F726D223A2266314032222C226C6F636174696F6E223A2272616164687573222C226D756E69636970616C697479223A2230393939222C226E756D626572223A22323032362D53332D30303031222C2270726F66696C65223A2264656D6F4031222C2272656365697665645F6F6E223A22323032362D30332D3133227D', X'09090909090909090909090909090909', X'E3AE5C5ADA46712FE31A6BA1256FFAE73EB126CDDD1F8DA69DEC5D1447F7C8ED', X'517451965283371948D1881B815E7800EEA6637595B2EA0CC03BA682853F5B5F9387A424893112FD50A9E23691D84B5555EF1150740A56BD7029665A3EA9D206');
INSERT INTO event VALUES (X'01990000000070DE8000000000000003', X'01990000000070008000000000000001', X'01990000000070DE8000000000000001', X'019900000000700080000000000000DE', 2, 2, 'citizen_recorded', 1773406202000, 'own', NULL, X'7B226163746F72223A2230313939303030302D303030302D373030302D383030302D303030303030303035376166222C2262617365645F6F6E223A5B2230313939303030302D303030302D373064652D383030302D303030303030303030303032225D2C22636173655F6964223A2230313939303030302D303030302D373030302D383030302D303030303030303030303031222C22636C6F636B5F6F66667365745F6D73223A302C22636F6D6D616E645F6964223A2230313939303030302D303030302D373064652D383030302D303030303030303030303031222C22636F6D6D69746D656E74223A2234383461396165366231376165323661386239373464326138366664646639356266326537613461363435643866653762636231356537663462613035326465222C226465766963655F6964223A2230313939303030302D303030302D373030302D383030302D303030303030303030306465222C226465766963655F736571223A322C22656E76656C6F7065223A312C226772616E745F6964223A2230313939303030302D303030302D373030302D383030302D303030303030303036326137222C226964223A2230313939303030302D303030302D373064652D383030302D303030303030303030303033222C226B223A322C226B696E64223A22636974697A656E5F7265636F72646564222C226E223A322C22707265765F68617368223A2265336165356335616461343637313266653331613662613132353666666165373365623132366364646431663864613639646563356431343437663763386564222C227265636F726465645F6174223A22323032362D30332D31335431323A35303A30322E3030305A222C2274656E616E74223A2230393939222C2276223A317D', X'7B2261646472657373223A22C38576656A20322C203939393020536F6C626A657267222C22616464726573735F70726F746563746564223A66616C73652C22637072223A2236323031353030303030222C226E616D65223A22C385736520C3987374657267C3A57264222C2270686F6E65223A223132333435363738222C227265736964656E6365223A226669786564227D', X'09090909090909090909090909090909', X'92360AAC81AA90AE9A22369F9CB2D31F2D94CDF6584D8CCBCEDC86F33D62248D', X'AE6102AFBFFDC5D0436EE1D9302296C0CBBC20C1D353B9C13A2C59ABDED6EA57E7CFB5C572C41FA9FA877093E8624D30E6B6507D52D9792DC24340A665ADA406');
INSERT INTO event VALUES (X'01990000000070DE8000000000000005', X'01990000000070008000000000000001', X'01990000000070DE8000000000000004', X'019900000000700080000000000000DE', 3, 1, 'note_added', 1773406203000, 'own', NULL, X'7B226163746F72223A2230313939303030302D303030302D373030302D383030302D303030303030303035376166222C2262617365645F6F6E223A5B2230313939303030302D303030302D373064652D383030302D303030303030303030303033225D2C22636173655F6964223A2230313939303030302D303030302D373030302D383030302D303030303030303030303031222C22636C6F636B5F6F66667365745F6D73223A302C22636F6D6D616E645F6964223A2230313939303030302D303030302D373064652D383030302D303030303030303030303034222C22636F6D6D69746D656E74223A2230616234376638393362343035626536353264333834613137336138383661323030623064386566373839366137643534613330623439643336656435613339222C226465766963655F6964223A2230313939303030302D303030302D373030302D383030302D303030303030303030306465222C226465766963655F736571223A332C22656E76656C6F7065223A312C226772616E745F6964223A2230313939303030302D303030302D373030302D383030302D303030303030303036326137222C226964223A2230313939303030302D303030302D373064652D383030302D303030303030303030303035222C226B223A312C226B696E64223A226E6F74655F6164646564222C226E223A312C22707265765F68617368223A2239323336306161633831616139306165396132323336396639636232643331663264393463646636353834643863636263656463383666333364363232343864222C227265636F726465645F6174223A22323032362D30332D31335431323A35303A30332E3030305A222C2274656E616E74223A2230393939222C2276223A317D', X'7B2274657874223A22C3A6C3B8C3A5227D', X'09090909090909090909090909090909', X'B87EAE9FC7939EF58D4D7671E5D7E1C3535312018500AAE7DAD07A6BEB868CE7', X'CB3E3112DDCCE3AE6193DD75F7710602A5A552C10CF341A7AF2453303FA7008FFF90FC71B1B425E80FC417EC6A27B411AEB18B42E2FD3FB3414A74510EB57B07');
INSERT INTO outbox VALUES (X'01990000000070DE8000000000000001', 1, 'waiting', NULL, NULL, 0, NULL, 0);
INSERT INTO outbox VALUES (X'01990000000070DE8000000000000004', 3, 'waiting', NULL, NULL, 0, NULL, 0);
INSERT INTO audit VALUES (1, 1773406200000, X'019900000000700080000000000057AF', X'019900000000700080000000000000DE', 'counter', 'device_enrolled', NULL, NULL, '', X'BA802F4FBD4C05C8B5C08C291139AE6A4B21D4D99C413AE07A4419384011020C');
INSERT INTO audit VALUES (2, 1773406200000, X'019900000000700080000000000057AF', X'019900000000700080000000000000DE', 'counter', 'command_saved', NULL, NULL, '', X'192F9ED95296B3158854DB2756E696BCF27383DAFC8CD1162CD88F67CED2DDE7');
INSERT INTO audit VALUES (3, 1773406200000, X'019900000000700080000000000057AF', X'019900000000700080000000000000DE', 'counter', 'command_saved', X'01990000000070008000000000000001', NULL, '', X'EBE469E47491F152C48C0A52C1A434A3B0CB109CA109B5EFA351BC614164BC97');
INSERT INTO audit VALUES (4, 1773406200000, X'019900000000700080000000000057AF', X'019900000000700080000000000000DE', 'counter', 'command_saved', X'01990000000070008000000000000001', NULL, '', X'BF33D96E95B96C6ED9DD01637652D195A139614842417F87EB7E5DDA16DA58B7');
INSERT INTO audit VALUES (5, 1773406200000, X'019900000000700080000000000057AF', X'019900000000700080000000000000DE', 'counter', 'account_changed', NULL, NULL, '', X'3F41CD9CF06286E6A438DB1E8B00A8CFD305FD8F5E6640005A071638128EFACF');
INSERT INTO draft VALUES (X'01990000000070008000000000000005', X'019900000000700080000000000057AF', X'01990000000070008000000000000001', 2, '{"name":"Åse"}', 0, 1773406200000, 1773406200000);
INSERT INTO attachment VALUES (X'2D711642B726B04401627CA9FBAC32F5C8530FB1903CC4DB02258717921A4881', 'image/png', 1, NULL, 0, 'local', 1773406200000);
INSERT INTO draft_attachment VALUES (X'01990000000070008000000000000005', X'2D711642B726B04401627CA9FBAC32F5C8530FB1903CC4DB02258717921A4881');
INSERT INTO own_device VALUES (1, X'019900000000700080000000000000DE', 'S3', X'60E8843E2D5F10966BE100D3021B368A06EF435E6F0D0508F94FE5A1FFF01A2F', 3, X'B87EAE9FC7939EF58D4D7671E5D7E1C3535312018500AAE7DAD07A6BEB868CE7');
INSERT INTO serial VALUES ('case', 2026, 1);
INSERT INTO local_account VALUES (X'019900000000700080000000000057AF', 'mes', 'Mette Sørensen', 'MES', '$argon2id$v=19$m=64,t=1,p=1$fYcO8uHttI0f0LlBYmEkgQ$ZDDZNxWmNtUiIVDKLIWBT7P4clFEK+82iHr2AEx7FQ0', 1, 0, NULL);
INSERT INTO account_role VALUES (X'019900000000700080000000000057AF', 'counter');
INSERT INTO setting VALUES ('location', '"raadhus"', 1773406200000);
INSERT INTO kept_count VALUES ('case.any_tick_due', 0);
INSERT INTO kept_count VALUES ('case.in_conflict', 0);
INSERT INTO kept_count VALUES ('case.journalised_due', 0);
INSERT INTO kept_count VALUES ('case.receipt_due', 0);
INSERT INTO kept_count VALUES ('case.received', 1);
INSERT INTO kept_count VALUES ('case.registered_due', 0);
INSERT INTO kept_count VALUES ('command.waiting', 2);
INSERT INTO kept_count VALUES ('own_case', 1);
INSERT INTO kept_count VALUES ('own_case.confirmed', 0);
INSERT INTO own_case VALUES (X'01990000000070008000000000000001', 2, 0, 0, 0);
INSERT INTO case_view VALUES (X'01990000000070008000000000000001', '2026-S3-0001', 'received', 'self', 'raadhus', '2026-03-13', '9999-12-31', NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, 1773406203000, '6201500000', 'Åse Østergård', '12345678', 0);
INSERT INTO name_token VALUES ('aase', X'01990000000070008000000000000001', 'aase oestergaard');
INSERT INTO name_token VALUES ('oestergaard', X'01990000000070008000000000000001', 'aase oestergaard');
INSERT INTO profile_edition VALUES (1, 'name = "Å"
', X'019900000000700080000000000000AD', 'AK', 'Nyt sted ved åen', 1773406200000);
INSERT INTO lost_edition VALUES (1, 1, 'name = "Sø"
', X'019900000000700080000000000000AD', 'AK', 'Nyt sted ved åen', 1773406200000);
CREATE INDEX command_by_case_id ON command (case_id);
CREATE INDEX command_by_device_id ON command (device_id);
CREATE INDEX event_by_case_id ON event (case_id);
CREATE UNIQUE INDEX event_by_command_id ON event (command_id, k);
CREATE INDEX event_by_device_id ON event (device_id, device_seq);
CREATE UNIQUE INDEX event_own_by_device_seq ON event (device_seq) WHERE source = 'own';
CREATE INDEX outbox_unsettled ON outbox (first_seq) WHERE state IN ('waiting', 'sent', 'deferred');
CREATE INDEX outbox_quarantined ON outbox (first_seq) WHERE state = 'quarantined';
CREATE INDEX audit_by_case_id ON audit (case_id, id);
CREATE INDEX audit_by_staff_id ON audit (staff_id, id);
CREATE INDEX audit_by_device_id ON audit (device_id, id);
CREATE INDEX draft_by_case_id ON draft (case_id);
CREATE INDEX attachment_waiting ON attachment (stored_at) WHERE state = 'waiting';
CREATE INDEX draft_attachment_by_digest ON draft_attachment (attachment_digest);
CREATE INDEX staff_grant_by_staff_id ON staff_grant (staff_id, valid_until);
CREATE INDEX case_attachment_by_digest ON case_attachment (attachment_digest);
CREATE INDEX case_view_by_cpr ON case_view (cpr) WHERE cpr IS NOT NULL;
CREATE INDEX case_view_by_phone ON case_view (phone) WHERE phone <> '';
CREATE INDEX case_view_by_number ON case_view (number);
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
CREATE INDEX name_token_by_case_id ON name_token (case_id, token);
CREATE INDEX draft_by_staff_id ON draft (staff_id);
CREATE INDEX profile_edition_by_staff ON profile_edition (staff_id);
CREATE INDEX sealed_command_own ON sealed_command (first_seq) WHERE first_seq IS NOT NULL;
CREATE INDEX lost_edition_by_staff ON lost_edition (staff_id);
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
