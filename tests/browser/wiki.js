// An application that people sign in to: it sends their browsers to the server, and takes them back.

import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';

import { admin, application, URL_OF_SERVER } from './server.js';

// Registers it; `close` ends its own server.
export const wiki = async (values = {}) => {
  const callback = createServer((_, response) => response.setHeader('Content-Type', 'text/html').end('<link rel="icon" href="data:,"><h1>Back in the wiki</h1>'));
  await new Promise((resolve) => callback.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${callback.address().port}`;
  const uri = `${origin}/callback`;
  const made = await application({ ...values, uri });
  const read = await (await admin()).read('oregional.application', made.id, ['client_id', 'client_secret']);
  const verifier = randomBytes(32).toString('base64url');
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const asked = { response_type: 'code', client_id: read.client_id, redirect_uri: uri, scope: 'read', state: 'a state', code_challenge: challenge, code_challenge_method: 'S256' };
  return {
    ...made,
    origin,
    address: `/oauth2/authorize?${new URLSearchParams(asked)}`,
    close: () => new Promise((resolve) => {
      callback.close(resolve);
      callback.closeAllConnections();
    }),
    // The tokens for what the browser brought back.
    async exchange(location) {
      const code = new URL(location).searchParams.get('code');
      return token(read, { grant_type: 'authorization_code', code, redirect_uri: uri, code_verifier: verifier });
    },
    refresh: ({ refresh_token }) => token(read, { grant_type: 'refresh_token', refresh_token }),
    // How the server answers a call with a token.
    async status({ access_token }) {
      const headers = { Authorization: `Bearer ${access_token}`, 'Content-Type': 'application/json' };
      const address = `${URL_OF_SERVER}/json/2/res.partner/search_count`;
      return (await fetch(address, { method: 'POST', headers, body: JSON.stringify({ domain: [] }) })).status;
    },
  };
};

const token = async ({ client_id, client_secret }, form) => {
  const basic = Buffer.from(`${client_id}:${client_secret}`).toString('base64');
  const options = { method: 'POST', headers: { Authorization: `Basic ${basic}` }, body: new URLSearchParams(form) };
  const response = await fetch(`${URL_OF_SERVER}/oauth2/token`, options);
  return { status: response.status, ...(await response.json()) };
};
