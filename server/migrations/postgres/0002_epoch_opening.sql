-- What opened the present epoch, as the operator signed it; empty in the first. Only the owner opens one.

ALTER TABLE tenant ADD COLUMN epoch_opening text;
