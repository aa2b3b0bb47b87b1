"""How well text can be read: the contrast of WCAG 2.2, of colours and of what a browser shows."""

from playwright.sync_api import Page

AA, AA_LARGE = 4.5, 3.0

_TEXTS = """() => {
  const parse = (css) => {
    const parts = css.match(/[\\d.]+/g).map(Number)
    const scale = css.startsWith('color(srgb') ? 255 : 1
    return [...parts.slice(0, 3).map((part) => part * scale), parts[3] ?? 1]
  }
  const over = (top, below) =>
    [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1)
  const ground = (element) => {
    const layers = []
    for (let at = element; at; at = at.parentElement)
      layers.push(parse(getComputedStyle(at).backgroundColor))
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1])
  }
  const faintness = (element) => {
    let opacity = 1
    for (let at = element; at; at = at.parentElement) opacity *= getComputedStyle(at).opacity
    return opacity
  }
  const found = new Map()
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node; (node = walker.nextNode());) {
    const element = node.parentElement
    const text = node.textContent.trim()
    if (!text || element.closest('script, style, noscript, .hoverlayer, .modebar')) continue
    if (element.closest('[data-testid="stIconMaterial"]')) continue
    if (element.closest(':disabled, [aria-disabled="true"]')) continue
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue
    const style = getComputedStyle(element)
    const svg = element.namespaceURI.endsWith('svg')
    const ink = parse(svg ? style.fill : style.color)
    const below = ground(element)
    ink[3] *= faintness(element)
    const size = parseFloat(style.fontSize)
    const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700)
    const seen = over(ink, below)
    found.set([seen, below, large].join('|'), [text, seen, below, large])
  }
  return [...found.values()]
}"""


def rgb(colour: str) -> tuple[float, ...]:
    """`#rrggbb` as three numbers up to 255."""
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Of two colours, 1 to 21 (WCAG 2.2, contrast ratio).

    Args:
        one: Red, green and blue, up to 255.
        other: As well.
    """
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def hard_to_read(page: Page) -> list[str]:
    """Texts of a page that fail WCAG AA, each with its contrast; what is switched off is exempt."""
    failed = []
    for text, ink, ground, large in page.evaluate(_TEXTS):
        ratio = contrast(tuple(ink[:3]), tuple(ground[:3]))
        if ratio < (AA_LARGE if large else AA):
            failed.append(f"{text[:60]!r}: {ratio:.2f} to 1, {_hex(ink)} on {_hex(ground)}")
    return failed


def _luminance(colour: tuple[float, ...]) -> float:
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (channel / 255 for channel in colour[:3])
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _hex(colour: list[float]) -> str:
    return "#" + "".join(f"{round(channel):02x}" for channel in colour[:3])
