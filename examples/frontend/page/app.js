// What a front end does with tokens: use one while it is good, refresh it once for all who wait, and when that is
// refused go to the login form.

const EARLY = 2; // seconds before the end at which an access token counts as over
const tokens = {
  read: () => JSON.parse(localStorage.getItem("tokens")),
  write: (pair) => pair ? localStorage.setItem("tokens", JSON.stringify(pair)) : localStorage.removeItem("tokens"),
};
const isOver = ({ access }) => {
  const payload = access.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
  return JSON.parse(atob(payload)).exp - EARLY <= Date.now() / 1000;
};
const post = (path, body) =>
  fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

let refreshing = null; // the refresh under way in this tab; the lock is for the other tabs
function refresh(old) {
  refreshing ??= navigator.locks.request("refresh", async () => {
    const now = tokens.read();
    if (now?.access !== old.access) return now; // another tab was faster, or signed out
    const answer = await post("/api/token/refresh/", { refresh: now.refresh });
    if (answer.ok) {
      tokens.write({ ...now, ...(await answer.json()) });
      $("refreshes").value++;
    } else if (answer.status === 401) {
      tokens.write(null);
    } else {
      throw new Error(`The server is busy (${answer.status}). Try again.`); // the tokens may still be good
    }
    return tokens.read();
  }).finally(() => { refreshing = null; });
  return refreshing;
}

/** fetch() with the caller's token. Rejects, and shows the login form, when there is none and none to be had. */
async function call(path, options = {}) {
  let pair = tokens.read();
  if (pair && isOver(pair)) pair = await refresh(pair);
  for (const again of [true, false]) {
    if (!pair) return leave("Please sign in.");
    const headers = { ...options.headers, Authorization: `Bearer ${pair.access}` };
    const answer = await fetch(path, { ...options, headers });
    if (answer.status !== 401) return answer;
    if (again) pair = await refresh(pair); // the clocks differ, or somebody ended the token
  }
  return leave("Please sign in again.");
}

function leave(message) {
  tokens.write(null);
  show(message);
  throw new Error(message);
}

// The page itself, which knows nothing of tokens.

const $ = (id) => document.getElementById(id);

function show(message = "") {
  $("message").textContent = message;
  $("login").hidden = Boolean(tokens.read());
  $("inside").hidden = !tokens.read();
}

async function load() {
  const [me, notes, again] = await Promise.all(["/api/me/", "/notes", "/notes"].map((path) => call(path)));
  $("who").textContent = (await me.json()).username;
  $("notes").replaceChildren(...(await notes.json()).map((text) => {
    const item = document.createElement("li");
    item.textContent = text;
    return item;
  }));
  show(again.ok ? "" : "The notes could not be loaded.");
}

const doing = (work) => (event) => {
  event?.preventDefault();
  return work(event?.target).catch((error) => { $("message").textContent = error.message; });
};

$("login").onsubmit = doing(async (form) => {
  const answer = await post("/api/token/", Object.fromEntries(new FormData(form)));
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.detail ?? "Name and password, please.");
  tokens.write(body);
  form.reset();
  await load();
});
$("add").onsubmit = doing(async (form) => {
  const body = JSON.stringify(Object.fromEntries(new FormData(form)));
  await call("/notes", { method: "POST", headers: { "Content-Type": "application/json" }, body });
  form.reset();
  await load();
});
$("load").onclick = doing(load);
$("logout").onclick = doing(async () => {
  const pair = tokens.read();
  tokens.write(null);
  show("Signed out.");
  if (pair) await post("/api/token/blacklist/", { refresh: pair.refresh });
});
window.addEventListener("storage", () => show()); // another tab signed in or out

show();
if (tokens.read()) doing(load)();
