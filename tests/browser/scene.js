// A test with browsers in it. Each visitor has a browser context of its own, which is listened to: an error
// of a script, a violation of the content security policy, a request to elsewhere and an answer of 500 fail
// every test.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { chromium } from 'playwright-core';

import { ADMIN, CHROMIUM, Client, FAILURES, URL_OF_SERVER } from './server.js';

// How long anything may take that a test waits for; the machine may be busy.
const PATIENCE = 15_000;

let launched;
const browser = () => (launched ??= chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] }));
after(async () => (await launched)?.close());

// One session for each login, so that a test which is not about signing in need not.
const sessions = new Map();
const sessionOf = async (who) => {
  if (!sessions.has(who.login)) sessions.set(who.login, Client.signIn(who));
  const [, value] = (await sessions.get(who.login)).cookie.split('=');
  return { name: 'session_id', value, url: URL_OF_SERVER, httpOnly: true, sameSite: 'Lax' };
};

export class Visitor {
  constructor(context, page, heard) {
    Object.assign(this, { context, page, heard });
  }

  // Opens an address and tells the answer.
  open(path) {
    return this.page.goto(new URL(path, URL_OF_SERVER).href);
  }

  // Does something that leads to another page, and waits for that page.
  async go(action) {
    const [response] = await Promise.all([this.page.waitForNavigation(), action()]);
    return response;
  }

  press(name, where = this.page) {
    return this.go(() => where.getByRole('button', { name, exact: true }).first().click());
  }

  follow(name, where = this.page) {
    return this.go(() => where.getByRole('link', { name, exact: true }).first().click());
  }

  // An entry of the menu at the head of a record.
  async more(name) {
    await this.page.locator('summary', { hasText: 'More' }).click();
    return this.press(name);
  }

  // Brings a section of a form to the front, which without a script stands there already.
  async tab(name) {
    if (this.scripts) await this.page.getByRole('tab', { name, exact: true }).click();
    return this.page.locator(`section.tab[data-title="${name}"]`);
  }

  async reads(text, where = 'main') {
    await this.page.locator(where).getByText(text).first().waitFor();
  }

  notice(text) {
    return this.reads(text, '.notice');
  }

  field(name) {
    return this.page.locator(`[name="f.${name}"]`);
  }

  // The names in the first column of a list.
  rows() {
    return this.page.locator('td .record').allInnerTexts();
  }

  // Fails where the page is wider than the window, and names the first that stand out of it.
  async fits() {
    const wide = await this.page.evaluate(() => {
      if (document.documentElement.scrollWidth <= innerWidth) return [];
      const out = Array.from(document.body.querySelectorAll('*')).filter((one) => one.getBoundingClientRect().right > innerWidth && !one.closest('.scroll, .skip'));
      return out.map((one) => `${one.tagName}.${one.className}#${one.id}`).slice(0, 2);
    });
    assert.ok(wide.length === 0, `${this.page.url().slice(0, 160)} is wider than its window: ${wide.join(', ')}`);
  }
}

const listen = (context, allowed) => {
  const heard = [];
  // An answer of 4xx is told as an error as well: those are looked at by their answers.
  context.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) heard.push(`console: ${message.text()}`);
  });
  context.on('weberror', (error) => heard.push(`script: ${error.error()}`));
  context.on('request', (request) => {
    const url = new URL(request.url());
    const isOwn = url.origin === URL_OF_SERVER || ['data:', 'blob:'].includes(url.protocol);
    if (!isOwn && !allowed.includes(url.origin)) heard.push(`request to elsewhere: ${url}`);
  });
  context.on('response', (response) => {
    const isPage = response.request().isNavigationRequest();
    if (response.status() >= 500 || (response.status() >= 400 && !isPage)) heard.push(`${response.status()} of ${response.url()}`);
  });
  return heard;
};

// A test: `visit` opens a browser for somebody. Without `signIn: false` it is signed in already.
export const scene = (name, work) => test(name, { timeout: 240_000 }, async (context) => {
  const visitors = [];
  const visit = async (who = ADMIN, { signIn = true, scripts = true, allowed = [], width = 1280, ...options } = {}) => {
    const own = await (await browser()).newContext({
      baseURL: URL_OF_SERVER, javaScriptEnabled: scripts, viewport: { width, height: 900 }, locale: 'en-US', ...options,
    });
    own.setDefaultTimeout(PATIENCE);
    if (scripts) await own.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: URL_OF_SERVER });
    if (signIn) await own.addCookies([await sessionOf(who)]);
    const heard = listen(own, allowed);
    const visitor = new Visitor(own, await own.newPage(), heard);
    visitor.scripts = scripts;
    visitors.push(visitor);
    return visitor;
  };
  try {
    await work({ visit });
    assert.deepEqual(visitors.flatMap((visitor) => visitor.heard), []);
  } catch (error) {
    for (const [place, { page }] of visitors.entries()) {
      const file = join(FAILURES, `${name.replace(/\W+/g, '-')}-${place}.png`);
      await page.screenshot({ path: file, fullPage: true }).catch(() => {});
      context.diagnostic(`at ${page.url()}, see ${file}`);
    }
    throw error;
  } finally {
    await Promise.all(visitors.map((visitor) => visitor.context.close()));
  }
});

// Signs in by the form.
export const signIn = async (visitor, { login, password }) => {
  await visitor.page.getByLabel('Email or login').fill(login);
  await visitor.page.getByLabel('Password').fill(password);
  return visitor.press('Sign in');
};
