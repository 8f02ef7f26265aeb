/** What others wrote must not steer a terminal: control characters and changes of direction are made visible. */
export function toPlainText(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
}
