"""A step-through figure shows the numbers of the trace, each at its step, in words and in the picture."""

import itertools
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import numpy as np
import pytest

import backprop_lib as bp
from backprop_lib.scalar import Value, dot, total
from backprop_lib.stepper import step_through
from backprop_lib.stepper_layout import Layout
from backprop_lib.stepper_words import number
from backprop_lib.trace import trace

SVG = "{http://www.w3.org/2000/svg}"


def scalars():
    """A neuron applied to itself: w and x are used twice, and one input not at all."""
    names = {"w": Value(-1.5), "x": Value(0.5), "b": Value(2.0), "unused": Value(7.0)}

    def function(w, x, b, _):
        names["h"] = (w * x + b).sigmoid()
        names["E"] = 0.5 * (names["h"] * w - x) ** 2
        return names["E"]

    return trace(function, list(names.values()), names)


def arrays():
    """Two layers on a batch; W is used twice."""
    rng = np.random.default_rng(0)
    names = {name: bp.tensor(rng.normal(size=(2, 2)), requires_grad=True) for name in "XW"}

    def function(X, W):
        names["H"] = (X @ W).tanh()
        names["Y"] = names["H"] @ W - 1
        return (names["Y"] ** 2).mean()

    return trace(function, list(names.values()), names)


TRACES = {"scalar": scalars, "tensor": arrays}
either = pytest.mark.parametrize("engine", TRACES)


def figure(engine):
    return step_through(TRACES[engine](), alt="A small graph. It has two layers.")


class Items(HTMLParser):
    """The steps of a figure's HTML: the attributes of each item and its text."""

    def __init__(self, html):
        super().__init__()
        self.items, self.tags, self.inside = [], [], False
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag == "li":
            self.inside = True
            self.items.append([dict(attributes), ""])
        elif tag == "br":
            self.items[-1][1] += "\n"

    def handle_endtag(self, tag):
        self.inside = self.inside and tag != "li"

    def handle_data(self, data):
        if self.inside:
            self.items[-1][1] += data


def html(shown):
    return shown._repr_mimebundle_()["text/html"]


def texts(x):
    """The numbers of a value as the figure writes them."""
    return [number(v) for v in np.ravel(x)]


def numbers_in(text):
    return re.findall(r"−?(?:\d+(?:\.\d+)?)(?:e[+−]\d+)?", text)


def arrivals(shown):
    """(step, node, lines) of every gradient in the HTML."""
    for step, (attributes, _) in enumerate(Items(html(shown)).items):
        for one in filter(None, attributes.get("data-arrived", "").split(";")):
            node, *lines = one.split("|")
            yield step, int(node), lines


@either
def test_each_value_appears_once_after_its_inputs_with_its_number_in_words(engine):
    steps, seen = TRACES[engine](), []
    by_node = {step.node: step for step in steps.forward}
    for attributes, caption in Items(html(figure(engine))).items:
        for node in map(int, attributes.get("data-computed", "").split()):
            assert attributes["data-phase"] == "forward"
            assert set(by_node[node].inputs) <= set(seen)
            assert set(texts(by_node[node].value)) <= set(numbers_in(caption))
            assert steps.label(node) in caption
            seen.append(node)
    assert seen == list(by_node)


@either
def test_each_backward_step_says_local_derivative_incoming_and_product(engine):
    steps = TRACES[engine]()
    items = Items(html(figure(engine))).items
    captions = [text for attributes, text in items if attributes["data-phase"] == "backward"]
    assert "gradient of" in captions[0]
    assert captions[0].endswith("is 1.")
    for step, caption in zip(steps.backward, captions[1:]):
        first, *sentences = caption.split("\n")
        assert set(texts(step.incoming)) <= set(numbers_in(first))
        assert len(sentences) == len(step.inputs)
        for parent, local, share, sentence in zip(step.inputs, step.local, step.outgoing, sentences):
            assert sentence.startswith(f"Gradient of {steps.label(parent)}: ")
            assert set(texts(share)) <= set(numbers_in(sentence))
            if np.size(local) == 1:
                product = f"local derivative {texts(local)[0]} × incoming {texts(step.incoming)[0]} = "
                assert product in sentence


@either
def test_gradients_grow_to_those_of_the_trace(engine):
    steps, shares, last = TRACES[engine](), {}, {}
    for step in steps.backward:
        for parent, share in zip(step.inputs, step.outgoing):
            shares.setdefault(parent, []).append(share)
    given = dict.fromkeys(steps.gradients, 0)
    for _, node, lines in arrivals(figure(engine)):
        given[node] += 1
        parts = shares.get(node, [steps.gradients[node]])
        so_far = sum(parts[: given[node]])
        text = " ".join(lines)
        assert numbers_in(text) == texts(so_far)
        assert text.endswith("+ …") == (given[node] < len(parts))
        last[node] = text
    assert last.keys() == steps.gradients.keys()
    for node, gradient in steps.gradients.items():
        assert numbers_in(last[node]) == texts(gradient)


def test_a_second_share_is_added_to_the_first():
    shown = str(step_through(trace(lambda x: x * x, [x := Value(3.0)], {"x": x}), alt="x times x"))
    assert "Gradient of x: local derivative 3 × incoming 1 = 3." in shown
    assert "Gradient of x: local derivative 3 × incoming 1 = 3, added to 3 makes 6." in shown


@either
def test_the_picture_shows_every_value_and_gradient_at_the_end(engine):
    steps = TRACES[engine]()
    nodes = {
        int(group.get("data-n")): group
        for group in ElementTree.fromstring(figure(engine).svg).iter(f"{SVG}g")
        if "node" in group.get("class")
    }
    assert list(nodes) == [step.node for step in steps.forward]
    for step in steps.forward:
        by_kind = {"t": "", "s": "", "v": "", "g": ""}
        for text in nodes[step.node].iter(f"{SVG}text"):
            by_kind[text.get("class")] += f" {text.text}"
        assert numbers_in(by_kind["v"]) == texts(step.value)
        assert numbers_in(by_kind["g"]) == texts(steps.gradients[step.node])
        assert by_kind["t"].split()[0] == steps.label(step.node)


@either
def test_boxes_lie_apart_and_within_the_frame_and_no_edge_runs_behind_one(engine):
    steps = TRACES[engine]()
    sizes = {step.node: (60 + 25 * (step.node % 4), 50) for step in steps.forward}
    layout = Layout({step.node: step.inputs for step in steps.forward}, sizes)
    boxes = {}
    for node, (width, height) in sizes.items():
        x, y = layout.centre[node]
        boxes[node] = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
        assert min(boxes[node]) >= 0
        assert boxes[node][2] <= layout.width
        assert boxes[node][3] <= layout.height
    for a, b in itertools.combinations(boxes.values(), 2):
        assert a[2] < b[0] or b[2] < a[0] or a[3] < b[1] or b[3] < a[1]
    edges = list(layout.edges())
    assert len(edges) == sum(len(step.inputs) for step in steps.forward)
    for node, place, points in edges:
        parent = steps.forward[node].inputs[place]
        assert layout.centre[parent][1] < layout.centre[node][1]
        for (ax, ay), (bx, by) in itertools.pairwise(points):
            for t in np.linspace(0.02, 0.98, 49):  # the curve that is drawn: upright at both ends
                x = ax + (bx - ax) * t * t * (3 - 2 * t)
                y = ay + (by - ay) * (1.5 * t - 1.5 * t * t + t**3)
                assert not any(b[0] < x < b[2] and b[1] < y < b[3] for b in boxes.values())


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda x: x + 3, "Add: E = x + 3 = 2 + 3 = 5."),
        (lambda x: 3 + x, "Add: E = x + 3 = 2 + 3 = 5."),
        (lambda x: x + 0, "Add: E = x + 0 = 2 + 0 = 2."),
        (lambda x: x - 0.1, "Subtract: E = x − 0.1 = 2 − 0.1 = 1.9."),
        (lambda x: 5 - x, "Subtract: E = 5 − x = 5 − 2 = 3."),
        (lambda x: x * -3, "Multiply: E = (−3) · x = (−3) · 2 = −6."),
        (lambda x: x / 4, "Divide: E = x / 4 = 2 / 4 = 0.5."),
        (lambda x: 5 / x, "Divide: E = 5 / x = 5 / 2 = 2.5."),
        (lambda x: x**2, "Square: E = x² = 2² = 4."),
        (lambda x: x**3, "Raise to a power: E = x³ = 2³ = 8."),
        (lambda x: x**-1, "Raise to a power: E = x^(−1) = 2^(−1) = 0.5."),
        (lambda x: x**0.5, "Raise to a power: E = x^0.5 = 2^0.5 = 1.414."),
        (lambda x: 3**x, "Raise to a power: E = 3^x = 3^2 = 9."),
        (lambda x: -x, "Change the sign: E = −x = −2 = −2."),
        (lambda x: x.exp(), "Exp: E = exp(x) = exp(2) = 7.389."),
        (lambda x: x.relu(), "Relu: E = relu(x) = relu(2) = 2."),
        (lambda x: x.sigmoid(), "Sigmoid: E = σ(x) = σ(2) = 0.8808."),
        (lambda x: x**x, "Raise to a power: E = x^x = 2^2 = 4."),
        (lambda x: x / x, "Divide: E = x / x = 2 / 2 = 1."),
        (lambda x: dot([x], [x], x), "Sum of products: E = x · x + x = 2 · 2 + 2 = 6."),
        (lambda x: total([x, x, x]), "Add: E = x + x + x = 2 + 2 + 2 = 6."),
    ],
)
def test_operations_in_words(function, words):
    names = {"x": Value(2.0)}

    def named(x):
        names["E"] = function(x)
        return names["E"]

    shown = step_through(trace(named, [names["x"]], names), alt="one operation")
    assert shown.frames[1]["caption"] == [words]


def test_names_that_are_formulas_are_put_in_brackets():
    names = {"y": Value(0.5)}

    def function(y):
        names["y − t"] = y - 3
        names["(y − t)²"] = names["y − t"] ** 2
        return 0.5 * names["(y − t)²"]

    shown = str(step_through(trace(function, [names["y"]], names), alt="error"))
    assert "Subtract: y − t = y − 3 = 0.5 − 3 = −2.5." in shown
    assert "Square: (y − t)² = (−2.5)² = 6.25." in shown
    assert "Multiply: v3 = 0.5 · (y − t)² = 0.5 · 6.25 = 3.125." in shown


def test_tensors_show_shapes_and_only_small_arrays_their_numbers():
    names = {
        "A": bp.tensor(np.ones((20, 3)), requires_grad=True),
        "x": bp.tensor(np.ones(3), requires_grad=True),
    }
    steps = trace(lambda A, x: ((A @ x).relu() * 2).sum(), list(names.values()), names)
    shown = step_through(steps, alt="a product")
    assert shown.frames[0]["caption"] == ["Given: A = an array of shape (20, 3), x = [1, 1, 1]."]
    assert shown.frames[1]["caption"][1] == "Shapes: (20,) = (20, 3) @ (3,)."
    text = str(shown)
    assert "v4 = 2 · v3" in text
    assert "Gradient of A: incoming as a column times x as a row = an array of shape (20, 3)." in text
    assert "Gradient of x: transposed A @ incoming = [40, 40, 40]." in text
    assert ">∂ of shape (20, 3)<" in shown.svg
    assert ">shape (20, 3)<" in shown.svg


def test_an_input_alone_and_an_unused_input():
    shown = step_through(trace(lambda x, _: x, [Value(3.0), Value(4.0)]), alt="nothing happens")
    captions = [" ".join(frame["caption"]) for frame in shown.frames]
    assert captions[0] == "Given: v0 = 3, v1 = 4."
    assert captions[-1] == "No gradient reaches v1: it is 0."


@either
def test_notebooks_get_html_svg_and_text_the_same_every_time(engine):
    bundle = figure(engine)._repr_mimebundle_()
    assert bundle == figure(engine)._repr_mimebundle_()
    assert set(bundle) == {"text/html", "image/svg+xml", "text/plain"}
    assert len(bundle["text/html"]) + len(bundle["image/svg+xml"]) < 40_000


@either
def test_nothing_is_loaded_and_nothing_has_an_id(engine):
    bundle = figure(engine)._repr_mimebundle_()
    for _, attributes in Items(bundle["text/html"]).tags:
        assert "id" not in attributes
        assert attributes.get("src", "data:image/svg+xml,").startswith("data:image/svg+xml,")
        assert "href" not in attributes
    everything = bundle["text/html"] + bundle["image/svg+xml"]
    assert set(re.findall(r"https?:[^\"'% )<]*", everything)) == {"http://www.w3.org/2000/svg"}
    assert "url(" not in everything


def test_styles_touch_nothing_outside_the_figure():
    bundle = figure("scalar")._repr_mimebundle_()
    styles = re.findall(r"<style>(.*?)</style>", bundle["text/html"] + bundle["image/svg+xml"], re.DOTALL)
    assert len(styles) == 2
    for style in styles:
        rules = re.sub(r"@media[^{]*\{(.*\})\s*\}", r"\1", style, flags=re.DOTALL)
        rules = re.sub(r"@media[^{]*\{", "", rules)
        for selectors in re.findall(r"([^{}]+)\{", rules):
            for selector in selectors.split(","):
                assert re.match(
                    r"(?:html\[data-theme=dark\] |\[data-jp-theme-light=false\] )?\.bp-steps?\b",
                    selector.strip(),
                )


def test_alt_text_and_names_are_escaped():
    names = {'<b>&"': Value(1.0)}
    shown = step_through(trace(lambda x: -x, list(names.values()), names), alt='x < "y" & z')
    assert ElementTree.fromstring(shown.svg).find(f"{SVG}title").text == 'x < "y" & z'
    images = [attributes for tag, attributes in Items(html(shown)).tags if tag == "img"]
    assert [image["alt"] for image in images] == ['x < "y" & z']
    assert "<b>" not in html(shown)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((Value(1.0), "x"), TypeError, "needs what trace.* returns, got Value"),
        ((scalars(), " "), ValueError, "a description of the graph in words"),
    ],
)
def test_a_mistake_is_refused_in_words(arguments, error, words):
    with pytest.raises(error, match=words):
        step_through(*arguments)


def test_scalar_figures_need_no_numpy():
    code = (
        "import sys; from backprop_lib.trace import trace; from backprop_lib.scalar import Value;"
        "from backprop_lib.stepper import step_through;"
        "step_through(trace(lambda x: x * x, [Value(2.0)]), 'x')._repr_mimebundle_();"
        "assert 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
