// The two people of a sign-in by OAuth, without their browsers: the administrator who registers an application,
// and the user whose browser is sent around. Pages are read as a browser reads them: forms and hidden fields.

import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';

import server from './server.js';

// Node 18 has it in its module alone.
globalThis.crypto ??= webcrypto;

export const ISSUER = `${server.baseUrl}:${server.port}`;
export const CALLBACK = 'https://wiki.example.com/plugins/callback.action';

/** A method of a model as the administrator, or as whom a token says. */
export const json2 = async (model, method, parameters, token = server.apiKey) => {
  const response = await fetch(`${ISSUER}/json/2/${model}/${method}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(parameters),
  });
  return { status: response.status, body: await response.json() };
};

const done = async (...call) => {
  const answer = await json2(...call);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body;
};

/** An application as the administrator registers it, whose tokens reach all that their user reaches. */
export const register = async (values = {}) => {
  const [scheme] = await done('oregional.model.scheme', 'create', {
    vals_list: [{ name: 'Everything', model_limit: 'none' }],
  });
  const [id] = await done('oregional.application', 'create', {
    vals_list: [{ name: 'Wiki', model_scheme_id: scheme, uri_ids: [[0, 0, { uri: CALLBACK }]], ...values }],
  });
  const fields = ['client_id', 'client_secret'];
  const [read] = await done('oregional.application', 'read', { ids: [id], fields });
  return { id, clientId: read.client_id, clientSecret: read.client_secret };
};

const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", '#x27': "'" };
const unescaped = (text) => text.replace(/&(#?\w+);/g, (all, name) => ENTITIES[name] ?? all);

const attributes = (tag) =>
  Object.fromEntries([...tag.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name, value]) => [name, unescaped(value)]));

/** The form of a page that has a field or a button of a name. */
const formWith = (page, name) => {
  for (const [, tag, content] of page.matchAll(/<form([^>]*)>(.*?)<\/form>/gs)) {
    const inputs = [...content.matchAll(/<(?:input|button)([^>]*)>/g)].map(([, input]) => attributes(input));
    if (inputs.some((input) => input.name === name)) {
      const hidden = inputs.filter((input) => input.type === 'hidden').map((input) => [input.name, input.value]);
      return { action: attributes(tag).action, fields: Object.fromEntries(hidden) };
    }
  }
  return null;
};

/** The browser of a user. */
export class Browser {
  #cookies = new Map();

  async #send(url, form) {
    const response = await fetch(url, {
      method: form ? 'POST' : 'GET',
      headers: { cookie: [...this.#cookies].map((pair) => pair.join('=')).join('; '), accept: 'text/html' },
      body: form && new URLSearchParams(form),
      redirect: 'manual',
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie);
      this.#cookies.set(name, value);
    }
    return response;
  }

  /** Goes where a client sends it, signs in and decides where it is asked, and tells where it ends up. */
  async visit(address, decision = 'allow') {
    let response = await this.#send(address);
    for (let step = 0; step < 8; step += 1) {
      const location = response.headers.get('location');
      if (location && !new URL(location, ISSUER).href.startsWith(`${ISSUER}/`)) {
        return { location: new URL(location) };
      }
      if (location) {
        response = await this.#send(new URL(location, ISSUER));
        continue;
      }
      const page = await response.text();
      const login = formWith(page, 'password');
      const consent = formWith(page, 'decision');
      if (login) {
        const words = { login: server.clerk, password: server.clerkPassword };
        response = await this.#send(new URL(login.action, ISSUER), { ...login.fields, ...words });
      } else if (consent) {
        response = await this.#send(new URL(consent.action, ISSUER), { ...consent.fields, decision });
      } else {
        return { status: response.status, page };
      }
    }
    throw new Error(`the browser is sent in circles: ${address}`);
  }
}
