// Saves the documents of a file (one JSON text a line), pushes them, reads them into an empty database, and prints how long
// each took, in milliseconds: node client.js FOLDER URL FILE BATCH
'use strict';
require('./durable');
const fs = require('fs');
const PouchDB = require('pouchdb');
const [folder, url, file, batch] = process.argv.slice(2);
const options = { batch_size: Number(batch) };

async function timed(work) {
  const begin = process.hrtime.bigint();
  const result = await work();
  return [Number(process.hrtime.bigint() - begin) / 1e6, result];
}

(async () => {
  const docs = fs.readFileSync(file, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
  const one = new PouchDB(folder + '/one');
  const other = new PouchDB(folder + '/other');
  const remote = new PouchDB(url);
  await remote.info();
  for (let from = 0; from < docs.length; from += 500) await one.bulkDocs(docs.slice(from, from + 500));
  const [push, pushed] = await timed(() => one.replicate.to(remote, options));
  const [pull, pulled] = await timed(() => other.replicate.from(remote, options));
  const single = [];
  for (let n = 0; n < 60; n += 1) {
    const doc = { ...docs[n], _id: 'single-' + n };
    const [took] = await timed(async () => {
      await one.put(doc);
      await one.replicate.to(remote, { doc_ids: [doc._id] });
    });
    single.push(took);
  }
  const there = (await other.info()).doc_count;
  if (pushed.docs_written !== docs.length || pulled.docs_written !== docs.length || there !== docs.length) {
    throw new Error('documents are missing');
  }
  console.log(JSON.stringify({ push, pull, single }));
  process.exit(0);
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
