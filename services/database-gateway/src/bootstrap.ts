import pg from 'pg';

/** The roles of AION in PostgreSQL. Names are fixed: migrations grant to them. */
export const ROLES = {
  /** Owns the schema and runs migrations. */
  owner: 'aion_owner',
  /** What the services run as: owns nothing, bypasses nothing. */
  app: 'aion_app',
  /** Owns the database of the queue. */
  queue: 'aion_queue',
} as const;

/** The passwords of the three roles. */
export interface RolePasswords {
  readonly owner: string;
  readonly app: string;
  readonly queue: string;
}

/** What `bootstrapDatabase` creates. */
export interface BootstrapOptions {
  /** A role that may create roles and databases, on any database of the server. */
  readonly superuserUrl: string;
  /** Name of the database of AION. */
  readonly database: string;
  /** Name of the database of the queue. */
  readonly queueDatabase: string;
  readonly passwords: RolePasswords;
}

/** The URLs that the gateway is configured with. */
export interface BootstrapResult {
  /** `DATABASE_URL`. */
  readonly databaseUrl: string;
  /** `AION_MIGRATION_DATABASE_URL`. */
  readonly migrationUrl: string;
  /** `AION_QUEUE_DATABASE_URL`. */
  readonly queueUrl: string;
}

/**
 * Creates the roles and both databases, or brings existing ones to the given passwords and attributes. Safe to run again
 * and by several processes at once.
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
  // Roles belong to the whole server, advisory locks to one database: the lock serialises those who come by the same
  // URL, and the retry covers those who come by another.
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
    // Code-point order and UTF-8 wherever it runs: exports are ordered the same on every machine.
    await client.query(
      `CREATE DATABASE ${identifier} OWNER ${owner} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'`,
    );
  }
  await client.query(`ALTER DATABASE ${identifier} OWNER TO ${owner}`);
  await client.query(`REVOKE ALL ON DATABASE ${identifier} FROM PUBLIC`);
}

/** Somebody else created or altered the same role at this moment. */
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
