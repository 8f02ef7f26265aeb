import { routes } from '@aion/contracts';
import { followToEnd } from '../follow-to-end.ts';
import { warnOfShorterRetention } from '../retention/warn-of-shorter-retention.ts';
import type { RouteCommand } from './route-command.ts';

/** Id in the examples. */
const ID = '01890a5d-ac96-774b-bcce-b302099a8057';

/** Groups of commands, with their descriptions. */
export const COMMAND_GROUPS: Readonly<Record<string, string>> = {
  operators: 'operators of the platform',
  tenants: 'tenants, whose data is isolated from each other',
  projects: 'parts of a tenant for which usage is reported',
  users: 'users of a tenant',
  memberships: 'roles of users in a tenant',
  'api-keys': 'API keys of a tenant',
  providers: 'providers of models, with their credentials',
  keys: 'keys that encrypt stored secrets',
  budgets: 'monthly limits of a tenant, a project or a key',
  usage: 'usage of a tenant',
  generations: 'requests to models',
  files: 'files of a tenant',
  'retention-policies': 'how long the data of a tenant is retained',
  'legal-holds': 'holds that prevent the deletion of data',
  outbox: 'dead-lettered outbox rows',
  'audit-events': 'audit trail of a tenant or of the platform',
  exports: 'exports of all data of a tenant',
};

/** Commands that call one route of the management API and print its answer. */
export const ROUTE_COMMANDS: readonly RouteCommand[] = [
  {
    words: ['init'],
    route: routes.operators.init,
    secret: 'key',
    example: 'init --name "First operator" > operator-key.txt',
  },
  {
    words: ['operators', 'list'],
    route: routes.operators.list,
    columns: ['id', 'name', 'prefix', 'created_at', 'expires_at', 'revoked_at', 'last_used_on'],
    example: 'operators list',
  },
  {
    words: ['operators', 'create'],
    route: routes.operators.create,
    secret: 'key',
    example: 'operators create --name "Second operator" > key.txt',
  },
  {
    words: ['operators', 'revoke'],
    route: routes.operators.revoke,
    confirmation: 'This permanently revokes the key of operator',
    example: `operators revoke ${ID} --yes`,
  },
  {
    words: ['tenants', 'list'],
    route: routes.tenants.list,
    columns: ['id', 'name', 'state', 'store_content', 'created_at'],
    example: 'tenants list --limit 50',
  },
  {
    words: ['tenants', 'create'],
    route: routes.tenants.create,
    example: 'tenants create --name "Example Ltd"',
  },
  {
    words: ['tenants', 'get'],
    route: routes.tenants.get,
    example: `tenants get ${ID}`,
  },
  {
    words: ['tenants', 'update'],
    route: routes.tenants.update,
    example: `tenants update ${ID} --no-store-content`,
  },
  {
    words: ['projects', 'list'],
    route: routes.projects.list,
    columns: ['id', 'name', 'created_at', 'archived_at'],
    example: 'projects list --archived false',
  },
  {
    words: ['projects', 'create'],
    route: routes.projects.create,
    example: 'projects create --name search',
  },
  {
    words: ['projects', 'get'],
    route: routes.projects.get,
    example: `projects get ${ID}`,
  },
  {
    words: ['projects', 'update'],
    route: routes.projects.update,
    example: `projects update ${ID} --archived`,
  },
  {
    words: ['users', 'list'],
    route: routes.users.list,
    columns: ['id', 'name', 'email', 'role', 'membership_id', 'created_at'],
    example: 'users list --role owner',
  },
  {
    words: ['users', 'create'],
    route: routes.users.create,
    example: 'users create --name "Example Person" --email person@example.com --role auditor',
  },
  {
    words: ['users', 'get'],
    route: routes.users.get,
    example: `users get ${ID}`,
  },
  {
    words: ['users', 'update'],
    route: routes.users.update,
    example: `users update ${ID} --name "Other Name"`,
  },
  {
    words: ['memberships', 'list'],
    route: routes.memberships.list,
    columns: ['id', 'user_id', 'role', 'created_at'],
    example: 'memberships list',
  },
  {
    words: ['memberships', 'create'],
    route: routes.memberships.create,
    example: `memberships create ${ID} --user-id ${ID} --role member`,
  },
  {
    words: ['memberships', 'get'],
    route: routes.memberships.get,
    example: `memberships get ${ID}`,
  },
  {
    words: ['memberships', 'update'],
    route: routes.memberships.update,
    example: `memberships update ${ID} --role admin`,
  },
  {
    words: ['memberships', 'delete'],
    route: routes.memberships.delete,
    confirmation: 'This removes a user from the tenant and revokes their keys: membership',
    example: `memberships delete ${ID} --yes`,
  },
  {
    words: ['api-keys', 'list'],
    route: routes.apiKeys.list,
    columns: ['id', 'name', 'prefix', 'scopes', 'created_at', 'expires_at', 'revoked_at', 'last_used_on'],
    example: 'api-keys list',
  },
  {
    words: ['api-keys', 'create'],
    route: routes.apiKeys.createOwn,
    secret: 'key',
    example: 'api-keys create --name ci --scope inference --scope exports:read > key.txt',
  },
  {
    words: ['api-keys', 'get'],
    route: routes.apiKeys.get,
    example: `api-keys get ${ID}`,
  },
  {
    words: ['api-keys', 'update'],
    route: routes.apiKeys.update,
    example: `api-keys update ${ID} --expires-at 2030-01-01T00:00:00Z`,
  },
  {
    words: ['api-keys', 'revoke'],
    route: routes.apiKeys.revoke,
    confirmation: 'This permanently revokes key',
    example: `api-keys revoke ${ID} --yes`,
  },
  {
    words: ['providers', 'list'],
    route: routes.providers.list,
    columns: ['id', 'tenant_id', 'name', 'kind', 'base_url', 'has_credentials', 'enabled'],
    example: 'providers list',
  },
  {
    words: ['providers', 'create'],
    route: routes.providers.create,
    example: 'providers create --body provider.json',
  },
  {
    words: ['providers', 'get'],
    route: routes.providers.get,
    example: `providers get ${ID}`,
  },
  {
    words: ['providers', 'update'],
    route: routes.providers.update,
    example: `providers update ${ID} --no-enabled`,
  },
  {
    words: ['providers', 'delete'],
    route: routes.providers.delete,
    confirmation: 'This deletes the credentials and the configuration of provider',
    example: `providers delete ${ID} --yes`,
  },
  {
    words: ['budgets', 'list'],
    route: routes.budgets.list,
    columns: ['id', 'project_id', 'api_key_id', 'effective_from', 'limit_micro_usd'],
    example: 'budgets list',
  },
  {
    words: ['budgets', 'create'],
    route: routes.budgets.create,
    example: 'budgets create --effective-from 2030-01-01 --limit-micro-usd 50000000',
  },
  {
    words: ['budgets', 'get'],
    route: routes.budgets.get,
    example: `budgets get ${ID}`,
  },
  {
    words: ['budgets', 'update'],
    route: routes.budgets.update,
    example: `budgets update ${ID} --limit-micro-usd 75000000`,
  },
  {
    words: ['budgets', 'delete'],
    route: routes.budgets.delete,
    confirmation: 'This deletes budget',
    example: `budgets delete ${ID} --yes`,
  },
  {
    words: ['usage', 'get'],
    route: routes.usage.get,
    columns: [
      'day',
      'provider',
      'model',
      'project_id',
      'api_key_id',
      'generations',
      'failed',
      'prompt_tokens',
      'completion_tokens',
      'cost_micro_usd',
    ],
    total: 'total',
    example: 'usage get --group-by model',
  },
  {
    words: ['generations', 'list'],
    route: routes.generations.list,
    columns: [
      'id',
      'created_at',
      'status',
      'model',
      'prompt_tokens',
      'completion_tokens',
      'cost_micro_usd',
      'duration_ms',
    ],
    example: 'generations list --status failed --limit 50',
  },
  {
    words: ['generations', 'get'],
    route: routes.generations.get,
    example: `generations get ${ID}`,
  },
  {
    words: ['generations', 'content'],
    route: routes.generations.getContent,
    example: `generations content ${ID} --json`,
  },
  {
    words: ['files', 'list'],
    route: routes.files.list,
    columns: ['id', 'name', 'content_type', 'bytes', 'created_at'],
    example: 'files list',
  },
  {
    words: ['files', 'get'],
    route: routes.files.get,
    example: `files get ${ID}`,
  },
  {
    words: ['files', 'delete'],
    route: routes.files.delete,
    confirmation: 'This deletes the content and the metadata of file',
    example: `files delete ${ID} --yes`,
  },
  {
    words: ['retention-policies', 'list'],
    route: routes.retentionPolicies.list,
    columns: ['id', 'retention_class', 'keep_days', 'effective_from', 'set_by'],
    example: 'retention-policies list --retention-class content',
  },
  {
    words: ['retention-policies', 'current'],
    route: routes.retentionPolicies.getCurrent,
    columns: ['retention_class', 'keep_days', 'source', 'bounds.min_days', 'bounds.max_days'],
    example: 'retention-policies current',
  },
  {
    words: ['retention-policies', 'create'],
    route: routes.retentionPolicies.create,
    confirmation: warnOfShorterRetention,
    example: 'retention-policies create --retention-class content --keep-days 30 --yes',
  },
  {
    words: ['legal-holds', 'list'],
    route: routes.legalHolds.list,
    columns: ['id', 'scope', 'scope_id', 'ground', 'reference', 'placed_at', 'release_requested_at', 'released_at'],
    example: 'legal-holds list --in-force true',
  },
  {
    words: ['legal-holds', 'place'],
    route: routes.legalHolds.place,
    example: `legal-holds place --scope user --scope-id ${ID} --ground litigation`,
  },
  {
    words: ['legal-holds', 'get'],
    route: routes.legalHolds.get,
    example: `legal-holds get ${ID}`,
  },
  {
    words: ['legal-holds', 'request-release'],
    route: routes.legalHolds.requestRelease,
    example: `legal-holds request-release ${ID}`,
  },
  {
    words: ['legal-holds', 'release'],
    route: routes.legalHolds.release,
    confirmation: 'This allows data to be deleted again, by releasing hold',
    example: `legal-holds release ${ID} --yes`,
  },
  {
    words: ['outbox', 'list'],
    route: routes.outboxRows.listParked,
    columns: ['id', 'tenant_id', 'topic', 'parked_reason', 'attempts', 'last_error', 'parked_at'],
    example: 'outbox list',
  },
  {
    words: ['outbox', 'release'],
    route: routes.outboxRows.release,
    example: `outbox release ${ID} --tenant-id ${ID}`,
  },
  {
    words: ['audit-events', 'list'],
    route: routes.auditEvents.list,
    columns: ['seq', 'created_at', 'actor', 'action', 'target_type', 'target_id', 'target_path', 'outcome'],
    example: 'audit-events list --action api_key.created --all --json',
  },
  {
    words: ['exports', 'list'],
    route: routes.exports.list,
    columns: ['id', 'state', 'created_at', 'finished_at', 'bundle.rows', 'bundle.bytes'],
    example: 'exports list',
  },
  {
    words: ['exports', 'create'],
    route: routes.exports.create,
    wait: { description: 'wait until it has finished; exit code 1 when it fails', follow: followToEnd },
    example: 'exports create --recipient age1... --wait',
  },
  {
    words: ['exports', 'get'],
    route: routes.exports.get,
    example: `exports get ${ID}`,
  },
];
