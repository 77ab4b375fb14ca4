// The walk of somebody who registers an application, from the sign-in to its end.

import assert from 'node:assert/strict';

import { file, png } from './pictures.js';
import { scene, signIn } from './scene.js';
import { ADMIN, admin, APP_ADMIN, person, unique } from './server.js';

const APPLICATION = 'oregional.application';

const walk = async (visitor, who) => {
  const { page } = visitor;
  const client = await admin();
  const [name, renamed] = [unique('Company wiki'), unique('Wiki of the company')];

  await visitor.open('/odoo');
  assert.match(page.url(), /\/web\/login\?redirect=/);
  await signIn(visitor, who);
  await visitor.reads('Welcome');
  await visitor.follow('Applications', page.locator('nav.menu'));
  assert.equal(await page.title(), 'Applications · Oregional');

  // What is archived is found by the filter alone.
  await page.locator('summary', { hasText: 'Filters' }).click();
  await visitor.follow('Archived');
  assert.match(page.url(), /f=inactive/);
  await visitor.reads('Archived', '.facets');
  await visitor.follow('Remove: Archived');

  await visitor.follow('New');
  const code = await page.locator('[name="f.client_id"]').inputValue();
  assert.match(code, /^[A-Za-z0-9]{32}$/);
  await page.getByLabel('Name', { exact: false }).first().fill(name);
  await visitor.field('description').fill('Looked after by the wiki people.\nCall 12.');
  await addUri(visitor, 'uri_ids', 0, { uri: 'https://wiki.example.com/callback', description: 'the wiki' });
  await addUri(visitor, 'uri_ids', 1, { uri: 'https://test.example.com/callback', individually: true });
  await page.getByLabel('Logo', { exact: true }).setInputFiles(file('logo.png', 'image/png', png()));
  if (visitor.scripts) assert.match(await page.locator('#f-logo-preview').getAttribute('src'), /^blob:/);
  await visitor.tab('Settings');
  await visitor.field('refresh_token_expiry').fill('86400');
  assert.equal(await page.locator('.tablist button:visible, section.tab:visible h2').getByText('Audit').count(), 0);
  await visitor.press('Save');
  await visitor.notice('Created.');

  const id = Number(new URL(page.url()).pathname.split('/').pop());
  const made = await client.read(APPLICATION, id, ['name', 'client_id', 'description', 'refresh_token_expiry', 'logo']);
  assert.deepEqual([made.name, made.client_id, made.refresh_token_expiry], [name, code, 86400]);
  assert.equal(made.description, 'Looked after by the wiki people.\nCall 12.');
  assert.ok(made.logo, 'the logo was kept');
  const uris = await client.find(`${APPLICATION}.uri`, [['application_id', '=', id]], ['uri', 'authorize_individually', 'description']);
  assert.deepEqual(uris.map((uri) => [uri.uri, uri.authorize_individually, uri.description]), [
    ['https://wiki.example.com/callback', false, 'the wiki'],
    ['https://test.example.com/callback', true, false],
  ]);
  assert.equal(await page.locator('#f-logo-preview').evaluate((image) => image.naturalWidth), 64);

  const audit = await visitor.tab('Audit');
  await audit.getByText(who.name).first().waitFor();
  assert.match(await audit.locator('time').first().getAttribute('title'), /UTC/);

  await secrets(visitor, client, id);

  await visitor.more('Duplicate');
  await visitor.notice('Duplicated.');
  assert.notEqual(await page.locator('[name="f.client_id"]').inputValue(), code);
  await page.getByLabel('Name', { exact: false }).first().fill(renamed);
  await visitor.press('Save');
  await visitor.notice('Saved.');
  const copy = Number(new URL(page.url()).pathname.split('/').pop());
  assert.notEqual(copy, id);

  await visitor.more('Archive');
  await visitor.reads('Archive this record?');
  await visitor.press('Archive');
  await visitor.notice('1 archived.');
  assert.equal(await page.locator('.ribbon').innerText(), 'Archived');

  await visitor.follow('Applications', page.locator('nav.menu'));
  await page.getByRole('searchbox', { name: 'Search' }).fill(renamed);
  await visitor.press('Search');
  await visitor.reads('Nothing is found here.');
  await page.locator('summary', { hasText: 'Filters' }).click();
  await visitor.follow('Archived');
  assert.deepEqual(await visitor.rows(), [renamed]);
  await visitor.follow(renamed);
  await visitor.more('Restore');
  await visitor.notice('1 restored.');
  assert.equal(await page.locator('.ribbon').count(), 0);

  await visitor.more('Delete');
  await visitor.reads('This cannot be undone.');
  await visitor.follow('Cancel');
  assert.equal((await client.find(APPLICATION, [['id', '=', copy]])).length, 1, 'a question is not yet an answer');
  await visitor.more('Delete');
  await visitor.press('Delete');
  await visitor.notice('1 deleted.');
  assert.deepEqual(await client.find(APPLICATION, [['id', 'in', [copy]]]), []);
  assert.equal((await client.find(APPLICATION, [['id', '=', id]])).length, 1);
  await visitor.go(() => page.locator('nav.people summary').click().then(() => page.getByRole('link', { name: 'Sign out' }).click()));
  assert.match(page.url(), /\/web\/login/);
};

// Adds a line: in place where there is a script, by the server where there is none.
const addUri = async (visitor, lines, place, { uri, description, individually }) => {
  const rows = (await visitor.tab('URIs')).locator('tbody tr');
  const free = async () => {
    for (const row of await rows.all()) {
      if (!(await row.locator('input[name$=".uri"]').inputValue())) return row;
    }
    return null;
  };
  if (!(await free())) {
    const button = visitor.page.getByRole('button', { name: 'Add a line' });
    await (visitor.scripts ? button.click() : visitor.go(() => button.click()));
  }
  const row = await free();
  await row.locator('input[name$=".uri"]').fill(uri);
  if (individually) await row.locator('input[type=checkbox][name$=".authorize_individually"]').check();
  if (description) await row.locator('[name$=".description"]').fill(description);
};

const secrets = async (visitor, client, id) => {
  const { page } = visitor;
  const secret = async () => (await client.read(APPLICATION, id, ['client_secret'])).client_secret;
  const first = await secret();
  assert.ok(!(await page.content()).includes(first), 'a secret is not in the page before somebody asks for it');
  const box = page.locator('[name=client_secret].row, #f-client_secret').first();
  await visitor.go(() => box.getByRole('link', { name: 'Show' }).click());
  assert.equal(await visitor.field('client_secret').inputValue(), first);
  await visitor.follow('Hide');
  assert.ok(!(await page.content()).includes(first));

  await visitor.go(() => page.locator('button[value="button:action_generate_client_secret"]').click());
  await visitor.reads('The application must be given the new client secret.');
  await visitor.follow('Cancel');
  assert.equal(await secret(), first, 'nothing is generated before somebody says yes');
  await visitor.go(() => page.locator('button[value="button:action_generate_client_secret"]').click());
  await visitor.press('Yes, go on');
  const second = await secret();
  assert.notEqual(second, first);
  assert.match(second, /^[A-Za-z0-9]{32}$/);
  if (visitor.scripts) {
    await page.locator('#f-client_secret').getByRole('button', { name: 'Copy' }).click();
    await page.getByRole('button', { name: '✓' }).waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), second);
  }
};

scene('a system administrator registers an application and does all that can be done with it', async ({ visit }) => {
  await walk(await visit(ADMIN, { signIn: false }), { ...ADMIN, name: 'Administrator' });
});

scene('an administrator of applications, who is none of the system, walks the same way', async ({ visit }) => {
  const who = await person('Registrar', APP_ADMIN);
  await walk(await visit(who, { signIn: false }), who);
});

scene('the whole walk works without a script', async ({ visit }) => {
  const who = await person('Purist', APP_ADMIN);
  await walk(await visit(who, { signIn: false, scripts: false }), who);
});
