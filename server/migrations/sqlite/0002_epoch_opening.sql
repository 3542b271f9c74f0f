-- What opened the present epoch, as the operator signed it; empty in the first.

ALTER TABLE tenant ADD COLUMN epoch_opening TEXT;
