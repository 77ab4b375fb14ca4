// What is typed in and is not right: said beside the field, and nothing of it lost.

import assert from 'node:assert/strict';

import { file, png } from './pictures.js';
import { scene } from './scene.js';
import { admin, APP_ADMIN, application, colleague, unique } from './server.js';

const APPLICATION = 'oregional.application';

// The server's own answer: what browsers check beforehand is left out.
const send = async (visitor) => {
  await visitor.page.evaluate(() => { document.getElementById('record').noValidate = true; });
  return visitor.press('Save');
};

// The message beside a field, which its input names.
const beside = async (visitor, name) => {
  const input = visitor.field(name);
  assert.equal(await input.getAttribute('aria-invalid'), 'true', `${name} is marked`);
  return visitor.page.locator(`[id="${await input.getAttribute('aria-describedby')}"]`).innerText();
};

scene('a form with several mistakes is refused with all of them, and keeps what was typed in', async ({ visit }) => {
  const visitor = await visit(await colleague('Registrar', APP_ADMIN));
  const { page } = visitor;
  await visitor.open(`/odoo/${APPLICATION}/new`);
  await visitor.field('client_id').fill('');
  await visitor.field('description').fill('Two lines,\nwith "quotes" & <marks>');
  await visitor.field('access_token_expiry').evaluate((input) => { input.value = 'an hour'; });
  await visitor.field('authorization_code_retain').evaluate((input) => { input.value = '7'; });
  await page.locator('input[name$=".uri"]').first().fill('https://wiki.example.com/cb');
  const answer = await send(visitor);
  assert.equal(answer.status(), 422);
  assert.match(await beside(visitor, 'name'), /\w+/);
  assert.match(await beside(visitor, 'client_id'), /\w+/);
  assert.match(await beside(visitor, 'access_token_expiry'), /number/i);
  assert.equal(await visitor.field('access_token_expiry').inputValue(), 'an hour');
  assert.equal(await visitor.field('authorization_code_retain').inputValue(), '7');
  assert.equal(await visitor.field('description').inputValue(), 'Two lines,\nwith "quotes" & <marks>');
  assert.equal(await page.locator('input[name$=".uri"]').first().inputValue(), 'https://wiki.example.com/cb');
  assert.equal(await page.getByRole('tab', { name: 'Settings' }).getAttribute('aria-selected'), 'true', 'the tab with a mistake is in front');
  const name = unique('In the end');
  await visitor.field('name').fill(name);
  await visitor.field('client_id').fill(name.replaceAll(' ', ''));
  await visitor.field('access_token_expiry').fill('7200');
  await visitor.press('Save');
  await visitor.notice('Created.');
  const [made] = await (await admin()).find(APPLICATION, [['name', '=', name]], ['access_token_expiry', 'authorization_code_retain', 'uri_count']);
  assert.deepEqual([made.access_token_expiry, made.authorization_code_retain, made.uri_count], [7200, 7, 1]);
});

scene('a browser asks for what is required before anything is sent, and shows its tab', async ({ visit }) => {
  const visitor = await visit();
  const { page } = visitor;
  await visitor.open(`/odoo/${APPLICATION}/new`);
  await visitor.field('name').fill('A name');
  await (await visitor.tab('Settings')).locator('[name="f.access_token_expiry"]').fill('');
  await visitor.tab('URIs');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByRole('tabpanel', { name: 'Settings' }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.name), 'f.access_token_expiry');
  assert.match(page.url(), /\/new/);
});

for (const [uri, why] of [
  ['wiki.example.com/callback', 'is not absolute'],
  ['ftp://wiki.example.com/callback', 'is of another scheme'],
  ['https://user:secret@wiki.example.com/callback', 'has user information'],
  ['https://wiki.example.com/callback#part', 'has a fragment'],
  ['javascript:alert(1)', 'is a script'],
]) {
  scene(`a URI that ${why} is refused, and the others are kept as they were typed`, async ({ visit }) => {
    const client = await admin();
    const { id, uri: known } = await application();
    const visitor = await visit();
    const { page } = visitor;
    await visitor.open(`/odoo/${APPLICATION}/${id}`);
    await page.locator('tr[data-line^=n] input[name$=".uri"]').first().fill(uri);
    const answer = await send(visitor);
    assert.equal(answer.status(), 422);
    await page.getByRole('alert').first().waitFor();
    assert.equal(await page.getByRole('tab', { name: 'URIs' }).getAttribute('aria-selected'), 'true');
    const values = await page.locator('input[name$=".uri"]').evaluateAll((all) => all.map((input) => input.value));
    assert.ok(values.includes(uri) && values.includes(known), values.join(' '));
    const kept = await client.find(`${APPLICATION}.uri`, [['application_id', '=', id]], ['uri']);
    assert.deepEqual(kept.map((line) => line.uri), [known]);
  });
}

scene('a client ID that another application has is refused beside its field', async ({ visit }) => {
  const client = await admin();
  const [first, second] = [await application(), await application()];
  const { client_id: taken } = await client.read(APPLICATION, first.id, ['client_id']);
  const visitor = await visit();
  await visitor.open(`/odoo/${APPLICATION}/${second.id}`);
  await visitor.field('client_id').fill(taken);
  await visitor.field('description').fill('kept');
  const answer = await visitor.press('Save');
  assert.equal(answer.status(), 422);
  assert.match(await beside(visitor, 'client_id'), /unique/i);
  assert.equal(await visitor.field('client_id').inputValue(), taken);
  assert.equal(await visitor.field('description').inputValue(), 'kept');
});

scene('a negative expiry and one beyond all numbers are refused beside their fields', async ({ visit }) => {
  const { id } = await application();
  const visitor = await visit();
  for (const value of ['-1', '0', '99999999999', '1e3', '3600.5']) {
    await visitor.open(`/odoo/${APPLICATION}/${id}`);
    await visitor.field('access_token_expiry').evaluate((input, typed) => { input.value = typed; }, value);
    const answer = await send(visitor);
    assert.equal(answer.status(), 422, value);
    assert.equal(await visitor.field('access_token_expiry').inputValue(), value);
    await visitor.page.locator('.wrong').first().waitFor();
  }
  const kept = await (await admin()).read(APPLICATION, id, ['access_token_expiry']);
  assert.equal(kept.access_token_expiry, 3600);
});

scene('what is no picture is refused as a logo, and the rest of the form is kept', async ({ visit }) => {
  const { id } = await application();
  const visitor = await visit();
  const { page } = visitor;
  for (const [name, kind, content] of [
    ['logo.png', 'image/png', 'this is text'],
    ['logo.svg', 'image/svg+xml', '<svg xmlns="http://www.w3.org/2000/svg"><script>document.title="pwned"</script></svg>'],
    ['logo.gif', 'image/gif', 'GIF89a'],
    ['cut.png', 'image/png', png().subarray(0, 60)],
  ]) {
    await visitor.open(`/odoo/${APPLICATION}/${id}`);
    await page.getByLabel('Logo', { exact: true }).setInputFiles(file(name, kind, content));
    await visitor.field('description').fill('kept');
    const answer = await visitor.press('Save');
    assert.equal(answer.status(), 422, name);
    await page.locator('.wrong').first().waitFor();
    assert.equal(await visitor.field('description').inputValue(), 'kept');
  }
  assert.equal((await (await admin()).read(APPLICATION, id, ['logo'])).logo, false);
});

scene('a picture that was chosen is kept, or is said to be lost', async ({ visit }) => {
  const visitor = await visit();
  const { page } = visitor;
  const name = unique('With a logo');
  await visitor.open(`/odoo/${APPLICATION}/new`);
  await visitor.field('name').fill(name);
  await visitor.field('client_id').fill('');
  await page.getByLabel('Logo', { exact: true }).setInputFiles(file('logo.png', 'image/png', png()));
  assert.equal((await send(visitor)).status(), 422);
  const isSaid = (await page.locator('.field.type-binary').first().innerText()).match(/again|once more/i);
  await visitor.field('client_id').fill(name.replaceAll(' ', ''));
  await visitor.press('Save');
  const [made] = await (await admin()).find(APPLICATION, [['name', '=', name]], ['logo']);
  assert.ok(isSaid || made.logo, 'the logo was lost without a word');
});

scene('a logo is replaced and taken away again', async ({ visit }) => {
  const client = await admin();
  const { id } = await application({ logo: png().toString('base64') });
  const visitor = await visit();
  const { page } = visitor;
  await visitor.open(`/odoo/${APPLICATION}/${id}`);
  await page.getByLabel('Logo', { exact: true }).setInputFiles(file('logo.png', 'image/png', png({ side: 2000 })));
  await visitor.press('Save');
  await visitor.notice('Saved.');
  const kept = Buffer.from((await client.read(APPLICATION, id, ['logo'])).logo, 'base64');
  assert.deepEqual([kept.readUInt32BE(16), kept.readUInt32BE(20)], [1024, 1024], 'it was scaled down');
  await page.locator('[name="c.logo"]').check();
  await visitor.press('Save');
  await visitor.notice('Saved.');
  assert.equal((await client.read(APPLICATION, id, ['logo'])).logo, false);
});

scene('an http URI and a refresh token that never expires are warned of', async ({ visit }) => {
  const { id } = await application({ uri: 'http://wiki.example.com/cb' });
  const visitor = await visit();
  await visitor.open(`/odoo/${APPLICATION}/${id}`);
  await visitor.reads('codes travel in the clear', '.advice');
  await visitor.reads('Refresh tokens never expire', '.advice');
  await visitor.page.locator('tr:not([data-line^=n]) input[name$=".uri"]').fill('https://wiki.example.com/cb');
  await visitor.field('refresh_token_expiry').evaluate((input) => { input.value = '86400'; });
  await visitor.press('Save');
  assert.equal(await visitor.page.locator('.advice').count(), 0);
});

scene('lines are added and removed in one go', async ({ visit }) => {
  const client = await admin();
  const { id } = await application();
  const visitor = await visit();
  const { page } = visitor;
  await visitor.open(`/odoo/${APPLICATION}/${id}`);
  const fresh = page.locator('tr[data-line^=n] input[name$=".uri"]');
  await fresh.first().fill('https://one.example.com/cb');
  for (const uri of ['https://two.example.com/cb', 'https://three.example.com/cb']) {
    await page.getByRole('button', { name: 'Add a line' }).click();
    await fresh.last().fill(uri);
  }
  await page.locator('tr:not([data-line^=n])').getByLabel('Remove this line').check();
  await visitor.press('Save');
  await visitor.notice('Saved.');
  const uris = async () => (await client.find(`${APPLICATION}.uri`, [['application_id', '=', id]], ['uri'])).map((line) => line.uri);
  assert.deepEqual(await uris(), ['https://one.example.com/cb', 'https://two.example.com/cb', 'https://three.example.com/cb']);
});
