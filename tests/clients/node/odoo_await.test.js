// A day of work with odoo-await: XML-RPC with a password in every call.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const OdooAwait = require('odoo-await');
const server = require('./server');

const { MODEL, PIXEL, UNICODE } = server;

const client = (username = server.login, password = server.password) =>
  new OdooAwait({ baseUrl: server.baseUrl, port: server.port, db: server.db, username, password });

const connected = async (...who) => {
  const odoo = client(...who);
  await odoo.connect();
  return odoo;
};

/** The fault that a call ends with. */
const fault = async (call) => {
  try {
    await call;
  } catch (error) {
    return { code: error.faultCode, text: error.faultString };
  }
  throw new Error('the call was not refused');
};

test('a password and an API key let in, anything else does not', async () => {
  assert.equal(await client().connect(), 2);
  assert.equal(await client(server.login, server.apiKey).connect(), 2);
  await assert.rejects(client(server.login, 'wrong').connect(), /invalid credentials/);
  const stranger = client(server.login, 'wrong');
  stranger.uid = 2;
  assert.deepEqual(await fault(stranger.search(MODEL, {})), { code: 3, text: 'Access Denied' });
});

test('a day', async () => {
  const odoo = await connected();
  const word = 'await-day';
  const first = await odoo.create(MODEL, {
    name: `${word} 1`,
    description: UNICODE,
    logo: PIXEL,
    uri_ids: { action: 'create', value: [{ uri: 'https://one.example/a' }, { uri: 'https://one.example/b' }] },
  });
  assert.equal(typeof first, 'number');
  const other = await odoo.create(MODEL, { name: `${word} 2` }, `${word}-id`);
  const ours = [['name', 'like', word]];

  // List and filter.
  assert.deepEqual(await odoo.search(MODEL, ours), [first, other]);
  assert.deepEqual(await odoo.search(MODEL, { id: [first] }), [first]);
  const back = await odoo.searchRead(MODEL, ours, ['name'], { limit: 1, order: 'name desc' });
  assert.deepEqual(back, [{ id: other, name: `${word} 2` }]);
  assert.equal((await odoo.searchRead(MODEL, ours, ['name'])).length, 2);

  // Read: values, empty values, lines, links.
  const [record] = await odoo.read(MODEL, first, ['name', 'description', 'logo', 'uri_ids', 'create_uid', 'active']);
  assert.equal(record.description, UNICODE);
  assert.ok(record.logo.startsWith('iVBOR'));
  assert.equal(record.uri_ids.length, 2);
  assert.deepEqual(record.create_uid, [2, 'Administrator']);
  assert.equal(record.active, true);
  const [empty] = await odoo.read(MODEL, [other], ['description', 'logo', 'uri_ids']);
  assert.deepEqual(empty, { id: other, description: false, logo: false, uri_ids: [] });
  assert.deepEqual(await odoo.getFields(MODEL, ['type']).then((fields) => fields.name), { type: 'char' });

  // Change: a field, lines.
  assert.equal(await odoo.update(MODEL, first, { name: `${word} one` }), true);
  await odoo.update(MODEL, first, { uri_ids: { action: 'delete', id: record.uri_ids[0] } });
  await odoo.update(MODEL, first, { uri_ids: { action: 'create', value: { uri: 'https://one.example/c' } } });
  const [changed] = await odoo.read(MODEL, [first], ['name', 'uri_ids']);
  assert.equal(changed.name, `${word} one`);
  assert.equal(changed.uri_ids.length, 2);

  // External ids.
  assert.equal((await odoo.readByExternalId(`${word}-id`, ['name'])).name, `${word} 2`);
  assert.equal(await odoo.updateByExternalId(`${word}-id`, { description: 'x' }), true);

  // Archive, copy, delete. What gives nothing is a fault after the work is done, in this protocol.
  const archived = await fault(odoo.action(MODEL, 'action_archive', first));
  assert.equal(archived.code, 1);
  assert.match(archived.text, /cannot marshal None/);
  assert.deepEqual(await odoo.search(MODEL, ours), [other]);
  const [copied] = await odoo.execute_kw(MODEL, 'copy', [[[other], { name: `${word} copy` }]]);
  assert.equal(typeof copied, 'number');
  assert.equal(await odoo.delete(MODEL, [first, other, copied]), true);
  assert.deepEqual(await odoo.search(MODEL, ours), []);
});

test('what is refused', async () => {
  const odoo = await connected();
  const word = 'await-refused';
  assert.deepEqual(await odoo.read(MODEL, [999999999], ['name']), []);
  assert.equal((await fault(odoo.update(MODEL, 999999999, { name: word }))).code, 2);
  assert.equal((await fault(odoo.create(MODEL, { description: word }))).code, 2);
  assert.equal((await fault(odoo.create('no.model', { name: word }))).code, 2);
  assert.equal((await fault(odoo.search(MODEL, { nope: 1 }))).code, 1);
  assert.equal((await fault(odoo.create(MODEL, { name: word, access_token_expiry: 2 ** 40 }))).code, 1);
  const clerk = await connected(server.clerk, server.clerkPassword);
  assert.equal((await fault(clerk.create(MODEL, { name: word }))).code, 4);
  assert.deepEqual(await odoo.search(MODEL, { name: word }), []);
});
