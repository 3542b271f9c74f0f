-- Somebody with the database in hand gives the first row of the log another purpose.
UPDATE audit SET purpose = 'sync' WHERE number = 1;
