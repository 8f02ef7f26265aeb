/** Internal routes that database-gateway does not serve, each with the reason. */
export const UNSERVED: Readonly<Record<string, string>> = {
  'stored.createApiKey':
    'an operator creates keys of tenants by it; web-api calls createOwnApiKey of the tenant instead',
  'stored.watchExport': 'web-api polls the export instead',
  'stored.downloadArchive': 'web-api reads the bundle from the object store',
  'stored.downloadFile': 'web-api reads the bundle from the object store',
};

const HAS_OPERATOR = 'the platform already has an operator';
const RUNNING = 'the exports of the run are claimed by a worker, whose fencing token cannot be generated from a schema';
const SIGNED = 'a signature cannot be generated from a schema; modified ones are rejected';
const NOT_REQUESTED = 'no release was requested, or only by the same person';

/** Routes for which no valid request may succeed, each with the reason. */
export const UNREACHED: Readonly<Record<string, string>> = {
  initPlatform: HAS_OPERATOR,
  createApiKey: 'it names a user or a project, and the known ones belong to other tenants',
  releaseLegalHold: NOT_REQUESTED,
  createDownloadLinks: RUNNING,
  claimExport: RUNNING,
  renewExport: RUNNING,
  openSnapshot: RUNNING,
  readSnapshotRows: RUNNING,
  completeExport: RUNNING,
  failExport: RUNNING,
  downloadArchive: SIGNED,
  downloadFile: SIGNED,
  releaseOutboxRow: 'no row is dead-lettered',
  settleGeneration: 'the known generations belong to another tenant or are already settled',
};
