// What applications are offered: model schemes and the configurations of models.

import assert from 'node:assert/strict';

import { scene } from './scene.js';
import { admin, APP_ADMIN, application, colleague, unique } from './server.js';

const SCHEME = 'oregional.model.scheme';
const CONFIGURATION = 'oregional.model.configuration';
const recordOf = (page) => Number(new URL(page.url()).pathname.split('/').pop());

scene('a configuration of a model with some of its fields, and a scheme whose whitelist has it', async ({ visit }) => {
  const client = await admin();
  const visitor = await visit(await colleague('Registrar', APP_ADMIN));
  const { page } = visitor;
  const [configured, scheme] = [unique('People'), unique('Directory')];

  await visitor.open(`/odoo/${CONFIGURATION}/new`);
  await visitor.field('name').fill(configured);
  await visitor.go(() => visitor.field('model_id').selectOption({ label: 'Contact' }));
  // The server follows the choice: its technical name, and what it is called.
  await visitor.reads('res.partner', 'form');
  assert.equal(await visitor.field('model_display_name').inputValue(), 'Contact');
  assert.equal(await visitor.field('name').inputValue(), configured);
  await page.getByRole('radio', { name: 'Whitelist' }).check();
  for (const name of ['Email', 'Phone']) await page.locator('[data-boxes=field_ids]').getByLabel(`${name} (res.partner)`, { exact: true }).check();
  await visitor.press('Save');
  await visitor.notice('Created.');
  const configuration = await client.read(CONFIGURATION, recordOf(page), ['name', 'model_name', 'field_limit', 'field_ids']);
  assert.equal(configuration.model_name, 'res.partner');
  assert.equal(configuration.field_limit, 'whitelist');
  const chosen = await client.find('ir.model.fields', [['id', 'in', configuration.field_ids]], ['name', 'model']);
  assert.deepEqual(chosen.map((field) => [field.model, field.name]).sort(), [['res.partner', 'email'], ['res.partner', 'phone']]);

  await visitor.follow('Model Schemes', page.locator('nav.menu'));
  await visitor.follow('New');
  await visitor.field('name').fill(scheme);
  const list = page.locator('[data-boxes=model_configuration_ids]');
  assert.equal(await list.isVisible(), false, 'there is nothing to choose where nothing is limited');
  await page.getByRole('radio', { name: 'Whitelist' }).check();
  await list.waitFor({ state: 'attached' });
  await list.getByLabel(configured, { exact: true }).check();
  await visitor.press('Save');
  await visitor.notice('Created.');
  const made = await client.read(SCHEME, recordOf(page), ['name', 'model_limit', 'model_configuration_ids']);
  assert.deepEqual([made.name, made.model_limit, made.model_configuration_ids], [scheme, 'whitelist', [configuration.id]]);
});

scene('the button of a scheme leads to its applications, and a new one there has that scheme', async ({ visit }) => {
  const client = await admin();
  const name = unique('Few models');
  const id = await client.create(SCHEME, { name, model_limit: 'none' });
  const [one, two] = [await application({ model_scheme_id: id }), await application({ model_scheme_id: id })];
  await application();
  const visitor = await visit();
  const { page } = visitor;
  await visitor.open(`/odoo/${SCHEME}/${id}`);
  const button = page.locator('button.stat');
  assert.match(await button.innerText(), /2\s+Applications/);
  await visitor.go(() => button.click());
  assert.deepEqual((await visitor.rows()).sort(), [one.name, two.name].sort());
  await visitor.follow('New');
  assert.equal(await visitor.field('model_scheme_id').inputValue(), String(id));
  await page.goBack();
  assert.equal(await page.locator('.facets').getByText(name).count(), 1, 'the facet says the name of the scheme');
});

scene('a scheme that applications use is not deleted, and the page says why', async ({ visit }) => {
  const client = await admin();
  const id = await client.create(SCHEME, { name: unique('In use'), model_limit: 'none' });
  await application({ model_scheme_id: id });
  const visitor = await visit();
  await visitor.open(`/odoo/${SCHEME}/${id}`);
  await visitor.more('Delete');
  const answer = await visitor.press('Delete');
  assert.equal(answer.status(), 422);
  assert.equal((await client.find(SCHEME, [['id', '=', id]])).length, 1);
  await visitor.page.getByRole('alert').first().waitFor();
});
