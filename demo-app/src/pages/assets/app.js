"use strict";

// What the pages do beside showing themselves. Every request goes to this site; the gate adds the
// access token on the way to the API, so that no script ever sees one.

const element = (id) => document.getElementById(id);

// The longest wait for an answer, in milliseconds.
const PATIENCE = 30_000;

function ask(path) {
  return fetch(path, {
    headers: { Accept: "application/json" },
    cache: "no-store",
    signal: AbortSignal.timeout(PATIENCE),
  });
}

// Whether this page still is about whoever is signed in. Another tab may have signed out, or
// somebody else in; a page that comes back out of the browser's memory may be old.

const account = element("account");
let checking = false;

async function checkSession() {
  if (checking || document.visibilityState !== "visible") {
    return;
  }
  checking = true;
  try {
    const answer = await ask(account.dataset.profile);
    if (answer.status === 200) {
      const { sub } = await answer.json();
      showWhoIsSignedIn(sub);
    } else if (answer.status === 204 || answer.status === 401) {
      showWhoIsSignedIn("");
    }
  } catch {
    // Nobody can tell. The next use of the page will.
  } finally {
    checking = false;
  }
}

function showWhoIsSignedIn(subject) {
  const isSame = subject === account.dataset.subject;
  element("signed-out").hidden = isSame || subject !== "";
  element("changed").hidden = isSame || subject === "";
  showUser(isSame);
}

// What the page says about its user.
function showUser(isShown) {
  account.hidden = !isShown;
  const profile = element("profile");
  if (profile) {
    profile.hidden = !isShown;
  }
}

document.addEventListener("visibilitychange", checkSession);
window.addEventListener("focus", checkSession);
window.addEventListener("pageshow", (event) => {
  if (event.persisted) {
    checkSession();
  }
});

// The "Call API" button of the private page.

let calling = false;

async function callApi() {
  if (calling) {
    return;
  }
  calling = true;
  const status = element("api-status");
  const signIn = element("api-sign-in");
  const result = element("api-result");
  // Not disabled, for that would take the focus away.
  element("call-api").setAttribute("aria-disabled", "true");
  signIn.hidden = true;
  result.hidden = true;
  status.textContent = "Calling…";
  try {
    const answer = await ask("/api/private-route");
    const body = await answer.text();
    if (answer.status === 401 && json(body)?.error === "not_authenticated") {
      status.textContent = "";
      signIn.hidden = false;
      showUser(false);
    } else {
      status.textContent = `Status ${answer.status} ${answer.statusText}`.trim();
      result.textContent = indented(body);
      result.hidden = body === "";
    }
  } catch {
    status.textContent = "The API gave no answer. Is the server still running?";
  } finally {
    calling = false;
    element("call-api").removeAttribute("aria-disabled");
  }
}

function json(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function indented(text) {
  const value = json(text);
  return value === undefined ? text : JSON.stringify(value, null, 2);
}

element("call-api")?.addEventListener("click", callApi);
