// The server that run.py has started, and what every client does with it.

const setting = (name) => {
  const value = process.env[`OREGIONAL_CLIENTS_${name}`];
  if (!value) {
    throw new Error(`OREGIONAL_CLIENTS_${name} is not set: make clients sets it`);
  }
  return value;
};

module.exports = {
  baseUrl: `http://${setting('HOST')}`,
  port: Number(setting('PORT')),
  db: setting('DB'),
  login: setting('LOGIN'),
  password: setting('PASSWORD'),
  apiKey: setting('API_KEY'),
  clerk: setting('CLERK'),
  clerkPassword: setting('CLERK_PASSWORD'),
  MODEL: 'oregional.application',
  // A picture of one pixel.
  PIXEL:
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==',
  UNICODE: 'Ő & <b> “čaj” 密码 😀',
};
