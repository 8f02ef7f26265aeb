import type { SchemaDigests } from './schema-fingerprint.ts';

/**
 * What the migrations make. A running service compares the live schema with it, and refuses exports while they differ. A
 * test compares it with a database that was just migrated; after a new migration it fails, and says what to write here.
 */
export const EXPECTED_SCHEMA: SchemaDigests = {
  columns: 'da22992b6cf3aa15e6d0196214a83bbc142c1d8b9b200147c54dde2c839c5d7e',
  constraints: 'dc09de493cd725a4798e950e7d811a7d00afb90da19442b4a54b3707e37888aa',
  tables: '50747cc18a08cbfa3d2d7e5749377fac14ea25ead083c4c5187e9db33c5883f4',
  policies: '24163a4c282f635926d873260fc6ac65e8977e1dc0742268cd6cc47b5ff1751e',
  functions: '0fdcc44e708787652eac7e685d9a027309f4c7f0bbe5fc532308f9c8455224a1',
  triggers: '4f3d02d15b3d92ab743882e1580e2aa6abcd00d15dd394777765d8252fa0e114',
  grants: 'e50ee6fb4027ef0bf35ddbed6704670de190749e96d50532be3c9455155f7c73',
};
