import type { SchemaDigests } from './schema-digests.ts';

/**
 * Digests of the schema that the migrations create. The service compares the live schema with them, and rejects exports
 * while they differ. A test compares them with a migrated database; after a new migration it fails, and prints the new
 * digests.
 */
export const EXPECTED_SCHEMA: SchemaDigests = {
  columns: 'bcb30e13b105294822581c52b286299952f63003fbecaedc295ab89abfc3e75e',
  constraints: '5bbf5ddcb45f2f3d6eba4900136604bb4fe88899c84b290ce5e2bbe7fe06a5e6',
  tables: 'be3659dd2db5cbbf2ed5f1aa22859f398713274e555b0a0023f677d08761de5b',
  policies: '24163a4c282f635926d873260fc6ac65e8977e1dc0742268cd6cc47b5ff1751e',
  functions: 'b1ddc762a7c5e1a410c884d3708d6610e78b42dfb7c618f54b922e4ea8542e90',
  triggers: '4f3d02d15b3d92ab743882e1580e2aa6abcd00d15dd394777765d8252fa0e114',
  grants: '6021ef01bb4aa9f9c3584854bad47adb4f438c257cb9efcda97219a94b489edb',
};
