"""The drawing of a graph shows every value and gradient once, and is well-formed SVG."""

import itertools
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest

from backprop_lib.draw import draw
from backprop_lib.scalar import Value, dot, total

SVG = "{http://www.w3.org/2000/svg}"


def network():
    """A 2-3-1 network of sums of products, its names and its error."""
    x = [Value(1), Value(2)]
    w1 = [[Value(0.1 * j - 0.2 * k) for k in range(2)] for j in range(3)]
    w2 = [Value(0.3 * j - 0.4) for j in range(3)]
    hidden = [(w[0] * x[0] + w[1] * x[1]).tanh() for w in w1]
    y = w2[0] * hidden[0] + w2[1] * hidden[1] + w2[2] * hidden[2]
    error = (y - 3) ** 2
    error.backward()
    names = {"x1": x[0], "x2": x[1], "y": y, "E": error}
    names |= {f"w1{j}{k}": w1[j][k] for j, k in itertools.product(range(3), range(2))}
    names |= {f"w2{j}": w2[j] for j in range(3)}
    return error, names


def texts(drawing):
    return [node.text for node in ElementTree.fromstring(str(drawing)).iter(f"{SVG}text")]


def test_every_name_stands_once_with_its_value_and_gradient():
    error, names = network()
    shown = texts(draw(error, names))
    for name, value in names.items():
        label = f"{name} = {value.data:.8g}".replace("-", "−")
        gradient = f"∂ {value.grad:.3g}".replace("-", "−")
        titles = [text for text in shown if text in (name, label) or text.startswith(f"{name} = ")]
        assert len(titles) == 1, name
        assert gradient in shown


def test_a_weighted_sum_is_one_node_with_its_weights_on_the_edges():
    error, names = network()
    drawing = draw(error, names)
    boxes = [r for r in ElementTree.fromstring(str(drawing)).iter(f"{SVG}rect") if "box" in r.get("class")]
    assert len(boxes) == 2 + 3 + 3 + 1 + 1 + 1  # inputs, hidden sums, tanh, y, y - 3, E
    assert "×" not in texts(drawing)


def test_a_dot_product_is_drawn_as_the_sum_of_products_that_it_is():
    def drawn(product):
        ws, xs, b = [Value(0.5), Value(-2)], [Value(3), Value(4).tanh()], Value(7)
        y = product(ws, xs, b)
        y.backward()
        return str(draw(y, {"w1": ws[0], "w2": ws[1], "x1": xs[0], "b": b, "y": y}))

    fused = drawn(dot)
    assert ">y = Σ<" in fused
    assert fused == drawn(lambda ws, xs, b: ws[0] * xs[0] + ws[1] * xs[1] + b)


@pytest.mark.parametrize("shared", [False, True])
def test_every_parent_of_a_dot_product_is_shown_once(shared):
    h = Value(0.3).tanh()
    w, x, b = Value(1.25), Value(2.25), Value(3.25)
    y = dot([w, h, w if shared else x], [x, h, h], b)
    y.backward()
    shown = texts(draw(y))
    assert shown.count("Σ") == 1
    assert [f"{value.data:g}" for value in (w, x, b) if f"{value.data:g}" not in shown] == []


def test_a_dot_product_without_a_bias_shows_none():
    shown = [text for text in texts(draw(dot([Value(1.25)], [Value(2)]))) if text]
    assert sorted(shown) == ["1.25", "2", "2.5", "Σ", "∂ 0", "∂ 0", "∂ 0"]


def test_a_total_is_one_sum():
    y = total([Value(1), Value(2).exp(), Value(3)])
    y.backward()
    assert texts(draw(y)).count("Σ") == 1


def test_a_value_used_twice_is_drawn_once():
    x = Value(2)
    y = x * x + x
    y.backward()
    assert texts(draw(y, {"x": x})).count("x") == 1


def test_shared_products_and_named_products_stay_nodes():
    a, b = Value(2), Value(3)
    product = a * b
    for names in ({"p": product}, {}):
        out = product + 1 if names else product + product.exp()
        out.backward()
        assert len([t for t in texts(draw(out, names)) if t in ("p", "×")]) == 1


@pytest.mark.parametrize("root", [Value(3), Value(3).exp(), sum((Value(i) for i in range(5)), Value(0))])
def test_any_graph_can_be_drawn(root):
    root.backward()
    assert texts(draw(root))


def test_boxes_and_labels_do_not_overlap():
    error, names = network()
    areas = [
        tuple(float(r.get(key)) for key in ("x", "y", "width", "height"))
        for r in ElementTree.fromstring(str(draw(error, names))).iter(f"{SVG}rect")
    ]
    for (x0, y0, w0, h0), (x1, y1, w1, h1) in itertools.combinations(areas, 2):
        assert x0 + w0 <= x1 or x1 + w1 <= x0 or y0 + h0 <= y1 or y1 + h1 <= y0


def test_the_picture_lies_within_its_frame():
    error, names = network()
    svg = ElementTree.fromstring(str(draw(error, names)))
    _, _, width, height = map(float, svg.get("viewBox").split())
    for r in svg.iter(f"{SVG}rect"):
        assert float(r.get("x")) >= 0
        assert float(r.get("x")) + float(r.get("width")) <= width
        assert float(r.get("y")) + float(r.get("height")) <= height


def test_styles_touch_nothing_outside_the_drawing():
    style = ElementTree.fromstring(str(draw(*network()))).find(f"{SVG}style").text
    rules = re.findall(r"([^{}]+)\{", style)
    assert rules
    assert all(rule.startswith(".bp-graph ") for rule in rules)


def test_alt_text_and_names_are_escaped():
    x = Value(1)
    drawing = draw(x.exp(), {"a<b & c": x}, alt='less < "more"')
    assert ElementTree.fromstring(str(drawing)).find(f"{SVG}title").text == 'less < "more"'
    assert "a<b & c" in texts(drawing)


def test_notebooks_get_html_svg_and_text():
    error, names = network()
    bundle = draw(error, names)._repr_mimebundle_()
    assert set(bundle) == {"text/html", "image/svg+xml", "text/plain"}
    assert bundle["image/svg+xml"] in bundle["text/html"]
    assert re.search(
        rf"y = Σ: value .*\n    w20: value -0.4, gradient {names['w20'].grad:.3g}\n", bundle["text/plain"]
    )


def test_the_drawing_is_the_same_every_time():
    assert str(draw(*network())) == str(draw(*network()))


def test_drawing_needs_a_value():
    with pytest.raises(TypeError, match=r"draw\(root\) needs a Value, got 3 of type int"):
        draw(3)


def test_drawing_needs_no_numpy():
    code = "import sys, backprop_lib.draw; assert 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
