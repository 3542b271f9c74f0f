-- Each row of the audit log carries a link over itself and the link before it, made in the same transaction.
-- Rows from before this step have none; the first link after them covers them all.
ALTER TABLE audit ADD COLUMN link BLOB CHECK (link IS NULL OR length(link) = 32);
