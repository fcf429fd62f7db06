"""Light, heat, matter and nuclei, in SI, CGS and atomic units."""

from __future__ import annotations

from typing import Any

from tests.vectors.vector import vector

ONLY64 = ("float64",)
H = 6.62607015e-34
HBAR = 1.054571817e-34
C = 299792458.0
K = 1.380649e-23
E = 1.602176634e-19


@vector("physics/planck-by-wavelength", [5.5e-7, 5778.0], dtypes=ONLY64)
def planck(m: Any, x: Any) -> Any:
    """Spectral radiance [W/m³] of the sun."""
    wavelength, kelvin = x
    return 2 * H * C**2 / wavelength**5 / m.expm1(H * C / (wavelength * K * kelvin))


@vector("physics/planck-by-frequency", [1.6e11, 2.725], dtypes=ONLY64)
def planck_microwave(m: Any, x: Any) -> Any:
    """Spectral radiance [W/m²/Hz] of the microwave background: 1e-18."""
    frequency, kelvin = x
    return 2 * H * frequency**3 / C**2 / m.expm1(H * frequency / (K * kelvin))


@vector("physics/planck-by-every-constant", [H, C, K, 5.5e-7, 5778.0], dtypes=ONLY64)
def planck_constants(m: Any, x: Any) -> Any:
    """The constants are parameters, as where uncertainties are propagated."""
    h, c, k, wavelength, kelvin = x
    return 2 * h * c**2 / wavelength**5 / m.expm1(h * c / (wavelength * k * kelvin))


@vector("physics/fine-structure", [E, HBAR, C, 8.8541878128e-12], dtypes=ONLY64)
def fine_structure(m: Any, x: Any) -> Any:
    charge, hbar, c, permittivity = x
    return charge**2 / (4 * m.pi * permittivity * hbar * c)


@vector("physics/bohr-radius-cgs", [4.80320471e-10, 9.1093837e-28, 1.054571817e-27], dtypes=ONLY64)
def bohr_radius(m: Any, x: Any) -> Any:
    charge, mass, hbar = x
    return (hbar / charge) ** 2 / mass


@vector("physics/hydrogen-line", [2.0, 3.0, 1.09677581e7])
def hydrogen_line(m: Any, x: Any) -> Any:
    """Rydberg's wavelength [m], as if the numbers of the levels were continuous."""
    low, high, rydberg = x
    return 1 / (rydberg * (1 / low**2 - 1 / high**2))


@vector("physics/de-broglie", [9.1093837e-31, 5.4e3], dtypes=ONLY64)
def de_broglie(m: Any, x: Any) -> Any:
    """Wavelength of an electron from its mass and energy [eV]."""
    mass, volts = x
    return H / m.sqrt(2 * mass * volts * E)


@vector("physics/compton", [1.24e-11, 1.1])
def compton(m: Any, x: Any) -> Any:
    wavelength, angle = x
    return wavelength + 2.42631024e-12 * (1 - m.cos(angle))


@vector("physics/van-der-waals", [2.5, 0.0021, 315.0, 0.364, 4.267e-5])
def van_der_waals(m: Any, x: Any) -> Any:
    """Pressure [Pa] of carbon dioxide: moles, volume [m³], temperature, a and b."""
    n, volume, kelvin, a, b = x
    return n * 8.314462618 * kelvin / (volume - n * b) - a * (n / volume) ** 2


@vector("physics/redlich-kwong", [304.13, 7.3773e6, 350.0, 9.4e-4])
def redlich_kwong(m: Any, x: Any) -> Any:
    """Pressure [Pa] from the critical point, temperature and molar volume [m³]."""
    critical, pressure, kelvin, volume = x
    rt = 8.314462618 * critical
    a = 0.42748 * rt * rt * m.sqrt(critical) / pressure
    b = 0.08664 * rt / pressure
    return 8.314462618 * kelvin / (volume - b) - a / (m.sqrt(kelvin) * volume * (volume + b))


@vector("physics/sackur-tetrode", [6.6335e-26, 293.0, 1.013e5], dtypes=ONLY64)
def sackur_tetrode(m: Any, x: Any) -> Any:
    """Entropy of argon in units of R."""
    mass, kelvin, pressure = x
    wave = H / m.sqrt(2 * m.pi * mass * K * kelvin)
    return m.log(K * kelvin / (pressure * wave**3)) + 2.5


@vector("physics/stefan-boltzmann", [0.93, 1.8, 306.15, 293.15])
def radiated(m: Any, x: Any) -> Any:
    """Heat [W] that a person radiates: emissivity, area, skin, room."""
    emissivity, area, skin, room = x
    return 5.670374419e-8 * emissivity * area * (skin**4 - room**4)


@vector("physics/einstein-heat-capacity", [1320.0, 298.15])
def heat_capacity(m: Any, x: Any) -> Any:
    z = x[0] / x[1]
    return 3 * 8.314462618 * (z / 2 / m.sinh(z / 2)) ** 2


@vector("physics/sellmeier", [1.03961212, 6.00069867e-15, 1.01046945, 1.03560653e-10, 5.876e-7])
def sellmeier(m: Any, x: Any) -> Any:
    """Refractive index of glass by two resonances, lengths in metres."""
    b1, c1, b2, c2, wavelength = x
    square = wavelength * wavelength
    return m.sqrt(1 + b1 * square / (square - c1) + b2 * square / (square - c2))


@vector("physics/fabry-perot", [2.0e-3, 632.8e-9, 0.92], dtypes=ONLY64)
def fabry_perot(m: Any, x: Any) -> Any:
    """Transmission of a cavity of 2 mm: it goes through all its values within 0.3 µm."""
    length, wavelength, mirror = x
    finesse = 4 * mirror / (1 - mirror) ** 2
    return 1 / (1 + finesse * m.sin(2 * m.pi * length / wavelength) ** 2)


@vector("physics/double-slit", [532e-9, 4.0e-5, 2.5e-4, 3.3e-3])
def double_slit(m: Any, x: Any) -> Any:
    """Intensity: wavelength, width, distance of the slits, sine of the angle."""
    wavelength, width, distance, sine = x
    a, b = m.pi * width * sine / wavelength, m.pi * distance * sine / wavelength
    return (m.sin(a) / a * m.cos(b)) ** 2


@vector("physics/gaussian-beam", [1.2e-3, 1.064e-6, 7.5, 2.0e-3])
def beam(m: Any, x: Any) -> Any:
    """Intensity of a beam: waist, wavelength, distance along it, distance from its axis."""
    waist, wavelength, along, off = x
    spread = 1 + (along * wavelength / (m.pi * waist * waist)) ** 2
    return m.exp(-2 * off * off / (waist * waist * spread)) / spread


@vector("physics/thin-lens", [0.051, 1.517, 0.12, -0.34])
def lens(m: Any, x: Any) -> Any:
    """Where the image stands: object at 2 m, thickness, index, two radii [m]."""
    thickness, index, r1, r2 = x
    power = (index - 1) * (1 / r1 - 1 / r2 + (index - 1) * thickness / (index * r1 * r2))
    return 1 / (power - 0.5)


@vector("physics/breit-wigner", [91.1876, 2.4952, 91.5])
def z_boson(m: Any, x: Any) -> Any:
    """The Z boson's peak: mass, width and energy in GeV."""
    mass, width, energy = x
    return energy**2 / ((energy**2 - mass**2) ** 2 + (mass * width) ** 2)


@vector("physics/semi-empirical-mass", [15.75, 17.8, 0.711, 23.7, 56.0, 26.0])
def weizsaecker(m: Any, x: Any) -> Any:
    """Binding energy [MeV] of iron: four coefficients, nucleons, protons."""
    volume, surface, coulomb, asymmetry, a, z = x
    third = m.exp(m.log(a) / 3)
    return (
        volume * a - surface * third**2 - coulomb * z * (z - 1) / third
        - asymmetry * (a - 2 * z) ** 2 / a
    )  # fmt: skip


@vector("physics/decay-chain", [4.0e20, 4.9e-18, 2.1e-6, 3.0e5])
def decay_chain(m: Any, x: Any) -> Any:
    """Nuclei of the daughter of uranium after some days: the rates are 1e12 apart."""
    nuclei, slow, fast, t = x
    return nuclei * slow / (fast - slow) * (m.exp(-slow * t) - m.exp(-fast * t))


@vector("physics/lorentz-factor", [2.99e8, 1.0e-6])
def dilation(m: Any, x: Any) -> Any:
    """How far a muon flies: speed [m/s], lifetime."""
    speed, life = x
    return speed * life / m.sqrt(1 - (speed / C) ** 2)


@vector("physics/debye-length", [1.2e19, 2.3e4])
def debye_length(m: Any, x: Any) -> Any:
    density, kelvin = x
    return m.sqrt(8.8541878128e-12 * (K / E) * kelvin / (density * E))


@vector("physics/tunnelling", [4.5, 0.51, 3.1e-10])
def tunnelling(m: Any, x: Any) -> Any:
    """Transmission through a barrier: height and energy in eV, width in metres."""
    height, energy, width = x
    decay = 5.123167e9 * m.sqrt(height - energy)
    return 1 / (1 + height**2 * m.sinh(decay * width) ** 2 / (4 * energy * (height - energy)))


@vector("physics/reynolds-drag", [998.2, 1.002e-3, 0.35, 2.0e-3])
def sphere_drag(m: Any, x: Any) -> Any:
    """Force [N] on a sphere in water: density, viscosity, speed, radius."""
    density, viscosity, speed, radius = x
    reynolds = 2 * density * speed * radius / viscosity
    coefficient = 24 / reynolds * (1 + 0.15 * reynolds**0.687)
    return coefficient * density * speed**2 / 2 * m.pi * radius**2


@vector("physics/colebrook", [4.6e-5, 0.15, 3.2e5])
def colebrook(m: Any, x: Any) -> Any:
    """Friction of a pipe by six fixed-point steps: roughness, diameter, Reynolds' number."""
    roughness, diameter, reynolds = x
    root = 7.0 + 0 * reynolds
    for _ in range(6):
        root = -2 * m.log10(roughness / diameter / 3.7 + 2.51 * root / reynolds)
    return 1 / root**2
