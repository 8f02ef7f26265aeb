import pg from 'pg';

/** Names of AION's roles in PostgreSQL. They are fixed, because migrations grant privileges to them. */
export const ROLES = {
  /** Owner of the schema; runs migrations. */
  owner: 'aion_owner',
  /** Role of the services: owns no table and bypasses no policy. */
  app: 'aion_app',
  /** Owner of the queue's database. */
  queue: 'aion_queue',
} as const;

/** Passwords of the three roles. */
export interface RolePasswords {
  readonly owner: string;
  readonly app: string;
  readonly queue: string;
}

/** Options of {@link bootstrapDatabase}. */
export interface BootstrapOptions {
  /** A role that may create roles and databases, on any database of the server. */
  readonly superuserUrl: string;
  /** Name of the database of AION. */
  readonly database: string;
  /** Name of the database of the queue. */
  readonly queueDatabase: string;
  readonly passwords: RolePasswords;
}

/** Database URLs for the configuration of the services. */
export interface BootstrapResult {
  /** `DATABASE_URL`. */
  readonly databaseUrl: string;
  /** `AION_MIGRATION_DATABASE_URL`. */
  readonly migrationUrl: string;
  /** `AION_QUEUE_DATABASE_URL`. */
  readonly queueUrl: string;
}

/**
 * Creates the roles and both databases, or updates the passwords and attributes of existing ones. Idempotent, and safe to
 * run concurrently in several processes.
 */
export async function bootstrapDatabase(options: BootstrapOptions): Promise<BootstrapResult> {
  const { superuserUrl, database, queueDatabase, passwords } = options;
  await withClient(superuserUrl, async (client) => {
    await ensureRoles(client, passwords);
    await ensureDatabase(client, database, ROLES.owner);
    await ensureDatabase(client, queueDatabase, ROLES.queue);
    await client.query(`GRANT CONNECT ON DATABASE ${pg.escapeIdentifier(database)} TO ${ROLES.app}`);
  });
  return {
    databaseUrl: urlOf(superuserUrl, database, ROLES.app, passwords.app),
    migrationUrl: urlOf(superuserUrl, database, ROLES.owner, passwords.owner),
    queueUrl: urlOf(superuserUrl, queueDatabase, ROLES.queue, passwords.queue),
  };
}

async function ensureRoles(client: pg.Client, passwords: RolePasswords): Promise<void> {
  // Roles belong to the server, advisory locks to one database: the lock serialises processes that use the same URL, and
  // the retries of ensureRole cover those that use another one.
  await client.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', ['aion-bootstrap']);
  for (const key of ['owner', 'app', 'queue'] as const) {
    await ensureRole(client, ROLES[key], passwords[key]);
  }
}

async function ensureRole(client: pg.Client, role: string, password: string, attemptsLeft = 5): Promise<void> {
  const { rowCount } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [role]);
  const verb = rowCount === 0 ? 'CREATE' : 'ALTER';
  const attributes = 'LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION';
  try {
    await client.query(`${verb} ROLE ${role} ${attributes} PASSWORD ${pg.escapeLiteral(password)}`);
  } catch (error) {
    if (attemptsLeft === 0 || !isConcurrentChange(error)) throw error;
    await ensureRole(client, role, password, attemptsLeft - 1);
  }
}

async function ensureDatabase(client: pg.Client, name: string, owner: string): Promise<void> {
  const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
  const identifier = pg.escapeIdentifier(name);
  if (rowCount === 0) {
    // UTF-8 in code-point order on every machine, so that exports have the same order everywhere.
    await client.query(
      `CREATE DATABASE ${identifier} OWNER ${owner} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'`,
    );
  }
  await client.query(`ALTER DATABASE ${identifier} OWNER TO ${owner}`);
  await client.query(`REVOKE ALL ON DATABASE ${identifier} FROM PUBLIC`);
}

/** Returns true if another process has created or altered the same role concurrently. */
function isConcurrentChange(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return false;
  return error.code === '42710' || error.code === '23505' || error.message === 'tuple concurrently updated';
}

function urlOf(superuserUrl: string, database: string, role: string, password: string): string {
  const url = new URL(superuserUrl);
  url.username = role;
  url.password = encodeURIComponent(password);
  url.pathname = `/${encodeURIComponent(database)}`;
  return url.href;
}

async function withClient<T>(connectionString: string, run: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString, application_name: 'aion-bootstrap' });
  await client.connect();
  try {
    return await run(client);
  } finally {
    await client.end();
  }
}
