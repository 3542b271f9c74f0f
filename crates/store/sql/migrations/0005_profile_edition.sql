-- The municipality's profile as its administrators edited it: every edition is kept, the newest that can be read is used.
CREATE TABLE profile_edition (
    edition  INTEGER NOT NULL PRIMARY KEY CHECK (edition > 0),
    body     TEXT    NOT NULL CHECK (length(body) > 0),
    staff_id BLOB    NOT NULL REFERENCES staff_member (id),
    initials TEXT    NOT NULL CHECK (length(initials) BETWEEN 1 AND 20),
    reason   TEXT    NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
    made_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX profile_edition_by_staff ON profile_edition (staff_id);
