import { loadConfig, types, variable } from '@aion/config';
import { bootstrapDatabase } from './bootstrap.ts';

/** A role's password, in its own variable so that it is in no process list. */
const password = (name: string, role: string) =>
  variable(name, types.secret(16), {
    description: `The password that the role \`${role}\` gets.`,
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

// One JSON line with the URLs that database-gateway and data-export are configured with.
const urls = await bootstrapDatabase({ superuserUrl, database, queueDatabase, passwords: { owner, app, queue } });
process.stdout.write(`${JSON.stringify(urls)}\n`);
