// The peer's server: express-pouchdb over LevelDB in the folder given.
'use strict';
require('./durable');
const express = require('express');
const PouchDB = require('pouchdb').defaults({ prefix: process.argv[2] + '/' });

const app = express();
app.use('/', require('express-pouchdb')(PouchDB, { mode: 'minimumForPouchDB', logPath: process.argv[2] + '/log.txt', configPath: process.argv[2] + '/config.json' }));
const server = app.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
process.stdin.on('end', () => process.exit(0)).resume();
