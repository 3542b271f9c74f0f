-- Editions of the profile that a central store, restored from a backup, has another of: kept, and not in force.
CREATE TABLE lost_edition (
    id       INTEGER PRIMARY KEY,
    edition  INTEGER NOT NULL CHECK (edition > 0),
    body     TEXT    NOT NULL CHECK (length(body) > 0),
    staff_id BLOB    NOT NULL REFERENCES staff_member (id),
    initials TEXT    NOT NULL CHECK (length(initials) BETWEEN 1 AND 20),
    reason   TEXT    NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
    made_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX lost_edition_by_staff ON lost_edition (staff_id);
