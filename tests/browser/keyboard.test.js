// The keyboard alone suffices.

import assert from 'node:assert/strict';

import { scene } from './scene.js';
import { admin, APP_ADMIN, application, colleague, unique } from './server.js';

const APPLICATION = 'oregional.application';
// The keys of a page, as Chromium has them: Alt and a letter. Playwright sends no letter together with Alt.
const accessKey = async (page, letter) => {
  const devtools = await page.context().newCDPSession(page);
  const key = { key: letter, code: `Key${letter.toUpperCase()}`, windowsVirtualKeyCode: letter.toUpperCase().charCodeAt(0), modifiers: 1 };
  await devtools.send('Input.dispatchKeyEvent', { type: 'keyDown', text: letter, unmodifiedText: letter, ...key });
  await devtools.send('Input.dispatchKeyEvent', { type: 'keyUp', ...key }).catch(() => {});
};

const focused = (page) => page.evaluate(() => document.activeElement?.id || document.activeElement?.textContent.trim());

scene('the first stop of a page leads past its menu', async ({ visit }) => {
  const visitor = await visit();
  const { page } = visitor;
  await visitor.open(`/odoo/${APPLICATION}`);
  await page.keyboard.press('Tab');
  assert.equal(await focused(page), 'Skip to the content');
  await page.keyboard.press('Enter');
  assert.equal(await focused(page), 'content');
  await page.keyboard.press('Tab');
  assert.equal(await focused(page), 'New');
});

scene('a list is searched, a record opened, changed and saved by keys alone', async ({ visit }) => {
  const { id, name } = await application();
  const visitor = await visit();
  const { page } = visitor;
  await visitor.open(`/odoo/${APPLICATION}`);
  await accessKey(page, 'q');
  assert.equal(await focused(page), 'q');
  await page.keyboard.type(name);
  await visitor.go(() => page.keyboard.press('Enter'));
  await page.locator('a.record').focus();
  await visitor.go(() => page.keyboard.press('Enter'));
  await visitor.field('description').focus();
  await page.keyboard.type('typed and saved by keys');
  await visitor.go(() => page.keyboard.press('Control+s'));
  await visitor.notice('Saved.');
  assert.equal((await (await admin()).read(APPLICATION, id, ['description'])).description, 'typed and saved by keys');
  await visitor.go(() => accessKey(page, 'c'));
  assert.match(page.url(), /\/new/);
  await visitor.go(() => accessKey(page, 'j'));
  assert.match(page.url(), /oregional\.application(\?|$)/);
});

scene('records of a list are gone through by keys', async ({ visit }) => {
  const word = unique('Row').replaceAll(' ', '');
  for (const place of [1, 2]) await application({ name: `${word} ${place}` });
  const visitor = await visit();
  const { page } = visitor;
  await visitor.open(`/odoo/${APPLICATION}?s=name:${word}`);
  await visitor.follow(`${word} 1`);
  await visitor.go(() => accessKey(page, 'n'));
  await page.getByRole('heading', { name: `${word} 2` }).waitFor();
  await visitor.go(() => accessKey(page, 'p'));
  await page.getByRole('heading', { name: `${word} 1` }).waitFor();
});

scene('the tabs of a form are gone through by arrows, and one of them is a stop', async ({ visit }) => {
  const { id } = await application();
  const visitor = await visit();
  const { page } = visitor;
  await visitor.open(`/odoo/${APPLICATION}/${id}`);
  const tab = (name) => page.getByRole('tab', { name, exact: true });
  await tab('URIs').focus();
  await page.keyboard.press('ArrowRight');
  assert.equal(await focused(page), 'of-tab-settings');
  assert.equal(await tab('Settings').getAttribute('aria-selected'), 'true');
  await page.getByRole('tabpanel', { name: 'Settings' }).waitFor();
  assert.equal(await page.getByRole('tabpanel', { name: 'URIs' }).count(), 0);
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  assert.equal(await focused(page), 'of-tab-uris', 'the last one is followed by the first');
  await page.keyboard.press('ArrowLeft');
  assert.equal(await focused(page), 'of-tab-audit');
  assert.equal(await page.locator('[role=tab][tabindex="0"]').count(), 1);
});

scene('names of records are proposed as they are typed, and chosen by arrows and Enter', async ({ visit }) => {
  const client = await admin();
  const word = unique('Scheme');
  const ids = await client.call('oregional.model.scheme', 'create', [
    [...Array.from({ length: 85 }, (_, place) => ({ name: `${word} filler ${place}`, model_limit: 'none' })), { name: `${word} the right one`, model_limit: 'none' }],
  ]);
  const { id } = await application();
  const visitor = await visit();
  const { page } = visitor;
  await visitor.open(`/odoo/${APPLICATION}/${id}`);
  const input = page.getByRole('combobox', { name: 'Model Scheme' });
  await input.fill('');
  await input.pressSequentially(`${word} the right`);
  const option = page.getByRole('option', { name: `${word} the right one` });
  await option.waitFor();
  assert.equal(await input.getAttribute('aria-expanded'), 'true');
  await input.press('ArrowDown');
  assert.equal(await option.getAttribute('aria-selected'), 'true');
  assert.equal(await input.evaluate((combo) => combo.ownerDocument.getElementById(combo.getAttribute('aria-activedescendant'))?.textContent), `${word} the right one`, 'the chosen one is told to readers of the screen');
  await input.press('Enter');
  assert.equal(await input.inputValue(), `${word} the right one`);
  assert.equal(await option.count(), 0);
  await visitor.press('Save');
  await visitor.notice('Saved.');
  assert.equal((await client.read(APPLICATION, id, ['model_scheme_id'])).model_scheme_id[0], ids.at(-1));

  await page.getByRole('combobox', { name: 'Model Scheme' }).fill('no such scheme at all');
  const answer = await visitor.press('Save');
  assert.equal(answer.status(), 422, 'a name that nothing has is not taken for another');
  assert.equal(await page.getByRole('combobox', { name: 'Model Scheme' }).inputValue(), 'no such scheme at all');
  await client.write(APPLICATION, id, { model_scheme_id: await client.ref('oregional.default_model_scheme') });
  await client.call('oregional.model.scheme', 'unlink', [ids]);
});

scene('leaving with something unsaved is asked about, and leaving after Discard is not', async ({ visit }) => {
  const { id } = await application({ description: 'as it was' });
  const visitor = await visit(await colleague('Registrar', APP_ADMIN));
  const { page } = visitor;
  const asked = [];
  page.on('dialog', (dialog) => {
    asked.push(dialog.type());
    dialog.dismiss();
  });
  await visitor.open(`/odoo/${APPLICATION}/${id}`);
  await visitor.field('description').press('End');
  await page.keyboard.type(', changed');
  const question = page.waitForEvent('dialog');
  await page.locator('nav.menu').getByRole('link', { name: 'Model Schemes' }).click({ noWaitAfter: true });
  await question;
  assert.deepEqual(asked, ['beforeunload']);
  assert.equal(await visitor.field('description').inputValue(), 'as it was, changed', 'whoever stays finds all that was typed in');
  await visitor.follow('Discard');
  assert.equal(await visitor.field('description').inputValue(), 'as it was');
  await visitor.follow('Model Schemes', page.locator('nav.menu'));
  assert.deepEqual(asked, ['beforeunload'], 'nothing was typed in: nobody asks');
});

scene('what drops down is opened by Enter and closed by Escape', async ({ visit }) => {
  const visitor = await visit();
  const { page } = visitor;
  await visitor.open(`/odoo/${APPLICATION}`);
  const filters = page.locator('summary', { hasText: 'Filters' });
  await filters.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'Archived', exact: true }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('link', { name: 'Archived', exact: true }).waitFor({ state: 'hidden' });
  assert.match(await focused(page), /Filters/);
});

scene('the shortcuts are there: new, search, save, discard', async ({ visit }) => {
  const { id } = await application();
  const visitor = await visit();
  const keys = () => visitor.page.locator('[accesskey]').evaluateAll((all) => all.map((one) => one.accessKey).sort().join(''));
  await visitor.open(`/odoo/${APPLICATION}`);
  assert.match(await keys(), /c.*q/);
  await visitor.open(`/odoo/${APPLICATION}/${id}`);
  assert.match(await keys(), /c.*j.*s/);
});
