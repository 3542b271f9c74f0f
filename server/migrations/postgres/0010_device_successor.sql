-- The name a device went on from after its chain forked: what shuts out the one shuts out the other. The audit has those
-- from before.
-- The owner reads the rows of every municipality here; rights.sql forces their keeping apart again in this transaction.
ALTER TABLE device NO FORCE ROW LEVEL SECURITY;
ALTER TABLE audit NO FORCE ROW LEVEL SECURITY;
ALTER TABLE device ADD COLUMN successor_of uuid;
UPDATE device
   SET successor_of = split_part(a.detail, ' ', 1)::uuid
  FROM audit AS a
 WHERE a.tenant = device.tenant AND a.action = 'device_rekeyed' AND split_part(a.detail, ' ', 2) = device.id::text;
