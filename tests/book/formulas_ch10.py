"""Checks of the formulas of the chapter on text: embeddings, recurrence and attention."""

import numpy as np
import torch
from sklearn.naive_bayes import MultinomialNB

import backprop_lib as bp
from tests.book.formulas import assert_gradient, assert_same, checks, like, sigmoid

PAGE_TABLE = 4382, 16  # rows and columns of the embedding on the page
PAGE_RNN = 27, 64  # signs and hidden neurons
PAGE_ATTENTION = 3, 5, 4, 6  # queries, keys, numbers in a key, numbers in a value


def tanh(z):
    return np.tanh(z) if isinstance(z, np.ndarray) else z.tanh()


def log_sum_exp(o):
    """The logarithm of the sum of exponentials of a vector, in any of the three libraries."""
    return np.log(np.exp(o).sum()) if isinstance(o, np.ndarray) else o.exp().sum().log()


def softmax(o):
    e = np.exp(o - o.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


class Bag:
    """A random table, a line of tokens with repetitions, and what the page computes from them."""

    def __init__(self, rng, rows=None, width=None):
        rows, width = rows or int(rng.integers(2, 6)), width or int(rng.integers(1, 5))
        self.M = rng.normal(size=(rows, width))
        self.k = rng.integers(0, rows, size=rng.integers(2, 9))
        self.w, self.b, self.t = rng.normal(size=width), rng.normal(), float(rng.integers(0, 2))
        self.n = len(self.k)
        self.v = 1 / self.n * sum(self.M[k] for k in self.k)
        self.s = self.w @ self.v + self.b
        self.y = 1 / (1 + np.exp(-self.s))

    def rows_of(self, M):
        """The rows that are looked up, as a product with ones and zeros, which knows nothing of look-ups."""
        return like(M, np.eye(len(self.M))[self.k]) @ M

    def E_of_rows(self, R):
        s = (R @ like(R, self.w)).sum() / self.n + self.b
        y = 1 / (1 + np.exp(-s)) if isinstance(R, np.ndarray) else s.sigmoid()
        log = np.log if isinstance(R, np.ndarray) else type(y).log
        return -self.t * log(y) - (1 - self.t) * log(1 - y)

    def E_of_M(self, M):
        return self.E_of_rows(self.rows_of(M))


@checks(
    "eq-ch10-bayes",
    r"\begin{gathered} \theta^{\pm}_k = \frac{c^{\pm}_k + 1}{\sum_{j=1}^{V} (c^{\pm}_j + 1)} \\[4pt] s"
    r" = \log\frac{N^+}{N^-} + \sum_{i=1}^{n} \log\frac{\theta^+_{k_i}}{\theta^-_{k_i}} \end{gathered}",
)
def bayes(rng):
    V, n = int(rng.integers(2, 7)), int(rng.integers(1, 8))
    counts = rng.integers(0, 4, size=(9, V))  # nine lines
    good = np.arange(9) % 2 == 0
    c = {sign: counts[good == sign].sum(axis=0) for sign in (True, False)}
    theta = {sign: [(c[sign][k] + 1) / sum(c[sign][j] + 1 for j in range(V)) for k in range(V)] for sign in c}
    line = rng.integers(0, V, size=n)
    s = np.log(good.sum() / (~good).sum()) + sum(np.log(theta[True][k] / theta[False][k]) for k in line)
    model = MultinomialNB(alpha=1.0).fit(counts, good)
    log_p = model.predict_joint_log_proba(np.bincount(line, minlength=V)[None])[0]
    assert_same(s, log_p[1] - log_p[0])


@checks(
    "eq-ch10-bag",
    r"\begin{gathered} v = \frac1n \sum_{i=1}^{n} M_{k_i} \\[4pt] s = w^{\mathsf T} v + b, \qquad y ="
    r" \sigma(s) \\[4pt] \text{shapes: } (16,) \text{ from } (4382, 16) \end{gathered}",
)
def bag(rng):
    net = Bag(rng)
    offsets = torch.tensor([0])
    of_torch = torch.nn.functional.embedding_bag(torch.tensor(net.k), torch.tensor(net.M), offsets)
    of_bp = bp.nn.functional.embedding(bp.tensor(net.k), bp.tensor(net.M)).mean(0)
    assert_same(net.v, of_torch[0], of_bp)
    for lib in (bp, torch):
        score = lib.nn.functional.linear(
            lib.tensor(net.v), lib.tensor(net.w[None]), lib.tensor(np.array([net.b]))
        )
        assert_same(np.array([net.s]), score)
        assert_same(np.array([net.y]), score.sigmoid())
    page = Bag(rng, *PAGE_TABLE)
    assert np.shape(page.s) == np.shape(page.y) == ()
    return [page.v.shape, page.M.shape]


@checks(
    "eq-ch10-logistic",
    r"\begin{gathered} E = -t \log y - (1 - t) \log(1 - y) \\[4pt] \dd{E}{s} = y - t \end{gathered}",
)
def logistic(rng):
    s, t = rng.normal(size=(1,)), float(rng.integers(0, 2))
    y = sigmoid(s)

    def E(s):
        y = sigmoid(s)
        log = np.log if isinstance(y, np.ndarray) else type(y).log
        return -t * log(y) - (1 - t) * log(1 - y)

    assert_gradient(y - t, E, s)
    for lib in (bp, torch):
        loss = lib.nn.functional.binary_cross_entropy_with_logits
        assert_same(E(s)[0], loss(lib.tensor(s), lib.tensor(np.array([t]))))


@checks(
    "eq-ch10-rows",
    r"\begin{gathered} \dd{E}{M_k} = \sum_{i\,:\,k_i = k} \dd{E}{R_i} \\[4pt] \text{shapes: } (16,) ="
    r" \text{sum of } (16,) \end{gathered}",
)
def rows(rng):
    net = Bag(rng)
    R = torch.tensor(net.M[net.k], requires_grad=True)
    # Any error will do; this one is not linear in the rows and treats each place in its own way.
    places = rng.normal(size=R.shape)
    (R * torch.tensor(places)).tanh().sum().backward()
    dR = R.grad.numpy()
    dM = np.array(
        [sum((dR[i] for i in range(net.n) if net.k[i] == k), np.zeros_like(dR[0])) for k in range(len(net.M))]
    )
    assert_gradient(dM, lambda M: tanh(net.rows_of(M) * like(M, places)).sum(), net.M)
    for lib in (bp, torch):
        M = lib.tensor(net.M, requires_grad=True)
        looked_up = lib.nn.functional.embedding(lib.tensor(net.k), M)
        (looked_up * lib.tensor(places)).tanh().sum().backward()
        assert_same(dM, M.grad)
    page = Bag(rng, *PAGE_TABLE)
    return [page.M[0].shape, page.M[page.k][0].shape]


@checks(
    "eq-ch10-bag-grad",
    r"\begin{gathered} \dd{E}{M_k} = \frac{c_k}{n}\,(y - t)\,w \\[4pt] \text{shapes: } (16,) ="
    r" \text{number} \cdot (16,) \end{gathered}",
)
def bag_gradient(rng):
    net = Bag(rng)
    c = [list(net.k).count(k) for k in range(len(net.M))]
    assert_gradient(
        np.array([c[k] / net.n * (net.y - net.t) * net.w for k in range(len(net.M))]), net.E_of_M, net.M
    )
    page = Bag(rng, *PAGE_TABLE)
    return [page.M[0].shape, page.w.shape]


@checks(
    "eq-ch10-scores",
    r"\begin{gathered} s = b + \frac1n \sum_{i=1}^{n} g_{k_i}, \qquad g = M w \\[4pt] \text{shapes: }"
    r" (4382,) = (4382, 16)\,(16,) \end{gathered}",
)
def votes(rng):
    net = Bag(rng)
    g = net.M @ net.w
    assert_same(net.b + 1 / net.n * sum(g[k] for k in net.k), net.s)
    page = Bag(rng, *PAGE_TABLE)
    return [(page.M @ page.w).shape, page.M.shape, page.w.shape]


@checks(
    "eq-ch10-bigram",
    r"p(b \mid a) = \frac{n_{ab} + \lambda}{\sum_{c} (n_{ac} + \lambda)} .",
)
def bigram(rng):
    n, smoothing = rng.integers(0, 5, size=(27, 27)), rng.uniform(0.01, 2)
    p = [[(n[a, b] + smoothing) / sum(n[a] + smoothing) for b in range(27)] for a in range(27)]
    # Each context is a class whose features are the letters that follow.
    model = MultinomialNB(alpha=smoothing).fit(n, np.arange(27))
    assert_same(np.log(p), model.feature_log_prob_)
    assert_same(np.sum(p, axis=1), np.ones(27))


class Recurrent:
    """A random recurrent network on random signs; every number as the page writes it."""

    def __init__(self, rng, signs=None, hidden=None, window=None):
        signs, hidden = signs or int(rng.integers(2, 6)), hidden or int(rng.integers(1, 5))
        self.T = int(rng.integers(3, 8))
        self.Wx, self.Wh = rng.normal(size=(hidden, signs)), rng.normal(size=(hidden, hidden))
        self.Wo, self.bh, self.bo = rng.normal(size=(signs, hidden)), rng.normal(size=hidden), None
        self.bo = rng.normal(size=signs)
        # Index 0 is step 0, so that the sums read as on the page; x_0 and e_0 are not used.
        self.x, self.e = (np.eye(signs)[rng.integers(0, signs, self.T + 1)] for _ in "xe")
        self.h, self.o, self.z = [np.zeros(hidden)], [None], [None]
        for t in range(1, self.T + 1):
            self.z.append(self.Wx @ self.x[t] + self.Wh @ self.h[t - 1] + self.bh)
            self.h.append(np.tanh(self.z[t]))
            self.o.append(self.Wo @ self.h[t] + self.bo)
        self.p = [None, *(softmax(o) for o in self.o[1:])]
        self.delta = [None] * (self.T + 1) + [np.zeros(hidden)]
        for t in range(self.T, 0, -1):
            m = 0 if window and t % window == 0 else 1
            self.delta[t] = (self.Wo.T @ (self.p[t] - self.e[t]) + m * (self.Wh.T @ self.delta[t + 1])) * (
                1 - self.h[t] ** 2
            )

    def E(self, window=None, starts=None, **changed):
        """The error by the definition, with some weights replaced or a shift added to one z_t.

        With `window`, the states that enter a new window are constants: detached, or given by `starts`.
        """
        W = {name: changed.get(name, getattr(self, name)) for name in ("Wx", "Wh", "Wo", "bh", "bo")}
        shift, at = changed.get("shift"), changed.get("at")
        example = next(value for name, value in changed.items() if name != "at")
        W = {name: like(example, w) if isinstance(w, np.ndarray) else w for name, w in W.items()}
        h, E = like(example, self.h[0]), 0
        for t in range(1, self.T + 1):
            z = W["Wx"] @ like(example, self.x[t]) + W["Wh"] @ h + W["bh"]
            h = tanh(z + shift if t == at else z)
            o = W["Wo"] @ h + W["bo"]
            E = E + log_sum_exp(o) - (o * like(example, self.e[t])).sum()
            if window and t % window == 0:
                h = self.h[t] if isinstance(example, np.ndarray) else h.detach()
        return E

    def gradients(self):
        """Of every weight, as on the page."""
        steps, d = range(1, self.T + 1), self.delta
        return {
            "Wh": sum(np.outer(d[t], self.h[t - 1]) for t in steps),
            "Wx": sum(np.outer(d[t], self.x[t]) for t in steps),
            "bh": sum(d[t] for t in steps),
            "bo": sum(self.p[t] - self.e[t] for t in steps),
            "Wo": sum(np.outer(self.p[t] - self.e[t], self.h[t]) for t in steps),
        }


@checks(
    "eq-ch10-rnn",
    r"\begin{gathered} z_t = W^x x_t + W^h h_{t-1} + b^h \\[4pt] h_t = \tanh(z_t), \qquad o_t = W^o"
    r" h_t + b^o \\[4pt] \text{shapes: } (64,) = (64, 27)\,(27,) \\ {} + (64, 64)\,(64,) + (64,)"
    r" \\[4pt] (27,) = (27, 64)\,(64,) + (27,) \end{gathered}",
)
def recurrent(rng):
    net = Recurrent(rng)
    for lib in (bp, torch):
        rnn = lib.nn.RNN(*net.Wx.T.shape, dtype=lib.float64)
        weights = dict(weight_ih_l0=net.Wx, weight_hh_l0=net.Wh, bias_ih_l0=net.bh, bias_hh_l0=0 * net.bh)
        rnn.load_state_dict({name: lib.tensor(w) for name, w in weights.items()})
        states, _ = rnn(lib.tensor(net.x[1:]))
        assert_same(np.array(net.h[1:]), states.detach())
        out = lib.nn.functional.linear(states, lib.tensor(net.Wo), lib.tensor(net.bo))
        assert_same(np.array(net.o[1:]), out.detach())
    page = Recurrent(rng, *PAGE_RNN)
    first = page.z[1], page.Wx, page.x[1], page.Wh, page.h[0], page.bh
    return [a.shape for a in (*first, page.o[1], page.Wo, page.h[1], page.bo)]


@checks(
    "eq-ch10-loss",
    r"\begin{gathered} p_t = \operatorname{softmax}(o_t) \\[4pt] E = -\sum_{t=1}^{T} e_t^{\mathsf T}"
    r" \log p_t \end{gathered}",
)
def loss(rng):
    net = Recurrent(rng)
    E = -sum(net.e[t] @ np.log(net.p[t]) for t in range(1, net.T + 1))
    for lib in (bp, torch):
        o, target = lib.tensor(np.array(net.o[1:])), lib.tensor(net.e[1:].argmax(axis=1))
        assert_same(E, lib.nn.functional.cross_entropy(o, target, reduction="sum"))
        assert_same(np.array(net.p[1:]), o.softmax(-1))
    assert_same(E, net.E(Wh=net.Wh))


@checks(
    "eq-ch10-bptt",
    r"\begin{gathered} \dd{E}{h_t} = (W^o)^{\mathsf T} (p_t - e_t) + (W^h)^{\mathsf T} \delta_{t+1}"
    r" \\[4pt] \delta_t = \dd{E}{h_t} \odot (1 - h_t^2) \\[4pt] \delta_{T+1} = 0 \\[4pt] \text{shapes:"
    r" } (64,) = (64, 27)\,(27,) \\ {} + (64, 64)\,(64,) \end{gathered}",
)
def bptt(rng):
    net = Recurrent(rng)
    for t in range(1, net.T + 1):
        assert_gradient(
            net.delta[t], lambda shift, t=t: net.E(shift=shift, at=t), np.zeros_like(net.delta[t])
        )
    page = Recurrent(rng, *PAGE_RNN)
    return [a.shape for a in (page.delta[1], page.Wo.T, page.p[1] - page.e[1], page.Wh.T, page.delta[2])]


@checks(
    "eq-ch10-bptt-weights",
    r"\begin{gathered} \dd{E}{W^x} = \sum_{t=1}^{T} \delta_t\, x_t^{\mathsf T} \\[4pt] \dd{E}{W^h} ="
    r" \sum_{t=1}^{T} \delta_t\, h_{t-1}^{\mathsf T} \\[4pt] \dd{E}{b^h} = \sum_{t=1}^{T} \delta_t"
    r" \\[4pt] \dd{E}{b^o} = \sum_{t=1}^{T} (p_t - e_t) \\[4pt] \dd{E}{W^o} = \sum_{t=1}^{T} (p_t -"
    r" e_t)\, h_t^{\mathsf T} \\[4pt] \text{shapes: } (27, 64) = (27, 1)\,(1, 64) \end{gathered}",
)
def bptt_weights(rng):
    net = Recurrent(rng)
    for name, gradient in net.gradients().items():
        assert_gradient(gradient, lambda w, name=name: net.E(**{name: w}), getattr(net, name))
    page = Recurrent(rng, *PAGE_RNN)
    column, row = (page.p[1] - page.e[1])[:, None], page.h[1][None]
    assert_same(column @ row, np.outer(column, row))
    return [page.gradients()["Wo"].shape, column.shape, row.shape]


@checks(
    "eq-ch10-truncated",
    r"\begin{gathered} \dd{E}{h_t} \leadsto (W^o)^{\mathsf T} (p_t - e_t) \\[4pt] {} +"
    r" m_t\,(W^h)^{\mathsf T} \delta_{t+1} \\[4pt] m_t = \begin{cases} 0 & \text{if } k \text{ divides"
    r" } t \\ 1 & \text{otherwise} \end{cases} \end{gathered}",
)
def truncated(rng):
    window = int(rng.integers(1, 4))
    net = Recurrent(rng, window=window)
    for name, gradient in net.gradients().items():
        assert_gradient(gradient, lambda w, name=name: net.E(window, **{name: w}), getattr(net, name))


@checks(
    "eq-ch10-clip",
    r"g \leftarrow g \cdot \min\Bigl(1,\; \frac{c}{\lVert g \rVert}\Bigr)",
)
def clip(rng):
    arrays = [rng.normal(size=rng.integers(1, 5, size=2)) for _ in range(3)]
    g = np.concatenate([a.ravel() for a in arrays])
    for c in (0.1 * np.linalg.norm(g), 10 * np.linalg.norm(g)):
        claimed = g * min(1, c / np.linalg.norm(g))
        for lib in (bp, torch):
            leaves = [lib.tensor(a, requires_grad=True) for a in arrays]
            sum((leaf * lib.tensor(a)).sum() for leaf, a in zip(leaves, arrays)).backward()
            lib.nn.utils.clip_grad_norm_(leaves, c)
            found = np.concatenate([np.asarray(leaf.grad).ravel() for leaf in leaves])
            np.testing.assert_allclose(claimed, found, rtol=1e-5)  # both libraries add 1e-6 to the length


@checks(
    "eq-ch10-product",
    r"\begin{gathered} \dd{E}{h_t} = (W^h)^{\mathsf T} D_{t+1}\,(W^h)^{\mathsf T} D_{t+2} \cdots"
    r" \\[4pt] {} \cdots (W^h)^{\mathsf T} D_T\, \dd{E}{h_T} \\[4pt] D_i = \operatorname{diag}(1 -"
    r" h_i^2) \end{gathered}",
)
def product(rng):
    net = Recurrent(rng)
    goal = rng.normal(size=len(net.bh))
    t = int(rng.integers(1, net.T))

    def E_of_h(h):
        for i in range(t + 1, net.T + 1):
            h = tanh(like(h, net.Wx @ net.x[i] + net.bh) + like(h, net.Wh) @ h)
        return ((h - like(h, goal)) ** 2).sum()

    signal = 2 * (net.h[net.T] - goal)
    for i in range(net.T, t, -1):
        signal = net.Wh.T @ np.diag(1 - net.h[i] ** 2) @ signal
    assert_gradient(signal, E_of_h, net.h[t])


@checks(
    "eq-ch10-cell",
    r"\begin{gathered} c_t = f_t \odot c_{t-1} + i_t \odot g_t \\[4pt]"
    r" \Bigl(\dd{E}{c_t}\Bigr)_{\text{along } c} = f_{t+1} \odot \cdots \\[4pt] {} \cdots \odot f_T"
    r" \odot \dd{E}{c_T} \end{gathered}",
)
def cell(rng):
    size, T = int(rng.integers(1, 5)), int(rng.integers(2, 6))
    for lib in (bp, torch):  # the first line is what the cells of both libraries do
        lstm = lib.nn.LSTMCell(size, size, dtype=lib.float64)
        x, h, c = (lib.tensor(a) for a in rng.normal(size=(3, 1, size)))
        gates = lib.nn.functional.linear(x, lstm.weight_ih, lstm.bias_ih)
        gates = np.asarray(
            (gates + lib.nn.functional.linear(h, lstm.weight_hh, lstm.bias_hh)).detach()
        ).reshape(4, size)
        i, f, g = sigmoid(gates[0]), sigmoid(gates[1]), np.tanh(gates[2])
        assert_same((f * np.asarray(c)[0] + i * g)[None], lstm(x, (h, c))[1].detach())
    f, i = rng.uniform(size=(2, T + 1, size))
    g, goal, start = rng.normal(size=(T + 1, size)), rng.normal(size=size), rng.normal(size=size)

    def last(c):
        """c_T from c_1, with gates that do not depend on it."""
        for t in range(2, T + 1):
            c = like(c, f[t]) * c + like(c, i[t] * g[t])
        return c

    signal = 2 * (last(start) - goal)
    for t in range(T, 1, -1):
        signal = f[t] * signal
    assert_gradient(signal, lambda c: ((last(c) - like(c, goal)) ** 2).sum(), start)


class Attention:
    """Random queries, keys and values; the numbers as the page writes them."""

    def __init__(self, rng, L=None, S=None, d=None, m=None):
        L, S, d, m = (given or int(rng.integers(1, 6)) for given in (L, S, d, m))
        self.Q, self.K, self.V = (rng.normal(size=size) for size in ((L, d), (S, d), (S, m)))
        self.G, self.d = rng.normal(size=(L, m)), d
        self.S = 1 / np.sqrt(d) * self.Q @ self.K.T
        self.P = softmax(self.S)
        self.O = self.P @ self.V


@checks(
    "eq-ch10-attention",
    r"\begin{gathered} S = \frac{1}{\sqrt d}\, Q K^{\mathsf T} \\[4pt] P = \operatorname{softmax}(S),"
    r" \qquad O = P V \\[4pt] \text{shapes: } (3, 5) = (3, 4)\,(4, 5) \\ (3, 6) = (3, 5)\,(5, 6)"
    r" \end{gathered}",
)
def attention(rng):
    net = Attention(rng)
    for lib in (bp, torch):
        arrays = [lib.tensor(a) for a in (net.Q, net.K, net.V)]
        assert_same(net.O, lib.nn.functional.scaled_dot_product_attention(*arrays))
        assert_same(net.P, lib.tensor(net.S).softmax(-1))
    page = Attention(rng, *PAGE_ATTENTION)
    return [a.shape for a in (page.S, page.Q, page.K.T, page.O, page.P, page.V)]


@checks(
    "eq-ch10-attention-grad",
    r"\begin{gathered} \dd{E}{V} = P^{\mathsf T} G, \qquad \dd{E}{P} = G V^{\mathsf T} \\[4pt]"
    r" \dd{E}{S_{ij}} = P_{ij} \Bigl( \dd{E}{P_{ij}} - \sum_{k} P_{ik}\, \dd{E}{P_{ik}} \Bigr) \\[4pt]"
    r" \dd{E}{Q} = \frac{1}{\sqrt d}\, \dd{E}{S}\, K \\[4pt] \dd{E}{K} = \frac{1}{\sqrt d}"
    r" \Bigl(\dd{E}{S}\Bigr)^{\mathsf T} Q \\[4pt] \text{shapes: } (5, 6), (3, 5), (3, 5), \\ (3, 4),"
    r" (5, 4) \end{gathered}",
)
def attention_gradient(rng):
    def claims(net):
        dV, dP, dS = net.P.T @ net.G, net.G @ net.V.T, np.empty_like(net.S)
        for i, j in np.ndindex(dS.shape):
            dS[i, j] = net.P[i, j] * (dP[i, j] - sum(net.P[i, k] * dP[i, k] for k in range(dS.shape[1])))
        return dV, dP, dS, 1 / np.sqrt(net.d) * dS @ net.K, 1 / np.sqrt(net.d) * dS.T @ net.Q

    net = Attention(rng)
    dV, dP, dS, dQ, dK = claims(net)

    def rows_of(S):
        if isinstance(S, np.ndarray):
            return softmax(S)
        return S.softmax(-1)

    def E(S=None, P=None, V=None, Q=None, K=None):
        """The error whose gradient by O is G, as a function of one of the arrays."""
        given = next(a for a in (S, P, V, Q, K) if a is not None)
        Q, K, V = (like(given, a) if x is None else x for x, a in ((Q, net.Q), (K, net.K), (V, net.V)))
        S = Q @ K.T / np.sqrt(net.d) if S is None else S
        return ((rows_of(S) if P is None else P) @ V * like(given, net.G)).sum()

    for name, gradient in dict(V=dV, P=dP, S=dS, Q=dQ, K=dK).items():
        assert_gradient(gradient, lambda a, name=name: E(**{name: a}), getattr(net, name))
    for lib in (bp, torch):
        leaves = [lib.tensor(a, requires_grad=True) for a in (net.Q, net.K, net.V)]
        lib.nn.functional.scaled_dot_product_attention(*leaves).backward(lib.tensor(net.G))
        for claimed, leaf in zip((dQ, dK, dV), leaves):
            assert_same(claimed, leaf.grad)
    return [a.shape for a in claims(Attention(rng, *PAGE_ATTENTION))]
