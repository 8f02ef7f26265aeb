/** Stored routes that database-gateway does not serve, each with the reason. */
export const UNSERVED: Readonly<Record<string, string>> = {
  'stored.createApiKey':
    "the operator's way to a tenant's key; web-api asks for it by the tenant's own, createOwnApiKey",
  'stored.watchExport': 'web-api follows an export by reading it again and again',
  'stored.downloadArchive': 'web-api reads the bundle from the object store',
  'stored.downloadFile': 'web-api reads the bundle from the object store',
};

const HAS_OPERATOR = 'the platform has an operator already';
const RUNNING = 'the exports of the run are held by their worker, whose epoch no schema can tell, and end in its time';
const SIGNED = 'no schema can tell a signature; changed ones are refused';
const NOT_ASKED = 'nobody has asked for the release, or the same person has';

/** Routes that may answer none of the good requests with what they are for, each with the reason. */
export const UNREACHED: Readonly<Record<string, string>> = {
  initPlatform: HAS_OPERATOR,
  createApiKey: 'it names a person or a project, and those that are known are of other tenants',
  releaseLegalHold: NOT_ASKED,
  createDownloadLinks: RUNNING,
  claimExport: RUNNING,
  renewExport: RUNNING,
  openSnapshot: RUNNING,
  readSnapshotRows: RUNNING,
  completeExport: RUNNING,
  failExport: RUNNING,
  downloadArchive: SIGNED,
  downloadFile: SIGNED,
  releaseOutboxRow: 'no row is parked',
  settleGeneration: 'what is settled was opened for another tenant, or has ended already',
};
