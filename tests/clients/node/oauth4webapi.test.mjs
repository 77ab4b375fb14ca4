// oauth4webapi, the strictest library: it checks the issuer, the state and every answer to the letter.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { cases, thrown } from './oauth_cases.mjs';
import { Browser, CALLBACK, ISSUER, register } from './user.mjs';
import * as oauth from 'oauth4webapi';

// The tests have no certificate.
const open = { [oauth.allowInsecureRequests]: true };

const discovered = async (issuer) => {
  const url = new URL(issuer);
  const response = await oauth.discoveryRequest(url, { algorithm: 'oauth2', ...open });
  return oauth.processDiscoveryResponse(url, response);
};

const connect = async ({ clientId, clientSecret }, method = 'basic') => {
  const as = await discovered(ISSUER);
  const client = { client_id: clientId };
  const auth = method === 'basic' ? oauth.ClientSecretBasic(clientSecret) : oauth.ClientSecretPost(clientSecret);
  return {
    as,
    async address({ scope, state, verifier }) {
      const url = new URL(as.authorization_endpoint);
      const asked = { client_id: clientId, redirect_uri: CALLBACK, response_type: 'code', scope, state };
      if (verifier) {
        asked.code_challenge = await oauth.calculatePKCECodeChallenge(verifier);
        asked.code_challenge_method = 'S256';
      }
      url.search = new URLSearchParams(asked);
      return url;
    },
    back: (location, state) => oauth.validateAuthResponse(as, client, location, state),
    async exchange(location, { state, verifier = oauth.nopkce, scope, redirectUri = CALLBACK }) {
      const told = oauth.validateAuthResponse(as, client, location, state);
      const more = { additionalParameters: scope ? { scope } : {}, ...open };
      const response = await oauth.authorizationCodeGrantRequest(as, client, auth, told, redirectUri, verifier, more);
      return oauth.processAuthorizationCodeResponse(as, client, response);
    },
    async refresh(token, scope) {
      const more = { additionalParameters: scope ? { scope } : {}, ...open };
      const response = await oauth.refreshTokenGrantRequest(as, client, auth, token, more);
      return oauth.processRefreshTokenResponse(as, client, response);
    },
    async introspect(token) {
      const response = await oauth.introspectionRequest(as, client, auth, token, open);
      return oauth.processIntrospectionResponse(as, client, response);
    },
    async revoke(token) {
      return oauth.processRevocationResponse(await oauth.revocationRequest(as, client, auth, token, open));
    },
    async user(token) {
      const response = await oauth.userInfoRequest(as, client, token, open);
      return oauth.processUserInfoResponse(as, client, oauth.skipSubjectCheck, response);
    },
  };
};

// A challenge counts more than the body for it.
const refusal = async (error) => {
  const code = error.error ?? (await error.response.json()).error;
  if (error instanceof oauth.WWWAuthenticateChallengeError) {
    assert.equal(error.cause[0].scheme, 'basic');
  }
  return { code, status: error.status };
};

cases('oauth4webapi', { connect, refusal });

test('oauth4webapi: the metadata are of the issuer that was asked, spelled as it was', async () => {
  const as = await discovered(ISSUER);
  assert.equal(as.issuer, ISSUER);
  assert.deepEqual(as.code_challenge_methods_supported, ['S256']);
  assert.equal(as.authorization_response_iss_parameter_supported, true);
  const url = new URL(ISSUER);
  const response = await oauth.discoveryRequest(url, { algorithm: 'oauth2', ...open });
  const other = new URL(ISSUER.replace('127.0.0.1', 'localhost'));
  const error = await thrown(oauth.processDiscoveryResponse(other, response));
  assert.equal(error.code, 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED');
});

test('oauth4webapi: an answer of another issuer, or of none, is noticed', async () => {
  const client = await connect(await register());
  const { location } = await new Browser().visit(await client.address({ scope: 'read', state: 'x' }));
  await client.back(location, 'x');
  location.searchParams.set('iss', 'https://evil.example');
  await assert.rejects(async () => client.back(location, 'x'), /"iss"/);
  location.searchParams.delete('iss');
  await assert.rejects(async () => client.back(location, 'x'), /"iss"/);
});

test('oauth4webapi: a token that is not good is told in the header', async () => {
  const client = await connect(await register());
  const error = await thrown(client.user('a'.repeat(43)));
  assert.equal(error.status, 401);
  assert.equal(error.cause[0].scheme, 'bearer');
  assert.equal(error.cause[0].parameters.error, 'invalid_token');
});

test('oauth4webapi: a secret with every kind of letter', async () => {
  const clientSecret = 'a:b%2F+c d&e=ü密';
  const application = await register({ client_secret: clientSecret });
  assert.equal(application.clientSecret, clientSecret);
  for (const method of ['basic', 'post']) {
    const client = await connect(application, method);
    assert.deepEqual(await client.introspect('a'.repeat(43)), { active: false });
  }
});
