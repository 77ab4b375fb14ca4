// What every OAuth library does with the server: a day's work, and all that has to fail. A library is given as an
// object that makes a client of an application:
//
//   connect({clientId, clientSecret}, method)    method is the way to authenticate: basic or post
//     address({scope, state, verifier})     where it sends the browser
//     back(location, state)                 checks what the browser brings; throws
//     exchange(location, {state, verifier, scope, redirectUri})   gives the tokens, or throws
//     refresh(token, scope), introspect(token), revoke(token), user(token)
//   refusal(error)                          the code and the status of what it threw

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';

import server from './server.js';
import { Browser, CALLBACK, ISSUER, json2, register } from './user.mjs';

export const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

/** A verifier of PKCE. */
export const verifier = () => randomBytes(32).toString('base64url');

/** The error that a call ends with. */
export const thrown = async (call) => {
  try {
    await (typeof call === 'function' ? call() : call);
  } catch (error) {
    return error;
  }
  throw new Error('it was not refused');
};

/** Why a library says that an answer is not good. */
export const reason = (error) => [error.message, error.error, error.cause?.message].join(' ');

/** Signs a user in and gives the tokens. */
export const signIn = async (client, { scope = 'read', browser = new Browser() } = {}) => {
  const wanted = { scope, state: 'a state', verifier: verifier() };
  const { location } = await browser.visit(await client.address(wanted));
  return client.exchange(location, wanted);
};

const search = (token) => json2('res.partner', 'search_read', { domain: [], fields: ['name'], limit: 1 }, token);

const callKw = async (token, method, args) => {
  const params = { model: 'res.partner', method, args, kwargs: {} };
  const response = await fetch(`${ISSUER}/web/dataset/call_kw`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, params }),
  });
  return { status: response.status, ...(await response.json()) };
};

/** Adds the cases of one library. */
export const cases = (name, library) => {
  const is = async (call, code, status) =>
    assert.deepEqual(await library.refusal(await thrown(call)), { code, status });
  const connected = async (values, method) => library.connect(await register(values), method);

  for (const method of ['basic', 'post']) {
    test(`${name}: a day (${method})`, async () => {
      const client = await connected({}, method);
      const browser = new Browser();
      const first = await signIn(client, { scope: 'read', browser });
      assert.equal(first.token_type.toLowerCase(), 'bearer');
      assert.equal(first.expires_in, 3600);
      assert.equal(first.scope, 'read');

      const found = await search(first.access_token);
      assert.equal(found.status, 200);
      assert.equal(found.body.length, 1);
      const read = await callKw(first.access_token, 'search_read', [[], ['name']]);
      assert.ok(read.result.length >= 1);
      const written = await callKw(first.access_token, 'create', [{ name: 'not with this scope' }]);
      assert.equal(written.error.data.name, 'odoo.exceptions.AccessError');

      const told = await client.introspect(first.access_token);
      assert.equal(told.active, true);
      assert.equal(told.username, server.clerk);
      assert.equal(told.scope, 'read');
      assert.equal(told.iss, ISSUER);
      assert.ok(told.exp > Date.now() / 1000);
      const user = await client.user(first.access_token);
      assert.equal(user.preferred_username, server.clerk);
      assert.equal(user.sub, told.sub);

      const second = await client.refresh(first.refresh_token, 'read');
      assert.notEqual(second.access_token, first.access_token);
      assert.notEqual(second.refresh_token, first.refresh_token);
      assert.equal((await search(second.access_token)).status, 200);

      await client.revoke(second.refresh_token);
      assert.deepEqual(await client.introspect(second.access_token), { active: false });
      assert.equal((await search(second.access_token)).status, 401);
      assert.equal((await callKw(second.access_token, 'search_read', [[], ['name']])).status, 401);
      await is(client.refresh(second.refresh_token), 'invalid_grant', 400);

      // The consent stays: nobody is asked again.
      const silent = await browser.visit(await client.address({ scope: 'read', state: 's' }), 'none is asked');
      assert.ok(silent.location.searchParams.get('code'));
    });
  }

  test(`${name}: a wrong secret, whichever way it comes`, async () => {
    const application = await register();
    const client = await library.connect(application);
    const wanted = { scope: 'read', state: 'x', verifier: verifier() };
    const { location } = await new Browser().visit(await client.address(wanted));
    for (const method of ['basic', 'post']) {
      const liar = await library.connect({ ...application, clientSecret: 'guessed' }, method);
      await is(liar.exchange(location, wanted), 'invalid_client', 401);
      await is(liar.refresh('a'.repeat(43)), 'invalid_client', 401);
      await is(liar.introspect('a'.repeat(43)), 'invalid_client', 401);
      await is(liar.revoke('a'.repeat(43)), 'invalid_client', 401);
    }
    assert.ok((await client.exchange(location, wanted)).access_token, 'the code is as good as before');
  });

  test(`${name}: a code with another verifier, another address, another client, a second time`, async () => {
    const application = await register({ uri_ids: [[0, 0, { uri: CALLBACK }], [0, 0, { uri: `${CALLBACK}/2` }]] });
    const client = await library.connect(application);
    const other = await connected();
    const wanted = { scope: 'read', state: 'x', verifier: verifier() };
    const { location } = await new Browser().visit(await client.address(wanted));
    const using = (change, who = client) => who.exchange(location, { ...wanted, ...change });

    await is(using({ verifier: verifier() }), 'invalid_grant', 400);
    await is(using({ verifier: undefined }), 'invalid_grant', 400);
    await is(using({ redirectUri: `${CALLBACK}/2` }), 'invalid_grant', 400);
    await is(using({}, other), 'invalid_grant', 400);
    const tokens = await using({});
    await is(using({}), 'invalid_grant', 400);
    assert.equal((await client.introspect(tokens.access_token)).active, true, 'an impatient hand harms nothing');
  });

  test(`${name}: an address that is not registered gets neither code nor error`, async () => {
    const client = await connected();
    const good = new URL(await client.address({ scope: 'read', state: 'x' }));
    for (const uri of ['https://evil.example/', `${CALLBACK}/`, CALLBACK.replace('https', 'http')]) {
      good.searchParams.set('redirect_uri', uri);
      const answer = await new Browser().visit(good);
      assert.equal(answer.status, 400, uri);
    }
  });

  test(`${name}: a state comes back letter by letter, and another one is noticed`, async () => {
    const client = await connected();
    const browser = new Browser();
    const state = `${'+/=%& ü密😀"<>#?;'.repeat(60)}${'x'.repeat(1000)}`;
    const denied = await browser.visit(await client.address({ scope: 'read', state }), 'deny');
    assert.equal(denied.location.searchParams.get('error'), 'access_denied');
    assert.equal(denied.location.searchParams.get('state'), state);
    assert.equal(denied.location.searchParams.get('code'), null);
    const { location } = await browser.visit(await client.address({ scope: 'read', state }));
    assert.equal(location.searchParams.get('state'), state);
    await client.back(location, state);
    assert.match(reason(await thrown(async () => client.back(location, 'another'))), /state/);
    assert.match(reason(await thrown(async () => client.back(denied.location, state))), /access_denied/);
  });

  test(`${name}: a scope may shrink and never grows`, async () => {
    const client = await connected();
    const reader = await signIn(client, { scope: 'read' });
    await is(client.refresh(reader.refresh_token, 'read write'), 'invalid_scope', 400);
    const still = await client.refresh(reader.refresh_token, 'read');
    assert.equal(still.scope, 'read');

    const both = await signIn(client, { scope: 'read write' });
    assert.equal(both.scope, 'read write');
    const less = await client.refresh(both.refresh_token, 'read');
    assert.equal(less.scope, 'read');
    assert.equal((await client.refresh(less.refresh_token)).scope, 'read write', 'the grant keeps all of it');
  });

  test(`${name}: several nodes refresh at once and have one pair`, async () => {
    const client = await connected();
    const first = await signIn(client);
    const pairs = await Promise.all(Array.from({ length: 8 }, () => client.refresh(first.refresh_token)));
    assert.equal(new Set(pairs.map((pair) => `${pair.access_token} ${pair.refresh_token}`)).size, 1);
    assert.equal((await search(pairs[0].access_token)).status, 200);
    assert.ok((await client.refresh(pairs[0].refresh_token)).access_token, 'a pair is left that lives');
  });

  test(`${name}: several nodes exchange a code at once and one succeeds`, async () => {
    const client = await connected();
    const wanted = { scope: 'read', state: 'x', verifier: verifier() };
    const { location } = await new Browser().visit(await client.address(wanted));
    const all = Array.from({ length: 8 }, () => client.exchange(location, wanted));
    const ended = await Promise.allSettled(all);
    const good = ended.filter((one) => one.status === 'fulfilled');
    assert.equal(good.length, 1);
    for (const one of ended.filter((other) => other.status === 'rejected')) {
      assert.deepEqual(await library.refusal(one.reason), { code: 'invalid_grant', status: 400 });
    }
    assert.equal((await client.introspect(good[0].value.access_token)).active, true);
  });

  test(`${name}: a refresh token of long ago ends its family`, async () => {
    const client = await connected();
    const first = await signIn(client);
    const second = await client.refresh(first.refresh_token);
    const third = await client.refresh(second.refresh_token);
    await is(client.refresh(first.refresh_token), 'invalid_grant', 400);
    await is(client.refresh(third.refresh_token), 'invalid_grant', 400);
    assert.equal((await search(third.access_token)).status, 401);
  });

  test(`${name}: another client learns nothing of a token and cannot end it`, async () => {
    const client = await connected();
    const stranger = await connected();
    const tokens = await signIn(client);
    assert.deepEqual(await stranger.introspect(tokens.access_token), { active: false });
    await is(stranger.refresh(tokens.refresh_token), 'invalid_grant', 400);
    await stranger.revoke(tokens.refresh_token);
    assert.equal((await client.introspect(tokens.access_token)).active, true);
    await client.revoke(tokens.access_token);
    assert.equal((await search(tokens.access_token)).status, 401);
    assert.ok((await client.refresh(tokens.refresh_token)).access_token, 'an access token ends alone');
  });
};
