// Lists: what is found, in which order, on which page, and what is done with it. The address says it all.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

import { scene } from './scene.js';
import { admin, APP_ADMIN, application, colleague, unique } from './server.js';

const APPLICATION = 'oregional.application';
const searched = (text, more = '') => `/odoo/${APPLICATION}?s=${encodeURIComponent(`name:${text}`)}${more}`;

// So many applications with a word of their own in their names.
const several = async (count, values = () => ({})) => {
  const client = await admin();
  const word = unique('Lot').replaceAll(' ', '');
  const names = Array.from({ length: count }, (_, place) => `${word} ${String(place).padStart(3, '0')}`);
  await client.call(APPLICATION, 'create', [names.map((name, place) => ({ name, ...values(place) }))]);
  return { word, names };
};

const facets = (visitor) => visitor.page.locator('.facets li span').allInnerTexts();

// A reload and a copied address show the same.
const same = async (visitor, other) => {
  const [rows, shown] = [await visitor.rows(), await facets(visitor)];
  await visitor.page.reload();
  assert.deepEqual(await visitor.rows(), rows);
  await other.open(visitor.page.url());
  assert.deepEqual(await other.rows(), rows);
  assert.deepEqual(await facets(other), shown);
};

scene('a list of a hundred has pages, and the records of it follow each other', async ({ visit }) => {
  const { word, names } = await several(100);
  const visitor = await visit();
  const { page } = visitor;
  await visitor.open(searched(word));
  assert.deepEqual(await visitor.rows(), names.slice(0, 80));
  await visitor.reads('1–80 of 100');
  await visitor.follow('Next');
  assert.deepEqual(await visitor.rows(), names.slice(80));
  await visitor.reads('81–100 of 100');
  assert.equal(await page.getByRole('link', { name: 'Next' }).count(), 0);
  await same(visitor, await visit(await colleague('Registrar', APP_ADMIN)));
  await visitor.follow(names[81]);
  await visitor.follow('Previous');
  await page.getByRole('heading', { name: names[80] }).waitFor();
  await visitor.follow('Previous');
  await page.getByRole('heading', { name: names[79] }).waitFor();
  await visitor.follow('Next');
  await page.getByRole('heading', { name: names[80] }).waitFor();
  await visitor.go(() => page.locator('.crumbs a').first().click());
  assert.deepEqual(await facets(visitor), [`Name: ${word}`]);
});

scene('the head of a column sorts, the other way round, and not any more', async ({ visit }) => {
  const { word, names } = await several(5);
  const visitor = await visit();
  const { page } = visitor;
  await visitor.open(searched(word));
  const head = page.getByRole('columnheader', { name: /^Name/ });
  const press = () => visitor.go(() => head.getByRole('link').click());
  await press();
  assert.equal(await head.getAttribute('aria-sort'), 'ascending');
  assert.deepEqual(await visitor.rows(), names);
  await press();
  assert.equal(await head.getAttribute('aria-sort'), 'descending');
  assert.deepEqual(await visitor.rows(), names.toReversed?.() ?? [...names].reverse());
  await same(visitor, await visit());
  await press();
  assert.equal(await head.getAttribute('aria-sort'), null);
});

scene('a search, a filter and a filter of one’s own are facets that can be removed', async ({ visit }) => {
  const { word, names } = await several(4, (place) => ({ active: place !== 3, description: place === 1 ? 'the one' : 'another' }));
  const visitor = await visit();
  const { page } = visitor;
  await visitor.open(`/odoo/${APPLICATION}`);
  await page.getByRole('searchbox', { name: 'Search' }).fill(word);
  await visitor.go(() => page.keyboard.press('Enter'));
  assert.deepEqual(await visitor.rows(), names.slice(0, 3));

  await page.locator('summary', { hasText: 'Filters' }).click();
  const custom = page.locator('form.custom').first();
  await custom.getByLabel('Field').selectOption({ label: 'Description' });
  await custom.getByLabel('Operator').selectOption({ label: 'is equal to' });
  await custom.getByLabel('Value').fill('the one');
  await visitor.press('Add', custom);
  assert.deepEqual(await visitor.rows(), [names[1]]);
  assert.deepEqual(await facets(visitor), [`Name: ${word}`, 'Description is equal to the one']);
  await same(visitor, await visit());
  await visitor.follow('Remove: Description is equal to the one');
  assert.deepEqual(await visitor.rows(), names.slice(0, 3));

  await page.locator('summary', { hasText: 'Filters' }).click();
  await visitor.follow('Archived');
  assert.deepEqual(await visitor.rows(), [names[3]]);
  await visitor.follow('Remove: Archived');
  await page.locator('.find select').selectOption({ label: 'Description' });
  await page.getByRole('searchbox', { name: 'Search' }).fill('one');
  await visitor.press('Search');
  assert.deepEqual(await visitor.rows(), [names[1]]);
  await visitor.follow('Remove: Description: one');
  await visitor.follow(`Remove: Name: ${word}`);
  assert.equal(await page.locator('.facets').count(), 0);
});

scene('filters of one’s own compare numbers, booleans, moments and relations', async ({ visit }) => {
  const client = await admin();
  const scheme = unique('Small');
  const id = await client.create('oregional.model.scheme', { name: scheme, model_limit: 'none' });
  const { word, names } = await several(3, (place) => ({ access_token_expiry: 100 + place, ...(place === 2 ? { model_scheme_id: id } : {}) }));
  const visitor = await visit();
  const rows = async (custom) => {
    await visitor.open(searched(word, `&c=${encodeURIComponent(custom)}`));
    return visitor.rows();
  };
  assert.deepEqual(await rows('access_token_expiry~>~100'), names.slice(1));
  assert.deepEqual(await rows('access_token_expiry~<=~101'), names.slice(0, 2));
  assert.deepEqual(await rows('access_token_expiry~=~many'), [], 'what is no number finds nothing');
  assert.deepEqual(await rows(`model_scheme_id~ilike~${scheme}`), [names[2]]);
  assert.deepEqual(await rows(`model_scheme_id~=~${id}`), [names[2]]);
  assert.deepEqual(await rows('description~unset~'), names);
  assert.deepEqual(await rows('create_date~>=~2020-01-01'), names);
  assert.deepEqual(await rows('create_date~<~2020-01-01'), []);
  assert.deepEqual(await rows('active~=~no'), []);
  assert.equal((await visitor.open(searched(word, '&c=client_secret~ilike~a'))).status(), 422, 'secrets are not searched by parts');
});

scene('a list is grouped, and a group is opened and closed', async ({ visit }) => {
  const client = await admin();
  const scheme = unique('Grouped');
  const id = await client.create('oregional.model.scheme', { name: scheme, model_limit: 'none' });
  const { word, names } = await several(4, (place) => (place > 1 ? { model_scheme_id: id } : {}));
  const visitor = await visit();
  const { page } = visitor;
  await visitor.open(searched(word));
  await page.locator('summary', { hasText: 'Group by' }).click();
  await visitor.go(() => page.locator('details[open]').getByRole('link', { name: 'Model Scheme', exact: true }).click());
  assert.deepEqual(await facets(visitor), [`Name: ${word}`, 'Group by: Model Scheme']);
  assert.deepEqual(await visitor.rows(), []);
  await page.getByRole('row', { name: `${scheme} (2)` }).waitFor();
  const [head, table] = await Promise.all([page.locator('tr.group th').first().boundingBox(), page.locator('table').boundingBox()]);
  assert.ok(head.width > table.width - 4, `the heading of a group is ${head.width} wide in a table of ${table.width}`);
  const toggle = () => visitor.go(() => page.locator('tr.group a', { hasText: scheme }).click());
  await toggle();
  assert.deepEqual(await visitor.rows(), names.slice(2));
  await same(visitor, await visit());
  await toggle();
  assert.deepEqual(await visitor.rows(), []);
  await visitor.follow('Remove: Group by: Model Scheme');
  assert.deepEqual(await visitor.rows(), names);
});

scene('columns that a view hides are brought out', async ({ visit }) => {
  const { word } = await several(1);
  const visitor = await visit();
  const { page } = visitor;
  await visitor.open(searched(word));
  await page.locator('summary', { hasText: 'Columns' }).click();
  await visitor.follow('URI Count');
  await page.getByRole('columnheader', { name: 'URI Count' }).waitFor();
  assert.equal((await visitor.rows()).length, 1);
});

scene('rows that are ticked are archived, restored and, after a question, deleted', async ({ visit }) => {
  const client = await admin();
  const { word, names } = await several(4);
  const visitor = await visit();
  const { page } = visitor;
  const tick = async (...wanted) => { for (const name of wanted) await page.getByRole('checkbox', { name, exact: true }).check(); };
  await visitor.open(searched(word));
  assert.equal((await visitor.press('Archive')).status(), 422, 'nothing is ticked');
  await visitor.reads('Tick the records first.');
  await tick(names[0], names[1]);
  await page.getByText('2 ✓').waitFor();
  await visitor.press('Archive');
  await visitor.notice('2 archived.');
  assert.deepEqual(await visitor.rows(), names.slice(2));
  await visitor.open(searched(word, '&f=inactive'));
  assert.deepEqual(await visitor.rows(), names.slice(0, 2));
  await tick(names[0]);
  await visitor.press('Restore');
  await visitor.notice('1 restored.');
  await visitor.open(searched(word));
  assert.deepEqual(await visitor.rows(), [names[0], names[2], names[3]]);
  await page.getByRole('checkbox', { name: 'Tick all rows' }).check();
  await page.getByText('3 ✓').waitFor();
  await page.getByRole('checkbox', { name: names[0], exact: true }).uncheck();
  await visitor.press('Delete');
  await visitor.reads('Delete 2 records?');
  assert.equal((await client.find(APPLICATION, [['name', 'like', word]])).length, 4);
  await visitor.press('Delete');
  await visitor.notice('2 deleted.');
  assert.deepEqual(await visitor.rows(), [names[0]]);
});

scene('all that are found are archived, the other pages too', async ({ visit }) => {
  const client = await admin();
  const { word } = await several(90);
  const bystander = await application();
  const visitor = await visit(await colleague('Registrar', APP_ADMIN), { scripts: false });
  await visitor.open(searched(word));
  await visitor.page.getByLabel('all that are found').check();
  await visitor.press('Archive');
  await visitor.notice('90 archived.');
  assert.deepEqual(await client.call(APPLICATION, 'search', [[['name', 'like', word]]]), []);
  assert.equal((await client.read(APPLICATION, bystander.id, ['active'])).active, true);
});

scene('a list is exported as CSV, and no spreadsheet takes a name for a formula', async ({ visit }) => {
  const client = await admin();
  const { word, names } = await several(2);
  await client.create(APPLICATION, { name: `=1+1 "${word}"` });
  const visitor = await visit();
  const { page } = visitor;
  const exported = async () => {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Export CSV' }).click()]);
    assert.equal(download.suggestedFilename(), `${APPLICATION}.csv`);
    return (await readFile(await download.path(), 'utf8')).replace(/^\ufeff/, '').trim().split(/\r?\n/);
  };
  await visitor.open(searched(word));
  const all = await exported();
  assert.match(all[0], /^Name,Client ID,Own ID,Model Scheme/);
  assert.equal(all.length, 4);
  assert.ok(all.some((line) => line.startsWith(`"'=1+1 ""${word}"""`)), all.join('\n'));
  await page.getByRole('checkbox', { name: names[1], exact: true }).check();
  const one = await exported();
  assert.equal(one.length, 2);
  assert.ok(one[1].startsWith(names[1]));
});

scene('an address that somebody mistyped gives a list, or says what is wrong', async ({ visit }) => {
  const visitor = await visit();
  for (const query of ['page=0', 'page=-3', 'page=99999999999999999999', 'page=900', 'sort=nothing', 'sort=-', 'g=nothing', 'g=client_secret', 'f=nothing', 's=nothing', 's=nothing:x', 'c=nothing', 'c=name~nothing~x', 'o=7', 'x=nothing', 'action=99999999', 'action=x', 'at=-1', '%ff=%ff', 's=name:%00']) {
    const answer = await visitor.open(`/odoo/${APPLICATION}?${query}`);
    assert.ok(answer.status() < 500, `${query}: ${answer.status()}`);
    await visitor.page.getByRole('heading', { level: 1 }).waitFor();
  }
});
