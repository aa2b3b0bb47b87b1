// What a page does when its server cannot: it says goodbye. Runs once in each tab.
//
// Streamlit takes out a script with anything like a tag in it, so the farewell comes encoded.
if (!window.neurostage) {
  const farewell = decodeURIComponent("FAREWELL")
  const health = new URL("/_stcore/health", location.href).href

  // A document of its own: nothing that the server's pages still do can lie over it.
  const leave = (heading, words, back = null) => {
    const look = getComputedStyle(document.querySelector(".stApp") ?? document.body)
    const told = { heading, words, back, health, ground: look.backgroundColor, ink: look.color }
    const json = JSON.stringify(told).replaceAll("\u003c", "\\u003c")
    const page = new Blob([farewell.replace('"TOLD"', () => json)], { type: "text/html" })
    location.replace(URL.createObjectURL(page))
  }

  // Nobody listens any more: it has ended. One that is only busy does not refuse.
  let refused = 0
  setInterval(async () => {
    try {
      await fetch(health, { cache: "no-store" })
      refused = 0
    } catch {
      refused += 1
    }
    if (refused === 2) leave(HEADING, GONE, location.href)
  }, 500)

  window.neurostage = { leave }
}
