// What people change of themselves.

import assert from 'node:assert/strict';

import { scene, signIn } from './scene.js';
import { admin, APP_ADMIN, application, Client, person, URL_OF_SERVER } from './server.js';

const german = async () => {
  const client = await admin();
  const [lang] = await client.find('res.lang', [['code', '=', 'de_DE']], ['active']);
  if (!lang.active) await client.write('res.lang', lang.id, { active: true });
};

scene('a user chooses German, and all pages speak it', async ({ visit }) => {
  await german();
  const { id } = await application();
  const visitor = await visit(await person('Leserin', APP_ADMIN));
  const { page } = visitor;
  await visitor.open('/odoo/preferences');
  await page.getByLabel('Language').selectOption('de_DE');
  await visitor.go(() => page.locator('button[value=person]').click());
  assert.equal(await page.locator('html').getAttribute('lang'), 'de');
  await page.getByRole('heading', { name: 'Einstellungen', exact: true }).waitFor();
  await page.getByRole('heading', { name: 'Passwort', exact: true }).waitFor();
  await visitor.open('/odoo/oregional.application');
  await page.getByRole('heading', { name: 'Anwendungen', exact: true }).waitFor();
  await page.getByRole('button', { name: 'Suchen', exact: true }).waitFor();
  await visitor.open(`/odoo/oregional.application/${id}`);
  await page.getByText('Beschreibung', { exact: true }).first().waitFor();
});

scene('a browser that asks for German is greeted in German', async ({ visit }) => {
  const visitor = await visit(undefined, { signIn: false, locale: 'de-DE' });
  await visitor.open('/web/login');
  await visitor.page.getByRole('button', { name: 'Anmelden' }).waitFor();
  assert.equal(await visitor.page.locator('html').getAttribute('lang'), 'de');
});

scene('times are shown in the zone of the user, and in UTC where one points', async ({ visit }) => {
  const { id } = await application();
  const visitor = await visit(await person('Traveller', ['base.group_user'], { tz: 'UTC' }));
  const { page } = visitor;
  const told = async () => {
    await visitor.open(`/odoo/oregional.application/${id}`);
    const audit = await visitor.tab('Audit');
    const time = audit.locator('time').first();
    return { text: await time.innerText(), utc: await time.getAttribute('title'), moment: await time.getAttribute('datetime') };
  };
  const before = await told();
  assert.match(before.utc, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/);
  await visitor.open('/odoo/preferences');
  await page.getByLabel('Time zone').selectOption('Asia/Kathmandu');
  await visitor.go(() => page.locator('button[value=person]').click());
  await visitor.notice('Saved.');
  const after = await told();
  assert.equal(after.utc, before.utc);
  const clock = (text) => /(\d\d):(\d\d)/.exec(text).slice(1, 3).map(Number);
  const minutes = ([hours, rest]) => hours * 60 + rest;
  const moved = minutes(clock(after.text)) - minutes(clock(before.text));
  assert.equal((moved + 1440) % 1440, 5 * 60 + 45);
});

scene('a user changes name and email, and a form without a name is refused', async ({ visit }) => {
  const user = await person('Newlywed');
  const visitor = await visit(user);
  const { page } = visitor;
  await visitor.open('/odoo/preferences');
  await page.getByLabel('Name', { exact: true }).fill(`${user.name} née Smith`);
  await page.getByLabel('Email').fill('new@example.com');
  await visitor.go(() => page.locator('button[value=person]').click());
  await visitor.notice('Saved.');
  const told = await (await admin()).read('res.users', user.id, ['name', 'email']);
  assert.deepEqual([told.name, told.email], [`${user.name} née Smith`, 'new@example.com']);
  assert.equal(await page.locator('nav.people summary').innerText(), `${user.name} née Smith`);
  await page.getByLabel('Name', { exact: true }).evaluate((input) => { input.required = false; });
  await page.getByLabel('Name', { exact: true }).fill(' ');
  const answer = await visitor.go(() => page.locator('button[value=person]').click());
  assert.equal(answer.status(), 422);
  await visitor.reads('Enter a name.');
});

scene('a password is changed by whoever knows the present one, and is long enough', async ({ visit }) => {
  const user = await person('Careful');
  const [visitor, elsewhere] = [await visit(user, { signIn: false }), await visit(user)];
  const { page } = visitor;
  await visitor.open('/odoo/preferences');
  await signIn(visitor, user);
  await elsewhere.open('/odoo');
  const attempt = async (old, fresh, again = fresh) => {
    await page.getByLabel('Present password').fill(old);
    await page.getByLabel('New password', { exact: true }).fill(fresh);
    await page.getByLabel('New password again').fill(again);
    return visitor.go(() => page.getByRole('button', { name: 'Change the password' }).click());
  };
  const fresh = 'one more sheep over the fence';
  assert.equal((await attempt('a guess', fresh)).status(), 422);
  await page.getByRole('alert').waitFor();
  assert.equal((await attempt(user.password, 'too short')).status(), 422);
  await visitor.reads('A password has at least twelve characters.');
  assert.equal((await attempt(user.password, fresh, `${fresh}!`)).status(), 422);
  await visitor.reads('The two new passwords are not the same.');
  await page.getByLabel('New password', { exact: true }).fill('aaaaaaaaaaaaaaaa');
  const strength = page.getByRole('meter', { name: 'Strength' });
  const weak = await strength.evaluate((meter) => meter.value);
  await page.getByLabel('New password', { exact: true }).fill(fresh);
  assert.ok((await strength.evaluate((meter) => meter.value)) > weak);
  assert.ok((await Client.signIn(user)).uid, 'three refusals have changed nothing');

  assert.equal((await attempt(user.password, fresh)).status(), 200);
  await visitor.notice('Your password was changed.');
  await assert.rejects(Client.signIn(user));
  assert.equal((await Client.signIn({ ...user, password: fresh })).uid, user.id);
  await elsewhere.open('/odoo');
  assert.match(elsewhere.page.url(), /\/web\/login/);
});

scene('an API key is made, shown once, opens the server to a script, and is removed', async ({ visit }) => {
  const visitor = await visit(await person('Scripter'));
  const { page } = visitor;
  await visitor.open('/odoo/preferences');
  await page.getByLabel('What for').fill('the nightly import');
  await page.getByLabel('Ends in').selectOption('7');
  await visitor.press('Make an API key');
  const key = await page.locator('#made').innerText();
  await page.locator('.notice').getByRole('button', { name: 'Copy' }).click();
  await page.locator('.notice').getByRole('button', { name: '✓' }).waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), key);
  const status = async () => (await fetch(`${URL_OF_SERVER}/json/2/res.partner/search_count`, {
    method: 'POST', headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' }, body: JSON.stringify({ domain: [] }),
  })).status;
  assert.equal(await status(), 200);
  await visitor.open('/odoo/preferences');
  assert.ok(!(await page.content()).includes(key), 'a key is shown once');
  await page.getByRole('cell', { name: 'the nightly import', exact: true }).waitFor();
  await visitor.press('Remove: the nightly import');
  await visitor.notice('The key was removed.');
  assert.equal(await status(), 401);
});

scene('signing out everywhere ends the sessions of other browsers and keeps the own one', async ({ visit }) => {
  const user = await person('Forgetful');
  const [visitor, library] = [await visit(user, { signIn: false }), await visit(user, { signIn: false })];
  for (const one of [visitor, library]) {
    await one.open('/odoo/preferences');
    await signIn(one, user);
    await one.reads('Sign out everywhere');
  }
  await visitor.press('Sign out everywhere');
  await visitor.notice('You are signed out everywhere else.');
  await library.open('/odoo');
  assert.match(library.page.url(), /\/web\/login/);
  await visitor.open('/odoo');
  await visitor.reads('Welcome');
});
