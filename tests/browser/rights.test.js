// Who may do what on the pages: what is not offered is refused as well.

import assert from 'node:assert/strict';

import { scene } from './scene.js';
import { admin, APP_ADMIN, application, colleague, person, unique } from './server.js';
import { wiki } from './wiki.js';

const APPLICATION = 'oregional.application';

// Sends a form as the page's own script could, with a good token.
export const post = async (visitor, path, fields) => {
  const token = await visitor.page.evaluate(() => document.querySelector('[name=csrf_token]').value);
  return visitor.context.request.post(path, { form: { csrf_token: token, ...fields }, maxRedirects: 0 });
};

scene('an internal user reads applications, and neither sees secrets nor changes anything', async ({ visit }) => {
  const client = await admin();
  const { id, name } = await application({ description: 'as it was' });
  const { client_secret: secret, own_secret: own } = await client.read(APPLICATION, id, ['client_secret', 'own_secret']);
  const visitor = await visit(await colleague('Reader'));
  const { page } = visitor;
  await visitor.open('/odoo');
  assert.equal(await page.getByRole('link', { name: 'Applications', exact: true }).count(), 0, 'the menu is for administrators');
  await visitor.open(`/odoo/${APPLICATION}`);
  for (const word of ['New', 'Archive', 'Restore', 'Delete']) {
    assert.equal(await page.getByText(word, { exact: true }).count(), 0, `a reader is not offered ${word}`);
  }
  await visitor.open(`/odoo/${APPLICATION}?s=name:${encodeURIComponent(name)}`);
  await visitor.follow(name);
  for (const word of ['Save', 'Discard', 'New', 'Duplicate', 'Archive', 'Delete', 'Generate']) {
    assert.equal(await page.getByText(word, { exact: true }).count(), 0, `a reader is not offered ${word}`);
  }
  assert.equal(await page.getByText(/Client Secret|Own Secret/).count(), 0);
  assert.equal(await page.locator('input:not([type=hidden]), select, textarea').count(), 0, 'nothing can be typed in');
  await visitor.open(`/odoo/${APPLICATION}/${id}?reveal=client_secret,own_secret`);
  const text = await page.content();
  assert.ok(!text.includes(secret) && !text.includes(own), 'asking by the address shows no secret');

  const here = `/odoo/${APPLICATION}/${id}`;
  const forms = [
    [here, { do: 'save', base: '{}', 'f.description': 'changed' }],
    [here, { do: 'delete', confirmed: '1' }],
    [here, { do: 'archive', confirmed: '1' }],
    [here, { do: 'duplicate' }],
    [here, { do: 'button:action_generate_client_secret', confirmed: '1' }],
    [`/odoo/${APPLICATION}/new`, { do: 'save', 'f.name': 'Mine' }],
    [`/odoo/${APPLICATION}`, { do: 'delete', ids: String(id), confirmed: '1' }],
    [`/odoo/${APPLICATION}`, { do: 'archive', ids: String(id) }],
  ];
  for (const [path, fields] of forms) {
    const status = (await post(visitor, path, fields)).status();
    assert.ok(status >= 200 && status < 500, `${path} ${fields.do}: ${status}`);
  }
  const after = await client.read(APPLICATION, id, ['name', 'active', 'description', 'client_secret']);
  assert.deepEqual([after.name, after.active, after.description, after.client_secret], [name, true, 'as it was', secret]);
  assert.deepEqual(await client.find(APPLICATION, [['name', '=', 'Mine']]), []);
  assert.equal((await client.find(APPLICATION, [['name', 'like', name]])).length, 1);
});

scene('what a user may not open is answered with a page that says so', async ({ visit }) => {
  const visitor = await visit(await colleague('Reader'));
  for (const path of ['oregional.model.configuration', 'oregional.authorization.code', 'ir.config_parameter', 'audit.log', 'ir.rule']) {
    assert.equal((await visitor.open(`/odoo/${path}`)).status(), 403, path);
    await visitor.page.getByRole('heading', { name: 'Not for you' }).waitFor();
  }
  assert.equal((await visitor.open(`/odoo/${APPLICATION}/new`)).status(), 403);
  assert.equal((await visitor.open('/odoo/res.users/new')).status(), 403);
});

scene('a user sees and takes back the own authorizations alone', async ({ visit }) => {
  const client = await admin();
  const application = await wiki();
  const [mine, theirs] = [await person('Mine'), await person('Theirs')];
  try {
    for (const user of [mine, theirs]) {
      const visitor = await visit(user, { allowed: [application.origin] });
      await visitor.open(application.address);
      await visitor.press('Allow');
    }
    const visitor = await visit(mine);
    const { page } = visitor;
    await visitor.open('/odoo/oregional.authorization');
    await visitor.reads(mine.name, 'table');
    assert.equal(await page.locator('table').getByText(theirs.name).count(), 0);
    const [other] = await client.find('oregional.authorization', [['user_id', '=', theirs.id]]);
    const answer = await visitor.open(`/odoo/oregional.authorization/${other.id}`);
    assert.ok([403, 404].includes(answer.status()));
    await visitor.open('/odoo/preferences');
    for (const [path, fields] of [
      ['/odoo/preferences', { do: `forget:${other.id}` }],
      ['/odoo/preferences', { do: `revoke:${other.id}` }],
      ['/odoo/oregional.authorization', { do: 'delete', ids: String(other.id), confirmed: '1' }],
    ]) {
      assert.ok((await post(visitor, path, fields)).status() < 500);
    }
    assert.equal((await client.find('oregional.authorization', [['id', '=', other.id]])).length, 1);
    await visitor.press(`Forget: ${application.name}`);
    assert.deepEqual(await client.find('oregional.authorization', [['user_id', '=', mine.id]]), []);
  } finally {
    await application.close();
  }
});

scene('the keys of others are out of reach of the preferences', async ({ visit }) => {
  const client = await admin();
  const owner = await person('Owner');
  const first = await visit(owner);
  await first.open('/odoo/preferences');
  await first.page.getByLabel('What for').fill('mine');
  await first.press('Make an API key');
  const [key] = await client.find('res.users.apikeys', [['user_id', '=', owner.id]]);
  const visitor = await visit(await person('Thief'));
  await visitor.open('/odoo/preferences');
  assert.ok((await post(visitor, '/odoo/preferences', { do: `unkey:${key.id}` })).status() < 500);
  assert.equal((await client.find('res.users.apikeys', [['user_id', '=', owner.id]])).length, 1);
});

scene('an administrator of applications looks after applications, not after the system', async ({ visit }) => {
  const visitor = await visit(await colleague('Registrar', APP_ADMIN));
  const { page } = visitor;
  await visitor.open('/odoo');
  await page.locator('nav.menu').getByRole('link', { name: 'Applications', exact: true }).waitFor();
  assert.equal(await page.getByRole('link', { name: 'Users', exact: true }).count(), 0);
  await visitor.open('/odoo/res.users');
  assert.equal(await page.getByRole('link', { name: 'New', exact: true }).count(), 0);
  const answer = await visitor.open('/odoo/ir.config_parameter');
  assert.equal(answer.status(), 403);
});

scene('operations are for those who look after the system', async ({ visit }) => {
  const visitor = await visit(await colleague('Registrar', APP_ADMIN));
  assert.equal((await visitor.open('/odoo/operations')).status(), 403);
  const system = await visit();
  await system.open('/odoo');
  await system.page.locator('nav.people summary').click();
  await system.follow('Operations');
  await system.page.getByRole('heading', { level: 1, name: 'Operations' }).waitFor();
});

scene('a system administrator makes a user with groups', async ({ visit }) => {
  const client = await admin();
  const visitor = await visit();
  const { page } = visitor;
  const name = unique('Colleague');
  await visitor.open('/odoo/res.users/new');
  await visitor.field('name').fill(name);
  await visitor.field('login').fill(name.replaceAll(' ', '.'));
  await visitor.press('Save');
  await visitor.notice('Created.');
  const id = Number(new URL(page.url()).pathname.split('/').pop());
  const made = await client.read('res.users', id, ['name', 'groups_id']);
  assert.equal(made.name, name);
  assert.ok(made.groups_id.includes(await client.ref('base.group_user')));
});
