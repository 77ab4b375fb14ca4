// openid-client: discovery once, then everything by the configuration that came of it.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { cases, reason, thrown } from './oauth_cases.mjs';
import { Browser, CALLBACK, ISSUER, register } from './user.mjs';
import * as openid from 'openid-client';

const configured = async ({ clientId, clientSecret }, method = 'basic', issuer = ISSUER) => {
  const ways = { basic: openid.ClientSecretBasic, post: openid.ClientSecretPost };
  return openid.discovery(new URL(issuer), clientId, undefined, ways[method](clientSecret), {
    algorithm: 'oauth2',
    execute: [openid.allowInsecureRequests],
  });
};

const connect = async (application, method) => {
  const config = await configured(application, method);
  const exchange = (location, { state, verifier, scope, redirectUri = CALLBACK }) => {
    // It takes the address for the one that was asked.
    const current = new URL(redirectUri);
    current.search = location.search;
    const checks = { expectedState: state, pkceCodeVerifier: verifier };
    return openid.authorizationCodeGrant(config, current, checks, scope ? { scope } : {});
  };
  return {
    async address({ scope, state, verifier }) {
      const asked = { redirect_uri: CALLBACK, scope, state };
      if (verifier) {
        asked.code_challenge = await openid.calculatePKCECodeChallenge(verifier);
        asked.code_challenge_method = 'S256';
      }
      return openid.buildAuthorizationUrl(config, asked);
    },
    // It checks on the way to the exchange, and in no other way.
    async back(location, state) {
      await openid.authorizationCodeGrant(config, location, { expectedState: state });
    },
    exchange,
    refresh: (token, scope) => openid.refreshTokenGrant(config, token, scope ? { scope } : {}),
    introspect: (token) => openid.tokenIntrospection(config, token),
    revoke: (token) => openid.tokenRevocation(config, token),
    user: (token) => openid.fetchUserInfo(config, token, openid.skipSubjectCheck),
  };
};

const refusal = async (error) => ({
  code: error.error ?? (await error.response.json()).error,
  status: error.status,
});

cases('openid-client', { connect, refusal });

test('openid-client: the server is configured by its metadata, and by those of no other issuer', async () => {
  const application = await register();
  const config = await configured(application);
  const metadata = config.serverMetadata();
  assert.equal(metadata.issuer, ISSUER);
  assert.equal(metadata.supportsPKCE('S256'), true);
  await assert.rejects(configured(application, 'basic', ISSUER.replace('127.0.0.1', 'localhost')), /issuer/);
});

test('openid-client: an answer of another issuer is noticed before a code is sent anywhere', async () => {
  const application = await register();
  const client = await connect(application);
  const { location } = await new Browser().visit(await client.address({ scope: 'read', state: 'x' }));
  const mixed = new URL(location);
  mixed.searchParams.set('iss', 'https://evil.example');
  assert.match(reason(await thrown(client.exchange(mixed, { state: 'x' }))), /"iss"/);
  assert.ok((await client.exchange(location, { state: 'x' })).access_token);
});

test('openid-client: a token opens the API by its own request', async () => {
  const application = await register();
  const config = await configured(application);
  const client = await connect(application);
  const { location } = await new Browser().visit(await client.address({ scope: 'read', state: 'x' }));
  const tokens = await client.exchange(location, { state: 'x' });
  const url = new URL(`${ISSUER}/json/2/res.partner/search_read`);
  const headers = new Headers({ 'content-type': 'application/json' });
  const body = JSON.stringify({ domain: [], fields: ['name'], limit: 1 });
  const response = await openid.fetchProtectedResource(config, tokens.access_token, url, 'POST', body, headers);
  assert.equal(response.status, 200);
  assert.equal((await response.json()).length, 1);
});
