// Two people at one record.

import assert from 'node:assert/strict';

import { scene } from './scene.js';
import { admin, APP_ADMIN, application, colleague } from './server.js';

const APPLICATION = 'oregional.application';

for (const scripts of [true, false]) {
  scene(`the second of two who save is told who changed what, and loses nothing${scripts ? '' : ', without a script too'}`, async ({ visit }) => {
    const client = await admin();
    const { id, name, uri } = await application({ description: 'before' });
    const people = [await colleague('First', APP_ADMIN), await colleague('Second', APP_ADMIN)];
    const [first, second] = [await visit(people[0], { scripts }), await visit(people[1], { scripts })];
    for (const visitor of [first, second]) await visitor.open(`/odoo/${APPLICATION}/${id}`);

    await first.field('description').fill('by the first');
    await first.field('access_token_expiry').evaluate((input) => { input.value = '1800'; });
    await first.press('Save');
    await first.notice('Saved.');

    await second.field('name').fill(`${name}, renamed`);
    await second.field('description').fill('by the second');
    const refused = await second.press('Save');
    assert.equal(refused.status(), 409);
    const said = await second.page.getByRole('alert').first().innerText();
    assert.match(said, new RegExp(people[0].name));
    assert.match(said, /Description: by the first/);
    assert.match(said, /Access Token Expiry: 1800/);
    assert.equal(await second.field('name').inputValue(), `${name}, renamed`);
    assert.equal(await second.field('description').inputValue(), 'by the second');
    assert.equal(await second.field('access_token_expiry').inputValue(), '1800', 'what was not typed in is as it is now');
    const between = await client.read(APPLICATION, id, ['name', 'description']);
    assert.deepEqual([between.name, between.description], [name, 'by the first'], 'nothing is saved before the second try');

    await second.press('Save');
    await second.notice('Saved.');
    const kept = await client.read(APPLICATION, id, ['name', 'description', 'access_token_expiry']);
    assert.deepEqual([kept.name, kept.description, kept.access_token_expiry], [`${name}, renamed`, 'by the second', 1800]);
    const uris = await client.find(`${APPLICATION}.uri`, [['application_id', '=', id]], ['uri']);
    assert.deepEqual(uris.map((line) => line.uri), [uri]);
  });
}

scene('lines that two people add are both kept', async ({ visit }) => {
  const client = await admin();
  const { id, uri } = await application();
  const [first, second] = [await visit(await colleague('First', APP_ADMIN)), await visit(await colleague('Second', APP_ADMIN))];
  const added = ['https://one.example.com/cb', 'https://two.example.com/cb'];
  for (const [place, visitor] of [first, second].entries()) {
    await visitor.open(`/odoo/${APPLICATION}/${id}`);
    await visitor.page.locator('tr[data-line^=n] input[name$=".uri"]').last().fill(added[place]);
  }
  await first.press('Save');
  await first.notice('Saved.');
  if ((await second.press('Save')).status() === 409) {
    assert.equal(await second.page.locator(`input[value="${added[1]}"]`).count(), 1, 'what was typed in stands there still');
    await second.press('Save');
  }
  await second.notice('Saved.');
  const uris = await client.find(`${APPLICATION}.uri`, [['application_id', '=', id]], ['uri']);
  assert.deepEqual(uris.map((line) => line.uri).sort(), [uri, ...added].sort());
});

scene('a record that somebody deleted meanwhile is said to be gone', async ({ visit }) => {
  const client = await admin();
  const { id } = await application();
  const visitor = await visit();
  await visitor.open(`/odoo/${APPLICATION}/${id}`);
  await visitor.field('description').fill('too late');
  await client.call(APPLICATION, 'unlink', [[id]]);
  const answer = await visitor.press('Save');
  assert.equal(answer.status(), 404);
  await visitor.page.getByRole('heading', { level: 1 }).waitFor();
});
