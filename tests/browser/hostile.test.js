// Hostile content on every page: nothing of it is run, and no page is torn apart by it.

import assert from 'node:assert/strict';

import { file, png } from './pictures.js';
import { scene } from './scene.js';
import { admin, APP_ADMIN, person, unique, URL_OF_SERVER } from './server.js';
import { wiki } from './wiki.js';

const APPLICATION = 'oregional.application';

// Names of these are for whoever reads a failure.
const TEXTS = {
  'a script': '<script>window.pwned = 1</script>',
  'a way out of an attribute': '"><img src=x onerror="window.pwned = 1">\'><svg onload=window.pwned=1>',
  'a way out of a text area': '</textarea></title></script><script>window.pwned = 1</script><!--',
  'marks of templates': '{{constructor.constructor("window.pwned=1")()}} ${window.pwned=1} <%= 7*7 %> #{7*7}',
  'a very long word': 'W'.repeat(400),
  'marks that turn the direction': '\u202eright to left\u202c \u2067\u05e9\u05dc\u05d5\u05dd\u2069 \u200f\u202e!',
  'letters that pile up': `Z${'\u0335\u0348\u033a\u031b'.repeat(60)}`,
};

// Whether anything of it was run, and whether the page holds; too wide pages are told all at once.
const isUnharmed = async (visitor, wide = null) => {
  assert.equal(await visitor.page.evaluate(() => window.pwned), undefined, visitor.page.url());
  const strangers = await visitor.page.evaluate(() => ({
    scripts: Array.from(document.scripts, (script) => script.getAttribute('src')).filter((source) => !/^\/web\/assets\//.test(source)),
    handlers: Array.from(document.querySelectorAll('*')).filter((one) => one.getAttributeNames().some((name) => name.startsWith('on'))).length,
    frames: document.querySelectorAll('iframe, object, embed, base').length,
    targets: Array.from(document.querySelectorAll('a[href], form[action]')).map((one) => one.href ?? one.action).filter((href) => /^(javascript|data|vbscript):/i.test(href)),
  }));
  assert.deepEqual(strangers, { scripts: [], handlers: 0, frames: 0, targets: [] }, visitor.page.url());
  if (wide) await visitor.fits().catch((error) => wide.push(error.message));
  else await visitor.fits();
};

// Records that say a text wherever people write.
const records = async (client, user, text) => {
  const name = `${text} ${unique('')}`.slice(0, 420);
  const scheme = await client.create('oregional.model.scheme', { name, description: text, model_limit: 'whitelist' });
  const configuration = await client.create('oregional.model.configuration', {
    name, model_id: await client.ref('base.model_res_partner'), model_display_name: text, description: text, model_scheme_ids: [[6, 0, [scheme]]],
  });
  await client.write('res.users', user.id, { name });
  const application = await wiki({ name, description: text, model_scheme_id: scheme });
  await client.create(`${APPLICATION}.uri`, { application_id: application.id, uri: `https://example.com/${encodeURIComponent(text)}`, description: text });
  return { text, name, scheme, configuration, application };
};

// The pages that show them.
const walk = async (client, visitor, wide, { text, name, scheme, configuration, application }) => {
  const { page } = visitor;
  await visitor.open(application.address);
  if (new URL(page.url()).origin === URL_OF_SERVER) {
    await visitor.reads('asks for access');
    await isUnharmed(visitor, wide);
    await visitor.press('Allow');
  }
  const [authorization] = await client.find('oregional.authorization', [['application_id', '=', application.id]]);
  for (const path of [
    `/odoo/oregional.model.scheme/${scheme}`,
    `/odoo/oregional.model.configuration/${configuration}`,
    `/odoo/oregional.authorization/${authorization.id}`,
    `/odoo/${APPLICATION}?s=${encodeURIComponent(`name:${text}`)}&c=${encodeURIComponent(`description~ilike~${text}`)}&g=model_scheme_id`,
    `/odoo/${APPLICATION}/new?default_name=${encodeURIComponent(text)}&default_description=${encodeURIComponent(text)}`,
    `/odoo/${encodeURIComponent(text.slice(0, 100))}`,
    '/odoo/preferences',
    '/odoo',
    `/odoo/${APPLICATION}/${application.id}`,
  ]) {
    const answer = await visitor.open(path);
    assert.ok(answer.status() < 500, path);
    await isUnharmed(visitor, wide);
  }
  assert.equal(await visitor.field('name').inputValue(), name.trim(), 'it is shown letter by letter');
  await visitor.more('Delete');
  await isUnharmed(visitor, wide);
};

scene('hostile names and descriptions do no harm on any page, wide or narrow', async ({ visit }) => {
  const client = await admin();
  const user = await person('Victim', APP_ADMIN);
  const [all, wide] = [[], []];
  try {
    for (const text of Object.values(TEXTS)) all.push(await records(client, user, text));
    const origins = all.map((made) => made.application.origin);
    for (const width of [1280, 360]) {
      const visitor = await visit(user, { width, allowed: origins });
      for (const made of all) {
        await client.write('res.users', user.id, { name: made.name });
        await walk(client, visitor, wide, made);
      }
      const system = await visit(undefined, { width });
      for (const path of [
        `/odoo/${APPLICATION}`,
        `/odoo/${APPLICATION}?g=model_scheme_id`,
        '/odoo/oregional.model.scheme',
        '/odoo/oregional.model.configuration',
        '/odoo/oregional.authorization',
        '/odoo/audit.log',
        `/odoo/res.users/${user.id}`,
        '/odoo/res.users',
      ]) {
        await system.open(path);
        await isUnharmed(system, wide);
      }
    }
    assert.deepEqual(wide, []);
  } finally {
    for (const { application, configuration, scheme } of all) {
      await application.close();
      await client.call(APPLICATION, 'unlink', [[application.id]]);
      await client.call('oregional.model.configuration', 'unlink', [[configuration]]);
      await client.call('oregional.model.scheme', 'unlink', [[scheme]]);
    }
  }
});

scene('a login with marks of HTML comes back as it was typed', async ({ visit }) => {
  const visitor = await visit(undefined, { signIn: false });
  await visitor.open('/web/login');
  await visitor.page.getByLabel('Email or login').fill(TEXTS['a way out of an attribute']);
  await visitor.page.getByLabel('Password').fill('x');
  await visitor.press('Sign in');
  assert.equal(await visitor.page.getByLabel('Email or login').inputValue(), TEXTS['a way out of an attribute']);
  await isUnharmed(visitor);
});

scene('hostile values typed into a form come back as values', async ({ visit }) => {
  const visitor = await visit();
  const { page } = visitor;
  await visitor.open(`/odoo/${APPLICATION}/new`);
  const text = TEXTS['a way out of a text area'];
  await visitor.field('name').fill(text);
  await visitor.field('description').fill(text);
  await page.locator('input[name$=".uri"]').first().fill(text);
  await visitor.field('refresh_token_expiry').evaluate((input, typed) => { input.value = typed; }, text);
  const answer = await visitor.press('Save');
  assert.equal(answer.status(), 422);
  assert.equal(await visitor.field('name').inputValue(), text);
  assert.equal(await visitor.field('description').inputValue(), text);
  assert.equal(await page.locator('input[name$=".uri"]').first().inputValue(), text);
  assert.equal(await visitor.field('refresh_token_expiry').inputValue(), text);
  await isUnharmed(visitor);
});

scene('a PNG that is a page as well is a picture and nothing else', async ({ visit }) => {
  const client = await admin();
  const page = '<html><script>window.pwned = 1</script></html>';
  const application = await wiki();
  const id = application.id;
  const user = await person('Victim');
  try {
    const visitor = await visit(undefined, { allowed: [application.origin] });
    await visitor.open(`/odoo/${APPLICATION}/${id}`);
    await visitor.page.getByLabel('Logo', { exact: true }).setInputFiles(file('logo.html', 'text/html', png({ text: page, after: page })));
    await visitor.press('Save');
    if ((await client.read(APPLICATION, id, ['logo'])).logo) {
      const answer = await visitor.open(`/web/image/${APPLICATION}/${id}/logo`);
      assert.equal(answer.headers()['content-type'], 'image/png');
      assert.equal(answer.headers()['x-content-type-options'], 'nosniff');
      assert.equal(await visitor.page.evaluate(() => window.pwned), undefined);
      const downloaded = await visitor.context.request.get(`/web/content/${APPLICATION}/${id}/logo`);
      assert.match(downloaded.headers()['content-type'], /^image\/png/);
    }
    const reader = await visit(user, { allowed: [application.origin] });
    await reader.open(application.address);
    await isUnharmed(reader);
  } finally {
    await application.close();
  }
});

scene('an SVG is no logo, by whatever name and way it comes', async ({ visit }) => {
  const client = await admin();
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" onload="window.pwned=1"><script>window.pwned=1</script></svg>';
  const id = await client.create(APPLICATION, { name: unique('Drawn') });
  await assert.rejects(client.write(APPLICATION, id, { logo: Buffer.from(svg).toString('base64') }));
  const visitor = await visit();
  await visitor.open(`/odoo/${APPLICATION}/${id}`);
  await visitor.page.getByLabel('Logo', { exact: true }).setInputFiles(file('logo.png', 'image/png', svg));
  assert.equal((await visitor.press('Save')).status(), 422);
  assert.equal((await client.read(APPLICATION, id, ['logo'])).logo, false);
  await isUnharmed(visitor);
});

scene('an attachment that is a page is downloaded, not shown', async ({ visit }) => {
  const client = await admin();
  const datas = Buffer.from('<script>window.pwned = 1</script>').toString('base64');
  const visitor = await visit();
  for (const mimetype of ['text/html', 'image/svg+xml', 'application/xhtml+xml']) {
    const id = await client.create('ir.attachment', { name: 'page.html', datas, mimetype });
    const answer = await visitor.context.request.get(`/web/content/${id}`);
    const { 'content-type': kind, 'content-disposition': how = '', 'content-security-policy': policy = '' } = answer.headers();
    assert.ok(how.startsWith('attachment') || /^text\/plain|octet-stream/.test(kind) || /default-src 'none'/.test(policy), `${mimetype}: ${kind} ${how}`);
  }
});
