// simple-oauth2: knows nothing of introspection and PKCE, reads JSON alone, and checks no state.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import { FORM, cases, signIn, thrown } from './oauth_cases.mjs';
import { CALLBACK, ISSUER, register } from './user.mjs';
import simple from 'simple-oauth2';

const made = ({ clientId, clientSecret }, options) =>
  new simple.AuthorizationCode({
    client: { id: clientId, secret: clientSecret },
    auth: {
      tokenHost: ISSUER,
      tokenPath: '/oauth2/token',
      revokePath: '/oauth2/revoke',
      authorizePath: '/oauth2/authorize',
    },
    options,
  });

/** What an application does itself, as the library does not. */
const checked = (location, state) => {
  const told = location.searchParams;
  assert.ok(!told.has('error'), told.get('error'));
  assert.equal(told.get('state'), state, 'another state');
  assert.equal(told.get('iss'), ISSUER);
  return told.get('code');
};

const asked = async (application, token) => {
  const body = new URLSearchParams({
    token,
    client_id: application.clientId,
    client_secret: application.clientSecret,
  });
  const response = await fetch(`${ISSUER}/oauth2/introspect`, { method: 'POST', headers: FORM, body });
  if (!response.ok) {
    throw Object.assign(new Error('refused'), {
      output: { statusCode: response.status },
      data: { payload: await response.json() },
    });
  }
  return response.json();
};

const connect = async (application, method = 'basic') => {
  const client = made(application, { authorizationMethod: method === 'basic' ? 'header' : 'body' });
  const ofRefresh = (token) => client.createToken({ refresh_token: token, access_token: token });
  return {
    client,
    address({ scope, state, verifier }) {
      const challenge = verifier && {
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
      };
      return client.authorizeURL({ redirect_uri: CALLBACK, scope: scope.split(' '), state, ...challenge });
    },
    back: checked,
    async exchange(location, { state, verifier, scope, redirectUri = CALLBACK }) {
      const code = checked(location, state);
      const more = { ...(verifier && { code_verifier: verifier }), ...(scope && { scope }) };
      return (await client.getToken({ code, redirect_uri: redirectUri, ...more })).token;
    },
    refresh: async (token, scope) => (await ofRefresh(token).refresh(scope ? { scope } : {})).token,
    introspect: (token) => asked(application, token),
    revoke: (token) => ofRefresh(token).revoke('refresh_token'),
    async user(token) {
      const headers = { authorization: `Bearer ${token}` };
      return (await fetch(`${ISSUER}/oauth2/userinfo`, { headers })).json();
    },
  };
};

const refusal = async (error) => ({ code: error.data.payload.error, status: error.output.statusCode });

cases('simple-oauth2', { connect, refusal });

test('simple-oauth2: the answer to a revocation is JSON, which it insists on', async () => {
  const application = await register();
  const client = await connect(application);
  const tokens = await signIn(client);
  const both = client.client.createToken(tokens);
  assert.equal(both.expired(), false);
  await both.revokeAll();
  assert.equal((await client.introspect(tokens.access_token)).active, false);
  assert.equal((await client.introspect(tokens.refresh_token)).active, false);
});

test('simple-oauth2: a request in JSON is refused clearly', async () => {
  const application = await register();
  const client = made(application, { bodyFormat: 'json' });
  const error = await thrown(client.getToken({ code: 'a'.repeat(43), redirect_uri: CALLBACK }));
  assert.deepEqual(await refusal(error), { code: 'invalid_request', status: 400 });
  assert.match(error.data.payload.error_description, /x-www-form-urlencoded/);
});

test('simple-oauth2: a secret that is sent raw fails in the header and works in the body', async () => {
  const application = await register({ client_secret: 'a%2Fb+c d' });
  const form = { code: 'a'.repeat(43), redirect_uri: CALLBACK };
  const raw = made(application, { credentialsEncodingMode: 'loose' });
  assert.equal((await refusal(await thrown(raw.getToken(form)))).code, 'invalid_client');
  for (const options of [{ authorizationMethod: 'body' }, { credentialsEncodingMode: 'strict' }]) {
    assert.equal((await refusal(await thrown(made(application, options).getToken(form)))).code, 'invalid_grant');
  }
});
