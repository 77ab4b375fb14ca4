// What users grant to applications: by the consent page, seen and taken back in the browser.

import assert from 'node:assert/strict';

import { scene } from './scene.js';
import { admin, colleague, person } from './server.js';
import { wiki } from './wiki.js';

// The authorization of a user for an application.
const grant = async (user, application) => {
  const domain = [['user_id', '=', user.id], ['application_id', '=', application.id]];
  const [found] = await (await admin()).find('oregional.authorization', domain, ['access_token_expiry', 'display_name']);
  return found;
};

// Somebody signs in to an application and allows it.
const allow = async (visitor, application) => {
  await visitor.open(application.address);
  await visitor.press('Allow');
  const told = await application.exchange(visitor.page.url());
  assert.equal(told.status, 200);
  return told;
};

const withWiki = (work) => async (tools) => {
  const application = await wiki();
  try {
    await work(tools, application);
  } finally {
    await application.close();
  }
};

scene('a user who is not signed in signs in, is asked, and denies', withWiki(async ({ visit }, application) => {
  const user = await colleague('Reader');
  const visitor = await visit(user, { signIn: false, allowed: [application.origin] });
  const { page } = visitor;
  await visitor.open(application.address);
  await page.getByLabel('Email or login').fill(user.login);
  await page.getByLabel('Password').fill(user.password);
  await visitor.press('Sign in');
  await visitor.reads(`${application.name} asks for access`);
  await visitor.reads(user.name);
  await visitor.reads(new URL(application.origin).hostname);
  await visitor.press('Deny');
  const back = new URL(page.url());
  assert.equal(back.origin, application.origin);
  assert.equal(back.searchParams.get('error'), 'access_denied');
  assert.equal(back.searchParams.get('state'), 'a state');
  assert.equal(await grant(user, application), undefined);
}));

scene('a user allows an application, sees it among the preferences, ends its access and takes the consent back', withWiki(async ({ visit }, application) => {
  const user = await person('Reader');
  const visitor = await visit(user, { allowed: [application.origin] });
  const { page } = visitor;
  const tokens = await allow(visitor, application);
  assert.equal(await application.status(tokens), 200);

  // Asked once, it is not asked again.
  await visitor.open(application.address);
  assert.equal(new URL(page.url()).origin, application.origin);

  await visitor.open('/odoo/preferences');
  const row = page.getByRole('row', { name: application.name });
  assert.match(await row.locator('time').first().getAttribute('title'), /UTC$/);
  await visitor.press(`Sign out: ${application.name}`);
  await visitor.notice('The access was revoked.');
  await row.getByText('not signed in').waitFor();
  assert.equal(await application.status(tokens), 401);
  assert.notEqual((await application.refresh(tokens)).status, 200);

  await visitor.press(`Forget: ${application.name}`);
  await visitor.reads('No application acts for you.');
  assert.equal(await grant(user, application), undefined);
  await visitor.open(application.address);
  await visitor.reads(`${application.name} asks for access`);
}));

scene('a token that never expires is said not to', withWiki(async ({ visit }, application) => {
  const user = await person('Reader', ['base.group_user'], { tz: 'Asia/Tokyo' });
  const visitor = await visit(user, { allowed: [application.origin] });
  await allow(visitor, application);
  await visitor.open('/odoo/preferences');
  const row = visitor.page.getByRole('row', { name: application.name });
  assert.match(await row.innerText(), /never|without end|no end/);
  await visitor.open('/odoo/oregional.authorization');
  assert.match(await row.innerText(), /never|without end|no end/);
}));

scene('the consent page works without a script', withWiki(async ({ visit }, application) => {
  const visitor = await visit(await colleague('Reader'), { scripts: false, allowed: [application.origin] });
  assert.equal(await application.status(await allow(visitor, application)), 200);
}));

scene('a consent form that was used already is refused', withWiki(async ({ visit }, application) => {
  const user = await colleague('Reader');
  const visitor = await visit(user, { allowed: [application.origin] });
  await visitor.open(application.address);
  const form = await visitor.page.locator('form').evaluate((form) => Object.fromEntries(new FormData(form)));
  await visitor.press('Deny');
  const answer = await visitor.context.request.post('/oauth2/consent', { form: { ...form, decision: 'allow' }, maxRedirects: 0 });
  assert.equal(answer.status(), 403);
  assert.equal(await grant(user, application), undefined);
}));

scene('an administrator sees an authorization and revokes its tokens after a question', withWiki(async ({ visit }, application) => {
  const user = await colleague('Reader');
  const tokens = await allow(await visit(user, { allowed: [application.origin] }), application);
  const visitor = await visit();
  const { page } = visitor;
  await visitor.open('/odoo/oregional.authorization');
  const row = page.getByRole('row', { name: application.name });
  await visitor.go(() => row.locator('a.record').click());
  await visitor.reads(application.name, 'form');
  assert.equal(await page.getByRole('button', { name: 'Save' }).count(), 0, 'nobody edits what was granted');
  await visitor.press('Revoke Tokens');
  await visitor.reads('The application will have to ask the user again. Revoke?');
  assert.equal(await application.status(tokens), 200);
  await visitor.press('Yes, go on');
  await visitor.notice('Done.');
  assert.equal(await application.status(tokens), 401);
  assert.equal((await grant(user, application)).access_token_expiry, false);
}));

scene('an administrator revokes the tokens of many users at once', withWiki(async ({ visit }, application) => {
  const users = [await colleague('Reader'), await colleague('Second reader'), await colleague('Third reader')];
  const tokens = [];
  for (const user of users) tokens.push(await allow(await visit(user, { allowed: [application.origin] }), application));
  const visitor = await visit();
  const { page } = visitor;
  await visitor.open(`/odoo/oregional.authorization?s=${encodeURIComponent(`application_id:${application.name}`)}`);
  assert.equal((await visitor.rows()).length, 3);
  for (const user of users.slice(0, 2)) await page.getByRole('row', { name: new RegExp(`${user.name}\\b`) }).getByRole('checkbox').check();
  await page.getByText('2 ✓').waitFor();
  await visitor.press('Revoke Tokens');
  const answers = await Promise.all(tokens.map((token) => application.status(token)));
  assert.deepEqual(answers, [401, 401, 200]);
}));
