-- The last position of the feed that a device's own events name: what it held of the feed when it recorded them.
ALTER TABLE device ADD COLUMN named_position INTEGER NOT NULL DEFAULT 0 CHECK (named_position >= 0);
