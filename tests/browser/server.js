// The server as its clients see it: what the tests make beforehand, and check afterwards.

import assert from 'node:assert/strict';

const of = (name) => {
  const value = process.env[`OREGIONAL_BROWSER_${name}`];
  assert.ok(value, `run the tests by tests/browser/run.py: OREGIONAL_BROWSER_${name} is not set`);
  return value;
};

export const URL_OF_SERVER = of('URL');
export const DATABASE = of('DB');
export const ADMIN = { login: 'admin', password: of('PASSWORD') };
export const CHROMIUM = of('CHROMIUM');
export const PICTURES = of('PICTURES');
export const FAILURES = of('FAILURES');

// A name that no other test has.
let made = 0;
export const unique = (word) => `${word} ${process.pid} ${(made += 1)}`;

// Somebody who calls methods of models.
export class Client {
  static async signIn({ login, password }) {
    const client = new Client();
    const told = await client.post('/web/session/authenticate', { db: DATABASE, login, password });
    client.uid = told.uid;
    return client;
  }

  async post(path, params) {
    const response = await fetch(URL_OF_SERVER + path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...(this.cookie ? { Cookie: this.cookie } : {}) },
      body: JSON.stringify({ jsonrpc: '2.0', method: 'call', params }),
    });
    const cookies = response.headers.getSetCookie().map((cookie) => cookie.split(';')[0]);
    this.cookie = cookies.find((cookie) => cookie.startsWith('session_id=')) ?? this.cookie;
    const told = await response.json();
    if (told.error) throw new Error(`${path}: ${told.error.data?.message ?? told.error.message}`);
    return told.result;
  }

  call(model, method, args = [], kwargs = {}) {
    return this.post('/web/dataset/call_kw', { model, method, args, kwargs });
  }

  async create(model, values) {
    const id = await this.call(model, 'create', [values]);
    return Array.isArray(id) ? id[0] : id;
  }

  async read(model, id, fields) {
    const [record] = await this.call(model, 'search_read', [[['id', '=', id]], fields], { context: { active_test: false } });
    return record;
  }

  // All records of a model by a domain, archived ones too.
  find(model, domain, fields = ['display_name']) {
    return this.call(model, 'search_read', [domain, fields], { context: { active_test: false } });
  }

  write(model, id, values) {
    return this.call(model, 'write', [[id], values]);
  }

  async ref(name) {
    const [module, own] = name.split('.');
    const [found] = await this.call('ir.model.data', 'search_read', [[['module', '=', module], ['name', '=', own]], ['res_id']]);
    return found.res_id;
  }
}

let administrator;
export const admin = () => (administrator ??= Client.signIn(ADMIN));

// A person with a login of its own, in these groups.
export const person = async (word, groups = ['base.group_user'], more = {}) => {
  const client = await admin();
  const name = unique(word);
  const login = name.replaceAll(' ', '-');
  const password = `a long way home of ${login}`;
  const ids = await Promise.all(groups.map((group) => client.ref(group)));
  const id = await client.create('res.users', { name, login, password, groups_id: [[6, 0, ids]], ...more });
  return { id, name, login, password };
};

// Somebody whom the tests of a file share, as none of them changes anything of the user: each costs a second.
const colleagues = new Map();
export const colleague = (word, groups) => {
  if (!colleagues.has(word)) colleagues.set(word, person(word, groups));
  return colleagues.get(word);
};

export const APP_ADMIN = ['base.group_user', 'oregional.group_app_admin'];

// An application with one callback.
export const application = async (values = {}) => {
  const client = await admin();
  const name = values.name ?? unique('Wiki');
  const uri = values.uri ?? `https://wiki.example.com/${encodeURIComponent(name)}/callback`;
  delete values.uri;
  const id = await client.create('oregional.application', { uri_ids: [[0, 0, { uri }]], ...values, name });
  return { id, name, uri };
};
