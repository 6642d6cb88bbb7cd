"use strict";

// The "Call API" button of the private page. The request goes to this site; the gate adds the
// access token on the way, so that no script ever sees one.

const button = document.getElementById("call-api");
if (button) {
  button.addEventListener("click", callApi);
}

async function callApi() {
  const status = document.getElementById("api-status");
  const signIn = document.getElementById("api-sign-in");
  const result = document.getElementById("api-result");

  button.disabled = true;
  signIn.hidden = true;
  result.hidden = true;
  status.textContent = "Calling…";
  try {
    const response = await fetch("/api/private-route", {
      headers: { Accept: "application/json" },
      cache: "no-store",
    });
    const body = await response.text();
    status.textContent = `Status ${response.status} ${response.statusText}`.trim();
    signIn.hidden = response.status !== 401;
    result.textContent = indented(body);
    result.hidden = body === "";
  } catch {
    status.textContent = "The API could not be reached. Is the server still running?";
  } finally {
    button.disabled = false;
  }
}

function indented(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
