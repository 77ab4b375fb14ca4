// How the pages look: axe-core finds nothing serious on any of them, light and dark, wide and narrow, none
// is wider than its window, and a picture of each is left for whoever wants to see it.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { png } from './pictures.js';
import { scene } from './scene.js';
import { admin, APP_ADMIN, person, PICTURES } from './server.js';
import { wiki } from './wiki.js';

const { source } = createRequire(import.meta.url)('axe-core');
const APPLICATION = 'oregional.application';

// What axe-core calls serious or critical. Dark differs from light by its colours alone.
const faults = async (page, scheme) => {
  await page.evaluate(source);
  const found = await page.evaluate((rules) => globalThis.axe.run(document, rules), {
    resultTypes: ['violations'],
    ...(scheme === 'dark' ? { runOnly: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] } } : {}),
  });
  const bad = found.violations.filter(({ impact }) => ['serious', 'critical'].includes(impact));
  return bad.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)} (${node.any[0]?.message ?? node.failureSummary})`));
};

// Looks at a page that is open.
const look = async (visitor, name, width, wrong) => {
  const { page } = visitor;
  for (const scheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    const file = `${name}-${scheme}${width === 1280 ? '' : '-narrow'}.png`;
    await page.screenshot({ path: join(PICTURES, file), fullPage: true });
    wrong.push(...(await faults(page, scheme)).map((fault) => `${file}: ${fault}`));
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await visitor.fits().catch((error) => wrong.push(error.message));
};

// A company that has worked with it for a while.
const COLOURS = [[29, 91, 184], [168, 32, 26], [23, 102, 58], [107, 78, 0], [86, 96, 116]];
const company = async () => {
  const client = await admin();
  const names = [
    ['Company wiki', 'https://wiki.example.com/plugins/odoo-connector/callback.action'],
    ['Customer portal', 'https://portal.example.com/oauth/callback'],
    ['Field service app', 'https://service.example.com/signed-in'],
    ['Reporting', 'https://reports.example.com/oauth2/callback'],
    ['Warehouse scanner', 'http://scanner.example.com/callback'],
  ];
  const made = await client.create('oregional.model.scheme', { name: 'Contacts only', model_limit: 'whitelist', description: 'For applications that show contacts and nothing else' });
  await client.create('oregional.model.configuration', {
    name: 'Contacts of the wiki', model_id: await client.ref('base.model_res_partner'), model_display_name: 'Contact', field_limit: 'none', model_scheme_ids: [[6, 0, [made]]],
  });
  for (const [place, [name, uri]] of names.entries()) {
    await client.create(APPLICATION, {
      name, logo: png({ side: 128, colour: COLOURS[place] }).toString('base64'),
      description: 'Looked after by the platform team', refresh_token_expiry: place ? 2_592_000 : 0,
      uri_ids: [[0, 0, { uri, description: 'production' }]], ...(place === 1 ? { model_scheme_id: made } : {}),
    });
  }
  await client.create(APPLICATION, { name: 'Old intranet', active: false });
  const application = await wiki({ name: 'Company wiki, test', logo: png({ side: 128, colour: COLOURS[0] }).toString('base64') });
  return { client, scheme: made, application };
};

// The first record of a model.
const first = async (client, model) => (await client.find(model, []))[0].id;

for (const width of [1280, 360]) {
  scene(`all pages are in order at ${width} pixels, light and dark`, async ({ visit }) => {
    const { client, scheme, application } = await company();
    const wrong = [];
    try {
      const user = await person('Ada Lovelace', APP_ADMIN, { tz: 'Europe/Berlin' });
      await client.write('res.users', user.id, { name: 'Ada Lovelace' });
      const options = { width, allowed: [application.origin] };
      const visitor = await visit(user, options);
      const { page } = visitor;
      const see = (name, seen = visitor) => look(seen, name, width, wrong);
      const open = async (name, path, seen = visitor) => {
        await seen.open(path);
        await see(name, seen);
      };

      const stranger = await visit(user, { ...options, signIn: false });
      await open('login', '/web/login', stranger);
      await stranger.page.getByLabel('Email or login').fill('somebody');
      await stranger.page.getByLabel('Password').fill('wrong');
      await stranger.press('Sign in');
      await see('login-refused', stranger);

      await open('consent', application.address);
      await visitor.press('Allow');
      await application.exchange(page.url());
      await open('consent-refused', application.address.replace(/client_id=\w+/, 'client_id=nobody'));

      await open('menu', '/odoo');
      await open('applications', `/odoo/${APPLICATION}`);
      await page.locator('summary', { hasText: 'Filters' }).click();
      await see('applications-filters');
      await open('applications-found', `/odoo/${APPLICATION}?s=name:wiki&c=${encodeURIComponent('access_token_expiry~>~60')}&sort=-name`);
      await open('applications-grouped', `/odoo/${APPLICATION}?g=model_scheme_id&o=0`);
      await open('applications-archived', `/odoo/${APPLICATION}?f=inactive`);
      await open('applications-none', `/odoo/${APPLICATION}?s=name:there is none`);

      const [{ id }] = await client.find(APPLICATION, [['name', '=', 'Company wiki']]);
      await open('application', `/odoo/${APPLICATION}/${id}?all=1&at=0`);
      for (const tab of ['Settings', 'Audit']) {
        await visitor.tab(tab);
        await see(`application-${tab.toLowerCase()}`);
      }
      await page.locator('summary', { hasText: 'More' }).click();
      await see('application-more');
      await open('application-secret', `/odoo/${APPLICATION}/${id}?reveal=client_secret`);
      await open('application-new', `/odoo/${APPLICATION}/new`);
      await page.evaluate(() => { document.getElementById('record').noValidate = true; });
      await visitor.field('access_token_expiry').evaluate((input) => { input.value = 'an hour'; });
      await visitor.press('Save');
      await see('application-wrong');
      await visitor.open(`/odoo/${APPLICATION}/${id}`);
      await client.write(APPLICATION, id, { description: 'Looked after by Grace' });
      await visitor.field('description').fill('Looked after by Ada');
      await visitor.press('Save');
      await see('application-conflict');
      await client.write(APPLICATION, id, { description: 'Looked after by the platform team' });
      await visitor.open(`/odoo/${APPLICATION}/${id}`);
      await visitor.more('Delete');
      await see('question');
      const [old] = await client.find(APPLICATION, [['name', '=', 'Old intranet']]);
      await open('application-archived', `/odoo/${APPLICATION}/${old.id}`);

      await open('schemes', '/odoo/oregional.model.scheme');
      await open('scheme', `/odoo/oregional.model.scheme/${scheme}`);
      await open('configurations', '/odoo/oregional.model.configuration');
      await open('configuration', `/odoo/oregional.model.configuration/${await first(client, 'oregional.model.configuration')}`);
      await open('authorizations', '/odoo/oregional.authorization');
      await open('authorization', `/odoo/oregional.authorization/${await first(client, 'oregional.authorization')}`);
      await open('codes', '/odoo/oregional.authorization.code');

      await open('preferences', '/odoo/preferences');
      await page.getByLabel('What for').fill('the nightly import');
      await visitor.press('Make an API key');
      await see('preferences-key');

      await open('missing', `/odoo/${APPLICATION}/99999999`);
      await open('forbidden', '/odoo/ir.config_parameter');
      await visitor.open(`/odoo/${APPLICATION}/${id}`);
      await page.locator('#record [name=csrf_token]').evaluate((input) => { input.value = 'old'; });
      await visitor.press('Save');
      await see('stale');

      const reader = await visit(await person('Reader'), options);
      await open('reader-menu', '/odoo', reader);
      await open('reader-application', `/odoo/${APPLICATION}/${id}`, reader);

      const system = await visit(undefined, options);
      await open('system-menu', '/odoo', system);
      await open('operations', '/odoo/operations', system);
      await open('users', '/odoo/res.users', system);
      await open('user', `/odoo/res.users/${user.id}`, system);
      await open('groups', '/odoo/res.groups', system);
      await open('group', `/odoo/res.groups/${await first(client, 'res.groups')}`, system);
      await open('audit', '/odoo/audit.log', system);
      await open('audit-entry', `/odoo/audit.log/${await first(client, 'audit.log')}`, system);
    } finally {
      await application.close();
      const left = (await client.find(APPLICATION, [])).map((record) => record.id);
      await client.call(APPLICATION, 'unlink', [left]);
      await client.call('oregional.model.scheme', 'unlink', [[scheme]]);
    }
    assert.deepEqual(wrong, []);
  });
}
