// With PEER_SYNCS=1 every write of LevelDB is on the disk before it is answered, as each commit of Skranke is. By itself
// PouchDB never asks for that: LevelDB takes it as an option of each write, which is added here.
'use strict';
const { prototype } = require('leveldown');

if (process.env.PEER_SYNCS === '1') {
  for (const name of ['_put', '_del', '_batch']) {
    const write = prototype[name];
    prototype[name] = function (...given) {
      given[given.length - 2] = { ...given[given.length - 2], sync: true };
      return write.apply(this, given);
    };
  }
}
