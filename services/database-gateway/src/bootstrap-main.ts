import { loadConfig, types, variable } from '@aion/config';
import { bootstrapDatabase } from './bootstrap.ts';

/** Declares the variable of a role's password: the environment, unlike arguments, is not visible in process lists. */
const password = (name: string, role: string) =>
  variable(name, types.secret(16), {
    description: `The password to set for the role \`${role}\`.`,
    example: '<random>',
    secret: true,
  });

const { superuserUrl, database, queueDatabase, owner, app, queue } = loadConfig(
  {
    superuserUrl: variable('AION_SUPERUSER_DATABASE_URL', types.url('postgres', 'postgresql'), {
      description: 'A role that may create roles and databases.',
      example: 'postgresql://postgres:password@127.0.0.1:5432/postgres',
      secret: true,
    }),
    database: variable('AION_DATABASE_NAME', types.text(), {
      description: 'The database of the platform.',
      example: 'aion',
      fallback: 'aion',
    }),
    queueDatabase: variable('AION_QUEUE_DATABASE_NAME', types.text(), {
      description: 'The database of the queue.',
      example: 'aion_queue',
      fallback: 'aion_queue',
    }),
    owner: password('AION_OWNER_PASSWORD', 'aion_owner'),
    app: password('AION_APP_PASSWORD', 'aion_app'),
    queue: password('AION_QUEUE_PASSWORD', 'aion_queue'),
  },
  process.env,
);

// Prints one JSON line with the URLs for the configuration of database-gateway and data-export.
const urls = await bootstrapDatabase({ superuserUrl, database, queueDatabase, passwords: { owner, app, queue } });
process.stdout.write(`${JSON.stringify(urls)}\n`);
