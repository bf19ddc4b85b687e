// A conversation's page: fetches its changing part every few seconds, and counts down to the AI's turn.
(() => {
  const EVERY = 3000; // milliseconds
  const page = document.querySelector("[data-page]");
  const live = document.querySelector("[data-live]");
  const stale = document.querySelector("[data-stale]");
  if (!page || !live) return;

  let shown = ""; // as the server sent it; the first answer always differs
  let ahead = Date.parse(live.dataset.now) - Date.now(); // how far the server's clock is ahead of ours
  let timer = 0;

  function countDown() {
    for (const place of live.querySelectorAll("[data-until]")) {
      const left = Math.ceil((Date.parse(place.dataset.until) - Date.now() - ahead) / 1000);
      const time = left < 120 ? `${left} s` : `${Math.round(left / 60)} min`;
      place.textContent = left > 0 ? `${place.dataset.words} in ${time}` : `${place.dataset.words} now`;
    }
  }

  function show(html) {
    if (html === shown) return;
    const atEnd = window.innerHeight + window.scrollY >= document.body.scrollHeight - 80;
    const isFirst = shown === "";
    shown = html;
    live.innerHTML = html;
    Object.assign(page.dataset, live.firstElementChild.dataset);
    if (atEnd && !isFirst) window.scrollTo(0, document.body.scrollHeight);
  }

  function complain(words) {
    stale.textContent = words;
    stale.hidden = !words;
  }

  async function look() {
    clearTimeout(timer);
    if (document.hidden) return;
    try {
      const answer = await fetch(live.dataset.live, {signal: AbortSignal.timeout(10000)});
      const time = answer.headers.get("X-Time");
      if (answer.redirected || !time) {
        complain("· no longer up to date: log in again");
        if (answer.ok) return; // the login page
      } else {
        ahead = Date.parse(time) - Date.now();
        show((await answer.text()).trim());
        countDown();
        complain("");
      }
    } catch {
      complain("· not up to date: the server does not answer");
    }
    timer = setTimeout(look, EVERY);
  }

  document.addEventListener("visibilitychange", look);
  setInterval(countDown, 500);
  countDown();
  timer = setTimeout(look, EVERY);
})();
