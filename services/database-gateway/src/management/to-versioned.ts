/** Builds the answer that shows a row, with the version that an `If-Match` of the next change is compared with. */
export function toVersioned<R extends { readonly version: number }, T>(row: R, toAnswer: (row: R) => T) {
  return { answer: toAnswer(row), version: row.version };
}
