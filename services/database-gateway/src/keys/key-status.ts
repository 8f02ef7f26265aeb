/** Of a key of a tenant or of an operator: that it opens anything. */
export const IS_LIVE = 'revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())';
