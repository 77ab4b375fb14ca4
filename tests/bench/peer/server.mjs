// oidc-provider over PostgreSQL, as its users run it: several processes, opaque tokens, a new refresh token for
// each use. peer.py says in the environment where; the first thing it says is what it seeded, as JSON.

import cluster from 'node:cluster';
import pg from 'pg';
import Provider from 'oidc-provider';

const { PEER_PORT, PEER_PROCESSES, PEER_FAMILIES } = process.env;
const SCOPE = 'offline_access';
const DAY = 86_400;

// The database is the one that PGHOST, PGUSER and PGDATABASE name.
const pool = new pg.Pool({ max: 8 });
const prepared = (name, text) => (...values) => pool.query({ name, text, values });
const statements = {
  upsert: prepared(
    'upsert',
    `INSERT INTO oidc (model, id, payload, grant_id, expires_at) VALUES ($1, $2, $3, $4, now() + $5 * interval '1 second')
     ON CONFLICT (model, id) DO UPDATE SET payload = excluded.payload, expires_at = excluded.expires_at`,
  ),
  find: prepared('find', 'SELECT payload, consumed FROM oidc WHERE model = $1 AND id = $2'),
  consume: prepared('consume', 'UPDATE oidc SET consumed = extract(epoch FROM now())::int WHERE model = $1 AND id = $2'),
  destroy: prepared('destroy', 'DELETE FROM oidc WHERE model = $1 AND id = $2'),
  revoke: prepared('revoke', 'DELETE FROM oidc WHERE grant_id = $1'),
};

class Rows {
  constructor(model) {
    this.model = model;
  }

  async upsert(id, payload, seconds) {
    await statements.upsert(this.model, id, payload, payload.grantId ?? null, seconds ?? DAY);
  }

  async find(id) {
    const { rows } = await statements.find(this.model, id);
    return rows.length ? { ...rows[0].payload, ...(rows[0].consumed && { consumed: rows[0].consumed }) } : undefined;
  }

  async consume(id) {
    await statements.consume(this.model, id);
  }

  async destroy(id) {
    await statements.destroy(this.model, id);
  }

  async revokeByGrantId(grant) {
    await statements.revoke(grant);
  }

  // Sessions and devices are not measured.
  async findByUid() {}

  async findByUserCode() {}
}

const provider = new Provider(`http://127.0.0.1:${PEER_PORT}`, {
  adapter: Rows,
  clients: [{
    client_id: 'bench',
    client_secret: 'the secret of the benchmark',
    grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: ['https://wiki.example.com/callback'],
    token_endpoint_auth_method: 'client_secret_basic',
  }],
  cookies: { keys: ['of no use here'] },
  features: { devInteractions: { enabled: false }, introspection: { enabled: true }, userinfo: { enabled: false } },
  findAccount: (_context, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
  issueRefreshToken: () => true,
  rotateRefreshToken: true,
  ttl: { AccessToken: 3600, Grant: DAY, RefreshToken: DAY },
});

async function family(number) {
  const client = await provider.Client.find('bench');
  const grant = new provider.Grant({ accountId: `reader${number}`, clientId: 'bench' });
  grant.addOIDCScope(SCOPE);
  const grantId = await grant.save();
  const told = { accountId: `reader${number}`, client, grantId, gty: 'authorization_code', scope: SCOPE };
  return {
    access: await new provider.AccessToken(told).save(),
    refresh: await new provider.RefreshToken({ ...told, authTime: Math.floor(Date.now() / 1000) }).save(),
  };
}

if (cluster.isPrimary) {
  await pool.query(`
    DROP TABLE IF EXISTS oidc;
    CREATE TABLE oidc (model text, id text, payload jsonb NOT NULL, grant_id text, consumed int, expires_at timestamptz,
                       PRIMARY KEY (model, id));
    CREATE INDEX ON oidc (grant_id)`);
  const families = await Promise.all(Array.from({ length: Number(PEER_FAMILIES) }, (_, number) => family(number)));
  const workers = Array.from({ length: Number(PEER_PROCESSES) }, () => cluster.fork());
  await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('listening', resolve))));
  process.on('SIGTERM', () => {
    for (const worker of workers) worker.process.kill('SIGTERM');
    process.exit(0);
  });
  console.log(JSON.stringify({ pids: [process.pid, ...workers.map((worker) => worker.process.pid)], families }));
} else {
  provider.listen(Number(PEER_PORT), '127.0.0.1');
}
