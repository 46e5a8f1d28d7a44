// How much of the model and of what runs it has arrived.

const downloads = new Set();
let tell = () => {};

/** Call told(done, all), in bytes as sent, whenever some more has come. */
export function watchLoading(told) {
  tell = told;
}

/** The same answer, its bytes counted while they come. */
export function counted(answer) {
  // The server says how long a compressed file is when it is unpacked, as bytes come here.
  const sent = Number(answer.headers.get("Content-Length"));
  const whole = Number(answer.headers.get("X-Unpacked-Length") ?? sent);
  if (!answer.body || !sent || !whole) return answer;
  const download = {sent, done: 0};
  downloads.add(download);
  const count = new TransformStream({
    transform(piece, controller) {
      download.done = Math.min(download.done + (piece.length * sent) / whole, sent);
      controller.enqueue(piece);
      let done = 0, all = 0;
      for (const each of downloads) {
        done += each.done;
        all += each.sent;
      }
      tell(done, all);
    },
  });
  return new Response(answer.body.pipeThrough(count),
    {headers: {"Content-Type": answer.headers.get("Content-Type") ?? ""}});
}
