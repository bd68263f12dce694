const dot = '.'.codePointAt(0);
const star = '*'.codePointAt(0);
const rest = '>'.codePointAt(0);

/**
 * Whether the subject matches the pattern: `*` stands for one token, a final `>` for one or more (NATS). Compares the
 * texts in place: the logs and the bus in memory call it for each record and each subscription.
 */
export function subjectMatches(pattern: string, subject: string): boolean {
  let at = 0;
  for (let i = 0; i < pattern.length; i++) {
    const code = pattern.charCodeAt(i);
    if (at >= subject.length) return false;
    if (code === rest) return true;
    if (code === star) at = tokenEnd(subject, at);
    else if (code === subject.charCodeAt(at)) at++;
    else return false;
    const isTokenEnd = i + 1 === pattern.length || pattern.charCodeAt(i + 1) === dot;
    if (isTokenEnd && at < subject.length && code !== dot && subject.charCodeAt(at) !== dot) return false;
  }
  return at === subject.length;
}

function tokenEnd(subject: string, from: number): number {
  const end = subject.indexOf('.', from);
  return end === -1 ? subject.length : end;
}
