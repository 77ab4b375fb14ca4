// Addresses: those of old lead to the pages, models that were made at run time have pages, and what is not
// there is said to be missing.

import assert from 'node:assert/strict';

import { scene, signIn } from './scene.js';
import { admin, ADMIN, application, person } from './server.js';

const APPLICATION = 'oregional.application';
const actionId = async () => (await admin()).ref('oregional.action_application');
const here = (visitor) => new URL(visitor.page.url()).pathname;
const heading = (visitor, name) => visitor.page.getByRole('heading', { level: 1, name }).waitFor();

scene('the addresses that the connector writes lead to the record', async ({ visit }) => {
  const { id, name } = await application();
  const visitor = await visit();
  const { page } = visitor;
  for (const path of [
    `/web#id=${id}&model=${APPLICATION}&action=${await actionId()}`,
    `/web#id=${id}&model=${APPLICATION}&view_type=form`,
    `/web#model=oregional.restapi.application&id=${id}`,
    `/web#id=${id}&action=${await actionId()}`,
    `/odoo/action-${await actionId()}/${id}`,
    `/odoo/oregional.restapi.application/${id}`,
    `/odoo/oregional.action_application/${id}`,
  ]) {
    await page.goto('about:blank');
    await visitor.open(path);
    await page.waitForURL((url) => url.pathname === `/odoo/${APPLICATION}/${id}`);
    await heading(visitor, name);
  }
  for (const path of [`/web#action=${await actionId()}`, `/web#model=${APPLICATION}`, `/odoo/action-${await actionId()}`, '/odoo/oregional.action_application']) {
    await page.goto('about:blank');
    await visitor.open(path);
    await page.waitForURL((url) => url.pathname === `/odoo/${APPLICATION}`);
    await heading(visitor, 'Applications');
  }
  await visitor.open('/web');
  assert.equal(here(visitor), '/odoo');
});

scene('they lead there through the sign-in as well', async ({ visit }) => {
  const { id, name } = await application();
  for (const path of [
    `/web#id=${id}&model=${APPLICATION}&action=${await actionId()}`,
    `/odoo/action-${await actionId()}/${id}`,
    `/odoo/${APPLICATION}/${id}`,
  ]) {
    const visitor = await visit(ADMIN, { signIn: false });
    await visitor.open(path);
    assert.equal(here(visitor), '/web/login');
    await signIn(visitor, ADMIN);
    await visitor.page.waitForURL((url) => url.pathname === `/odoo/${APPLICATION}/${id}`);
    await heading(visitor, name);
  }
  const visitor = await visit(ADMIN, { signIn: false });
  await visitor.open(`/odoo/${APPLICATION}?s=name:${encodeURIComponent(name)}&sort=-name`);
  await signIn(visitor, ADMIN);
  assert.deepEqual(await visitor.rows(), [name], 'the query survives the sign-in');
});

scene('a sign-in leads to no other server, and a wrong password is told', async ({ visit }) => {
  const user = await person('Hasty');
  for (const elsewhere of ['https://evil.example.com/', '//evil.example.com', '/\\evil.example.com', 'javascript:alert(1)']) {
    const visitor = await visit(user, { signIn: false });
    await visitor.open(`/web/login?redirect=${encodeURIComponent(elsewhere)}`);
    await signIn(visitor, user);
    assert.equal(here(visitor), '/odoo');
  }
  const visitor = await visit(user, { signIn: false });
  await visitor.open('/web/login');
  await signIn(visitor, { ...user, password: 'wrong' });
  await visitor.page.getByRole('alert').getByText('Wrong login or password.').waitFor();
  assert.equal(await visitor.page.getByLabel('Email or login').inputValue(), user.login);
});

scene('a model that is made at run time has pages at once', async ({ visit }) => {
  const client = await admin();
  const model = `x_tool_${process.pid}`;
  const made = await client.create('ir.model', { name: 'Tool', model, field_id: [
    [0, 0, { name: 'x_name', field_description: 'Name', ttype: 'char', required: true }],
    [0, 0, { name: 'x_price', field_description: 'Price', ttype: 'float' }],
    [0, 0, { name: 'x_bought', field_description: 'Bought', ttype: 'date' }],
    [0, 0, { name: 'x_sharp', field_description: 'Sharp', ttype: 'boolean' }],
    [0, 0, { name: 'x_owner_id', field_description: 'Owner', ttype: 'many2one', relation: 'res.partner' }],
  ] });
  await client.create('ir.model.access', { name: 'tools', model_id: made, group_id: await client.ref('base.group_user'), perm_read: true, perm_write: true, perm_create: true, perm_unlink: true });
  const visitor = await visit(await person('Carpenter'));
  const { page } = visitor;
  await visitor.open(`/odoo/${model}`);
  await heading(visitor, 'Tool');
  await visitor.follow('New');
  await visitor.field('x_name').fill('Plane');
  await visitor.field('x_price').fill('12.5');
  await visitor.field('x_bought').fill('2024-02-29');
  await page.locator('input[type=checkbox][name="f.x_sharp"]').check();
  await visitor.press('Save');
  await visitor.notice('Created.');
  const [tool] = await client.find(model, [], ['x_name', 'x_price', 'x_bought', 'x_sharp']);
  assert.deepEqual([tool.x_name, tool.x_price, tool.x_bought, tool.x_sharp], ['Plane', 12.5, '2024-02-29', true]);
  await visitor.open(`/odoo/${model}`);
  assert.equal((await visitor.rows()).length, 1);
  await visitor.go(() => page.locator('a.record').first().click());
  await visitor.more('Delete');
  await visitor.press('Delete');
  await visitor.notice('1 deleted.');
  await client.call('ir.model', 'unlink', [[made]]);
  assert.equal((await visitor.open(`/odoo/${model}`)).status(), 404);
});

scene('what is not there is said to be missing, on a page with the menu', async ({ visit }) => {
  const visitor = await visit();
  for (const path of ['/odoo/no.such.model', '/odoo/no.such.model/1', `/odoo/${APPLICATION}/99999999`, `/odoo/${APPLICATION}/zero`, `/odoo/${APPLICATION}/0`, '/odoo/action-99999999', '/odoo/action-99999999/1', `/odoo/${APPLICATION}/99999999999999999999`, '/odoo/a/b/c']) {
    const answer = await visitor.open(path);
    assert.equal(answer.status(), 404, path);
    await visitor.page.getByRole('heading', { level: 1 }).waitFor();
    await visitor.page.getByRole('link', { name: 'Applications', exact: true }).first().waitFor({ timeout: 5000 });
  }
});

scene('every entry of the menu opens a page', async ({ visit }) => {
  const visitor = await visit();
  await visitor.open('/odoo');
  const links = await visitor.page.locator('nav.menu a').evaluateAll((all) => all.map((link) => link.getAttribute('href')));
  assert.ok(links.length > 10, `${links.length} entries`);
  for (const path of new Set(links)) {
    const answer = await visitor.open(path);
    assert.equal(answer.status(), 200, path);
    const record = visitor.page.locator('td .record').first();
    if (await record.count()) assert.equal((await visitor.go(() => record.click())).status(), 200, `${path}: its first record`);
    await visitor.fits();
  }
});

scene('styles and scripts are kept for good under names that change with their content', async ({ visit }) => {
  const visitor = await visit();
  const seen = [];
  visitor.context.on('response', (response) => seen.push(response));
  await visitor.open('/odoo');
  const assets = seen.filter((response) => response.url().includes('/web/assets/'));
  assert.ok(assets.length >= 2);
  for (const asset of assets) {
    assert.match(asset.headers()['cache-control'], /immutable/);
    assert.equal(asset.headers()['x-content-type-options'], 'nosniff');
  }
  const page = seen.find((response) => response.url().endsWith('/odoo'));
  const policy = page.headers()['content-security-policy'];
  assert.doesNotMatch(policy, /unsafe/);
  assert.match(policy, /default-src 'none'/);
  assert.match(policy, /frame-ancestors 'none'/);
});
