"""The pages in a real browser: they open, step and unfold; nothing leaves the page, nothing is cut off."""
from __future__ import annotations

import html
import shutil

import pytest

import autograd as ag
import nn
from autograd.viz import graph, step

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")]
VIEWS = [(1000, "light"), (1000, "dark"), (375, "light")]


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as p:
        started = p.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def opened(browser, tmp_path):
    """Opens a page; afterwards there must have been no request to anywhere, and no error."""
    heard: list[str] = []
    pages = []

    def open_page(text, width=1000, scheme="light"):
        path = tmp_path / f"page{len(pages)}.html"
        path.write_text(text, encoding="utf-8")
        page = browser.new_page(viewport={"width": width, "height": 700}, color_scheme=scheme)
        page.on("request", lambda request: None if request.url.startswith(("file:", "about:", "data:")) else heard.append(request.url))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("console", lambda message: heard.append(message.text) if message.type in ("error", "warning") else None)
        page.goto(path.as_uri())
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert not heard


def worked():
    x = ag.tensor([[1.0, 2.0], [3.0, 4.0]])
    W = ag.tensor([[0.5, -1.0], [0.25, 2.0]], requires_grad=True)
    b = ag.tensor([0.1, -0.2], requires_grad=True)
    h = (x @ W + b).tanh()
    loss = (h * h).mean()
    return step(loss)


def tower():
    blocks = [nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.LayerNorm(4)) for _ in range(12)]
    model = nn.Sequential(nn.Linear(3, 4), *blocks, nn.Linear(4, 2))
    x = ag.ones(2, 3)
    return graph(model(x).sum(), show=("value", "grad"))


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
def test_steps_forward_and_back(opened, width, scheme):
    stepper = worked()
    page = opened(stepper.html(), width, scheme)
    nodes = stepper.graph.nodes

    def at():
        return int(page.evaluate("document.body.dataset.step"))

    def shows(k):
        found = stepper.steps[k]
        assert page.inner_text("#panel h1") == found.title
        assert page.inner_text("#where").split()[0] == found.phase
        assert int(page.evaluate("document.body.dataset.node")) == found.node
        assert page.locator("#panel figure").count() == len(found.arrays)
        if found.formula:
            assert found.formula in page.inner_text("#panel .formula")

    shows(0)
    for k in range(1, len(stepper.steps)):
        page.click("#next")
        shows(k)
    page.click("#next")
    assert at() == len(stepper.steps) - 1
    last = stepper.steps[-1]
    shown = [float(text) for text in page.locator("#panel figure").last.locator("td").all_inner_texts()]
    assert shown == pytest.approx(last.arrays[-1].value.ravel().tolist(), rel=6e-3)
    page.keyboard.press("ArrowLeft")
    shows(len(stepper.steps) - 2)
    page.keyboard.press("Home")
    assert at() == 0
    page.click("#turn")
    assert stepper.steps[at()].kind == "arrive"
    page.locator("#slider").fill("3")
    shows(3)
    page.click(f'[data-box="n{next(node.id for node in nodes if node.op == "tanh")}"]')
    assert stepper.steps[at()].node == next(node.id for node in nodes if node.op == "tanh")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.documentElement.dataset.theme") == scheme
    page.click("#theme")
    assert page.evaluate("document.documentElement.dataset.theme") != scheme


def test_it_plays_by_itself(opened):
    page = opened(worked().html())
    page.click("#play")
    page.wait_for_function("+document.body.dataset.step >= 2", timeout=10_000)
    page.click("#play")
    assert page.inner_text("#play") == "play"


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
def test_modules_open_and_close(opened, width, scheme):
    g = tower()
    page = opened(g.explore().html(), width, scheme)

    def boxes():
        return int(page.evaluate("document.body.dataset.boxes"))

    page.click('[data-depth="0"]')
    assert boxes() <= 3
    page.click('[data-box="m0"]')
    once = boxes()
    assert once > 14
    closed = page.locator('[data-box][aria-expanded="false"]')
    key = closed.nth(3).get_attribute("data-box")
    closed.nth(3).click()
    assert boxes() > once
    assert page.locator(f'[data-box="{key}"]').get_attribute("aria-expanded") == "true"
    page.locator(f'[data-box="{key}"]').focus()
    page.keyboard.press("Enter")
    assert boxes() == once
    last = page.locator("[data-depth]").last
    last.click()
    if page.locator("#sides").get_attribute("aria-pressed") == "false":
        page.click("#sides")
    assert boxes() == len(g.nodes)
    page.click("#sides")
    assert boxes() == sum(node.kind not in ("parameter", "input") for node in g.nodes)
    chosen = next(node for node in g.nodes if node.op == "relu")
    page.locator(f'[data-box="n{chosen.id}"]').click()
    assert "grad" in page.inner_text("#panel")
    assert chosen.site in page.inner_text("#panel")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def overlaps(page):
    """Pairs of closed boxes that overlap on the page, and texts wider than their boxes."""
    return page.evaluate("""() => {
        const groups = [...document.querySelectorAll("#picture [data-box]:not([aria-expanded=true])")];
        const frames = groups.map(g => [...g.querySelectorAll("rect")].at(-1).getBoundingClientRect());
        const found = [];
        frames.forEach((a, i) => frames.slice(i + 1).forEach(b => {
            const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
            if (wide > 4 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 5) found.push("boxes");
        }));
        groups.forEach((g, i) => g.querySelectorAll("text").forEach(t => {
            if (t.getBoundingClientRect().width > frames[i].width) found.push(t.textContent);
        }));
        return found;
    }""")


def test_nothing_overlaps_and_nothing_is_cut_off(opened):
    page = opened(tower().explore().html())
    for button in page.locator("[data-depth]").all():
        button.click()
        assert not overlaps(page)
    page = opened(worked().html())
    assert not overlaps(page)


def test_large_graphs_open_quickly(opened):
    blocks = nn.Sequential(*(nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.LayerNorm(8)) for _ in range(200)))
    page = opened(graph(blocks(ag.ones(2, 8)).sum()).explore().html())
    milliseconds = page.evaluate("""() => {
        const box = document.querySelector('[data-box][aria-expanded="false"]'), start = performance.now();
        box.dispatchEvent(new MouseEvent("click", { bubbles: true }));
        return performance.now() - start;
    }""")
    assert milliseconds < 2000


@pytest.mark.parametrize("made", [worked, lambda: tower().explore()])
def test_inside_a_frame_as_in_a_notebook(opened, made):
    bundle = made()._repr_mimebundle_()["text/html"]
    page = opened(f"<!DOCTYPE html><html><body>{bundle}</body></html>")
    assert not page.locator("img").is_visible()
    frame = page.frame_locator("iframe")
    assert frame.locator("[data-box]").count() > 3
    if frame.locator("#next").count():
        frame.locator("#next").click()
        assert "2 /" in frame.locator("#where").inner_text()
    without = bundle[bundle.index("<img") : bundle.index("<iframe")]  # what an untrusted notebook leaves of it
    page = opened(f"<!DOCTYPE html><html><body>{without}</body></html>")
    assert page.locator("img").is_visible()
    assert page.evaluate("document.querySelector('img').naturalWidth") > 100


def test_names_are_text_and_nothing_else(opened):
    name = "</script><img src=x onerror=alert(1)><b>\"&'"
    x = ag.ones(2, requires_grad=True)
    g = graph((x * 2).sum(), params={name: x})
    page = opened(g.explore().html())
    assert page.locator("img").count() == 0
    assert html.unescape(name).rpartition(".")[2] in page.inner_text("#picture")
