"""Rates and equilibria: pre-exponential factors of 1e13, constants of 1e-14."""

from __future__ import annotations

from typing import Any

from tests.vectors.vector import vector

R = 8.314462618


@vector("chemistry/arrhenius", [3.7e13, 8.4e4, 310.0])
def arrhenius(m: Any, x: Any) -> Any:
    """Rate: factor [1/s], energy [J/mol], temperature."""
    factor, energy, kelvin = x
    return factor * m.exp(-energy / (R * kelvin))


@vector("chemistry/eyring", [6.2e4, -43.0, 298.15])
def eyring(m: Any, x: Any) -> Any:
    """Rate from enthalpy and entropy of activation; k/h = 2.08e10."""
    enthalpy, entropy, kelvin = x
    return 2.083661912e10 * kelvin * m.exp(entropy / R - enthalpy / (R * kelvin))


@vector("chemistry/modified-arrhenius-fit", [5.0e12, -0.6, 1.6e4])
def arrhenius_fit(m: Any, x: Any) -> Any:
    """Sum of squares of log rates at five temperatures: A, power of T, energy."""
    factor, power, energy = x
    t = m.array((300.0, 500.0, 800.0, 1200.0, 2000.0))
    y = m.array((19.6, 21.9, 22.7, 22.9, 23.1))
    return m.sum((m.log(factor) + power * m.log(t) - energy / (R * t) - y) ** 2)


@vector("chemistry/michaelis-menten", [2.6e-6, 4.1e-5, 1.2e-4, 7.0e-6, 3.0e-5])
def inhibited(m: Any, x: Any) -> Any:
    """Competitive inhibition: Vmax, Km, substrate, inhibitor, Ki, all in mol/l and seconds."""
    most, half, substrate, inhibitor, ki = x
    return most * substrate / (half * (1 + inhibitor / ki) + substrate)


@vector("chemistry/michaelis-menten-fit", [205.0, 0.07])
def enzyme_fit(m: Any, x: Any) -> Any:
    """Bates and Watts' puromycin, treated, sum of squares."""
    most, half = x
    c = m.array((0.02, 0.02, 0.06, 0.06, 0.11, 0.11, 0.22, 0.22, 0.56, 0.56, 1.1, 1.1))
    y = m.array((76.0, 47, 97, 107, 123, 139, 159, 152, 191, 201, 207, 200))
    return m.sum((y - most * c / (half + c)) ** 2)


@vector("chemistry/weak-acid", [0.05, 1.75e-5, 1.0e-14])
def weak_acid(m: Any, x: Any) -> Any:
    """[H+] of a weak acid with the water's own: two steps of Newton from the simple root."""
    acid, ka, kw = x
    h = m.sqrt(ka * acid + kw)
    for _ in range(4):
        value = h**3 + ka * h**2 - (kw + ka * acid) * h - ka * kw
        h = h - value / (3 * h**2 + 2 * ka * h - (kw + ka * acid))
    return h


@vector("chemistry/henderson-hasselbalch", [1.8e-5, 0.12, 0.085])
def buffer(m: Any, x: Any) -> Any:
    ka, base, acid = x
    return -m.log10(ka) + m.log10(base / acid)


@vector("chemistry/nernst", [0.7996, 2.0, 298.15, 3.0e-4, 0.25])
def nernst(m: Any, x: Any) -> Any:
    """Potential [V]: standard, electrons, temperature, two activities."""
    standard, electrons, kelvin, reduced, oxidised = x
    return standard - R * kelvin / (electrons * 96485.33212) * m.log(reduced / oxidised)


@vector("chemistry/goldman", [5e-3, 0.14, 0.145, 0.012, 0.04, 310.0])
def goldman(m: Any, x: Any) -> Any:
    """Membrane potential of potassium and sodium: concentrations outside, inside, permeability."""
    k_out, k_in, na_out, na_in, ratio, kelvin = x
    quotient = (k_out + ratio * na_out) / (k_in + ratio * na_in)
    return R * kelvin / 96485.33212 * m.log(quotient)


@vector("chemistry/debye-hueckel", [2.0, 0.015, 4.5e-10, 78.5, 298.15])
def debye(m: Any, x: Any) -> Any:
    """log10 of an activity coefficient: charge, ionic strength, radius [m], permittivity, T."""
    charge, strength, radius, permittivity, kelvin = x
    product = permittivity * kelvin
    a = 1.82e6 / (product * m.sqrt(product))
    b = 5.03e11 / m.sqrt(product)  # per metre
    root = m.sqrt(strength)
    return -a * charge**2 * root / (1 + b * radius * root)


@vector("chemistry/vant-hoff", [1.0e-5, -9.2e4, 400.0, 475.0])
def vant_hoff(m: Any, x: Any) -> Any:
    constant, enthalpy, first, second = x
    return constant * m.exp(-enthalpy / R * (1 / second - 1 / first))


@vector("chemistry/ammonia-equilibrium", [150.0, 6.4e-5, 0.31])
def ammonia(m: Any, x: Any) -> Any:
    """Residual of the equilibrium: pressure [bar], constant, extent; squared."""
    pressure, constant, extent = x
    n2, h2, nh3 = (1 - extent), 3 * (1 - extent), 2 * extent
    total = n2 + h2 + nh3
    quotient = nh3**2 * total**2 / (n2 * h2**3 * pressure**2)
    return (quotient / constant - 1) ** 2


@vector("chemistry/consecutive-reactions", [0.8, 3.2e-3, 4.5e-4, 650.0])
def consecutive(m: Any, x: Any) -> Any:
    start, k1, k2, t = x
    return start * k1 / (k2 - k1) * (m.exp(-k1 * t) - m.exp(-k2 * t))


@vector("chemistry/stiff-exponentials", [1.0, 0.04, 1.0e4, 3.0e7, 2.0e-8])
def stiff(m: Any, x: Any) -> Any:
    """Rates of Robertson's problem in one sum; the last entry is a time of 20 ns."""
    start, slow, middle, fast, t = x
    return start * (m.exp(-slow * t) + m.exp(-middle * t) + m.exp(-fast * t))


@vector("chemistry/langmuir", [3.1e-3, 2.4e-5, 1.01e5])
def langmuir(m: Any, x: Any) -> Any:
    most, affinity, pressure = x
    return most * affinity * pressure / (1 + affinity * pressure)


@vector("chemistry/antoine", [8.07131, 1730.63, 233.426, 96.0])
def antoine(m: Any, x: Any) -> Any:
    """Vapour pressure of water in mmHg."""
    a, b, c, celsius = x
    return 10 ** (a - b / (celsius + c))


@vector("chemistry/lennard-jones", [1.65e-21, 3.4e-10, 3.9e-10], dtypes=("float64",))
def lennard_jones(m: Any, x: Any) -> Any:
    depth, sigma, r = x
    power = (sigma / r) ** 6
    return 4 * depth * (power**2 - power)


@vector("chemistry/morse", [4.75, 1.94e10, 7.41e-11, 9.0e-11])
def morse(m: Any, x: Any) -> Any:
    """Depth [eV], width [1/m], bond [m] and distance [m]."""
    depth, width, bond, r = x
    return depth * (1 - m.exp(-width * (r - bond))) ** 2
