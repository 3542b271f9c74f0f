-- Work of cases that left this computer, in boxes that only the central store opens: kept until it is in a backup.
CREATE TABLE sealed_command (
    id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    first_seq   INTEGER CHECK (first_seq > 0),
    event_count INTEGER NOT NULL CHECK (event_count > 0),
    state       TEXT    NOT NULL CHECK (state IN ('kept', 'waiting', 'apart', 'unopened')),
    position    INTEGER CHECK (position > 0),
    box         BLOB    NOT NULL,
    CHECK ((state = 'kept') = (position IS NOT NULL))
) STRICT;
CREATE INDEX sealed_command_own ON sealed_command (first_seq) WHERE first_seq IS NOT NULL;
-- Scans of those cases; the boxes of their pieces lie beside the database.
CREATE TABLE sealed_file (
    digest     BLOB    NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    size_bytes INTEGER NOT NULL CHECK (size_bytes > 0),
    state      TEXT    NOT NULL CHECK (state IN ('kept', 'waiting')),
    position   INTEGER NOT NULL CHECK (position > 0)
) STRICT;
