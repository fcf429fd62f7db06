"""Orbits and stars in SI units: metres of 1e11, kilograms of 1e30, G of 1e-11."""

from __future__ import annotations

from typing import Any

from tests.vectors.vector import vector

ONLY64 = ("float64",)
G = 6.6743e-11
C = 299792458.0


@vector("orbits/vis-viva", [3.986004418e14, 7.2e6, 9.4e6])
def vis_viva(m: Any, x: Any) -> Any:
    """Speed [m/s] from the gravitational parameter, distance and semi-major axis."""
    mu, r, a = x
    return m.sqrt(mu * (2 / r - 1 / a))


@vector("orbits/period", [1.496e11, 1.989e30, 5.97e24])
def period(m: Any, x: Any) -> Any:
    """Kepler's third law; the planet's mass hardly counts."""
    axis, star, planet = x
    return 2 * m.pi * axis * m.sqrt(axis / (G * (star + planet)))


@vector("orbits/kepler-equation", [0.0167, 1.9])
def kepler(m: Any, x: Any) -> Any:
    """Eccentric anomaly by eight steps of Newton."""
    e, mean = x
    anomaly = mean + e * m.sin(mean)
    for _ in range(8):
        anomaly = anomaly - (anomaly - e * m.sin(anomaly) - mean) / (1 - e * m.cos(anomaly))
    return anomaly


@vector("orbits/position-after-a-time", [7.78e11, 0.048, 1.327e20, 4.1e7])
def position(m: Any, x: Any) -> Any:
    """Distance from the sun: axis, eccentricity, gravitational parameter, seconds."""
    axis, e, mu, t = x
    mean = t * m.sqrt(mu / axis) / axis
    anomaly = mean
    for _ in range(8):
        anomaly = anomaly - (anomaly - e * m.sin(anomaly) - mean) / (1 - e * m.cos(anomaly))
    return axis * (1 - e * m.cos(anomaly))


@vector("orbits/specific-energy", [7.0e6, 1.2e5, -3.0e5, 10.0, 7.5e3, 90.0])
def energy(m: Any, x: Any) -> Any:
    """Energy [J/kg] of a satellite from its position [m] and velocity [m/s]."""
    r = m.sqrt(m.sum(x[:3] ** 2))
    return m.sum(x[3:] ** 2) / 2 - 3.986004418e14 / r


@vector("orbits/pull-on-the-moon", [5.972e24, 7.348e22, 3.844e8])
def pull(m: Any, x: Any) -> Any:
    heavy, light, distance = x
    return G * heavy / distance * (light / distance)


@vector("orbits/lambert-parabolic", [1.5e11, 2.3e11, 1.1, 1.327e20])
def lambert(m: Any, x: Any) -> Any:
    """Euler's time of flight along a parabola: two distances, the angle between, mu."""
    r1, r2, angle, mu = x
    chord = m.sqrt(r1**2 + r2**2 - 2 * r1 * r2 * m.cos(angle))
    long, short = r1 + r2 + chord, r1 + r2 - chord
    return (long * m.sqrt(long) - short * m.sqrt(short)) / (6 * m.sqrt(mu))


@vector("orbits/hohmann", [6.678e6, 4.2164e7, 3.986e14])
def hohmann(m: Any, x: Any) -> Any:
    """Both burns to the geostationary orbit, m/s."""
    low, high, mu = x
    first = m.sqrt(mu / low) * (m.sqrt(2 * high / (low + high)) - 1)
    return first + m.sqrt(mu / high) * (1 - m.sqrt(2 * low / (low + high)))


@vector("orbits/radial-velocity-fit", [56.0, 4.23, 0.013, 0.9, -33250.0])
def radial_velocity(m: Any, x: Any) -> Any:
    """Sum of squares of six velocities [m/s]: half amplitude, period [days], phase, e, offset."""
    half, days, e, phase, offset = x
    t = m.array((0.3, 1.1, 2.7, 3.9, 5.2, 8.8))
    y = m.array((-33213.0, -33262.0, -33291.0, -33220.0, -33244.0, -33200.0))
    angle = 2 * m.pi * t / days + phase
    return m.sum((half * (m.cos(angle) + e * m.cos(2 * angle)) + offset - y) ** 2)


@vector("orbits/schwarzschild-precession", [5.79e10, 0.2056, 1.989e30])
def precession(m: Any, x: Any) -> Any:
    """Radians a turn: 5e-7 for Mercury."""
    axis, e, mass = x
    return 6 * m.pi * G * mass / (C * C * axis * (1 - e**2))


@vector(
    "orbits/three-bodies", [1.5e11, 2.0e9, -7.8e11, 4.0e10, 2.0e30, 6.0e24, 1.9e27], dtypes=ONLY64
)
def three_bodies(m: Any, x: Any) -> Any:
    """Potential energy of a planet, a giant and the star at the origin, joules."""
    x1, y1, x2, y2, star, planet, giant = x
    r1, r2 = m.sqrt(x1**2 + y1**2), m.sqrt(x2**2 + y2**2)
    r12 = m.sqrt((x1 - x2) ** 2 + (y1 - y2) ** 2)
    return -G * (star * (planet / r1) + star * (giant / r2) + planet * (giant / r12))


@vector("orbits/rocket", [4400.0, 5.2e5, 2.1e4, 9.81])
def rocket(m: Any, x: Any) -> Any:
    exhaust, full, empty, gravity = x
    return exhaust * m.log(full / empty) - gravity * 150.0


@vector("orbits/time-since-epoch", [1.7e9 + 0.3, 5400.0, 1.2], dtypes=ONLY64)
def phase_of_orbit(m: Any, x: Any) -> Any:
    """Height in an orbit of 90 minutes, by seconds since 1970."""
    t, turn, phase = x
    return 4.0e5 + 1.5e4 * m.sin(2 * m.pi * t / turn + phase)


@vector("orbits/drag", [1.2e-11, 7600.0, 2.2, 4.1, 420.0, 5.8e4, 4.0e5])
def drag(m: Any, x: Any) -> Any:
    """Deceleration: density, speed, coefficient, area, mass, scale height, height above 3.5e5."""
    density, speed, coefficient, area, mass, scale, height = x
    thin = density * m.exp(-(height - 3.5e5) / scale)
    return thin * speed**2 * coefficient * area / (2 * mass)
