-- The name a device went on from after its chain forked: what shuts out the one shuts out the other. The audit has those
-- from before.
ALTER TABLE device ADD COLUMN successor_of BLOB;
UPDATE device
   SET successor_of = (SELECT unhex(replace(substr(a.detail, 1, 36), '-', ''))
                         FROM audit AS a
                        WHERE a.tenant = device.tenant AND a.action = 'device_rekeyed'
                          AND replace(substr(a.detail, 38), '-', '') = lower(hex(device.id)));
