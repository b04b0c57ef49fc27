// In: a call of the API that acts. Out: whether it was done, once; why it was not is said to whoever sits there.

export async function act(path: string, body: object): Promise<boolean> {
  const answer = await fetch(`/api/v1/${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Idempotency-Key': crypto.getRandomValues(new Uint32Array(4)).join('-') },
    body: JSON.stringify(body),
  });
  if (!answer.ok) alert(((await answer.json()) as { detail: string }).detail);
  return answer.ok;
}
