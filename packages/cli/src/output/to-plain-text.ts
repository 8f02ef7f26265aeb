/** Replaces control characters and changes of text direction, so that foreign text cannot control the terminal. */
export function toPlainText(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
}
