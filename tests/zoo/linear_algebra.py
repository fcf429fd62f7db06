"""Matrix products, inverses, determinants, solves and decompositions."""

from __future__ import annotations

import numpy as np

from tests.zoo.case import Array, Params, Problem, normal, number, right, weighted, wrong

SIZE = 4
A = normal(131, SIZE, SIZE) + 3 * np.eye(SIZE)
ILL = np.concatenate([A[:3], A[:1] + 0.02 * A[3:]])


def double(a: Array) -> Array:
    """Return an array that LAPACK takes."""
    return np.asarray(a, dtype=np.float64)


def inverse(bug: str = "", *, matrix: Array = A) -> Problem:
    """Return the weighted inverse."""

    def backward(p: Params, d: Array) -> Params:
        b = np.linalg.inv(double(p["A"]))
        if bug == "untransposed":
            return {"A": -b @ d @ b}
        return {"A": (1 if bug == "sign" else -1) * b.T @ d @ b.T}

    return weighted(lambda p: np.linalg.inv(double(p["A"])), backward, {"A": matrix})


def log_determinant(bug: str = "", *, plain: bool = False) -> Problem:
    """Return log|det A|, or det A itself."""

    def loss(p: Params) -> float:
        a = double(p["A"])
        return number(np.linalg.det(a) if plain else np.linalg.slogdet(a)[1])

    def gradient(p: Params) -> Params:
        b = np.linalg.inv(double(p["A"]))
        factor = np.linalg.det(double(p["A"])) if plain and bug != "determinant" else 1
        return {"A": factor * (b if bug == "untransposed" else b.T)}

    return Problem(loss, {"A": A.copy()}, gradient)


def solve(bug: str = "") -> Problem:
    """Return the weighted solution of A·y = b."""

    def backward(p: Params, d: Array) -> Params:
        a = double(p["A"])
        y = np.linalg.solve(a, double(p["b"]))
        db = np.linalg.solve(a if bug == "untransposed" else a.T, d)
        return {"A": (1 if bug == "sign" else -1) * np.outer(db, y), "b": db}

    return weighted(
        lambda p: np.linalg.solve(double(p["A"]), double(p["b"])),
        backward,
        {"A": A, "b": normal(132, SIZE)},
    )


def quadratic(bug: str = "", *, dtype: str = "float64") -> Problem:
    """Return xᵀ·A·x of an A that is not symmetric."""

    def gradient(p: Params) -> Params:
        a, x = p["A"], p["x"]
        return {"A": np.outer(x, x), "x": 2 * a @ x if bug else a @ x + a.T @ x}

    params = {"A": normal(133, SIZE, SIZE, dtype=dtype), "x": normal(134, SIZE, dtype=dtype)}
    return Problem(lambda p: number(p["x"] @ p["A"] @ p["x"]), params, gradient)


def bilinear(bug: str = "") -> Problem:
    """Return y_nk = Σ_ij x_ni·T_ijk·z_nj."""

    def backward(p: Params, d: Array) -> Params:
        x, t, z = p["x"], p["T"], p["z"]
        swapped = "ni,nj,nk->jik" if bug == "tensor" else "ni,nj,nk->ijk"
        of_x = "nj,jik,nk->ni" if bug == "input" else "nj,ijk,nk->ni"
        return {
            "x": np.einsum(of_x, z, t, d),
            "z": np.einsum("ni,ijk,nk->nj", x, t, d),
            "T": np.einsum(swapped, x, z, d),
        }

    return weighted(
        lambda p: np.einsum("ni,ijk,nj->nk", p["x"], p["T"], p["z"]),
        backward,
        {"x": normal(135, 3, SIZE), "z": normal(136, 3, SIZE), "T": normal(137, SIZE, SIZE, 2)},
    )


def product(bug: str = "", *, scale: float = 1.0) -> Problem:
    """Return the weighted product A·B of square matrices."""

    def backward(p: Params, d: Array) -> Params:
        da, db = d @ p["B"].T, p["A"].T @ d
        if bug == "order":
            da = p["B"].T @ d
        if bug == "untransposed":
            db = p["A"] @ d
        return {"A": da, "B": db}

    params = {"A": normal(138, 5, 5, scale=scale), "B": normal(139, 5, 5, scale=1 / scale)}
    return weighted(lambda p: p["A"] @ p["B"], backward, params)


def power(bug: str = "") -> Problem:
    """Return the weighted cube of a matrix."""

    def backward(p: Params, d: Array) -> Params:
        t = p["A"].T
        if bug:
            return {"A": 3 * d @ t @ t}
        return {"A": d @ t @ t + t @ d @ t + t @ t @ d}

    return weighted(lambda p: p["A"] @ p["A"] @ p["A"], backward, {"A": normal(140, 5, 5)})


CASES = (
    wrong("linear/inverse-untransposed", "−B·D·B without transposes", inverse, "untransposed"),
    wrong("linear/inverse-sign", "the minus forgotten", inverse, "sign"),
    wrong("linear/log-determinant-untransposed", "the inverse without its transpose",
          log_determinant, "untransposed"),
    wrong("linear/determinant", "the determinant's own factor forgotten", log_determinant,
          "determinant", plain=True),
    wrong("linear/solve-untransposed", "solved with A for its transpose", solve, "untransposed"),
    wrong("linear/solve-sign", "the minus forgotten", solve, "sign"),
    wrong("linear/quadratic", "2·A·x of an A that is not symmetric", quadratic, "symmetric"),
    wrong("linear/float32-quadratic", "in float32", quadratic, "symmetric", dtype="float32"),
    wrong("linear/einsum-tensor", "two indices swapped in the tensor's gradient", bilinear,
          "tensor"),
    wrong("linear/einsum-input", "two indices swapped in an input's gradient", bilinear, "input"),
    wrong("linear/product-order", "Bᵀ·D for D·Bᵀ", product, "order"),
    wrong("linear/product-untransposed", "A·D for Aᵀ·D", product, "untransposed"),
    wrong("linear/power", "3·A² as if matrices commuted", power, "commuting"),
    right("linear/inverse", "−Bᵀ·D·Bᵀ", inverse),
    right("linear/inverse-ill", "a condition number of a hundred", inverse,
          matrix=ILL),
    right("linear/log-determinant", "the transposed inverse", log_determinant),
    right("linear/determinant-right", "a polynomial of degree 4", log_determinant, plain=True),
    right("linear/solve", "the adjoint system", solve),
    right("linear/quadratic-right", "(A + Aᵀ)·x", quadratic),
    right("linear/float32-quadratic-right", "float32", quadratic, dtype="float32"),
    right("linear/einsum", "three factors", bilinear),
    right("linear/product", "two square matrices", product),
    right("linear/product-scales", "entries of 1e-8 and of 1e8", product, scale=1e-8),
    right("linear/power-right", "matrices do not commute", power),
)  # fmt: skip
