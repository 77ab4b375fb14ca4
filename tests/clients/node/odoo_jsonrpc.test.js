// A day of work with @fernandoslim/odoo-jsonrpc: a session, a session that is known already, an API key.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { default: OdooJSONRpc } = require('@fernandoslim/odoo-jsonrpc');
const server = require('./server');

const { MODEL, PIXEL, UNICODE } = server;
const place = { baseUrl: server.baseUrl, port: server.port, db: server.db };
const byPassword = { ...place, username: server.login, password: server.password };
const byKey = { ...place, username: server.login, apiKey: server.apiKey };

test('a password, a session and an API key let in, anything else does not', async () => {
  const odoo = new OdooJSONRpc(byPassword);
  const known = await odoo.connect();
  assert.equal(known.uid, 2);
  assert.equal(known.username, server.login);
  assert.match(odoo.sessionId, /^\w{84}$/);

  const again = new OdooJSONRpc({ ...place, sessionId: odoo.sessionId });
  assert.equal((await again.connect()).username, server.login);
  assert.equal((await new OdooJSONRpc(byKey).connect()).uid, 2);

  const cookieless = /Cookie not found in response headers/;
  await assert.rejects(new OdooJSONRpc({ ...byPassword, password: 'wrong' }).connect(), cookieless);
  await assert.rejects(new OdooJSONRpc({ ...byPassword, password: server.apiKey }).connect(), cookieless);
  assert.equal((await new OdooJSONRpc({ ...byKey, apiKey: 'wrong' }).connect()).uid, false);

  await odoo.disconnect();
  await assert.rejects(again.searchRead(MODEL, [], ['name']));
});

for (const [way, config] of Object.entries({ 'a session': byPassword, 'an API key': byKey })) {
  test(`a day with ${way}`, async () => {
    const odoo = new OdooJSONRpc(config);
    await odoo.connect();
    const word = `fernando ${way}`;
    const uri_ids = ['a', 'b'].map((path) => [0, 0, { uri: `https://one.example/${path}` }]);
    const first = await odoo.create(MODEL, { name: `${word} 1`, description: UNICODE, logo: PIXEL, uri_ids });
    const other = await odoo.create(MODEL, { name: `${word} 2` });
    const ours = [['name', 'like', word]];

    // List and filter.
    assert.deepEqual(await odoo.search(MODEL, ours), [first, other]);
    const back = await odoo.searchRead(MODEL, ours, ['name'], { limit: 1, order: 'name desc' });
    assert.deepEqual(back, [{ id: other, name: `${word} 2` }]);

    // Read: values, empty values, lines, links.
    const [record] = await odoo.read(MODEL, [first], ['description', 'logo', 'uri_ids', 'create_uid', 'active']);
    assert.equal(record.description, UNICODE);
    assert.ok(record.logo.startsWith('iVBOR'));
    assert.equal(record.uri_ids.length, 2);
    assert.deepEqual(record.create_uid, [2, 'Administrator']);
    const [empty] = await odoo.read(MODEL, other, ['description', 'logo', 'uri_ids']);
    assert.deepEqual(empty, { id: other, description: false, logo: false, uri_ids: [] });
    assert.equal((await odoo.getFields(MODEL)).name.type, 'char');

    // Change: a field, lines.
    assert.equal(await odoo.update(MODEL, first, { name: `${word} one` }), true);
    const lines = [[2, record.uri_ids[0]], [0, 0, { uri: 'https://one.example/c' }]];
    assert.equal(await odoo.update(MODEL, first, { uri_ids: lines }), true);
    const [changed] = await odoo.read(MODEL, [first], ['name', 'uri_ids']);
    assert.equal(changed.name, `${word} one`);
    assert.equal(changed.uri_ids.length, 2);

    // External ids.
    const name = `${word.replaceAll(' ', '-')}-id`;
    await odoo.createExternalId(MODEL, other, name);
    assert.equal(await odoo.searchByExternalId(name), other);
    assert.equal((await odoo.readByExternalId(name, ['name'])).name, `${word} 2`);

    // Archive, copy, delete.
    assert.equal(await odoo.action(MODEL, 'action_archive', [[first]]), undefined);
    assert.deepEqual(await odoo.search(MODEL, ours), [other]);
    const [copied] = await odoo.call_kw(MODEL, 'copy', [[other]], { default: { name: `${word} copy` } });
    for (const id of [first, other, copied]) {
      assert.equal(await odoo.delete(MODEL, id), true);
    }
    assert.deepEqual(await odoo.search(MODEL, ours), []);
  });

  test(`what is refused with ${way}`, async () => {
    const odoo = new OdooJSONRpc(config);
    await odoo.connect();
    assert.deepEqual(await odoo.read(MODEL, [999999999], ['name']), []);
    for (const [method, args, words] of [
      ['write', [[999999999], { name: 'x' }], /.+/],
      ['create', [{ description: 'x' }], /required/],
      ['search', [[['nope', '=', 1]]], /nope/],
      ['create', [{ name: 'x', access_token_expiry: 2 ** 40 }], /.+/],
    ]) {
      await assert.rejects(odoo.call_kw(MODEL, method, args), words);
    }
  });
}

test('who may not is told so', async () => {
  const clerk = new OdooJSONRpc({ ...place, username: server.clerk, password: server.clerkPassword });
  await clerk.connect();
  await assert.rejects(clerk.create(MODEL, { name: 'x' }), /not allowed/);
});
