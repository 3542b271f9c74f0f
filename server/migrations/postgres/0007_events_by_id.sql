-- Events are found by id, which grows with time, and only then by hash: in an index by hash each new event would touch a
-- page of its own anywhere. What names an event now says both.
-- The owner reads the rows of every municipality here; rights.sql forces their keeping apart again in this transaction.
ALTER TABLE event NO FORCE ROW LEVEL SECURITY;
ALTER TABLE receipt NO FORCE ROW LEVEL SECURITY;
ALTER TABLE feed_item NO FORCE ROW LEVEL SECURITY;

ALTER TABLE receipt DROP CONSTRAINT receipt_tenant_event_hash_fkey;
ALTER TABLE receipt DROP CONSTRAINT receipt_pkey;
ALTER TABLE receipt ADD COLUMN event_id uuid;
ALTER TABLE feed_item DROP CONSTRAINT feed_item_tenant_event_hash_fkey;
ALTER TABLE feed_item ADD COLUMN event_id uuid;
UPDATE receipt
   SET event_id = event.id
  FROM event
 WHERE event.tenant = receipt.tenant AND event.hash = receipt.event_hash;
UPDATE feed_item
   SET event_id = event.id
  FROM event
 WHERE event.tenant = feed_item.tenant AND event.hash = feed_item.event_hash;

ALTER TABLE event DROP CONSTRAINT event_pkey;
DROP INDEX event_by_id;
ALTER TABLE event ADD PRIMARY KEY (tenant, id, hash);
ALTER TABLE receipt ADD PRIMARY KEY (tenant, event_id, event_hash, device_id);
ALTER TABLE receipt ADD FOREIGN KEY (tenant, event_id, event_hash) REFERENCES event (tenant, id, hash);
ALTER TABLE feed_item ADD FOREIGN KEY (tenant, event_id, event_hash) REFERENCES event (tenant, id, hash);
ALTER TABLE feed_item ADD CHECK ((event_id IS NOT NULL) = (item = 'event'));
