-- What is typed is saved every second: a save must not write indexes that sort a handful of drafts.
DROP INDEX draft_by_updated_at;
DROP INDEX draft_by_staff_id;
CREATE INDEX draft_by_staff_id ON draft (staff_id);
