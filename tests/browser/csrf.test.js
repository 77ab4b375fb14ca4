// Forms that no page of the session sent: refused, and nothing is changed.

import assert from 'node:assert/strict';

import { scene } from './scene.js';
import { admin, ADMIN, application, DATABASE, person, unique, URL_OF_SERVER } from './server.js';
import { wiki } from './wiki.js';

const APPLICATION = 'oregional.application';
const tokenOf = (visitor) => visitor.page.locator('[name=csrf_token]').first().getAttribute('value');

// What a form may not come with: nothing, letters, a token of long ago in the right shape, another's.
const badTokens = (own, theirs) => {
  const old = own.replace(/\d{9,}$/, (moment) => String(Number(moment) - 10_000_000));
  return { none: undefined, empty: '', garbage: 'x'.repeat(64), old: old === own ? `${own}o1` : old, cut: own.slice(0, -1), 'of another session': theirs };
};

const send = (visitor, path, fields, token) => visitor.context.request.post(path, {
  form: { ...fields, ...(token === undefined ? {} : { csrf_token: token }) }, maxRedirects: 0,
});

scene('each form of the pages is refused without a token, with an old one and with another session’s', async ({ visit }) => {
  const client = await admin();
  const { id, name } = await application({ description: 'as it was' });
  const scheme = await client.create('oregional.model.scheme', { name: unique('Scheme'), model_limit: 'none' });
  const user = await person('Stranger');
  const [visitor, stranger] = [await visit(), await visit(user)];
  await visitor.open('/odoo/preferences');
  await stranger.open('/odoo/preferences');
  const [own, theirs] = [await tokenOf(visitor), await tokenOf(stranger)];
  assert.notEqual(own, theirs);
  const before = await client.read(APPLICATION, id, ['name', 'active', 'description', 'client_secret', 'write_date']);
  const forms = [
    [`/odoo/${APPLICATION}/${id}`, { do: 'save', base: '{}', 'f.description': 'changed', 'f.name': name }],
    [`/odoo/${APPLICATION}/${id}`, { do: 'archive', confirmed: '1' }],
    [`/odoo/${APPLICATION}/${id}`, { do: 'delete', confirmed: '1' }],
    [`/odoo/${APPLICATION}/${id}`, { do: 'duplicate' }],
    [`/odoo/${APPLICATION}/${id}`, { do: 'refresh' }],
    [`/odoo/${APPLICATION}/${id}`, { do: 'button:action_generate_client_secret', confirmed: '1' }],
    [`/odoo/${APPLICATION}/new`, { do: 'save', 'f.name': `${name} forged` }],
    [`/odoo/${APPLICATION}`, { do: 'archive', ids: String(id) }],
    [`/odoo/${APPLICATION}`, { do: 'delete', ids: String(id), confirmed: '1' }],
    [`/odoo/${APPLICATION}`, { do: 'export' }],
    ['/odoo/oregional.model.scheme', { do: 'delete', ids: String(scheme), confirmed: '1' }],
    ['/odoo/preferences', { do: 'person', name: 'Forged', lang: 'en_US' }],
    ['/odoo/preferences', { do: 'password', old: ADMIN.password, new: 'a forged password', again: 'a forged password' }],
    ['/odoo/preferences', { do: 'key', key: `forged ${process.pid}`, days: '7' }],
    ['/odoo/preferences', { do: 'everywhere' }],
  ];
  for (const [path, fields] of forms) {
    for (const [what, token] of Object.entries(badTokens(own, theirs))) {
      const answer = await send(visitor, path, fields, token);
      assert.equal(answer.status(), 403, `${path} ${fields.do}, ${what}`);
    }
  }
  assert.deepEqual(await client.read(APPLICATION, id, ['name', 'active', 'description', 'client_secret', 'write_date']), before);
  assert.equal((await client.find(APPLICATION, [['name', 'like', name]])).length, 1);
  assert.equal((await client.find('oregional.model.scheme', [['id', '=', scheme]])).length, 1);
  assert.equal((await client.find('res.users.apikeys', [['name', '=', `forged ${process.pid}`]])).length, 0);
  assert.equal((await client.read('res.users', client.uid, ['name'])).name, 'Administrator');
  assert.equal((await visitor.open('/odoo')).status(), 200, 'the session is as it was');
  assert.equal((await send(visitor, '/odoo/preferences', { do: 'person', name: 'Administrator', lang: 'en_US' }, own)).status(), 303, 'the own token is good');
});

scene('a form that is too old says so on a page, and what was typed in is a step back', async ({ visit }) => {
  const { id } = await application();
  const visitor = await visit();
  const { page } = visitor;
  await visitor.open(`/odoo/${APPLICATION}/${id}`);
  await visitor.field('description').fill('typed for an hour');
  await page.locator('#record [name=csrf_token]').evaluate((input) => { input.value = 'old'; });
  assert.equal((await visitor.press('Save')).status(), 403);
  await visitor.reads('Nothing was changed.');
  await page.goBack();
  assert.equal(await visitor.field('description').inputValue(), 'typed for an hour');
});

scene('the sign-in form belongs to its browser', async ({ visit }) => {
  const user = await person('Stranger');
  const [visitor, other] = [await visit(user, { signIn: false }), await visit(user, { signIn: false })];
  await visitor.open('/web/login');
  await other.open('/web/login');
  const [own, theirs] = [await tokenOf(visitor), await tokenOf(other)];
  for (const token of Object.values(badTokens(own, theirs))) {
    const answer = await send(visitor, '/web/login', { login: user.login, password: user.password }, token);
    assert.ok([400, 403].includes(answer.status()));
  }
  await visitor.open('/odoo');
  assert.match(visitor.page.url(), /\/web\/login/);
});

scene('consent cannot be given by a form of another session', async ({ visit }) => {
  const wanted = await wiki();
  try {
    const [victim, attacker] = [await person('Victim'), await person('Attacker')];
    const [one, two] = [await visit(victim, { allowed: [wanted.origin] }), await visit(attacker, { allowed: [wanted.origin] })];
    await one.open(wanted.address);
    await two.open(wanted.address);
    const form = await two.page.locator('form').evaluate((found) => Object.fromEntries(new FormData(found)));
    for (const fields of [form, { ...form, token: '' }, { ...form, token: 'x' }, { decision: 'allow' }]) {
      const answer = await one.context.request.post('/oauth2/consent', { form: { ...fields, decision: 'allow' }, maxRedirects: 0 });
      assert.ok([400, 403].includes(answer.status()), String(answer.status()));
    }
    assert.deepEqual(await (await admin()).find('oregional.authorization', [['application_id', '=', wanted.id]]), []);
  } finally {
    await wanted.close();
  }
});

scene('a page of elsewhere can neither frame the pages nor send their forms', async ({ visit }) => {
  const { createServer } = await import('node:http');
  const { id, name } = await application();
  const evil = createServer((_, response) => response.setHeader('Content-Type', 'text/html').end(`<link rel="icon" href="data:,">
    <form id="forged" method="post" action="${URL_OF_SERVER}/odoo/${APPLICATION}/${id}"><input name="do" value="delete"><input name="confirmed" value="1"></form>
    <form id="call" method="post" enctype="text/plain" action="${URL_OF_SERVER}/web/dataset/call_kw"><input name='{"params":{"model":"${APPLICATION}","method":"unlink","args":[[${id}]],"kwargs":{},"x":"' value='"}}'></form>`));
  await new Promise((resolve) => evil.listen(0, 'localhost', resolve));
  const address = `http://localhost:${evil.address().port}`;
  try {
    for (const form of ['forged', 'call']) {
      const visitor = await visit(ADMIN, { allowed: [address] });
      await visitor.page.goto(address);
      await visitor.go(() => visitor.page.evaluate((which) => document.getElementById(which).submit(), form));
    }
    assert.equal((await (await admin()).find(APPLICATION, [['id', '=', id]])).length, 1, `${name} in ${DATABASE} is still there`);
  } finally {
    evil.close();
    evil.closeAllConnections();
  }
  for (const path of ['/odoo', '/web/login', `/odoo/${APPLICATION}/${id}`]) {
    const visitor = await visit();
    const answer = await visitor.open(path);
    assert.match(answer.headers()['content-security-policy'] ?? '', /frame-ancestors 'none'/, path);
  }
});
