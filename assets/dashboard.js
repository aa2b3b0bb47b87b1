// What a tab does by itself, beside the page. Runs once in each tab.
//
// Streamlit takes out a script with anything like a tag in it, so the farewell comes encoded.
if (!window.neurostage) {
  const farewell = decodeURIComponent(/*FAREWELL*/)
  const health = new URL("/_stcore/health", location.href).href
  const style = () => getComputedStyle(document.querySelector(".stApp") ?? document.body)

  // A document of its own: nothing that the server's pages still do can lie over it.
  const leave = (heading, words, back = null) => {
    const told = { heading, words, back, health, ground: style().backgroundColor, ink: style().color }
    const json = JSON.stringify(told).replaceAll("\u003c", "\\u003c")
    const page = new Blob([farewell.replace('"TOLD"', () => json)], { type: "text/html" })
    location.replace(URL.createObjectURL(page))
  }

  // Nobody listens any more: the program has ended. One that is only busy does not refuse.
  let refused = 0
  const listen = async () => {
    try {
      await fetch(health, { cache: "no-store" })
      refused = 0
    } catch {
      refused += 1
    }
    if (refused === 2) leave(/*HEADING*/, /*GONE*/, location.href)
  }

  // The server learns of another theme with its next answer only, and figures would wait for it.
  let asked = ""
  const redraw = () => {
    const drawn = document.querySelector("[data-look]")?.dataset.look
    const look = style().colorScheme
    if (!drawn || look === drawn) asked = ""
    else if (asked !== look) {
      asked = look
      document.querySelector(".st-key-draw-again button")?.click()
    }
  }

  // Streamlit keeps the choice of a theme for the page that was opened first; it is meant for all.
  const key = (path) => `stActiveTheme-${path}-v2`
  const opened = new URL(performance.getEntriesByType("navigation")[0].name).pathname
  let kept = localStorage.getItem(key(opened))
  const keep = () => {
    const chosen = localStorage.getItem(key(opened))
    if (chosen === kept) return
    kept = chosen
    for (const link of document.querySelectorAll('a[data-testid="stTopNavLink"]'))
      localStorage.setItem(key(link.pathname), chosen)
  }

  // Whoever looks at the page sees it there. A browser asks only when somebody has clicked.
  const root = document.documentElement
  const permission = () => { root.dataset.notifications = window.Notification?.permission ?? "none" }
  document.addEventListener("click", async ({ target }) => {
    if (!target.closest?.(".st-key-notify-me button")) return
    await Notification.requestPermission()
    permission()
  })
  const notify = (title, body, tag) => {
    if (root.dataset.notifications !== "granted" || document.hasFocus()) return
    new Notification(title, { body, tag }).onclick = () => window.focus()
  }

  permission()
  setInterval(() => { listen(); redraw(); keep() }, 500)
  window.neurostage = { leave, notify }
}
