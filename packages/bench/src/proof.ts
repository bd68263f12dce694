export async function proofMain(_argv: readonly string[]): Promise<number> {
  return 2;
}
