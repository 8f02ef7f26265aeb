import type { Knex } from 'knex';

/**
 * Proof that data was erased, and the information to erase it again in a restored database.
 *
 * It outlives the tenant, so it belongs to the platform, and by construction it contains no personal data: ids of requests,
 * keyed pseudonyms, enumerations, counts, hashes and instants. The application can insert rows and never change them. The
 * document of a certificate is generated from its rows; `document_sha256` and the signature cover that document.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TABLE erasure_ledger (
      id uuid PRIMARY KEY,
      request_id uuid NOT NULL,
      tenant_pseudonym text NOT NULL CHECK (tenant_pseudonym ~ '^[0-9a-f]{64}$'),
      subject_type text NOT NULL CHECK (subject_type IN ('tenant', 'project', 'user', 'api_key', 'generation')),
      subject_pseudonym text NOT NULL CHECK (subject_pseudonym ~ '^[0-9a-f]{64}$'),
      phase text NOT NULL CHECK (phase IN ('planned', 'erased', 'verified', 'shredded', 'certified', 'cancelled')),
      store text CHECK (store ~ ${STORE}),
      method text CHECK (method IN ${METHODS}),
      planned_rows bigint NOT NULL DEFAULT 0 CHECK (planned_rows >= 0),
      erased_rows bigint NOT NULL DEFAULT 0 CHECK (erased_rows >= 0),
      retained_rows bigint NOT NULL DEFAULT 0 CHECK (retained_rows >= 0),
      retained_ground text CHECK (retained_ground IN ${GROUNDS}),
      registry_sha256 text NOT NULL CHECK (registry_sha256 ~ '^[0-9a-f]{64}$'),
      recorded_at timestamptz NOT NULL DEFAULT now(),
      CONSTRAINT erasure_ledger_store_has_a_method CHECK (num_nonnulls(store, method) IN (0, 2)),
      CONSTRAINT erasure_ledger_retained_for_a_reason CHECK ((retained_rows > 0) = (retained_ground IS NOT NULL))
    );
    CREATE INDEX erasure_ledger_by_request ON erasure_ledger (request_id, id);
    CREATE INDEX erasure_ledger_by_subject ON erasure_ledger (subject_pseudonym);
    GRANT SELECT, INSERT ON erasure_ledger TO aion_app;

    CREATE TABLE certificates (
      id uuid PRIMARY KEY,
      kind text NOT NULL CHECK (kind IN ('erasure', 'refusal', 'tenant_decommission', 'platform_decommission')),
      request_id uuid NOT NULL,
      tenant_pseudonym text CHECK (tenant_pseudonym ~ '^[0-9a-f]{64}$'),
      processing_role text NOT NULL CHECK (processing_role IN ('processor', 'controller')),
      ground text NOT NULL CHECK (ground IN ('contract_end', 'tenant_request', 'art17_1_a', 'art17_1_b', 'art17_1_c',
        'art17_1_d', 'art17_1_e', 'art17_1_f', 'end_of_platform')),
      received_at timestamptz NOT NULL,
      due_at timestamptz NOT NULL CHECK (due_at >= received_at),
      completed_at timestamptz NOT NULL CHECK (completed_at >= received_at),
      registry_sha256 text NOT NULL CHECK (registry_sha256 ~ '^[0-9a-f]{64}$'),
      schema_sha256 text NOT NULL CHECK (schema_sha256 ~ '^[0-9a-f]{64}$'),
      approvals bigint NOT NULL CHECK (approvals >= 0),
      canaries_planted bigint NOT NULL DEFAULT 0 CHECK (canaries_planted >= 0),
      canaries_before bigint NOT NULL DEFAULT 0 CHECK (canaries_before BETWEEN 0 AND canaries_planted),
      canaries_after bigint NOT NULL DEFAULT 0 CHECK (canaries_after = 0),
      keys_destroyed bigint NOT NULL DEFAULT 0 CHECK (keys_destroyed >= 0),
      document_sha256 text NOT NULL UNIQUE CHECK (document_sha256 ~ '^[0-9a-f]{64}$'),
      signature bytea NOT NULL CHECK (octet_length(signature) = 64),
      key_id text NOT NULL CHECK (key_id ~ '^[0-9a-f]{16,64}$'),
      created_at timestamptz NOT NULL DEFAULT now(),
      CONSTRAINT certificates_one_a_request UNIQUE (kind, request_id),
      CONSTRAINT certificates_of_a_tenant CHECK ((kind = 'platform_decommission') = (tenant_pseudonym IS NULL))
    );
    CREATE INDEX certificates_by_tenant ON certificates (tenant_pseudonym, id);
    GRANT SELECT, INSERT ON certificates TO aion_app;

    CREATE TABLE certificate_stores (
      certificate_id uuid NOT NULL REFERENCES certificates (id),
      position integer NOT NULL CHECK (position >= 0),
      store text NOT NULL CHECK (store ~ ${STORE}),
      method text NOT NULL CHECK (method IN ${METHODS}),
      level text NOT NULL CHECK (level IN ('L1', 'L2', 'L3')),
      planned bigint NOT NULL CHECK (planned >= 0),
      erased bigint NOT NULL CHECK (erased >= 0),
      retained bigint NOT NULL CHECK (retained >= 0),
      retained_ground text CHECK (retained_ground IN ${GROUNDS}),
      retained_until timestamptz,
      verified_at timestamptz NOT NULL,
      verifier_sha256 text NOT NULL CHECK (verifier_sha256 ~ '^[0-9a-f]{64}$'),
      final_at timestamptz CHECK (final_at >= verified_at),
      PRIMARY KEY (certificate_id, position),
      UNIQUE (certificate_id, store),
      CONSTRAINT certificate_stores_whole CHECK (erased + retained = planned),
      CONSTRAINT certificate_stores_retained_for_a_reason CHECK (
        num_nonnulls(retained_ground, retained_until) = CASE WHEN retained > 0 THEN 2 ELSE 0 END)
    );
    GRANT SELECT, INSERT ON certificate_stores TO aion_app;
  `);
}

/** A system and a table, queue, bucket or provider in it, by AION's names. */
const STORE = `'^(postgresql|queue|objects|backups|logs|traces|provider|process):[a-z0-9_]{1,63}$'`;
const METHODS = `('delete', 'drop_partition', 'anonymize', 'shred', 'expire', 'forward', 'manual', 'retain')`;
const GROUNDS = `('legal_hold', 'legal_duty', 'proof', 'security')`;
