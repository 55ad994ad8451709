// wait-for-http.mjs URL PID SECONDS: exits 0 once the address answers with success, 1 when the
// process is gone or the time is over.
const [url, pid, seconds] = process.argv.slice(2);
const deadline = Date.now() + Number(seconds) * 1000;

while (Date.now() < deadline && isAlive(Number(pid))) {
  if (await answers()) process.exit(0);
  await new Promise((resolve) => setTimeout(resolve, 100));
}
process.exit(1);

async function answers() {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    return false;
  }
}

function isAlive(processId) {
  try {
    return process.kill(processId, 0);
  } catch {
    return false;
  }
}
